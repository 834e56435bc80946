"""How what a twin costs grows: with its jobs, its targets, its history and those who watch it."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
from looking import serving, write_targets
from measured import Growth
from processes import LOGIN, Twin, until
from standing import tell_of_looks
from subjects import TEN_JOBS, cpu_s, now, place, resident_mb, rest, solo

_WINDOW_S = 12.0
_JOBS = """
from twin import cron
for number in range({count}):
    cron(f"{{number % 60}} * * * * *", name=f"job{{number}}")(lambda: None)
"""
_EVERY_SECOND = "from twin import every\nevery('1s', name='tick')(lambda: None)\n"

Ready = Callable[[int], AbstractContextManager[Twin]]
"""A twin on duty that has so many of something."""


def growth() -> Iterator[Growth]:
    yield from _at_work("jobs a minute", (1, 10, 100, 1_000, 10_000), _with_jobs)
    yield from _at_work("targets", (1, 10, 100, 1_000), _with_targets)
    yield from _at_work("watchers, a job a second", (1, 10, 50), _with_watchers)
    yield from _told((1, 6, 24, 48))


def _at_work(of: str, sizes: Sequence[int], ready: Ready) -> Iterator[Growth]:
    """What it uses while it does what it is for."""
    found = [_used(ready, size) for size in sizes]
    yield Growth(of, sizes, "CPU a minute", [cpu for cpu, _ in found], "s")
    yield Growth(of, sizes, "memory", [mb for _, mb in found], "MB")


def _used(ready: Ready, size: int) -> tuple[float, float]:
    with ready(size) as twin:
        before, began = cpu_s(twin.process), now()
        rest(_WINDOW_S)
        return (cpu_s(twin.process) - before) * 60 / (now() - began), resident_mb(twin.process)


@contextlib.contextmanager
def _on_duty(
    jobs: str, prepare: Callable[[Path], object] = lambda _: None, **environ: str
) -> Iterator[Twin]:
    with place() as directory, solo(directory, jobs, **environ) as twin:
        prepare(directory)
        twin.start()
        until(lambda: twin.role() == "on_duty", 60)
        rest(3)
        yield twin


def _with_jobs(count: int) -> AbstractContextManager[Twin]:
    return _on_duty(_JOBS.format(count=count))


@contextlib.contextmanager
def _with_targets(count: int) -> Iterator[Twin]:
    with serving() as url:
        targets = _on_duty(
            TEN_JOBS, lambda at: write_targets(at, url, count), SCALE_API_KEY="a-key"
        )
        with targets as twin:
            yield twin


@contextlib.contextmanager
def _with_watchers(count: int) -> Iterator[Twin]:
    with _on_duty(_EVERY_SECOND) as twin:
        readers = [threading.Thread(target=_watch, args=(twin.url,)) for _ in range(count)]
        for reader in readers:
            reader.start()
        until(lambda: twin.status()["watchers"] == count)
        yield twin
    for reader in readers:
        reader.join()


def _watch(url: str) -> None:
    """Read until the twin is gone."""
    with (
        contextlib.suppress(httpx.HTTPError),
        httpx.stream("GET", f"{url}/watch", auth=LOGIN, trust_env=False) as answer,
    ):
        for _ in answer.iter_raw():
            pass


def _told(hours: Sequence[int]) -> Iterator[Growth]:
    """A target's history, which a page asks for when it opens, and a twin that wakes."""
    found = [_asked(count) for count in hours]
    yield Growth("hours of history", hours, "told", [ms for ms, _ in found], "ms")
    yield Growth("hours of history", hours, "memory", [mb for _, mb in found], "MB")


def _asked(hours: int) -> tuple[float, float]:
    with _on_duty(TEN_JOBS) as twin:
        tell_of_looks(twin, minutes=hours * 60)
        history: dict[str, Any] = {}
        began = now()
        for _ in range(10):
            answer = httpx.get(f"{twin.url}/status?since=0", auth=LOGIN, trust_env=False)
            history = answer.json()["history"]
        took_ms = (now() - began) * 1000 / 10
        assert sum(map(len, history["looks"].values())) >= hours * 60 - 1
        return took_ms, resident_mb(twin.process)
