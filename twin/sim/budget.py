"""Counts hours: of apps that are up, against a budget, and of the dynos of a timetable."""

from collections.abc import Iterator
from math import inf

from twin.core.scaling.timetable import Timetable

HOUR_S = 3600.0


class Meter:
    """Measures how long each app was up since `begin`."""

    def __init__(self, budget_h: float | None) -> None:
        self._budget_s = inf if budget_h is None else budget_h * HOUR_S
        self._used_s: dict[str, float] = {}
        self._up_since: dict[str, float] = {}

    def begin(self, now: float) -> None:
        self._used_s = {}
        self._up_since = dict.fromkeys(self._up_since, now)

    def set(self, app: str, up: bool, now: float) -> None:
        """An app counts from the start of a boot to the exit of its last boot."""
        if up:
            self._up_since.setdefault(app, now)
        elif app in self._up_since:
            since = self._up_since.pop(app)
            self._used_s[app] = self._used_s.get(app, 0.0) + now - since

    def used_h(self, app: str, now: float) -> float:
        up_s = now - self._up_since.get(app, now)
        return (self._used_s.get(app, 0.0) + up_s) / HOUR_S

    def dry_at(self, now: float) -> float:
        """When the budget runs out if no app starts or stops before; `inf` if never."""
        up = len(self._up_since)
        used_s = sum(self._used_s.values()) + sum(now - at for at in self._up_since.values())
        return now + (self._budget_s - used_s) / up if up else inf


def dyno_hours(timetable: Timetable, since: float, until: float) -> float:
    """The sum of the timetable's dyno hours between two moments (epoch seconds)."""
    return sum(level * seconds for level, seconds in _levels(timetable, since, until)) / HOUR_S


def _levels(timetable: Timetable, since: float, until: float) -> Iterator[tuple[int, float]]:
    """(quantity, seconds) of each stretch, in order."""
    while since < until:
        change = timetable.next_change(since)
        end = min(until, change[0]) if change else until
        yield timetable.level(since), end - since
        since = end
