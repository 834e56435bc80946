"""The jobs that a jobs file registered: how each is called, and a name of its own for each."""

import inspect
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import schedule as library

from twin.core.schedule.job import Job, Run
from twin.worker import schedulelib
from twin.worker.declared import Declared

_PLAIN = (str, int, float, bool, type(None))


@dataclass(frozen=True, slots=True)
class Found:
    """A job and its function, before the name is settled."""

    job: Job
    call: Callable[[Run], object]
    where: str
    """File and line of its registration."""
    arguments: str = ""
    """As given to `do`: what tells two jobs of one function apart."""
    explicit: bool = False
    """Whether the name was given by the user."""


def from_library(label: str, timezone: str, job: library.Job, where: str) -> Found:
    """A job of the library's, called as it is there. Raises `ValueError`."""
    function = job.job_func
    assert function is not None  # noqa: S101 - `do` has set it
    _check_not_async(function.func)
    name = f"{label}.{_function_name(function.func)}"
    schedule = schedulelib.schedule_of(job, timezone, name)
    arguments = [*function.args, *function.keywords.values()]
    text = ""
    if all(isinstance(each, _PLAIN) for each in arguments):  # others show their address in memory
        pairs = [f"{key}={value}" for key, value in function.keywords.items()]
        text = ", ".join([*map(str, function.args), *pairs])
    return Found(Job(name, schedule), lambda _: function(), where, text)


def from_words(label: str, timezone: str, declared: Declared) -> Found:
    """A job of Twin's own words, given the run if it takes it. Raises `ValueError`."""
    _check_not_async(declared.function)
    name = declared.name or f"{label}.{_function_name(declared.function)}"
    call = _taking_the_run(declared.function)
    explicit = declared.name is not None
    return Found(declared.job(name, timezone), call, declared.where, explicit=explicit)


def _check_not_async(function: Callable[..., Any]) -> None:
    if inspect.iscoroutinefunction(function):
        raise ValueError(
            f"{_function_name(function)} is async, but jobs run on threads: "
            "make it a plain function that calls asyncio.run"
        )


def _taking_the_run(function: Callable[..., Any]) -> Callable[[Run], object]:
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
        f"{_function_name(function)} needs {', '.join(each.name for each in needed)}: "
        "a job takes nothing, or the run"
    )


def _function_name(function: Callable[..., Any]) -> str:
    """`post`, `Bot.post`, `lambda`."""
    while isinstance(function, partial):
        function = function.func
    name = getattr(function, "__qualname__", type(function).__name__)
    return str(name).rpartition("<locals>.")[2].strip("<>")


# ---- their names


def named(found: Sequence[Found], problems: list[str]) -> list[Found]:
    """The same jobs, each with a name of its own.

    Both twins must find the same names. So jobs of one function are told apart by what both have:
    the arguments if these differ, else the schedule, else their order.
    """
    for apart in (lambda job: job.arguments, lambda job: str(job.job.schedule)):
        found = _told_apart(found, apart)
    seen: Counter[str] = Counter()
    result = []
    for each in found:
        name = each.job.name
        seen[name] += 1
        if seen[name] > 1 and each.explicit:
            problems.append(f'{Path(each.where).name}: the name "{name}" is taken: choose another')
        result.append(renamed(each, f"{name} #{seen[name]}") if seen[name] > 1 else each)
    return result


def _told_apart(found: Sequence[Found], apart: Callable[[Found], str]) -> list[Found]:
    """With that text added to the names that occur more than once, if it tells any apart."""
    texts: dict[str, set[str]] = {}
    for each in found:
        texts.setdefault(each.job.name, set()).add(apart(each))
    return [
        each
        if len(texts[each.job.name]) == 1 or each.explicit or not apart(each)
        else renamed(each, f"{each.job.name} {apart(each)}")
        for each in found
    ]


def renamed(found: Found, name: str) -> Found:
    return replace(found, job=replace(found.job, name=name))
