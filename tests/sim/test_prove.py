"""A proof: its progress, its final report, and Ctrl-C."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from io import StringIO

import pytest
from processes import is_gone, until

from twin.sim import prove
from twin.sim.observer import BrokenPromiseError
from twin.sim.play import Outcome
from twin.sim.prove import Broken, Progress, Tally, live


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def a_day(vacancy_s: float = 1.0, **faults: int) -> Outcome:
    return Outcome(
        seed=1,
        seconds=86_400,
        longest_vacancy_s=vacancy_s,
        double_duty_s=0,
        handovers=2,
        starts=1_000,
        skipped=3,
        not_begun=4,
        excused=Counter({"two on duty": 5}),
        steps=9_000,
        faults=Counter(faults),
    )


def tally(*seen: Outcome | Broken) -> Tally:
    told = Tally()
    for one in seen:
        told.add(one)
    return told


def rows(told: Tally) -> dict[str, str]:
    return {line[:38].strip(): line[38:].strip() for line in str(told).splitlines()}


def test_tallies_add_up() -> None:
    said = rows(tally(a_day(1.25, kill=2, cut=1), a_day(0.5, kill=1)))
    assert said == {
        "pair-days": "2.0",
        "worlds": "2",
        "handovers": "4",
        "slots run": "2,000",
        "slots skipped, with a reason": "6",
        "slots given up after a freeze": "8",
        "slots run twice, and excused": "10",
        "slots lost": "0",
        "slots doubled": "0",
        "longest without a holder": "1.2 s",
        "the same with a wrong password": "0.0 s",
        "promises broken": "0",
        "excused: two on duty": "10",
        "faults: kill": "3",
        "faults: cut": "1",
    }


def test_vacancy_is_reported_separately_for_twins_that_cannot_talk() -> None:
    said = rows(tally(a_day(3.0, kill=1), a_day(70.0, password=1)))
    assert said["longest without a holder"] == "3.0 s"
    assert said["the same with a wrong password"] == "70.0 s"


@pytest.mark.parametrize(
    ("promise", "row"),
    [("no slot is lost", "slots lost"), ("never two starts of one slot", "slots doubled")],
)
def test_lost_and_doubled_slots_are_counted(promise: str, row: str) -> None:
    said = rows(tally(Broken(3, "storm", f"seed 3: {promise}: often 1\nthe story")))
    assert (said[row], said["promises broken"]) == ("1", "1")


def test_a_broken_promise_is_printed_with_its_replay_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def breaks(seed: int, _: object) -> Outcome:
        raise BrokenPromiseError(f"seed {seed}: one on duty")

    monkeypatch.setattr(prove, "play", breaks)
    broken = live((3, "storm"))
    assert str(broken) == "seed 3: one on duty\nAgain: python -m twin.sim 3 --mix storm"


def test_a_log_gets_a_line_of_progress_each_minute() -> None:
    log = StringIO()
    progress = Progress(3, log)
    for second in range(0, 180, 7):
        progress.tell(second, tally(a_day()))
    assert log.getvalue() == "1 of 3 min: 1.0 pair-days\n2 of 3 min: 1.0 pair-days\n"


def test_a_terminal_gets_a_progress_bar() -> None:
    terminal = Terminal()
    Progress(2, terminal).tell(30, tally(a_day()))
    assert terminal.getvalue() == f"\r[{'#' * 10}{'.' * 30}] 1.0 pair-days, 0:01:30 left "


@pytest.mark.parametrize("end", [os.killpg, os.kill], ids=["Ctrl-C", "SIGTERM"])
def test_a_signal_ends_it_with_the_tally_so_far(end: Callable[[int, int], None]) -> None:
    """At any time; Ctrl-C also reaches the workers, and SIGTERM does not."""
    proof = subprocess.Popen(
        [sys.executable, "-m", "twin.sim", "--minutes", "5", "7"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    assert proof.stdout is not None
    assert proof.stdout.readline() == "From seed 7. Ctrl-C ends it.\n"
    end(proof.pid, signal.SIGINT if end is os.killpg else signal.SIGTERM)
    said, complaints = proof.communicate(timeout=60)
    assert (proof.returncode, complaints) == (0, "")
    assert said.startswith("\nstopped\npair-days ")
    until(lambda: is_gone(proof.pid))
