"""What a jobs file imports: `every`, `cron`, `at` and `on_duty`.

They leave the function as it is, and write down in declarations.py that it is a job.
"""

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from twin.core.durations import parse_duration
from twin.core.schedule import cron as _cron
from twin.core.schedule import schedules as _schedules
from twin.core.schedule.job import Run
from twin.core.schedule.schedules import Schedule
from twin.worker.declarations import Declared, declarations

__all__ = ["Run", "at", "cron", "every", "on_duty"]

_Function = TypeVar("_Function", bound=Callable[..., Any])
_MOST_RETRIES = 100


def every(
    interval: str,
    *,
    timezone: str | None = None,
    grace: str | None = None,
    catch_up: bool = False,
    timeout: str | None = None,
    retries: int | None = None,
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
        retries,
        _options(grace, catch_up, timeout),
    )


def cron(
    expression: str,
    *,
    timezone: str | None = None,
    grace: str | None = None,
    catch_up: bool = False,
    timeout: str | None = None,
    retries: int | None = None,
    name: str | None = None,
) -> Callable[[_Function], _Function]:
    """Run the function at the times of a cron expression, `"0 7 * * mon-fri"`.

    Five fields, or six with seconds first. Raises `ValueError`.
    """
    return _declare(
        lambda default: _cron.cron(expression, timezone or default),
        name,
        retries,
        _options(grace, catch_up, timeout),
    )


def at(
    moment: str,
    *,
    timezone: str | None = None,
    grace: str | None = None,
    catch_up: bool = False,
    timeout: str | None = None,
    retries: int | None = None,
    name: str | None = None,
) -> Callable[[_Function], _Function]:
    """Run the function once, at `"2026-12-24 18:00"`. Raises `ValueError`."""
    return _declare(
        lambda default: _schedules.at(moment, timezone or default),
        name,
        retries,
        _options(grace, catch_up, timeout),
    )


def on_duty(function: _Function) -> _Function:
    """Run the function while this twin is on duty, and again if it ends.

    An `async def` function is cancelled when the duty goes; any other finds `run.leaving` set.
    Raises `ValueError`.
    """
    declarations.on_duty.append((function, _taking_the_run(function)))
    declarations.heard()
    return function


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
    schedule: Callable[[str], Schedule],
    name: str | None,
    retries: int | None,
    options: dict[str, Any],
) -> Callable[[_Function], _Function]:
    # Here an error still has the line of the decorator; UTC shows all of them but those that only
    # another zone has.
    schedule("UTC")
    if name is not None and any(each.name == name for each in declarations.jobs):
        raise ValueError(f'the name "{name}" is taken: choose another')
    if retries is not None and not 0 <= retries <= _MOST_RETRIES:
        raise ValueError(f"retries={retries}: use 0 to {_MOST_RETRIES}")

    def register(function: _Function) -> _Function:
        if inspect.iscoroutinefunction(function):
            raise ValueError(
                f"{function.__name__} is async, but jobs run on threads: "
                "make it a plain function that calls asyncio.run"
            )
        call = _taking_the_run(function)
        declarations.jobs.append(Declared(function, call, schedule, name, retries, options))
        declarations.heard()
        return function

    return register


def _taking_the_run(function: Callable[..., Any]) -> Callable[[Any], object]:
    """Calls the function with the run if it has a parameter `run`, or exactly one that it needs."""
    parameters = inspect.signature(function).parameters
    run = parameters.get("run")
    if run and run.kind in (run.KEYWORD_ONLY, run.POSITIONAL_OR_KEYWORD):
        return lambda given: function(run=given)
    needed = [
        each
        for each in parameters.values()
        if each.default is each.empty and each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
    ]
    if not needed:
        return lambda _: function()
    if len(needed) == 1 and needed[0].kind is not needed[0].KEYWORD_ONLY:
        return function
    raise ValueError(
        f"{getattr(function, '__name__', function)} needs "
        f"{', '.join(each.name for each in needed)}: a job takes nothing, or the run"
    )
