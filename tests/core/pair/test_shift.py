"""A twin's hours."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from twin.core.pair.shift import Shift, parse_shift

UTC_ZONE = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")


def at(clock: str, day: str = "2026-06-01") -> float:
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("shift", "clock", "inside"),
    [
        ("00:00-12:00", "00:00:00", True),
        ("00:00-12:00", "11:59:59", True),
        ("00:00-12:00", "12:00:00", False),
        ("12:00-00:00", "23:59:59", True),
        ("12:00-00:00", "00:00:00", False),
        ("22:00-06:00", "21:59:59", False),
        ("22:00-06:00", "22:00:00", True),
        ("22:00-06:00", "05:59:59", True),
        ("22:00-06:00", "06:00:00", False),
    ],
)
def test_a_shift_begins_and_ends_on_the_minute(shift: str, clock: str, inside: bool) -> None:
    assert parse_shift(shift, UTC_ZONE).contains(at(clock)) is inside


def test_two_shifts_that_share_a_day_cover_each_minute_once() -> None:
    night, day = (parse_shift(text, BERLIN) for text in ("00:00-12:00", "12:00-00:00"))
    for minute in range(0, 2 * 86_400, 60):
        moment = at("00:00:00", "2026-03-28") + minute  # the clocks change in between
        assert night.contains(moment) is not day.contains(moment)


def test_a_shift_is_read_on_the_clocks_of_its_zone() -> None:
    shift = parse_shift("08:00-09:00", BERLIN)
    assert shift.contains(at("06:30:00"))
    assert not shift.contains(at("08:30:00"))


@pytest.mark.parametrize(
    "text", ["8-12", "08:00", "24:00-12:00", "08:60-12:00", "08:00-12:00h", ""]
)
def test_an_invalid_shift_is_refused_with_the_format(text: str) -> None:
    with pytest.raises(ValueError, match="write it like 00:00-12:00"):
        parse_shift(text, UTC_ZONE)


def test_an_empty_shift_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        parse_shift("08:00-08:00", UTC_ZONE)


def test_spaces_around_a_shift_do_no_harm() -> None:
    assert parse_shift(" 01:02-03:04 ", UTC_ZONE) == Shift(62, 184, UTC_ZONE)
