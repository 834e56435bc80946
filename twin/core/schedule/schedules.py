"""When jobs are due. Both twins compute the same slots, from the wall clock alone.

So nothing here counts from a start or a last run: intervals are counted from the epoch, days and
weeks from a fixed Monday, and what is irregular is drawn from a name. A slot is a whole second
since the epoch. Cron expressions are in cron.py, the rules about clock changes in zones.py.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from math import floor
from typing import Protocol
from zoneinfo import ZoneInfo

from twin.core.durations import format_duration, parse_duration
from twin.core.schedule.steps import Steps
from twin.core.zones import first_change, local, moment_of, moments_of, offset_s, zone

DAY_S = 86_400
# Nobody needs the exact number of more slots than these in one sentence of a log.
COUNTED_AT_MOST = 1_000
# Longer is a slip of the hand, and would soon leave the calendar (it ends in the year 9999).
_LONGEST_DAYS = 3_660
# A Monday, so that weeks begin where most people's do.
_FIRST_DAY = date(1970, 1, 5)


class Schedule(Protocol):
    """The slots of one job. Written out (`str`) as a person would write it."""

    def after(self, moment: float) -> int | None:
        """The first slot strictly after the moment; None when there is no more."""

    def latest(self, moment: float) -> int | None:
        """The newest slot at or before the moment; None when there was none yet."""

    def count(self, after: float, until: float) -> int:
        """How many slots lie in (after, until]; some kinds stop at `COUNTED_AT_MOST`."""


def walked(schedule: Schedule, after: float, until: float) -> int:
    """The slots in (after, until], counted one by one, `COUNTED_AT_MOST` at most."""
    for number in range(COUNTED_AT_MOST):
        slot = schedule.after(after)
        if slot is None or slot > until:
            return number
        after = slot
    return COUNTED_AT_MOST


@dataclass(frozen=True, slots=True)
class Grid:
    """Even intervals of real time: `steps`, in units of `unit_s`, from the epoch on.

    With a zone the grid is moved so that its minutes are those of the zone's clocks (India's are
    30 off, Nepal's 45). Hours are not: a grid has no time of day, and keeps its distance when the
    clocks are put forward or back by an hour.
    """

    steps: Steps
    unit_s: int = 1
    phase_s: int = 0
    where: ZoneInfo | None = None

    def after(self, moment: float) -> int:
        low = floor(moment)
        while True:
            shift_s = self._shift_s(low + 1)
            step = self.steps.after((low + shift_s - self.phase_s) // self.unit_s)
            slot = self._slot(step, shift_s)
            if self._shift_s(slot) == shift_s:
                return slot
            low = self._change(low + 1, slot) - 1

    def latest(self, moment: float) -> int:
        high = floor(moment)
        while True:
            shift_s = self._shift_s(high)
            step = self.steps.latest((high + shift_s - self.phase_s) // self.unit_s)
            slot = self._slot(step, shift_s)
            if self._shift_s(slot) == shift_s:
                return slot
            high = self._change(slot, high) - 1

    def count(self, after: float, until: float) -> int:
        low, high = floor(after), floor(until)
        shift_s = self._shift_s(low)
        if shift_s != self._shift_s(high):
            return walked(self, after, until)
        first, last = ((t + shift_s - self.phase_s) // self.unit_s for t in (low, high))
        return self.steps.count(first, last)

    def __str__(self) -> str:
        text = f"every {_interval(self.steps, self.unit_s)}"
        if self.unit_s > 1:
            minute, second = divmod(self.phase_s, 60)
            text += f" at {minute:02}:{second:02}" if self.unit_s > 60 else f" at :{second:02}"
        return f"{text} {self.where.key}" if self.where else text

    def _slot(self, step: int, shift_s: int) -> int:
        return step * self.unit_s + self.phase_s - shift_s

    def _shift_s(self, moment: int) -> int:
        return offset_s(self.where, moment) % 3_600 if self.where else 0

    def _change(self, low: int, high: int) -> int:
        # Only a change by a part of an hour leads here: Lord Howe Island, and history.
        assert self.where  # noqa: S101 - without a zone the shift never changes
        return first_change(self.where, low, high)


@dataclass(frozen=True, slots=True)
class Calendar:
    """A time of day on every so many days or weeks, as the calendar and clocks of a zone have it.

    `steps` are counted in units of `unit_days` (1 or 7) from a Monday; `weekday` (0 is Monday) is
    the day in a week. Runs once on each of its days, however the clocks are changed.
    """

    steps: Steps
    at: time
    where: ZoneInfo
    unit_days: int = 1
    weekday: int = 0

    def after(self, moment: float) -> int:
        return self._slot(self.steps.after(self._step_at(moment)))

    def latest(self, moment: float) -> int:
        return self._slot(self._step_at(moment))

    def count(self, after: float, until: float) -> int:
        return self.steps.count(self._step_at(after), self._step_at(until))

    def __str__(self) -> str:
        at = self.at.isoformat("seconds" if self.at.second else "minutes")
        return f"every {self._days()} at {at} {self.where.key}"

    def _days(self) -> str:
        shortest, longest = _range(self.steps)
        if self.unit_days == 7 and longest == 1:
            return f"{_FIRST_DAY + timedelta(self.weekday):%A}"
        word = "day" if self.unit_days == 1 else "week"
        text = f"{shortest} {word}s" if shortest > 1 else word
        text = f"{shortest} to {longest} {word}s" if self.steps.spread else text
        return (
            text if self.unit_days == 1 else f"{text} on {_FIRST_DAY + timedelta(self.weekday):%A}"
        )

    def _step_at(self, moment: float) -> int:
        """The step of the newest slot at or before the moment: the last, if days share one."""
        day = (local(self.where, floor(moment)).date() - _FIRST_DAY).days
        # From a day more: clocks that go back over midnight show a day that was over once more.
        step = self.steps.latest((day + 1 - self.weekday) // self.unit_days)
        while self._slot(step) > moment:
            step = self.steps.latest(step - 1)
        return step

    def _slot(self, step: int) -> int:
        day = _FIRST_DAY + timedelta(step * self.unit_days + self.weekday)
        return moment_of(datetime.combine(day, self.at, self.where))


@dataclass(frozen=True, slots=True)
class Once:
    """One slot."""

    slot: int
    where: ZoneInfo

    def after(self, moment: float) -> int | None:
        return self.slot if self.slot > moment else None

    def latest(self, moment: float) -> int | None:
        return self.slot if self.slot <= moment else None

    def count(self, after: float, until: float) -> int:
        return int(after < self.slot <= until)

    def __str__(self) -> str:
        return f"at {_written(self.slot, self.where)}"


@dataclass(frozen=True, slots=True)
class Until:
    """Another schedule's slots up to and including `end`."""

    schedule: Schedule
    end: int
    where: ZoneInfo

    def after(self, moment: float) -> int | None:
        slot = self.schedule.after(moment)
        return slot if slot is not None and slot <= self.end else None

    def latest(self, moment: float) -> int | None:
        return self.schedule.latest(min(moment, self.end))

    def count(self, after: float, until: float) -> int:
        return self.schedule.count(after, min(until, self.end))

    def __str__(self) -> str:
        return f"{self.schedule} until {_written(self.end, self.where)}"


