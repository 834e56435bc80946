"""What an attendant does with a command that fails, hangs or is to be started anew."""

import io
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from processes import until
from stepping import Twin

from twin.clock import Clock
from twin.core.alert import Alert
from twin.core.command import Command, Restart
from twin.core.moment import Moment
from twin.core.pair.events import Event, Froze, HandOver, Leave
from twin.core.pair.state import State
from twin.core.schedule.job import Job, Run
from twin.core.schedule.schedules import every
from twin.hosts import WAKES_WITHIN_S
from twin.log import Log
from twin.worker.attendant import Attendant, Surroundings, shell, words_of
from twin.worker.outputs import Outputs


class Fast(Clock):
    """So that nobody waits for a pause of a minute."""

    def now(self) -> Moment:
        now = super().now()
        return Moment(now.wall, now.mono * 20)


@dataclass
class Pair:
    """A twin that took the duty, and remembers what it is told."""

    twin: Twin = field(default_factory=lambda: Twin().take())
    handled: list[Event] = field(default_factory=list)
    memos: dict[str, str] = field(default_factory=dict)

    def look(self) -> State:
        return self.twin.state

    def handle(self, event: Event) -> None:
        self.handled.append(event)

    def remember(self, key: str, text: str, term: int) -> None:  # noqa: ARG002 (as the node's)
        self.memos[key] = text

    def recall(self, key: str) -> str | None:
        return self.memos.get(key)


@dataclass
class Bench:
    """An attendant at work on a thread of its own."""

    line: str
    pair: Pair = field(default_factory=Pair)
    clock: Clock = field(default_factory=Fast)
    restart: Restart = Restart.ALWAYS
    probe: Callable[[str], str] | None = None
    log: io.StringIO = field(default_factory=io.StringIO)
    alerts: list[Alert] = field(default_factory=list)
    outputs: Outputs = field(default_factory=Outputs)

    def __post_init__(self) -> None:
        url = "http://127.0.0.1:$PORT/" if self.probe else None
        command = Command("bot", self.line, 5, self.restart, url, ())
        environ = {"PATH": os.environ["PATH"]}
        around = Surroundings(
            *(self.pair, self.clock, Log("a", self.log), environ),
            write=lambda _: None,
            look_at=self.probe or (lambda _: ""),
            alert=self.alerts.append,
            outputs=self.outputs,
            probe_every_s=0.1,
        )
        self.attendant = Attendant(command, shell(command), around)
        self.thread = threading.Thread(target=self.attendant.run, args=(self.run,))
        self.thread.start()

    @property
    def run(self) -> Run:
        term = self.pair.look().knowledge.claim.term
        job = Job("twin.run.bot", every("1s", None, "UTC"))
        return Run(job, datetime.now(UTC), term, timedelta(), lambda: None)  # noqa: TID251 (a slot)

    def loses_the_duty(self) -> None:
        self.pair.twin.tell(Leave("the test ends"))
        self.attendant.wake()
        self.thread.join(15)
        assert not self.thread.is_alive()

    def starts(self) -> int:
        return self.log.getvalue().count("event=command.started")


Made = Callable[..., Bench]


@pytest.fixture
def make() -> Iterator[Made]:
    made: list[Bench] = []

    def bench(line: str, **options: object) -> Bench:
        made.append(Bench(line, **options))  # type: ignore[arg-type]
        return made[-1]

    yield bench
    for each in made:
        each.loses_the_duty()


def test_a_command_ends_with_the_duty(make: Made) -> None:
    bench = make("sleep 600", clock=Clock())
    until(lambda: bench.attendant.is_running)
    bench.loses_the_duty()
    assert not bench.attendant.is_running
    assert bench.starts() == 1


def test_five_quick_failures_hand_the_duty_over_once(make: Made) -> None:
    bench = make("echo broken; exit 3")
    until(lambda: "event=command.failing" in bench.log.getvalue())
    assert bench.starts() == 5
    assert bench.pair.handled == [HandOver(WAKES_WITHIN_S)]
    assert bench.pair.memos == {"run.bot": "a gave it up"}
    assert bench.attendant.why == "it ended with status 3"
    assert bench.attendant.output == "broken\n"
    runs = bench.outputs.told("twin.run.bot")
    assert {(run["state"], run["why"], run["output"]) for run in runs} == {
        ("ended", "it ended with status 3", "broken\n")
    }
    assert len(runs) == 5
    (alert,) = bench.alerts
    assert alert.title == "bot keeps failing"
    assert "it ended 5 times within 60 s of its start: the other twin is asked" in alert.body
    assert "The last time it ended with status 3." in alert.body


