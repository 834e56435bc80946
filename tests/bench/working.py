"""Rows of a script that needs nothing but `schedule`, in its worker."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from statistics import median
from typing import TypeVar

from measured import TIMES, Limit, Row
from processes import Twin, until
from subjects import memory_mb, pair, place, rest, settled, solo

from twin.clock import Clock

_Subject = TypeVar("_Subject")

_MOVES = 10
_BEFORE_SLOT_S = 0.1
"""A slot then comes due between the two, and runs as soon as the other twin's script is there."""
_SCRIPT = """
import os, schedule, time

def write(what):
    with open(os.environ["RUNS"], "a") as runs:
        runs.write(f"{{what}} {{os.environ.get('TWIN_NAME')}} {{time.time()}}\\n")

def job():
    write("ran")
    {act}

schedule.every().second.do(job)
write("begins")
{due}
while True:
    schedule.run_pending()
    time.sleep(0.01)
"""


def script() -> Iterator[Row]:
    with place() as directory:
        runs = directory / "runs"
        alone = [_alone(directory, runs) for _ in range(TIMES)]
        moved = _moved(directory, runs)
        back = [_back(directory, runs) for _ in range(TIMES)]
        ours = [_memory(directory, runs) for _ in range(TIMES)]
    started, plain, plain_own = (median(values) for values in zip(*alone, strict=True))
    worker, own = (median(values) for values in zip(*ours, strict=True))
    for name, took in (("median", median(moved)), (f"worst of {_MOVES}", max(moved))):
        told, limit = f"SIGTERM to the other twin's first job, {name}", Limit(0.5, of_ratio=False)
        yield Row(told, took, started, "s", "python bot.py", limit)
    told, limit = f"a script is back after os._exit, worst of {TIMES}", Limit(2, of_ratio=False)
    yield Row(told, max(back), started, "s", "python bot.py", limit)
    limit = Limit(20, of_ratio=False)
    yield Row("memory of a script's process", worker, plain, "MB", "python bot.py", limit)
    yield Row("with its supervisor, not shared", own, plain_own, "MB", "python bot.py")


def _alone(directory: Path, runs: Path) -> tuple[float, float, float]:
    """Seconds until its first job, and its memory, of which not shared."""
    runs.write_text("")
    script = directory / "bot.py"
    script.write_text(_SCRIPT.format(act="pass", due="schedule.run_all()"))
    began = Clock().now().wall
    with subprocess.Popen([sys.executable, script], env={"RUNS": str(runs)}) as process:
        until(lambda: _told(runs, "ran"))
        told = memory_mb(process.pid), memory_mb(process.pid, "RssAnon")
        process.kill()
    return _told(runs, "ran")[0] - began, *told


def _moved(directory: Path, runs: Path) -> list[float]:
    """From SIGTERM to the first job of the other twin, again and again."""
    with _scripted(pair, directory, runs) as twins:
        return [_move(*settled(*twins), runs) for _ in range(_MOVES)]


def _move(holder: Twin, other: Twin, runs: Path) -> float:
    known = len(_told(runs, "ran", other.name))
    until(lambda: len(_told(runs, "ran", holder.name)) > 0)
    rest(2)
    wall = Clock().now().wall
    rest(1 - wall % 1 + 1 - _BEFORE_SLOT_S)
    began = Clock().now().wall
    assert holder.process is not None
    holder.process.send_signal(signal.SIGTERM)
    until(lambda: len(_told(runs, "ran", other.name)) > known)
    took = _told(runs, "ran", other.name)[known] - began
    holder.process.wait()
    holder.start()
    until(lambda: holder.role() == "standby", 30)
    return took


def _back(directory: Path, runs: Path) -> float:
    with _scripted(solo, directory, runs, act="os._exit(3)") as twin:
        twin.start()
        until(lambda: len(_told(runs, "begins")) > 1)
        return _told(runs, "begins")[1] - _told(runs, "ran")[0]


def _memory(directory: Path, runs: Path) -> tuple[float, float]:
    """Of the script's process; and of it and its supervisor, what they share with nobody."""
    with _scripted(solo, directory, runs) as twin:
        twin.start()
        until(lambda: _told(runs, "ran"))
        assert twin.process is not None
        (keeper,) = _children(twin.process.pid)
        (script,) = _children(keeper)
        own = sum(memory_mb(each, "RssAnon") for each in (keeper, script))
        return memory_mb(script), own


@contextmanager
def _scripted(
    subject: Callable[..., AbstractContextManager[_Subject]],
    directory: Path,
    runs: Path,
    act: str = "pass",
) -> Iterator[_Subject]:
    """A twin or a pair that runs the script."""
    runs.write_text("")
    (directory / "bot.py").write_text(_SCRIPT.format(act=act, due=""))
    with subject(directory, "", JOBS="bot.py", RUNS=str(runs), ON_WAKE="join") as made:
        yield made


def _told(runs: Path, what: str, twin: str = "") -> list[float]:
    """When the scripts wrote this, by the wall clock."""
    lines = [line.split() for line in runs.read_text().splitlines()]
    return [float(at) for told, by, at in lines if told == what and twin in ("", by)]


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for each in tasks for child in each.read_text().split()]
