"""Cron expressions: five fields, or six with seconds first, in a time zone.

cronsim reads the fields and finds the matching days. This module finds the moments of a day: going
back in time, cronsim misses an hour that the clocks repeat before midnight (Cairo), and it treats
six fields unlike five. Both follow Debian cron's rule here. With `*` in the hour or minute, a job
follows the clock: it runs through a repeated hour and not in a skipped one. With times of day, it
runs once for each, at the end of the gap if its time is skipped.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import product
from math import floor
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from cronsim.cronsim import FIELD_NAMES, RANGES

from twin.core.schedule.schedules import DAY_S, walked
from twin.core.zones import local, moment_of, moments_of, offset_s, zone

_EPOCH = date(1970, 1, 1)
_DAY = timedelta(days=1)
# Where the clocks go back over midnight, the slots of two days mix. A slot moved out of a gap may
# lie on the next day.
_NEAR = (-1, 0, 1)
# Within 50 years every date falls on every weekday, even 29 February on a Monday.
_FIFTY_YEARS = range(50 * 365)


@dataclass(frozen=True, slots=True)
class Cron:
    """The slots of a cron expression. `cron` checks it and makes one."""

    expression: str
    where: ZoneInfo
    minutes: str
    """The expression's last five fields: jobs that differ only in their seconds share the cache."""
    seconds: tuple[int, ...]
    """The seconds within those minutes, in order."""

    def after(self, moment: float) -> int:
        now, seconds = floor(moment), self.seconds
        minute = _latest_minute(self, now)
        left = bisect_right(seconds, now - minute)
        if left < len(seconds):
            return minute + seconds[left]
        return _minute_after(self, now) + seconds[0]

    def latest(self, moment: float) -> int:
        now, seconds = floor(moment), self.seconds
        minute = _latest_minute(self, now)
        passed = bisect_right(seconds, now - minute)
        if passed:
            return minute + seconds[passed - 1]
        return _latest_minute(self, minute - 1) + seconds[-1]

    def count(self, after: float, until: float) -> int:
        return walked(self, after, until)

    def __str__(self) -> str:
        return f"cron {self.expression} {self.where.key}"


def cron(expression: str, timezone: str) -> Cron:
    """The schedule of an expression. Raises `ValueError`, which names the wrong field."""
    where = zone(timezone)
    parts = _WORDS.get(expression.strip().lower(), expression).split()
    if len(parts) not in (5, 6):
        raise ValueError(f'cron("{expression}") {_not_fields(expression, parts)}')
    if why := _why_not_meant(parts):
        raise ValueError(f'cron("{expression}"): {why}')
    fields = " ".join(parts)
    try:
        comes = any(_matches(fields, date(2000, 1, 1) + n * _DAY) for n in _FIFTY_YEARS)
    except CronSimError as error:
        raise ValueError(f'cron("{expression}"): {_complaint(str(error), parts)}') from None
    if not comes:
        raise ValueError(
            f'cron("{expression}") never comes: no day fits both the month and the weekday'
        )
    seconds = tuple(sorted(_fields(fields).seconds))
    return Cron(fields, where, " ".join(parts[-5:]), seconds)


_WORDS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_STEP = re.compile(r"(?:\*|(\d+)(?:-(\d+))?)/(\d+)")
_RANGE = re.compile(r"(\d+)-(\d+)(?:/\d+)?")


def _not_fields(expression: str, parts: list[str]) -> str:
    if expression.strip().lower() == "@reboot":
        return "is no time of day: decorate the function with @on_duty"
    if expression.strip().startswith("@"):
        return f"is not known: use {', '.join(_WORDS)}"
    return (
        f"has {len(parts)} fields: write minute, hour, day of the month, "
        "month and weekday, with or without the second before them"
    )


def _why_not_meant(parts: list[str]) -> str:
    """What a field says that nobody can mean, though cronsim may take it."""
    names, ranges = FIELD_NAMES[-len(parts) :], RANGES[-len(parts) :]
    for text, name, values in zip(parts, names, ranges, strict=True):
        for part in text.split(","):
            if why := _why_not_a_part(part, values[0], values[-1]):
                return f'the {name} "{part}" {why}'
    return ""


