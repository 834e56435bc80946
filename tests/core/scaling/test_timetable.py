"""The timetable is a level, in real time zones, on the days on which real clocks changed."""

import timeit
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from twin.core.scaling.timetable import parse_timetable
from twin.core.scaling.timetable_parser import TimetableError

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


def test_the_next_change_has_its_time_and_quantity() -> None:
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


# The real clock changes: zone, an entry, the time of its effect on the day of the change.
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
    # Every quarter of an hour until well after any repeated hour.
    assert {table.level(wall(at) + 900 * quarter) for quarter in range(16)} == {2}


def test_a_whole_day_that_is_skipped_ends_with_its_last_entry() -> None:
    samoa = parse_timetable("07:00=3 22:00=2 03:00=1", "Pacific/Apia")
    skip = wall("2011-12-30T10:00Z")  # 30 December was skipped
    assert [samoa.level(skip - 1), samoa.level(skip)] == [2, 2]
    assert samoa.next_change(skip - 1) == (wall("2011-12-31T03:00+14:00"), 1)


def test_only_the_later_of_two_entries_in_a_skipped_hour_counts() -> None:
    table = parse_timetable("02:15=3 02:45=1 12:00=1", "Europe/Berlin")
    assert table.level(wall("2026-03-29T01:00Z")) == 1
    assert table.next_change(wall("2026-03-29T00:00Z")) == (wall("2026-03-30T02:15+02:00"), 3)


# 2026-12-24 is a Thursday.
WEEK = "mon-fri 07:00=3 22:00=1; sat,sun 09:00=2; 2026-12-24..2026-12-26 =4"


@pytest.mark.parametrize(
    ("text", "at", "level"),
    [
        pytest.param(WEEK, "12-18T22:00", 1, id="a weekday"),
        pytest.param(WEEK, "12-19T08:59", 1, id="Saturday begins as Friday ended"),
        pytest.param(WEEK, "12-19T09:00", 2, id="Saturday"),
        pytest.param(WEEK, "12-21T06:59", 2, id="Monday begins as Sunday ended"),
        pytest.param(WEEK, "12-23T23:59", 1, id="the last minute before the dates"),
        pytest.param(WEEK, "12-24T00:00", 4, id="the first minute of the dates"),
        pytest.param(WEEK, "12-24T07:00", 4, id="a date beats a weekday"),
        pytest.param(WEEK, "12-26T23:59", 4, id="the last minute of the dates"),
        pytest.param(WEEK, "12-27T00:00", 2, id="what would hold without the dates"),
        pytest.param("07:00=3; fri 09:00=1", "12-25T08:00", 3, id="a weekday beats every day"),
        pytest.param("07:00=3; fri 09:00=1", "12-26T06:00", 1, id="and lasts into the night"),
        pytest.param("=2; mon-fri 09:00=3", "12-28T08:59", 2, id="all day lasts into the night"),
        pytest.param("=2; mon-fri 09:00=3", "12-26T00:00", 2, id="but begins at midnight"),
        pytest.param("mon 09:00=3", "12-27T12:00", 3, id="one entry a week holds all week"),
        pytest.param("=3; fri-mon =1", "12-25T00:00", 1, id="fri-mon has Friday"),
        pytest.param("=3; fri-mon =1", "12-28T23:59", 1, id="fri-mon has Monday"),
        pytest.param("=3; fri-mon =1", "12-24T23:59", 3, id="fri-mon has no Thursday"),
        pytest.param("=3; fri-mon =1", "12-29T00:00", 3, id="fri-mon has no Tuesday"),
        pytest.param("=3; 2026-12-24 9:00=1 15:00=0", "12-24T08:59", 3, id="a date with times"),
        pytest.param("=3; 2026-12-24 9:00=1 15:00=0", "12-24T15:00", 0, id="with times"),
        pytest.param("7:00=3; 2026-12-24 9:00=1", "12-25T06:59", 1, id="times last into the night"),
        pytest.param(
            "mon 7:00=3; 2026-12-24 =1; 2026-12-25 9:00=2", "12-25T08:59", 3, id="from below"
        ),
        pytest.param("=3; sun,2026-12-24 =1", "12-24T10:00", 1, id="dates and weekdays listed"),
        pytest.param("=3; sun,2026-12-24 =1", "12-27T10:00", 1, id="weekdays and dates listed"),
        pytest.param("=0", "12-27T10:00", 0, id="always nothing"),
    ],
)
def test_a_day_has_the_entries_of_its_date_or_of_its_weekday_or_of_every_day(
    text: str, at: str, level: int
) -> None:
    table = parse_timetable(text, "America/New_York")
    assert table.level(wall(f"2026-{at}-05:00")) == level


