"""Child processes of jobs: they do not hold the twin's port, and end with the twin."""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import Twin, seconds_of, twins, until

FORKS = """
    pid = os.fork()
    if not pid:
        time.sleep(60)
        os._exit(0)
"""
DAEMON = """
    reads, writes = os.pipe()
    if not os.fork():
        os.setsid()
        pid = os.fork()
        if not pid:
            time.sleep(60)
        os.write(writes, str(pid).encode())
        os._exit(0)
    os.wait()
    pid = int(os.read(reads, 100))
"""
FORKS_ITS_TARGET = """
    child = multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,))
    child.start()
    pid = child.pid
"""
ASKS_A_SERVER_TO_FORK = FORKS_ITS_TARGET.replace('"fork"', '"forkserver"')
STARTS = """
    pid = subprocess.Popen(["sleep", "60"], close_fds=False).pid
"""


def jobs(starts: str) -> str:
    return f"""
import multiprocessing, os, subprocess, time
from pathlib import Path
from twin import every

@every("1s", name="starts")
def starts():
    if Path("child").exists():
        return
{starts}
    Path("new").write_text(str(pid))
    os.rename("new", "child")
"""


@contextlib.contextmanager
def parents(directory: Path, starts: str) -> Iterator[tuple[Twin, Twin]]:
    """Two twins; the first is on duty, and its job has started a child."""
    with twins(directory, jobs(starts), PYTHONWARNINGS="") as (a, b):
        a.start()
        try:
            until((directory / "child").exists)
            yield a, b
        finally:
            with contextlib.suppress(ProcessLookupError, FileNotFoundError):
                os.kill(child_of(a), signal.SIGKILL)


def child_of(twin: Twin) -> int:
    return int((twin.directory / "child").read_text())


def runs(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    with contextlib.suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    return False


@pytest.mark.parametrize("starts", [FORKS, DAEMON, FORKS_ITS_TARGET, ASKS_A_SERVER_TO_FORK, STARTS])
def test_a_child_of_a_job_ends_with_its_twin_and_does_not_keep_the_port(
    tmp_path: Path, starts: str
) -> None:
    with parents(tmp_path, starts) as (a, _):
        assert a.process is not None
        child = child_of(a)
        assert runs(child)
        a.process.kill()  # not its process group
        a.process.wait()
        until(lambda: not runs(child))
        a.start()
        until(lambda: a.role() == "on_duty")
        assert a.ends(signal.SIGTERM) == 0


def test_a_child_of_a_job_does_not_hide_the_death_of_its_twin_from_the_peer(tmp_path: Path) -> None:
    with parents(tmp_path, FORKS) as (a, b):
        b.environ["ON_WAKE"] = "join"
        b.start()
        until(lambda: b.role() == "standby" and a.status().get("watchers"))
        assert a.process is not None
        a.process.kill()
        # An unnoticed death would take 7.5 s of silence.
        assert seconds_of(lambda: until(lambda: b.role() == "on_duty")) < 4


def test_the_death_of_a_child_leaves_the_signals_of_its_twin_alone(tmp_path: Path) -> None:
    with parents(tmp_path, FORKS) as (a, _):
        os.kill(child_of(a), signal.SIGTERM)
        until(lambda: not runs(child_of(a)))
        assert a.role() == "on_duty"
        assert "event=twin.leaves" not in a.output
