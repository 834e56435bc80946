"""The `schedule` library, tamed: it declares jobs, and does not run them.

Its loop would run every job a second time, beside Twin's own; so every way to run it ends the
thread that calls it, quietly. The other changes keep a slip from hanging the process, and a
deadline that has passed from keeping it from starting.
"""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import time, timedelta
from math import floor
from typing import Any, Never, Protocol
from zoneinfo import ZoneInfo

import schedule as library

from twin.core.schedule.schedules import Calendar, Grid, Schedule, Until
from twin.core.schedule.steps import Steps
from twin.core.zones import moment_of, zone

_UNIT_S = {"seconds": 1, "minutes": 60, "hours": 3_600, "days": 86_400, "weeks": 604_800}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LONGEST_S = 3_660 * 86_400


class OwnLoop(SystemExit):
    """The script came to its own loop. `where` is the file and line of the call.

    A `SystemExit`, because scripts catch `Exception` in their loops, and because it ends a thread
    without a word.
    """

    def __init__(self, where: str) -> None:
        super().__init__(0)
        self.where = where


_do, _at, _until = library.Job.do, library.Job.at, library.Job.until


class Heard(Protocol):
    """Who is told, with file and line, of what Twin does not do for the script."""

    def own_loop(self, where: str) -> None:
        """It came to a loop of its own. On the thread that is about to end for it."""

    def late_job(self, where: str) -> None:
        """It declared a job when all were collected: that one never runs."""


_heard: list[Heard] = []
_collected: list[list[tuple[library.Job, str]]] = []


def tame(heard: Heard) -> None:
    """Change the library, for good. May be called again, with somebody else to tell."""
    _heard[:] = [heard]
    for name, method in {"do": _checked_do, "at": _checked_at, "until": _lenient_until}.items():
        setattr(library.Job, name, method)
    for name, way in {"run_pending": _run, "run_all": _run, "idle_seconds": property(_run)}.items():
        setattr(library.Scheduler, name, way)


@contextmanager
def collecting() -> Iterator[list[tuple[library.Job, str]]]:
    """Collects every job that is given its function meanwhile, with file and line.

    Also those that are cancelled again: what counts is whether its scheduler still has it.
    """
    jobs: list[tuple[library.Job, str]] = []
    _collected.append(jobs)
    try:
        yield jobs
    finally:
        _collected.remove(jobs)


def _run(*_: object, **__: object) -> Never:
    where = _caller()
    _heard[0].own_loop(where)
    if threading.current_thread() is not threading.main_thread():
        raise SystemExit  # exactly this one ends a thread without a word on stderr
    raise OwnLoop(where)


def _checked_do(job: library.Job, job_func: Callable[..., Any], *args: Any, **kw: Any) -> Any:
    _check_interval(job)
    _do(job, job_func, *args, **kw)
    if _collected:
        _collected[-1].append((job, _caller()))
    else:
        _heard[0].late_job(_caller())
    return job


def _checked_at(job: library.Job, time_str: str, tz: Any = None) -> Any:
    if isinstance(tz, str):
        zone(tz)  # says what is wrong with it better than the library does
    return _at(job, time_str, tz)


def _lenient_until(job: library.Job, until_time: Any) -> Any:
    try:
        _until(job, until_time)
    except (library.ScheduleValueError, TypeError):
        if job.cancel_after is None:
            raise
        # It is set, but has passed, or has a zone: the slots have an end all the same.
    if isinstance(until_time, timedelta) and job.cancel_after:
        # Counted from now, not read from a clock on a wall: no other zone may change it.
        job.cancel_after = job.cancel_after.astimezone()
    return job


def schedule_of(job: library.Job, default_timezone: str, seed: str) -> Schedule:
    """The slots of a job of the library's; `seed` draws the intervals of `every(5).to(10)`.

    Local times without a zone are those of `default_timezone`. Raises `ValueError`.
    """
    where = zone(str(job.at_time_zone)) if job.at_time_zone else zone(default_timezone)
    slots = _slots(job, where, seed)
    if job.cancel_after is None:
        return slots
    end = job.cancel_after
    if end.tzinfo:
        return Until(slots, floor(end.timestamp()), where)
    return Until(slots, moment_of(end.replace(microsecond=0, tzinfo=where)), where)


def _slots(job: library.Job, where: ZoneInfo, seed: str) -> Schedule:
    unit_s = _UNIT_S[str(job.unit)]
    shortest, longest = job.interval, job.latest or job.interval
    whole_days = unit_s >= _UNIT_S["days"] and shortest == int(shortest)
    if whole_days and (job.at_time or job.start_day or longest == shortest):
        steps = Steps.between(int(shortest), longest, seed)
        weekday = _WEEKDAYS.index(job.start_day) if job.start_day else 0
        unit_days = unit_s // _UNIT_S["days"]
        return Calendar(steps, job.at_time or time(0), where, unit_days, weekday)
    if job.at_time is None:
        return Grid(Steps.between(round(shortest * unit_s), round(longest * unit_s), seed))
    phase_s = job.at_time.minute * 60 + job.at_time.second
    steps = Steps.between(int(shortest), longest, seed)
    # The seconds are the same in all zones; the minutes are not.
    return Grid(steps, unit_s, phase_s, where if job.unit == "hours" else None)


def _check_interval(job: library.Job) -> None:
    """What would hang the library (`every(0)`), or has no slots on whole seconds."""
    unit_s = _UNIT_S.get(str(job.unit))
    if unit_s is None:
        return  # the library says so itself
    text = f"every({job.interval}).{job.unit}"
    if not 1 <= job.interval * unit_s <= _LONGEST_S:
        raise ValueError(f"{text} is out of range: use an interval of 1 second to 10 years")
    if job.interval * unit_s % 1 or (job.at_time and job.interval % 1):
        raise ValueError(f"{text} is not a whole number: use a smaller unit")


def _caller() -> str:
    """File and line of the nearest caller outside the library."""
    frame = sys._getframe(2)
    while frame.f_code.co_filename == library.__file__ and frame.f_back:
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"
