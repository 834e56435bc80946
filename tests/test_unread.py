"""A twin whose stdout is unread, unwritable, or replaced by a job."""

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
SETS_TO_NONE = """
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
UNKNOWN_CHARACTERS = """
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
    """The full end of a pipe without a reader."""
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


def check_work_and_end(twin: Twin) -> None:
    """Check that it takes the duty, keeps running jobs, and ends on SIGTERM."""
    until(lambda: twin.role() == "on_duty")
    ticks = twin.directory / "ticks"
    ran = ticks.stat().st_size if ticks.exists() else 0
    until(lambda: ticks.exists() and ticks.stat().st_size >= ran + 2)
    assert twin.role() == "on_duty"
    assert twin.ends(signal.SIGTERM) == 0


def add(twin: Twin, jobs: str) -> None:
    with (twin.directory / "jobs.py").open("a", encoding="utf-8") as file:
        file.write(jobs)


def test_an_unread_pipe_does_not_stop_the_twin(alone: Twin, full: int) -> None:
    start(alone, full)
    check_work_and_end(alone)


def test_a_job_that_prints_to_an_unread_pipe_does_not_stop_others(alone: Twin, full: int) -> None:
    add(alone, COMPLAINS)
    start(alone, full)
    check_work_and_end(alone)


def test_errors_and_warnings_of_python_and_libraries_are_in_the_output(alone: Twin) -> None:
    add(alone, COMPLAINS)
    alone.start()
    check_work_and_end(alone)
    for words in ("in a thread", "in a finalizer", "ERROR:asyncio:of asyncio", "a warning"):
        assert words in alone.output
    assert "event=log.dropped" not in alone.output


def test_a_closed_stdout_does_not_stop_the_twin(alone: Twin) -> None:
    start(alone, None, "/bin/sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh")
    check_work_and_end(alone)


def test_a_closed_reader_does_not_stop_the_twin(alone: Twin) -> None:
    reads, writes = os.pipe()
    start(alone, writes)
    os.close(writes)
    os.read(reads, 10)
    os.close(reads)
    check_work_and_end(alone)


@pytest.mark.parametrize(
    "environ",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
)
def test_an_ascii_stdout_gets_ascii_of_jobs_too(alone: Twin, environ: dict[str, str]) -> None:
    add(alone, UNKNOWN_CHARACTERS)
    alone.environ |= environ
    alone.start()
    check_work_and_end(alone)
    assert alone.output.isascii()
    assert r'event=slot.ended twin=a job="Gr\xfc\xdfe \U0001f642"' in alone.output
    assert "\nGr\\xfc\\xdfe \\U0001f642\n" in alone.output


@pytest.mark.parametrize("jobs", [CLOSES, SETS_TO_NONE, REPLACES, CLOSES_THE_DESCRIPTORS])
def test_a_job_that_removes_stdout_stops_neither_other_jobs_nor_the_log(
    alone: Twin, jobs: str
) -> None:
    add(alone, jobs)
    alone.start()
    check_work_and_end(alone)
    events = [line.split()[1] for line in alone.output.splitlines() if line.startswith("at=")]
    events = [event for event in events if "=command." not in event]
    assert events[-2:] == ["event=duty.released", "event=twin.left"]
    assert "Traceback" not in alone.output.replace("traceback=", "")


def test_lines_of_a_job_appear_without_a_flush(alone: Twin) -> None:
    add(alone, UNKNOWN_CHARACTERS)
    alone.environ["PYTHONUNBUFFERED"] = ""
    alone.start()
    until(lambda: "\nGrüße 🙂\n" in alone.output)
    check_work_and_end(alone)


def test_a_twin_with_an_unread_log_hands_the_duty_over(tmp_path: Path, full: int) -> None:
    with twins(tmp_path, TICKS) as (a, b):
        b.environ["ON_WAKE"] = "join"
        start(a, full)
        until(lambda: a.role() == "on_duty")
        start(b, full)
        until(lambda: b.role() == "standby" and a.status().get("watchers"))
        assert a.ends(signal.SIGTERM) == 0
        until(lambda: b.role() == "on_duty")
