"""Schedules on their way between processes."""

import json
from datetime import time
from zoneinfo import ZoneInfo

import pytest

from twin.core.schedule.cron import cron
from twin.core.schedule.schedules import Calendar, Grid, Schedule, Until, at, every
from twin.core.schedule.steps import Steps
from twin.core.schedule.written import read, write

TOKYO = ZoneInfo("Asia/Tokyo")


@pytest.mark.parametrize(
    "schedule",
    [
        every("10m", None, "UTC"),
        every("1h", "Asia/Kolkata", "UTC"),
        Grid(Steps.between(3, 7, "jobs.post"), 60, 30),
        Calendar(Steps.between(1, 2, "jobs.post"), time(7, 0, 5), TOKYO, 7, 4),
        at("2026-12-24 18:00", "Asia/Tokyo"),
        cron("*/5 0 7 * * mon-fri", "Asia/Tokyo"),
        Until(every("1d", "Asia/Tokyo", "UTC"), 1_800_000_000, TOKYO),
    ],
)
def test_a_schedule_arrives_as_it_was_written(schedule: Schedule) -> None:
    assert read(json.loads(json.dumps(write(schedule)))) == schedule


@pytest.mark.parametrize(
    "text",
    [
        '["grid", 1]',
        "[]",
        '["once", "soon", "UTC"]',
        '["cron", 5, 6]',
        '["grid", 0, 0, "", 1, 0, null]',
        '["grid", 5, 5, "jobs.post", 7, 0, null]',
        '["calendar", 1, 1, "jobs.post", "07:00:00", "UTC", 2, 0]',
    ],
)
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no schedule"):
        read(json.loads(text))
