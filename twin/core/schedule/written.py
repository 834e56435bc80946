"""A schedule as plain values, which JSON can carry from one process or twin to another."""

from datetime import time
from typing import Any

from twin.core.schedule.schedules import DAY_S, LONGEST_S, Calendar, Grid, Once, Schedule, Until
from twin.core.schedule.steps import Steps
from twin.core.zones import zone

FAR_S = 253_400_000_000
"""In the year 9999: some days later the calendar ends."""


def write(schedule: Schedule) -> list[Any]:
    match schedule:
        case Grid(steps=steps, unit_s=unit_s, phase_s=phase_s, where=where):
            return ["grid", *_steps(steps), unit_s, phase_s, where and where.key]
        case Calendar(steps=steps, at=at, where=where, unit_days=days, weekday=weekday):
            return ["calendar", *_steps(steps), at.isoformat(), where.key, days, weekday]
        case Once(slot=slot, where=where):
            return ["once", slot, where.key]
        case Until(schedule=inner, end=end, where=where):
            return ["until", write(inner), end, where.key]
    from twin.core.schedule.cron import Cron  # cronsim is loaded where somebody writes cron

    assert isinstance(schedule, Cron), "there is no other kind"  # noqa: S101
    return ["cron", schedule.expression, schedule.where.key]


def read(written: list[Any]) -> Schedule:
    """Raises ValueError for what `write` never wrote: it may come from another twin."""
    match written:
        case ["grid", int(), int(), str(), int(unit_s), int(phase_s), str() | None as where]:
            steps = _steps_of(written, unit_s)
            if unit_s not in (1, 60, 3_600) or not 0 <= phase_s < 3_600:
                raise ValueError(f"{written!r} is no schedule")
            return Grid(steps, unit_s, phase_s, zone(where) if where else None)
        case ["calendar", int(), int(), str(), str(at), str(where), int(days), int(weekday)]:
            steps = _steps_of(written, days * DAY_S)
            if days not in (1, 7) or not 0 <= weekday < 7:
                raise ValueError(f"{written!r} is no schedule")
            return Calendar(steps, time.fromisoformat(at), zone(where), days, weekday)
        case ["once", int(slot), str(where)] if 0 <= slot < FAR_S:
            return Once(slot, zone(where))
        case ["until", ["grid" | "calendar", *_] as inner, int(end), str(where)] if end < FAR_S:
            return Until(read(inner), end, zone(where))
        case ["cron", str(expression), str(where)]:
            from twin.core.schedule.cron import cron

            return cron(expression, where)
    raise ValueError(f"{written!r} is no schedule")


def _steps_of(written: list[Any], unit_s: int) -> Steps:
    shortest, more, seed = written[1:4]
    if not (shortest >= 1 and more >= 0 and (shortest + more) * unit_s <= LONGEST_S):
        raise ValueError(f"{written!r} is no schedule")
    return Steps(shortest, more, seed)


def _steps(steps: Steps) -> tuple[int, int, str]:
    return steps.shortest, steps.more, steps.seed
