"""The hours awake of the twins in this month, which some hosts meter.

They count from the start of a boot to its end; two boots of a twin that overlap count once.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from twin.core.pair.history import Life

_HOUR_S = 3600.0


def month_of(wall: float) -> str:
    """`2026-11`: hosts count in UTC."""
    return datetime.fromtimestamp(wall, UTC).strftime("%Y-%m")


def used_h(lives: Iterable[Life], wall: float) -> dict[str, float]:
    """Hours awake in the month of `wall`, in epoch seconds, by twin; up to then."""
    begin, used = _month_begin(wall), dict[str, float]()
    seen_until = dict[str, float]()
    for life in sorted(lives, key=lambda life: life.since):
        since = max(life.since, begin, seen_until.get(life.twin, begin))
        until = min(life.until, wall)
        if until > since:
            used[life.twin] = used.get(life.twin, 0.0) + (until - since) / _HOUR_S
            seen_until[life.twin] = until
    return used


def known_since(lives: Iterable[Life], wall: float) -> float:
    """The beginning of what the twins know of the month of `wall`, in epoch seconds."""
    return max(_month_begin(wall), min((life.since for life in lives), default=wall))


def dry_at(used: Mapping[str, float], since: float, wall: float, budget_h: float) -> float | None:
    """When the budget is used up at the pace from `since` to `wall`; None if the month ends before.
    Nothing counts as used before `since`."""
    total_h = sum(used.values())
    if total_h >= budget_h:
        return wall
    if wall <= since or not total_h:
        return None
    dry = wall + (budget_h - total_h) * (wall - since) / total_h
    return dry if month_of(dry) == month_of(wall) else None


def _month_begin(wall: float) -> float:
    day = datetime.fromtimestamp(wall, UTC)
    return datetime(day.year, day.month, 1, tzinfo=UTC).timestamp()
