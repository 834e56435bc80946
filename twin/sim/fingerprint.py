"""A world's fingerprint: everything that decides its future, by age instead of date."""

import re
from collections.abc import Mapping
from enum import Enum
from functools import partial
from math import inf
from types import BuiltinMethodType, FunctionType, MethodType
from typing import Any
from zoneinfo import ZoneInfo

from twin.sim.world import World

_LONG_AGO_S = 95.0
"""Greater ages count as equal: `DEPLOY_S` is the longest time that a rule counts after a fault,
except for a peer that flaps."""
_OFF_THE_EDGE_S = 0.002
"""Keeps ages off the points where rounding turns: apart from the last digits, they are multiples of
5 ms."""
_DATE = 1e9
_TIMES_MS = {"now_ms", "began_ms", "expires_ms", "until_ms"}
"""Times by the arbiter's clock. Other numbers as large are terms."""
_MILLISECONDS = 1e12
_BOOT = re.compile(r"\d{13}-")
_BESIDE_THE_POINT = {"story", "random", "seed", "jobs", "steps", "starts", "handovers", "excused"}
_BESIDE_THE_POINT |= {"longest_vacancy_s", "double_duty_s", "happened", "began_at", "_looked_at"}


def fingerprint(world: World) -> int:
    """Equal for worlds with the same future. Times count from now, to 0.1 s; terms and boots count
    by their order."""
    return _Outline(world).hash


class _Outline:
    def __init__(self, world: World) -> None:
        self._now = world.now
        self._met: dict[int, int] = {}
        self._ordered: list[Any] = []
        """Terms and names of boots, in the order of their first appearance."""
        whole = self._of(world)
        ranks = {value: rank for rank, value in enumerate(sorted(set(map(str, self._ordered))))}
        self.hash = hash((whole, tuple(ranks[str(value)] for value in self._ordered)))

    def _of(self, what: Any) -> Any:  # noqa: C901 - one line a kind
        match what:
            case None | bool() | Enum() | ZoneInfo() | FunctionType() | type():
                return what
            case int() | float():
                return self._number(what)
            case str():
                return self._text(what)
            case tuple() | list():
                return tuple(map(self._of, what))
            case set() | frozenset():
                return frozenset(map(self._of, what))
            case Mapping():
                return frozenset((self._of(key), self._of(value)) for key, value in what.items())
            case MethodType() | BuiltinMethodType():
                return what.__name__, self._of(what.__self__)
            case partial():
                return self._of(what.func), self._of(what.args)
        return self._object(what)

    def _object(self, what: object) -> Any:
        if (met := self._met.get(id(what))) is not None:
            return met
        self._met[id(what)] = len(self._met)
        if isinstance(what, World):
            waiting = [(at, act) for at, _, act in sorted(what._heap)]
            return self._of(waiting), self._fields(what, besides="_heap")
        return type(what).__name__, self._fields(what)

    def _fields(self, what: object, besides: str = "") -> Any:
        names = what.__slots__ if hasattr(what, "__slots__") else vars(what)
        return tuple(
            self._of_field(name, getattr(what, name))
            for name in names
            if name not in _BESIDE_THE_POINT and name not in (besides, "_count")
        )

    def _of_field(self, name: str, value: Any) -> Any:
        is_time = name in _TIMES_MS and value is not None
        return self._of(value / 1000 if is_time else value)

    def _number(self, what: float) -> Any:
        if _MILLISECONDS < what < inf:
            self._ordered.append(int(what))
            return None
        if not _DATE < what < inf:
            return what
        age_s = round(self._now - what + _OFF_THE_EDGE_S, 1)
        return age_s if abs(age_s) < _LONG_AGO_S else _LONG_AGO_S

    def _text(self, what: str) -> Any:
        if not _BOOT.match(what):
            return what
        self._ordered.append(what)
        return None