def test_the_next_change_is_known_however_far_it_is() -> None:
    table = parse_timetable("=2; 2030-01-01 =1; 2028-01-01 =2", "UTC")
    assert table.next_change(wall("2026-01-01T00:00Z")) == (wall("2030-01-01T00:00Z"), 1)
    assert table.next_change(wall("2030-01-01T12:00Z")) == (wall("2030-01-02T00:00Z"), 2)
    assert table.next_change(wall("2030-01-02T00:00Z")) is None


def test_a_change_waits_until_months_of_dates_are_over() -> None:
    table = parse_timetable("07:00=3 22:00=1; 2026-06-01..2026-12-31 =2", "Asia/Kolkata")
    summer = wall("2026-06-01T00:00+05:30")
    assert table.next_change(summer) == (wall("2027-01-01T00:00+05:30"), 1)


# The real clock changes: zone, a date, its beginning, its end.
DATES = [
    pytest.param(
        *("Europe/Berlin", "2026-03-29", "2026-03-28T23:00Z", "2026-03-29T22:00Z"),
        id="a day of 23 hours",
    ),
    pytest.param(
        *("America/New_York", "2026-11-01", "2026-11-01T04:00Z", "2026-11-02T05:00Z"),
        id="a day of 25 hours",
    ),
    pytest.param(
        *("Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00Z", "2026-04-05T13:30Z"),
        id="a day of 24 and a half hours",
    ),
    pytest.param(
        *("America/Santiago", "2026-09-06", "2026-09-06T04:00Z", "2026-09-07T03:00Z"),
        id="a day that begins at 01:00",
    ),
    pytest.param(
        *("America/St_Johns", "2010-11-06", "2010-11-06T02:30Z", "2010-11-07T02:30Z"),
        id="a day whose last hour comes again, and is of the next",
    ),
    pytest.param(
        *("America/St_Johns", "2010-11-07", "2010-11-07T02:30Z", "2010-11-08T03:30Z"),
        id="a day that begins twice",
    ),
]


@pytest.mark.parametrize(("zone", "day", "begin", "end"), DATES)
def test_dates_begin_and_end_at_their_minute_when_the_clocks_change(
    zone: str, day: str, begin: str, end: str
) -> None:
    table = parse_timetable(f"=1; {day} =2", zone)
    assert [table.level(wall(begin) - 1), table.level(wall(begin))] == [1, 2]
    assert table.next_change(wall(begin)) == (wall(end), 1)
    assert {table.level(wall(end) + 900 * quarter) for quarter in range(16)} == {1}


# ---- against a minute-by-minute walk