def every(interval: str, timezone: str | None, default_timezone: str) -> Schedule:
    """`every("10m")`. Whole days are counted in the zone's calendar, at midnight there.

    Less than that is a grid from the epoch on; only a `timezone` that was asked for moves its
    minutes to those of the zone. Raises `ValueError`.
    """
    period_s = parse_duration(interval)
    where = zone(timezone or default_timezone)
    if not 1 <= period_s <= _LONGEST_DAYS * DAY_S:
        raise ValueError(f'every("{interval}") is out of range: use 1s to {_LONGEST_DAYS}d')
    if period_s % DAY_S == 0:
        return Calendar(Steps(period_s // DAY_S), time(0), where)
    return Grid(Steps(period_s), where=where if timezone else None)


def at(text: str, timezone: str) -> Once:
    """`at("2026-12-24 18:00")`, read as the clocks of the zone. Raises `ValueError`."""
    where = zone(timezone)
    try:
        shown = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(
            f'at("{text}") is not a date and time: {error}; write it as 2026-12-24 18:00'
        ) from None
    if shown.tzinfo:
        return Once(floor(shown.timestamp()), where)
    shown = shown.replace(tzinfo=where)
    if not moments_of(shown):
        after = _written(moment_of(shown), where)
        raise ValueError(f'at("{text}") does not exist: the clocks then skip it; use {after}')
    return Once(moment_of(shown), where)


def _range(steps: Steps) -> tuple[int, int]:
    return steps.period - steps.spread, steps.period + steps.spread


def _interval(steps: Steps, unit_s: int) -> str:
    shortest, longest = (format_duration(step * unit_s) for step in _range(steps))
    return f"{shortest} to {longest}" if steps.spread else shortest


def _written(moment: int, where: ZoneInfo) -> str:
    shown = local(where, moment)
    return f"{shown:%Y-%m-%d %H:%M}{f':{shown:%S}' if shown.second else ''} {where.key}"
