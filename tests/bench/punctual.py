"""Rows of jobs: how long after its slot each begins."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from measured import TIMES, Limit, Row, percentile
from subjects import LOOP, now, pair, place, rest

_SLOTS = 110
_MANY_S = 60
_MANY = 10_000

# What a run writes down first: the job, its slot, and how late it is in ms.
_WRITES = """
import os, time
out = os.open(os.environ["RUNS"], os.O_WRONLY | os.O_APPEND)
def write(run):
    late_ms = (time.time() - run.slot.timestamp()) * 1000
    os.write(out, f"{run.job.name} {int(run.slot.timestamp())} {late_ms}\\n".encode())
"""
_EVERY_SECOND = f"{_WRITES}\nfrom twin import every\nevery('1s', name='tick')(write)\n"
_MANY_JOBS = f"""{_WRITES}
from twin import cron
for number in range({_MANY}):
    cron(f"{{number % 60}} * * * * *", name=f"job{{number}}")(write)
"""


def jobs() -> Iterator[Row]:
    """One job a second, on a twin that is watched; the loops begin at different moments."""
    with place() as directory:
        loops = list(_loops(directory))
        try:
            ours = _late_ms(directory, _EVERY_SECOND, _SLOTS)
            theirs = [float(line) for loop in loops for line in loop.read_text().splitlines()]
        finally:
            for process in _running:
                process.kill()
                process.wait()
            _running.clear()
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        told = f"a job begins after its slot, {name}"
        late_ms, baseline_ms = percentile(ours, share), percentile(theirs, share)
        yield Row(told, late_ms, baseline_ms, "ms", "loop", Limit(0.05))
        if name == "p99":
            yield Row(told, late_ms, baseline_ms, "ms", "loop", Limit(10, of_ratio=False))


_running: list[subprocess.Popen[bytes]] = []


def _loops(directory: Path) -> Iterator[Path]:
    for number in range(TIMES):
        path = directory / f"loop{number}"
        with path.open("wb") as out:
            _running.append(subprocess.Popen([sys.executable, "-c", LOOP], stdout=out))
        rest(1 / TIMES)
        yield path


def many() -> Iterator[Row]:
    """10,000 jobs with a slot a minute each, 166 or 167 of them in every second."""
    with place() as directory:
        one = _late_ms(directory, _EVERY_SECOND, 20)
    with place() as directory:
        began = now()
        ours = _late_ms(directory, _MANY_JOBS, _MANY_S)
        print(f"  many: {len(ours)} runs in {now() - began:.0f} s")
        expected, lost = _lost(directory / "runs")
    told = "10,000 jobs a minute, begin after the slot, p99"
    limit = Limit(250, of_ratio=False)
    late_ms = percentile(ours, 0.99)
    yield Row(told, late_ms, percentile(one, 0.99), "ms", "one job a second", limit)
    none = Limit(0, of_ratio=False)
    yield Row("10,000 jobs a minute, slots lost", lost, expected, "slots", "slots", none)


def _late_ms(directory: Path, jobs: str, slots: int) -> list[float]:
    """Of all runs in so many seconds, without the first ones of a pair that is just settling."""
    runs = directory / "runs"
    runs.touch()
    with pair(directory, jobs, RUNS=str(runs)):
        rest(3)
        known = len(runs.read_text().splitlines())
        rest(slots)
        lines = runs.read_text().splitlines()[known:]
    return [float(line.split()[2]) for line in lines]


def _lost(runs: Path) -> tuple[int, int]:
    """How many slots there were between the first second that was run and the last, and how many
    of them nobody ran."""
    slots = Counter(int(line.split()[1]) for line in runs.read_text().splitlines())
    seconds = range(min(slots) + 1, max(slots) - 1)  # at the edges some may be before or after
    due = [_MANY // 60 + (second % 60 < _MANY % 60) for second in seconds]
    missing = [want - slots[second] for second, want in zip(seconds, due, strict=True)]
    return sum(due), sum(map(abs, missing))
