"""When jobs are due. Both twins compute the same slots, from the wall clock alone.

So nothing here counts from a start or a last run. Intervals count from the epoch, days and weeks
from a fixed Monday, and irregular distances come from a hash of the job's name. A slot is a whole
second since the epoch. Cron expressions are in cron.py, the rules for clock changes in zones.py.
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
# The log does not need an exact number above this.
COUNTED_AT_MOST = 1_000
# A longer interval is a typing error, and would soon leave the calendar (it ends in the year 9999).
_LONGEST_DAYS = 3_660
LONGEST_S = _LONGEST_DAYS * DAY_S
# A Monday, so that weeks begin where most people's do.
_FIRST_DAY = date(1970, 1, 5)


class Schedule(Protocol):
    """The slots of one job. `str` gives a readable description."""

    def after(self, moment: float) -> int | None:
        """The first slot strictly after the moment; None if there is none."""

    def latest(self, moment: float) -> int | None:
        """The newest slot at or before the moment; None if there is none."""

    def count(self, after: float, until: float) -> int:
        """The number of slots in (after, until]; some kinds stop at `COUNTED_AT_MOST`."""


def walked(schedule: Schedule, after: float, until: float) -> int:
    """The number of slots in (after, until], counted one by one up to `COUNTED_AT_MOST`."""
    for number in range(COUNTED_AT_MOST):
        slot = schedule.after(after)
        if slot is None or slot > until:
            return number
        after = slot
    return COUNTED_AT_MOST


@dataclass(frozen=True, slots=True)
class Grid:
    """Even intervals of real time: `steps`, in units of `unit_s`, from the epoch on.

    With a zone, the grid shifts to the minutes of the zone's clocks (India's are 30 off, Nepal's
    45). It does not shift by hours: a grid has no time of day, and keeps its intervals when the
    clocks change by an hour.
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
        # Only a change by part of an hour leads here: Lord Howe Island, and historical changes.
        assert self.where  # noqa: S101 - without a zone the shift never changes
        return first_change(self.where, low, high)


@dataclass(frozen=True, slots=True)
class Calendar:
    """A time of day every N days or weeks, in the calendar and local time of a zone.

    `steps` count in units of `unit_days` (1 or 7) from a Monday; `weekday` (0 is Monday) is the day
    of the week. It runs once on each of its days, even when the clocks change.
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
        shortest, longest = self.steps.shortest, self.steps.longest
        if self.unit_days == 7 and longest == 1:
            return f"{_FIRST_DAY + timedelta(self.weekday):%A}"
        word = "day" if self.unit_days == 1 else "week"
        text = f"{shortest} {word}s" if shortest > 1 else word
        text = f"{shortest} to {longest} {word}s" if self.steps.more else text
        return (
            text if self.unit_days == 1 else f"{text} on {_FIRST_DAY + timedelta(self.weekday):%A}"
        )

    def _step_at(self, moment: float) -> int:
        """The step of the newest slot at or before the moment; the last such step if several days
        share the slot."""
        day = (local(self.where, floor(moment)).date() - _FIRST_DAY).days
        # Start a day later: clocks that go back over midnight repeat the end of a day.
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
    """The slots of another schedule up to and including `end`."""

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
    """`every("10m")`. Whole days count in the zone's calendar, at midnight there.

    Shorter intervals are a grid from the epoch on; an explicit `timezone` shifts its minutes to
    those of the zone. Raises `ValueError`.
    """
    period_s = parse_duration(interval)
    where = zone(timezone or default_timezone)
    if not 1 <= period_s <= _LONGEST_DAYS * DAY_S:
        raise ValueError(f'every("{interval}") is out of range: use 1s to {_LONGEST_DAYS}d')
    if period_s % DAY_S == 0:
        return Calendar(Steps(period_s // DAY_S), time(0), where)
    return Grid(Steps(period_s), where=where if timezone else None)


def at(text: str, timezone: str) -> Once:
    """`at("2026-12-24 18:00")` in the zone's local time. Raises `ValueError`."""
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


def _interval(steps: Steps, unit_s: int) -> str:
    shortest = format_duration(steps.shortest * unit_s)
    return f"{shortest} to {format_duration(steps.longest * unit_s)}" if steps.more else shortest


def _written(moment: int, where: ZoneInfo) -> str:
    shown = local(where, moment)
    return f"{shown:%Y-%m-%d %H:%M}{f':{shown:%S}' if shown.second else ''} {where.key}"
