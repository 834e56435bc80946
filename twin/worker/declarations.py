"""The functions that a script has decorated, so far."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import Any

from twin.core.schedule.schedules import Schedule


@dataclass(frozen=True, slots=True)
class DutyRun:
    """The argument of an `on_duty` function."""

    term: int
    """As in `Run`."""
    leaving: Event
    """Set when the duty goes: end as soon as you can."""


@dataclass(frozen=True, slots=True)
class Declared:
    """A function, and what its decorator said of it."""

    function: Callable[..., Any]
    call: Callable[[Any], object]
    """The function, given the run if it takes it."""
    schedule: Callable[[str], Schedule]
    """Of the default time zone."""
    name: str | None
    retries: int | None
    options: dict[str, Any]
    """The fields of `Job` that were given."""


@dataclass(slots=True)
class Declarations:
    jobs: list[Declared]
    on_duty: list[tuple[Callable[..., Any], Callable[[Any], object]]]
    """Functions, and how they are called with the run."""
    heard: Callable[[], None] = lambda: None
    """Called after each."""


declarations = Declarations([], [])
