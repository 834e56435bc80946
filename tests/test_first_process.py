"""A twin as the first process of a container, and signals at odd moments."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import Twin, twins, until

LEAVES_ORPHANS = """
import subprocess
from pathlib import Path
from twin import every

@every("1s", name="orphans")
def orphans():
    # Reaping must not take the exit statuses that the job waits for.
    ended = subprocess.run(["sh", "-c", "sleep 0.1 & exit 7"])
    with Path("statuses").open("a") as file:
        file.write(f"{ended.returncode} ")
"""
HANGS = """
import threading
from pathlib import Path
Path("reading").touch()
threading.Event().wait()
"""


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Twin]:
    with twins(tmp_path, LEAVES_ORPHANS) as (a, _):
        a.environ["PEER_URL"] = ""
        yield a


def start_as_first(twin: Twin, *python: str) -> int:
    """Start it in its own process namespace. Returns its process id outside."""
    command = ["unshare", "--pid", "--fork", "--mount-proc", sys.executable, *python, "-m", "twin"]
    with (twin.directory / "a.log").open("ab") as log:
        twin.process = subprocess.Popen(
            command,
            env=twin.settings,
            cwd=twin.directory,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    return int(until(lambda: children(twin.process.pid if twin.process else 0))[0])


def children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def test_as_the_first_process_it_reaps_orphans_but_not_the_children_of_jobs(
    alone: Twin, tmp_path: Path
) -> None:
    first = start_as_first(alone)
    statuses = tmp_path / "statuses"
    until(lambda: statuses.exists() and statuses.read_text().count("7 ") >= 3)
    assert set(statuses.read_text().split()) == {"7"}
    until(lambda: len(children(first)) == 1)  # the twin itself; the sleepers are reaped
    os.kill(first, signal.SIGTERM)
    assert alone.process is not None
    assert alone.process.wait(15) == 0
    assert "event=twin.left" in alone.output


def test_as_the_first_process_it_ends_with_the_status_of_the_twin(alone: Twin) -> None:
    first = start_as_first(alone)
    until(lambda: alone.role() == "on_duty")
    os.kill(int(children(first)[0]), signal.SIGKILL)
    assert alone.process is not None
    assert alone.process.wait(15) == 128 + signal.SIGKILL


def test_as_the_first_process_it_handles_sigterm_during_the_imports(
    alone: Twin, tmp_path: Path
) -> None:
    (tmp_path / "fastapi.py").write_text(HANGS)
    first = start_as_first(alone)
    until((tmp_path / "reading").exists)
    os.kill(first, signal.SIGTERM)
    assert alone.process is not None
    assert alone.process.wait(5) == 0


@pytest.mark.parametrize("module", ["dotenv", "fastapi", "jobs"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_during_the_start_ends_it_at_once(
    alone: Twin, tmp_path: Path, module: str, number: signal.Signals
) -> None:
    (tmp_path / ".env").write_text("A=1\n")
    (tmp_path / f"{module}.py").write_text(HANGS)
    alone.start()
    until((tmp_path / "reading").exists)
    assert alone.ends(number, timeout_s=5) == 0
    assert "Traceback" not in alone.output


@pytest.mark.parametrize(
    "number",
    [signal.SIGHUP, signal.SIGQUIT, signal.SIGINT, signal.SIGTERM, signal.SIGPWR, signal.SIGXCPU],
)
def test_every_terminating_signal_hands_the_duty_over(alone: Twin, number: signal.Signals) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # these tests may run under nohup
    try:
        alone.start()
    finally:
        signal.signal(signal.SIGHUP, before)
    until(lambda: alone.role() == "on_duty")
    assert alone.ends(number) == 0
    lines = [
        line for line in alone.output.splitlines() if not re.search(" event=(slot|comm)", line)
    ]
    events = [line.split()[1] for line in lines]
    assert events[-3:] == ["event=twin.leaves", "event=duty.released", "event=twin.left"]
    assert f"because={number.name}" in alone.output


def test_other_signals_do_not_end_it(alone: Twin) -> None:
    alone.start()
    until(lambda: alone.role() == "on_duty")
    names = ("USR1", "USR2", "ALRM", "PIPE", "WINCH", "VTALRM", "PROF", "IO", "CHLD", "URG", "CONT")
    numbers = [getattr(signal, f"SIG{name}") for name in names]
    assert alone.process is not None
    for number in [*numbers, signal.SIGRTMIN, signal.SIGRTMAX]:
        alone.process.send_signal(number)
    boot = alone.status()["boot"]
    assert alone.role() == "on_duty"
    assert alone.ends(signal.SIGTERM) == 0
    assert alone.output.count("event=twin.woke") == 1
    assert f"boot={boot}" in alone.output


def test_under_nohup_sighup_does_not_end_it(alone: Twin) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        alone.start()
    finally:
        signal.signal(signal.SIGHUP, before)
    until(lambda: alone.role() == "on_duty")
    assert alone.process is not None
    alone.process.send_signal(signal.SIGHUP)
    assert alone.role() == "on_duty"
    assert alone.ends(signal.SIGTERM) == 0
    assert "because=SIGHUP" not in alone.output
