"""The timetable is a level, in real time zones, on the days on which real clocks changed."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.core.timetable import TimetableError, parse_timetable

DAY = "07:00=3 22:00=2 03:00=1"


def wall(text: str) -> float:
    """Epoch seconds of an ISO time with its offset."""
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("at", "level"),
    [
        ("00:00", 2),
        ("02:59", 2),
        ("03:00", 1),
        ("06:59", 1),
        ("07:00", 3),
        ("07:30", 3),
        ("21:59", 3),
        ("22:00", 2),
    ],
)
def test_the_level_is_that_of_the_last_entry_and_yesterdays_holds_until_the_first(
    at: str, level: int
) -> None:
    assert parse_timetable(DAY, "UTC").level(wall(f"2026-06-10T{at}Z")) == level


def test_a_timetable_missed_at_0700_still_says_so_at_0730() -> None:
    assert parse_timetable(DAY, "UTC").level(wall("2026-06-10T07:30Z")) == 3


def test_the_level_follows_local_time() -> None:
    tokyo = parse_timetable(DAY, "Asia/Tokyo")
    assert tokyo.level(wall("2026-06-10T06:59:59+09:00")) == 1
    assert tokyo.level(wall("2026-06-10T07:00:00+09:00")) == 3


def test_the_next_change_tells_when_and_to_what() -> None:
    table = parse_timetable(DAY, "UTC")
    assert table.next_change(wall("2026-06-10T06:00Z")) == (wall("2026-06-10T07:00Z"), 3)
    assert table.next_change(wall("2026-06-10T07:00Z")) == (wall("2026-06-10T22:00Z"), 2)
    assert table.next_change(wall("2026-06-10T23:00Z")) == (wall("2026-06-11T03:00Z"), 1)


def test_an_entry_that_changes_nothing_is_not_a_change() -> None:
    table = parse_timetable("07:00=3 12:00=3 22:00=2", "UTC")
    assert table.next_change(wall("2026-06-10T08:00Z")) == (wall("2026-06-10T22:00Z"), 2)


def test_a_timetable_that_always_says_the_same_has_no_next_change() -> None:
    assert parse_timetable("07:00=2", "UTC").next_change(0.0) is None
    assert parse_timetable("07:00=2 09:00=2", "UTC").next_change(0.0) is None


# What the clocks really did: zone, an entry, when the entry took effect on the day of the change.
CHANGES = [
    pytest.param("Europe/Berlin", "02:30", "2026-03-29T01:00Z", id="02:00 skips to 03:00"),
    pytest.param("Europe/Berlin", "02:00", "2026-03-29T01:00Z", id="at the start of the skip"),
    pytest.param("Europe/Berlin", "03:00", "2026-03-29T01:00Z", id="at the end of the skip"),
    pytest.param("Europe/Berlin", "03:30", "2026-03-29T01:30Z", id="after the skip"),
    pytest.param("Europe/Berlin", "02:30", "2026-10-25T00:30Z", id="02:30 comes twice"),
    pytest.param("Europe/Berlin", "03:00", "2026-10-25T02:00Z", id="03:00 comes once"),
    pytest.param("America/New_York", "02:30", "2026-03-08T07:00Z", id="New York, skipped"),
    pytest.param("America/New_York", "01:30", "2026-11-01T05:30Z", id="New York, twice"),
    pytest.param("Australia/Lord_Howe", "02:15", "2026-10-03T15:30Z", id="half an hour skipped"),
    pytest.param("Australia/Lord_Howe", "01:45", "2026-04-04T14:45Z", id="half an hour twice"),
    pytest.param("America/Santiago", "00:30", "2026-09-06T04:00Z", id="midnight skipped"),
    pytest.param("America/St_Johns", "00:00", "2010-11-07T02:30Z", id="midnight twice"),
]


@pytest.mark.parametrize(("zone", "entry", "at"), CHANGES)
def test_an_entry_takes_effect_once_on_the_day_the_clocks_change(
    zone: str, entry: str, at: str
) -> None:
    table = parse_timetable(f"{entry}=2 15:00=1", zone)
    assert table.level(wall(at) - 1) == 1
    assert table.next_change(wall(at) - 1) == (wall(at), 2)
    # Every quarter of an hour until well after any hour that came twice.
    assert {table.level(wall(at) + 900 * quarter) for quarter in range(16)} == {2}


def test_a_whole_day_that_is_skipped_ends_with_its_last_entry() -> None:
    samoa = parse_timetable("07:00=3 22:00=2 03:00=1", "Pacific/Apia")
    skip = wall("2011-12-30T10:00Z")  # 30 December was left out
    assert [samoa.level(skip - 1), samoa.level(skip)] == [2, 2]
    assert samoa.next_change(skip - 1) == (wall("2011-12-31T03:00+14:00"), 1)


def test_of_two_entries_in_a_skipped_hour_only_the_later_counts() -> None:
    table = parse_timetable("02:15=3 02:45=1 12:00=1", "Europe/Berlin")
    assert table.level(wall("2026-03-29T01:00Z")) == 1
    assert table.next_change(wall("2026-03-29T00:00Z")) == (wall("2026-03-30T02:15+02:00"), 3)


ZONES = sorted(
    {str(change.values[0]) for change in CHANGES}
    | {"UTC", "Africa/Cairo", "Asia/Kolkata", "Pacific/Apia"}
)
TIMES = st.dictionaries(
    st.tuples(st.integers(0, 23), st.integers(0, 59)), st.integers(0, 4), min_size=1, max_size=6
)


@given(
    times=TIMES,
    zone=st.sampled_from(ZONES),
    at=st.integers(int(wall("2010-01-01T00:00Z")), int(wall("2030-01-01T00:00Z"))),
)
def test_the_level_stands_until_the_next_change_and_is_then_what_that_said(
    times: dict[tuple[int, int], int], zone: str, at: int
) -> None:
    text = " ".join(f"{h}:{m:02}={quantity}" for (h, m), quantity in times.items())
    table = parse_timetable(text, zone)
    change = table.next_change(at)
    if change is None:
        assert len(set(times.values())) == 1
        return
    moment, level = change
    assert level != table.level(at)
    assert table.level(moment) == level
    between = [at + (moment - at) * part / 7 for part in range(7)]
    assert {table.level(one) for one in [*between, moment - 1]} == {table.level(at)}


@given(zone=st.sampled_from(ZONES), at=st.integers(1_300_000_000, 1_900_000_000))
def test_away_from_a_change_of_clocks_the_level_is_read_off_the_local_clock(
    zone: str, at: int
) -> None:
    hours = {datetime.fromtimestamp(at + s, ZoneInfo(zone)).utcoffset() for s in (-90000, 0)}
    local = datetime.fromtimestamp(at, ZoneInfo(zone)).strftime("%H:%M")
    expected = 3 if "07:00" <= local < "22:00" else 1 if "03:00" <= local < "07:00" else 2
    assert len(hours) > 1 or parse_timetable(DAY, zone).level(at) == expected


@pytest.mark.parametrize("text", ["7:00=3,22:00=2", "07:00=3;22:00=2", " 22:00=2 ,\n 07:00=3 ; "])
def test_entries_are_separated_as_people_do_and_need_no_order(text: str) -> None:
    assert parse_timetable(text, "UTC") == parse_timetable("07:00=3 22:00=2", "UTC")


def test_the_highest_quantity_of_the_day_can_be_compared_with_the_ceiling() -> None:
    assert parse_timetable("07:00=3 22:00=5 03:00=0", "UTC").highest() == 5


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "empty"),
        ("07:00=3 22:00", "22:00 (entry 2, column 9) is not an entry: write HH:MM=QUANTITY"),
        ("07:00 = 3", "07:00 (entry 1, column 1) is not an entry: write HH:MM=QUANTITY"),
        ("07:00=3 22:00=2.5", "22:00=2.5 (entry 2, column 9) is not an entry: write HH:MM="),
        ("07:00=99999", "07:00=99999 (entry 1, column 1) is not an entry"),
        ("\u0660\u0667:00=3", "(entry 1, column 1) is not an entry"),  # digits, but not ours
        ("07:00=3, 24:00=1", "24:00=1 (entry 2, column 10) is at hour 24: a day begins at 00:00"),
        ("25:00=1", "25:00=1 (entry 1, column 1) is at no time of day: use 00:00 to 23:59"),
        ("07:60=1", "07:60=1 (entry 1, column 1) is at no time of day"),
        ("07:00=-1", "07:00=-1 (entry 1, column 1) has a negative quantity: use 0 or more"),
        (
            "07:00=3 7:00=2",
            "7:00=2 (entry 2, column 9) repeats the time of entry 1, column 1: keep",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place_and_remedy(text: str, told: str) -> None:
    with pytest.raises(TimetableError) as raised:
        parse_timetable(text, "UTC")
    assert told in str(raised.value)


@pytest.mark.parametrize(
    ("zone", "told"),
    [
        ("Europe/Berln", 'did you mean "Europe/Berlin"?'),
        ("Tokyo", 'did you mean "Asia/Tokyo"?'),
        ("Europe", '"Europe" is not a time zone'),
        ("../../etc/passwd", "is not a time zone"),
        ("a\0b", "is not a time zone"),
    ],
)
def test_an_unknown_zone_is_told_with_the_closest_one(zone: str, told: str) -> None:
    with pytest.raises(TimetableError) as raised:
        parse_timetable(DAY, zone)
    assert told in str(raised.value)
