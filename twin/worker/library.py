"""What slots a job of the `schedule` library has: the same on both twins, by the wall clock."""

import os
from datetime import datetime, time
from math import floor
from zoneinfo import ZoneInfo

import schedule as library

from twin.core.schedule.schedules import LONGEST_S, Calendar, Grid, Schedule, Until
from twin.core.schedule.steps import Steps
from twin.core.schedule.written import FAR_S
from twin.core.zones import offset_s, zone

_UNIT_S = {"seconds": 1, "minutes": 60, "hours": 3_600, "days": 86_400, "weeks": 604_800}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def slots_of(job: library.Job, local_zone: ZoneInfo, seed: str) -> Schedule:
    """Its slots, whatever its deadline; `seed` draws the intervals of `every(5).to(10)`.

    Raises the library's errors.
    """
    unit_s = _checked_unit_s(job)
    where = zone(str(job.at_time_zone)) if job.at_time_zone else local_zone
    shortest, longest = job.interval, job.latest or job.interval
    is_whole = shortest == int(shortest)
    if unit_s >= _UNIT_S["days"] and (
        job.at_time or job.start_day or (is_whole and longest == shortest)
    ):
        steps = Steps.between(_whole(shortest), _whole(longest), seed)
        weekday = _WEEKDAYS.index(job.start_day) if job.start_day else 0
        unit_days = unit_s // _UNIT_S["days"]
        return Calendar(steps, job.at_time or time(0), where, unit_days, weekday)
    if job.at_time is None:
        return Grid(Steps.between(_whole(shortest * unit_s), _whole(longest * unit_s), seed))
    phase_s = job.at_time.minute * 60 + job.at_time.second
    steps = Steps.between(_whole(shortest), _whole(longest), seed)
    # The seconds are the same in all zones; the minutes are not.
    return Grid(steps, unit_s, phase_s, where if job.unit == "hours" else None)


def is_rounded(job: library.Job) -> bool:
    """Whether it asks for parts of seconds, or for parts of days at a time of day."""
    exact = job.interval * (1 if job.at_time or job.start_day else _UNIT_S[str(job.unit)])
    return exact != _whole(exact)


def with_deadline(slots: Schedule, job: library.Job, local_zone: ZoneInfo) -> Schedule:
    if job.cancel_after is None:
        return slots
    try:
        end = floor(job.cancel_after.timestamp())
    except (OverflowError, ValueError):  # `datetime.max`
        end = FAR_S
    return Until(slots, end, local_zone) if end < FAR_S else slots


def zone_of_process(default: ZoneInfo, wall: float) -> ZoneInfo:
    """The zone of this process's local times, which a script may set at any moment; `default` if
    what it set is no zone of the database, nor whole hours."""
    ahead = local_time(wall).astimezone().utcoffset()
    ahead_s = int(ahead.total_seconds()) if ahead else 0
    hours = -ahead_s // 3_600
    for name in (os.environ.get("TZ", "").removeprefix(":"), default.key, f"Etc/GMT{hours:+}"):
        try:
            where = zone(name)
        except ValueError:
            continue
        if offset_s(where, int(wall)) == ahead_s:
            return where
    return default


def local_time(wall: float) -> datetime:
    """As the library has it: what the clocks of this process's zone show."""
    return datetime.fromtimestamp(wall)  # noqa: DTZ006 (the library's times are naive)


def _checked_unit_s(job: library.Job) -> int:
    unit_s = _UNIT_S.get(str(job.unit))
    if unit_s is None:
        raise library.ScheduleValueError(
            "Invalid unit (valid units are `seconds`, `minutes`, `hours`, `days`, and `weeks`)"
        )
    if job.latest is not None and job.latest < job.interval:
        raise library.ScheduleError("`latest` is greater than `interval`")
    if not 0 < job.interval * unit_s <= LONGEST_S:
        raise library.ScheduleValueError(
            f"every({job.interval}).{job.unit} is out of range: use up to 10 years, and not 0"
        )
    return unit_s


def _whole(number: float) -> int:
    return max(1, round(number))