def test_what_failed_on_the_other_twin_as_well_stays_here(make: Made) -> None:
    bench = make("exit 3", pair=Pair(memos={"run.bot": "b gave it up"}))
    until(lambda: "event=command.failing" in bench.log.getvalue())
    assert bench.pair.handled == []
    assert "b gave it up already" in bench.log.getvalue()


def test_a_command_that_runs_for_a_minute_may_be_handed_over_again(make: Made) -> None:
    bench = make("sleep 600", pair=Pair(memos={"run.bot": "b gave it up"}))
    until(lambda: bench.pair.memos == {"run.bot": ""})


@pytest.mark.parametrize(
    ("restart", "status"), [(Restart.NEVER, 1), (Restart.NEVER, 0), (Restart.ON_FAILURE, 0)]
)
def test_a_command_that_is_not_restarted_stays_ended_until_somebody_asks(
    make: Made, restart: Restart, status: int
) -> None:
    bench = make(f"exit {status}", restart=restart)
    until(lambda: "starts_again=never" in bench.log.getvalue())
    assert not bench.attendant.is_running
    bench.attendant.restart("somebody asked for it")
    until(lambda: bench.starts() == 2)


def test_a_restart_by_hand_ends_it_in_its_own_way_and_is_no_failure(make: Made) -> None:
    bench = make("trap 'echo bye; exit' TERM; echo hi; while :; do sleep 0.01; done")
    until(lambda: "hi" in bench.attendant.output)
    bench.attendant.restart("somebody asked for it")
    runs = partial(bench.outputs.told, "twin.run.bot")
    until(lambda: [run["output"] for run in runs()] == ["hi\n", "hi\nbye\n"])
    assert bench.attendant.lives.failures == 0
    assert bench.attendant.why == "somebody asked for it"


def test_three_bad_answers_in_a_row_restart_it_and_not_before_it_once_answered(
    make: Made,
) -> None:
    answers = iter(["starting", "starting", "starting", "", "bad", "bad", "", "bad", "bad", "deaf"])
    asked: list[str] = []

    def look_at(url: str) -> str:
        asked.append(url)
        return next(answers, "")

    bench = make("sleep 600", clock=Clock(), probe=look_at)
    until(lambda: bench.starts() == 2)
    assert "3 bad answers in a row: deaf" in bench.log.getvalue()
    assert len(asked) == 10
    assert asked[0].startswith("http://127.0.0.1:")
    assert asked[0].rsplit(":", 1)[1].strip("/").isdigit()


def test_a_twin_that_may_have_lost_the_duty_in_a_freeze_lets_its_command_die(make: Made) -> None:
    bench = make("sleep 600", clock=Clock())
    until(lambda: bench.attendant.is_running)
    bench.pair.twin.tell(Froze(9.0))
    until(lambda: not bench.attendant.is_running)
    bench.attendant.wake()
    assert bench.starts() == 1
    assert "this twin stood still" in bench.attendant.why
    assert bench.attendant.lives.failures == 0


def test_the_duty_of_another_term_is_another_duty(make: Made) -> None:
    bench = make("sleep 600")
    until(lambda: bench.attendant.is_running)
    state = bench.pair.twin.state
    claim = replace(state.knowledge.claim, term=state.knowledge.claim.term + 1)
    bench.pair.twin.state = replace(state, knowledge=replace(state.knowledge, claim=claim))
    bench.thread.join(10)
    assert not bench.thread.is_alive()


def test_a_command_learns_its_twin_and_its_term(make: Made, tmp_path: Path) -> None:
    bench = make(f'echo "$TWIN_NAME $TWIN_TERM $TWIN_URL" > {tmp_path}/told; sleep 600')
    until(lambda: (tmp_path / "told").exists() and (tmp_path / "told").read_text())
    term = bench.pair.look().knowledge.claim.term
    assert (tmp_path / "told").read_text() == f"a {term} https://a.example\n"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("sh bot.sh 'a b'", ["sh", "bot.sh", "a b"]),
        ("TOKEN=x sh bot.sh", None),
        ("cd bots && sh bot.sh", None),
        ("sh bot.sh $PORT", None),
        ("exec sh bot.sh", None),
        ("no-such-program", None),
        ("sh 'bot.sh", None),
    ],
)
def test_a_shell_is_started_only_where_it_is_needed(line: str, words: list[str] | None) -> None:
    assert words_of(line, os.environ["PATH"]) == (words or ("/bin/sh", "-c", line))
