"""A twin whose stdout nobody reads, or cannot be written, or is taken away by a job."""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import Twin, twins, until

TICKS = """
import io, logging, os, sys, threading, warnings
from twin import every

@every("1s", name="ticks")
def ticks():
    with open("ticks", "a") as file:
        file.write("x")
"""

CLOSES = """
@every("1s", name="other")
def other():
    sys.stdout.close()
    sys.stderr.close()
"""
TAKES = """
@every("1s", name="other")
def other():
    sys.stdout = sys.stderr = None
"""
REPLACES = """
@every("1s", name="other")
def other():
    sys.stdout = sys.stderr = io.StringIO()
"""
CLOSES_THE_DESCRIPTORS = """
os.close(1)
os.close(2)
"""
COMPLAINS = """
logging.basicConfig(level=logging.DEBUG)

def fails():
    raise ValueError("in a thread")

class Fails:
    def __del__(self):
        raise ValueError("in a finalizer")

@every("1s", name="other")
def other():
    threading.Thread(target=fails).start()
    threading.Thread(target=says).start()  # holds the locks of stdout and of the log's handler
    Fails()
    logging.getLogger("asyncio").error("of asyncio")
    warnings.warn("a warning", stacklevel=1)

def says():
    logging.error("of a job")
    print("x" * 100_000)
"""
UNKNOWN_LETTERS = """
@every("1s", name="Grüße 🙂")
def other():
    print("Grüße 🙂")
"""


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Twin]:
    with twins(tmp_path, TICKS) as (a, _):
        a.environ |= {"PEER_URL": "", "PYTHONWARNINGS": ""}
        yield a


@pytest.fixture
def full() -> Iterator[int]:
    """The end of a pipe that takes nothing, since nobody reads at the other one."""
    reads, writes = os.pipe()
    fcntl.fcntl(writes, fcntl.F_SETFL, os.O_NONBLOCK)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writes, b"x" * 4096)
    fcntl.fcntl(writes, fcntl.F_SETFL, 0)
    yield writes
    os.close(reads)
    os.close(writes)


def start(twin: Twin, stdout: int | None, *command: str) -> None:
    twin.process = subprocess.Popen(
        [*command, sys.executable, "-m", "twin"],
        env=twin.settings,
        cwd=twin.directory,
        stdout=stdout,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def works_and_ends(twin: Twin) -> None:
    """It takes the duty, goes on running jobs, and ends on SIGTERM."""
    until(lambda: twin.role() == "on_duty")
    ticks = twin.directory / "ticks"
    ran = ticks.stat().st_size if ticks.exists() else 0
    until(lambda: ticks.exists() and ticks.stat().st_size >= ran + 2)
    assert twin.role() == "on_duty"
    assert twin.ends(signal.SIGTERM) == 0


def add(twin: Twin, jobs: str) -> None:
    with (twin.directory / "jobs.py").open("a", encoding="utf-8") as file:
        file.write(jobs)


def test_a_pipe_that_nobody_reads_stops_nothing(alone: Twin, full: int) -> None:
    start(alone, full)
    works_and_ends(alone)


def test_a_job_that_prints_to_a_pipe_that_nobody_reads_stops_no_other(
    alone: Twin, full: int
) -> None:
    add(alone, COMPLAINS)
    start(alone, full)
    works_and_ends(alone)


def test_what_python_and_libraries_complain_of_is_in_the_log(alone: Twin) -> None:
    add(alone, COMPLAINS)
    alone.start()
    works_and_ends(alone)
    for event in ("thread.failed", "error.ignored", "library.warned", "log.dropped"):
        assert (f"event={event} " in alone.output) is (event != "log.dropped")
    assert 'because="of asyncio"' in alone.output


def test_a_closed_stdout_stops_nothing(alone: Twin) -> None:
    start(alone, None, "/bin/sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh")
    works_and_ends(alone)


def test_a_reader_that_goes_away_stops_nothing(alone: Twin) -> None:
    reads, writes = os.pipe()
    start(alone, writes)
    os.close(writes)
    os.read(reads, 10)
    os.close(reads)
    works_and_ends(alone)


@pytest.mark.parametrize(
    "environ",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
)
def test_a_stdout_that_takes_ascii_alone_gets_ascii_of_jobs_too(
    alone: Twin, environ: dict[str, str]
) -> None:
    add(alone, UNKNOWN_LETTERS)
    alone.environ |= environ
    alone.start()
    works_and_ends(alone)
    assert alone.output.isascii()
    assert r'event=slot.ended twin=a job="Gr\xfc\xdfe \U0001f642"' in alone.output
    assert "\nGr\\xfc\\xdfe \\U0001f642\n" in alone.output


@pytest.mark.parametrize("jobs", [CLOSES, TAKES, REPLACES, CLOSES_THE_DESCRIPTORS])
def test_a_job_that_takes_stdout_away_stops_no_other_and_the_log_goes_on(
    alone: Twin, jobs: str
) -> None:
    add(alone, jobs)
    alone.start()
    works_and_ends(alone)
    events = [line.split()[1] for line in alone.output.splitlines() if line.startswith("at=")]
    assert events[-2:] == ["event=duty.released", "event=twin.left"]
    assert "Traceback" not in alone.output.replace("traceback=", "")


def test_lines_of_a_job_appear_when_it_prints_them_and_not_when_a_buffer_is_full(
    alone: Twin,
) -> None:
    add(alone, UNKNOWN_LETTERS)
    alone.environ["PYTHONUNBUFFERED"] = ""
    alone.start()
    until(lambda: "\nGrüße 🙂\n" in alone.output)
    works_and_ends(alone)


def test_a_twin_whose_log_nobody_reads_hands_the_duty_over(tmp_path: Path, full: int) -> None:
    with twins(tmp_path, TICKS) as (a, b):
        b.environ["ON_WAKE"] = "join"
        start(a, full)
        until(lambda: a.role() == "on_duty")
        start(b, full)
        until(lambda: b.role() == "standby" and a.status().get("watchers"))
        assert a.ends(signal.SIGTERM) == 0
        until(lambda: b.role() == "on_duty")
