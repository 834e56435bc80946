"""What a jobs file imports: `every`, `cron` and `at`.

They leave the function as it is, and write down here that it is a job. Only the loader
(adapters/jobsfile.py) reads that.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from twin.core.durations import parse_duration
from twin.core.schedule import cron as _cron
from twin.core.schedule import schedules as _schedules
from twin.core.schedule.job import Job, Run
from twin.core.schedule.schedules import Schedule

__all__ = ["Run", "at", "cron", "every"]

_Function = TypeVar("_Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Declared:
    """A function, and what its decorator said of it."""

    function: Callable[..., Any]
    schedule: Callable[[str], Schedule]
    """Of the default time zone, which the jobs file does not know."""
    name: str | None
    options: dict[str, Any]
    """The fields of `Job` that were given."""
    where: str
    """File and line."""

    def job(self, name: str, default_timezone: str) -> Job:
        """Raises `ValueError` if the schedule is wrong in that zone."""
        return Job(name, self.schedule(default_timezone), **self.options)


registry: list[Declared] = []


def every(
    interval: str,
    *,
    timezone: str | None = None,
    grace: str | None = None,
    catch_up: bool = False,
    timeout: str | None = None,
    name: str | None = None,
) -> Callable[[_Function], _Function]:
    """Run the function every `"90s"`, `"15m"`, `"12h"`, `"7d"`.

    Counted from 1970 and not from the start, so that both twins find the same moments: `"10m"` is
    at :00, :10, :20. Days begin at midnight in the time zone, weeks on Monday; for another time of
    day use `cron`. Raises `ValueError`.
    """
    return _declare(
        lambda default: _schedules.every(interval, timezone, default),
        name,
        _options(grace, catch_up, timeout),
    )


def cron(
    expression: str,
    *,
    timezone: str | None = None,
    grace: str | None = None,
    catch_up: bool = False,
    timeout: str | None = None,
    name: str | None = None,
) -> Callable[[_Function], _Function]:
    """Run the function at the times of a cron expression, `"0 7 * * mon-fri"`.

    Five fields, or six with seconds first. Raises `ValueError`.
    """
    return _declare(
        lambda default: _cron.cron(expression, timezone or default),
        name,
        _options(grace, catch_up, timeout),
    )


def at(
    moment: str,
    *,
    timezone: str | None = None,
    grace: str | None = None,
    catch_up: bool = False,
    timeout: str | None = None,
    name: str | None = None,
) -> Callable[[_Function], _Function]:
    """Run the function once, at `"2026-12-24 18:00"`. Raises `ValueError`."""
    return _declare(
        lambda default: _schedules.at(moment, timezone or default),
        name,
        _options(grace, catch_up, timeout),
    )


def _options(grace: str | None, catch_up: bool, timeout: str | None) -> dict[str, Any]:
    options: dict[str, Any] = {"catch_up": catch_up}
    if grace is not None:
        options["grace_s"] = parse_duration(grace)
    if timeout is not None:
        options["timeout_s"] = parse_duration(timeout)
        if not options["timeout_s"]:
            raise ValueError('timeout="0s" would end the job before it begins: use 1s or more')
    return options


def _declare(
    schedule: Callable[[str], Schedule], name: str | None, options: dict[str, Any]
) -> Callable[[_Function], _Function]:
    # Here an error still has the line of the decorator; UTC shows all of them but those that only
    # another zone has.
    schedule("UTC")
    caller = sys._getframe(2)
    where = f"{caller.f_code.co_filename}:{caller.f_lineno}"

    def register(function: _Function) -> _Function:
        registry.append(Declared(function, schedule, name, options, where))
        return function

    return register