def _why_not_a_part(part: str, first: int, last: int) -> str:
    if step := _STEP.fullmatch(part):
        low, high = int(step[1] or first), int(step[2] or last)
        if step[3] == "0":
            return "has a step of 0: use 1 or more"
        if low <= high < low + int(step[3]):
            return f"has a step beyond its end, {high}: use a shorter one"
    span = _RANGE.fullmatch(part)
    if span and int(span[1]) > int(span[2]):
        return f"goes backwards: write {span[1]}-{last},{first}-{span[2]}"
    return ""


def _complaint(error: str, parts: list[str]) -> str:
    name = error.removeprefix("Bad ")
    field = FIELD_NAMES.index(name)
    text = parts[field - len(FIELD_NAMES)]
    if name == "day-of-month" and text.isdigit() and 1 <= int(text) <= 31:
        return f"the day-of-month {text} is in none of these months: {parts[-2]}"
    if field == len(FIELD_NAMES) - 1:
        return f'the {name} cannot be "{text}": use 0 to 7 (Sunday is both) or sun to sat'
    return f'the {name} cannot be "{text}": use {RANGES[field][0]} to {RANGES[field][-1]}'


def _minute_after(schedule: Cron, now: int) -> int:
    """The first matching minute later than `now`."""
    day = local(schedule.where, now).date()
    rows = [_row(schedule.minutes, schedule.where, day + n * _DAY) for n in _NEAR]
    later = [row[left] for row in rows if (left := bisect_right(row, now)) < len(row)]
    if later:
        return min(later)
    day += _NEAR[-1] * _DAY
    while True:  # `cron` has checked that it comes, but its hour may be skipped on that day
        day = _next_day(schedule.minutes, day, 1)
        if row := _row(schedule.minutes, schedule.where, day):
            return row[0]


def _latest_minute(schedule: Cron, now: int) -> int:
    """The newest matching minute not later than `now`."""
    day = local(schedule.where, now).date()
    rows = [_row(schedule.minutes, schedule.where, day + n * _DAY) for n in _NEAR]
    passed = [row[right - 1] for row in rows if (right := bisect_right(row, now))]
    if passed:
        return max(passed)
    day += _NEAR[0] * _DAY
    while True:
        day = _next_day(schedule.minutes, day, -1)
        if row := _row(schedule.minutes, schedule.where, day):
            return row[-1]


# 96 rows are three days of 32 jobs, and at most 5 MB.
@lru_cache(maxsize=96)
def _row(minutes: str, where: ZoneInfo, day: date) -> tuple[int, ...]:
    """The minutes of one local day that have slots, in order."""
    if not _matches(minutes, day):
        return ()
    fields = _fields(minutes)
    times = product(sorted(fields.hours), sorted(fields.minutes))
    midnight = (day - _EPOCH).days * DAY_S
    ahead_s = offset_s(where, midnight - DAY_S)
    if ahead_s == offset_s(where, midnight + 2 * DAY_S):  # a quick way for most days
        return tuple(midnight - ahead_s + h * 3_600 + m * 60 for h, m in times)
    shown = (datetime.combine(day, time(h, m), where) for h, m in times)
    if any(part.startswith("*") for part in fields.parts[1:3]):
        return tuple(sorted(moment for each in shown for moment in moments_of(each)))
    return tuple(sorted(moment_of(each) for each in shown))


@lru_cache(maxsize=256)
def _next_day(expression: str, day: date, way: int) -> date:
    """The nearest matching day after (`way` is 1) or before (-1) this one."""
    day += way * _DAY
    while not _matches(expression, day):
        day += way * _DAY
    return day


def _matches(expression: str, day: date) -> bool:
    fields = _fields(expression)
    return day.month in fields.months and fields.match_day(day)


@lru_cache(maxsize=256)
def _fields(expression: str) -> CronSim:
    return CronSim(expression, datetime(2000, 1, 1, tzinfo=UTC))