AROUND = [
    (str(change.values[0]), datetime.fromisoformat(str(change.values[2])).replace(minute=0))
    for change in CHANGES
] + [("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC))]
"""Zones, and when their clocks were changed."""
SPAN = timedelta(days=12)
MINUTE = timedelta(minutes=1)
NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Group:
    """The entries of some days; `days` counts from a Monday or, for dates, from that change."""

    days: tuple[int, int] | None
    dated: bool
    times: dict[str, int]
    """The empty text is all day."""

    def text(self, change: datetime) -> str:
        entries = " ".join(f"{at}={quantity}" for at, quantity in self.times.items())
        if self.days is None:
            return entries
        first, last = self.days
        if self.dated:
            return (
                "..".join(str((change + timedelta(day)).date()) for day in self.days)
                + f" {entries}"
            )
        return f"{NAMES[first % 7]}-{NAMES[last % 7]} {entries}"

    def covers(self, day: date, change: datetime) -> bool:
        if self.days is None:
            return True
        first, last = self.days
        if self.dated:
            return first <= (day - change.date()).days <= last
        return (day.weekday() - first) % 7 <= (last - first) % 7


HOURS = st.builds("{:02}:{:02}".format, st.integers(0, 3) | st.integers(0, 23), st.integers(0, 59))
WHOLE = st.integers(0, 4).map(lambda quantity: {"": quantity})
TIMES = st.dictionaries(HOURS, st.integers(0, 4), min_size=1, max_size=4)
GROUPS = st.one_of(
    st.builds(Group, st.none(), st.just(False), TIMES | WHOLE),
    st.builds(
        Group, st.tuples(st.integers(0, 6), st.integers(0, 6)), st.just(False), TIMES | WHOLE
    ),
    st.builds(
        lambda first, more, times: Group((first, first + more), True, times),
        *(st.integers(-3, 3), st.integers(0, 4), TIMES | WHOLE),
    ),
)


MIDNIGHT = time()


@cache
def shown(zone: str, change: datetime) -> list[datetime]:
    """The local time in each minute of some days around the change."""
    begin, minutes = change - SPAN, 2 * SPAN // MINUTE
    moments = (begin + MINUTE * number for number in range(minutes))
    return [moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for moment in moments]


def day_of(groups: list[Group], day: date, change: datetime) -> tuple[int | None, dict[str, int]]:
    """The level that overrides the day, and the day's entries by time."""
    on_top = None
    kinds: list[dict[str, int]] = [{}, {}, {}]
    for group in groups:
        if not group.covers(day, change):
            continue
        if group.dated and "" in group.times:
            on_top = group.times[""]
            continue
        kind = kinds[0 if group.dated else 1 if group.days else 2]
        kind.update((at or "00:00", quantity) for at, quantity in group.times.items())
    return on_top, next(filter(None, kinds), {})


def watched(groups: list[Group], zone: str, change: datetime) -> list[int | None]:
    """The level in each of those minutes, set entry by entry.

    A minute has come once the clocks show it or a later one. None until the first entry.
    """
    levels: list[int | None] = []
    below = on_top = None
    entries: dict[time, int] = {}
    clock = shown(zone, change)
    newest = datetime.combine(clock[0].date(), time()) - MINUTE
    for now in clock:
        while newest < now:
            newest += MINUTE
            of_day = newest.time()
            if of_day == MIDNIGHT:
                on_top, written = day_of(groups, newest.date(), change)
                entries = {time.fromisoformat(at): quantity for at, quantity in written.items()}
            below = entries.get(of_day, below)
        levels.append(below if on_top is None else on_top)
    return levels


@settings(deadline=None)
@given(
    around=st.sampled_from(AROUND),
    proposed=st.lists(GROUPS, min_size=1, max_size=6),
    minute=st.integers(-3 * 1440, 3 * 1440),
)
def test_the_levels_and_the_next_change_match_a_minute_by_minute_walk(
    around: tuple[str, datetime], proposed: list[Group], minute: int
) -> None:
    zone, change = around
    groups: list[Group] = []
    table = None
    for group in sorted(proposed, key=lambda group: group.dated):
        with suppress(TimetableError):  # it contradicts what is there
            text = ";".join(each.text(change) for each in [*groups, group])
            table = parse_timetable(text, zone)
            groups.append(group)
    assume(table is not None)
    assert table is not None
    levels = watched(groups, zone, change)
    at = SPAN // MINUTE + minute
    begin = (change - SPAN).timestamp()
    now = table.level(begin + 60 * at)
    # Eight days in, each weekday has passed; seconds belong to their minute.
    assert now == table.level(begin + 60 * at + 59) == levels[at]
    differs = next((later for later in range(at, len(levels)) if levels[later] != now), None)
    told = table.next_change(begin + 60 * at)
    if differs is not None:
        assert told == (begin + 60 * differs, levels[differs])
    else:
        assert told is None or told[0] >= begin + 60 * len(levels)


@pytest.mark.parametrize("text", ["7:00=3,22:00=2", "07:00=3;22:00=2", " 22:00=2 ,\n 07:00=3 ; "])
def test_entries_are_separated_as_people_do_and_need_no_order(text: str) -> None:
    assert parse_timetable(text, "UTC") == parse_timetable("07:00=3 22:00=2", "UTC")


@pytest.mark.parametrize(
    "text",
    [
        "mon-fri 7:00=3; sat,sun =1",
        "MON-Fri 7:00=3; sun, sat =1",
        "tue,wed-thu,fri,mon 7:00=3; sat-sun =1",
        "sat-sun =1; mon-wed,wed-fri 07:00=3",
    ],
)
def test_weekdays_are_listed_as_people_do(text: str) -> None:
    assert parse_timetable(text, "UTC") == parse_timetable("mon-fri 07:00=3; sat-sun =1", "UTC")


def test_the_highest_quantity_can_be_compared_with_the_ceiling() -> None:
    assert parse_timetable("07:00=3 22:00=5 03:00=0", "UTC").highest() == 5
    assert parse_timetable("07:00=3 22:00=2; 2026-12-24 =7", "UTC").highest() == 7


LONG = "; ".join(
    ["mon-fri 07:00=3 22:00=1; sat,sun 09:00=2 20:00=1"]
    + [
        f"20{year}-{month:02}-20..20{year}-{month:02}-25 =4"
        for year in (26, 27)
        for month in range(1, 13)
    ]
)


@pytest.mark.parametrize("text", [DAY, LONG])
def test_a_hundred_timetables_can_be_asked_every_few_seconds(text: str) -> None:
    tables = [parse_timetable(text, "Europe/Berlin") for _ in range(100)]
    begin = wall("2026-06-10T06:00Z")

    def ask() -> None:
        for step in range(20):
            for table in tables:
                table.level(begin + 15 * step)

    ask()
    assert min(timeit.repeat(ask, number=1, repeat=3)) / 2000 < 50e-6


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "empty"),
        (";;", "empty"),
        ("07:00=3 22:00", "22:00 (character 9) is not an entry: write HH:MM=QUANTITY"),
        ("07:00 = 3", "07:00 (character 1) is not an entry, and names no days: write HH:MM="),
        ("07:00=3 22:00=2.5", "22:00=2.5 (character 9) is not an entry: write HH:MM="),
        ("07:00=99999", "07:00=99999 (character 1) is not an entry"),
        ("\u0660\u0667:00=3", "(character 1) is not an entry"),  # digits, but not ours
        ("07:00=3, 24:00=1", "24:00=1 (character 10) is at hour 24: write 00:00"),
        ("25:00=1", "25:00=1 (character 1) is not at a time of day: use 00:00 to 23:59"),
        ("07:60=1", "07:60=1 (character 1) is not at a time of day"),
        ("07:00=-1", "07:00=-1 (character 1) has a negative quantity: use 0 or more"),
        (
            "07:00=3 7:00=2",
            "7:00=2 (character 9) repeats the time of 07:00=3 (character 1) (every day): keep one",
        ),
        ("monday 07:00=3", "monday (character 1) is not an entry, and names no days"),
        ("mon -fri 07:00=3", "-fri (character 5) is not an entry, and names no days"),
        ("07:00=3; mon", "mon (character 10) names days without an entry: write"),
        ("mon 07:00=3 tue 08:00=1", "tue (character 13) names days after an entry: put a ; before"),
        ("mon =1 2026-12-24 =2", "2026-12-24 (character 8) names days after an entry"),
        ("=1; 2026-02-30 =2", "2026-02-30 (character 5) is not a date: write one such as"),
        ("=1; 1999-12-31 =2", "1999-12-31 (character 5) must go from a date after 1999"),
        ("=1; 2026-12-26..2026-12-24 =2", "2026-12-26..2026-12-24 (character 5) must go"),
        ("=1; 9999-12-31 =2", "9999-12-31 (character 5) must go"),
        ("=1; 2026-12-24...2026-12-26 =2", "(character 5) is not an entry, and names no days"),
        ("mon-wed =1; wed-fri =2", "=2 (character 21) repeats the time of =1 (character 9) (wed)"),
        (
            "07:00=3; 2026-12-24..2026-12-26 =1; 2026-12-25..2026-12-31 =2",
            "=2 (character 60) repeats the time of =1 (character 33) (2026-12-25): keep one",
        ),
        (
            "mon-fri =1 07:00=3",
            "=1 (character 9) holds all day (mon), which leaves no room for "
            "07:00=3 (character 12): keep one, or write 00:00=1",
        ),
        ("07:00=3; =1", "=1 (character 10) holds all day (every day), which leaves no room for"),
        ("2026-12-24 =1", "only dates have entries: add one for other days, such as =1"),
    ],
)
def test_a_mistake_is_reported_with_its_place_and_remedy(text: str, told: str) -> None:
    with pytest.raises(TimetableError) as raised:
        parse_timetable(text, "UTC")
    assert told in str(raised.value)


@pytest.mark.parametrize(
    ("zone", "told"),
    [
        ("Europe/Berln", "did you mean Europe/Berlin?"),
        ("Tokyo", "did you mean Asia/Tokyo?"),
        ("Europe", "'Europe' is not a time zone"),
        ("../../etc/passwd", "is not a time zone"),
        ("a\0b", "is not a time zone"),
    ],
)
def test_an_unknown_zone_is_reported_with_the_closest_one(zone: str, told: str) -> None:
    with pytest.raises(TimetableError) as raised:
        parse_timetable(DAY, zone)
    assert told in str(raised.value)
