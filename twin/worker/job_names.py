"""What a job is called: after its function, never after an argument's value (a token, perhaps)."""

import inspect
from collections.abc import Callable, Container
from functools import partial
from typing import Any

from twin.core.pair.bounds import short_name


def function_name(function: Callable[..., Any]) -> str:
    """`post`, `Bot.post`, `lambda`. `run_threaded(post)` is called `post`, too."""
    arguments: tuple[Any, ...] = ()
    while isinstance(function, partial):
        arguments = (*function.args, *arguments)
        function = function.func
    if inspect.isfunction(function) and arguments and inspect.isroutine(arguments[0]):
        return function_name(arguments[0])
    name = getattr(function, "__qualname__", type(function).__name__)
    return str(name).rpartition("<locals>.")[2].strip("<>").replace("\n", " ")


class Names:
    """Gives each job a name of its own. Both twins register in one order, and so find the same."""

    def __init__(self) -> None:
        self._several: set[str] = set()
        """Names of functions that have had several jobs."""
        self._numbers: dict[str, int] = {}
        """The highest number that was given to a name: with 10,000 jobs none is tried twice."""

    def is_first(self, name: str, taken: Container[str]) -> bool:
        """Whether the name alone will do, since no other job of the function is or was there."""
        if name not in self._several and short_name(name) not in taken:
            return True
        self._several.add(name)
        return False

    def with_schedule(self, name: str, schedule: str, taken: Container[str]) -> str:
        """What tells jobs of one function apart: the schedule, and if need be a number."""
        name = numbered = short_name(f"{name} {schedule}")
        if name not in taken:
            self._numbers.pop(name, None)
        while numbered in taken:
            number = self._numbers[name] = self._numbers.get(name, 1) + 1
            numbered = short_name(f"{name} #{number}")
        return numbered
