"""The timetable: how many processes there should be at each time of the day.

It is a level, not an edge: asked at 07:30 for the first time, `07:00=3` still says 3. Entries are
in local time, and a day on which the clocks change has them all:
- an entry in the hour that is skipped takes effect at the moment of the skip;
- an entry in the hour that comes twice takes effect the first time, and not again.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from twin.core import zones

_ENTRY = re.compile(r"[^\s,;]+")
_PARTS = re.compile(r"([0-9]{1,2}):([0-9]{2})=(-?[0-9]{1,4})")
_FORM = "write HH:MM=QUANTITY with a whole number and no spaces within, such as 07:00=3"


class TimetableError(ValueError):
    """A timetable that cannot be read; the text names the entry, its place and the remedy."""


@dataclass(frozen=True, slots=True)
class Entry:
    """From `at` (local time) until the next entry, there should be `quantity` processes."""

    at: time
    quantity: int


@dataclass(frozen=True, slots=True)
class Timetable:
    """The entries of every day, in order of time; at least one. Made by `parse_timetable`."""

    entries: tuple[Entry, ...]
    zone: ZoneInfo

    def level(self, wall: float) -> int:
        """What the quantity should be at `wall` (epoch seconds), by the last entry until then."""
        return [quantity for at, quantity in self._changes(wall) if at <= wall][-1]

    def next_change(self, wall: float) -> tuple[float, int] | None:
        """When the level next differs from the level at `wall`: epoch seconds and the new quantity.

        None if it never does, because all entries say the same.
        """
        now = self.level(wall)
        # By moment, since only the last of several entries in a skipped hour counts.
        changes = dict(self._changes(wall)).items()
        return next(((at, level) for at, level in changes if at > wall and level != now), None)

    def highest(self) -> int:
        """The largest quantity of the day; it may be above SCALE_MAX only by mistake."""
        return max(entry.quantity for entry in self.entries)

    def _changes(self, wall: float) -> Iterator[tuple[float, int]]:
        """(epoch seconds, quantity) of the entries around `wall`, in order.

        From yesterday, whose last entry still holds this morning. Until the third day from now,
        because tomorrow may be a day that skips the very entries that would make a difference.
        """
        today = datetime.fromtimestamp(wall, self.zone).date()
        for days in range(-1, 4):
            day = today + timedelta(days)
            for entry in self.entries:
                yield _moment(day, entry.at, self.zone), entry.quantity


@lru_cache(maxsize=1024)  # a month is simulated in 15-second steps, which ask for the same few days
def _moment(day: date, at: time, where: ZoneInfo) -> int:
    return zones.moment_of(datetime.combine(day, at, where))


def parse_timetable(text: str, zone: str) -> Timetable:
    """The timetable that `07:00=3 22:00=2 03:00=1` describes, in the time zone of that name.

    Entries are separated by spaces, commas or semicolons and may come in any order.
    Raises TimetableError.
    """
    entries: dict[time, tuple[str, Entry]] = {}
    for number, match in enumerate(_ENTRY.finditer(text), start=1):
        place = f"entry {number}, column {match.start() + 1}"
        entry = _entry(match.group(), place)
        if entry.at in entries:
            other = entries[entry.at][0]
            raise TimetableError(f"{match.group()} ({place}) repeats the time of {other}: keep one")
        entries[entry.at] = (place, entry)
    if not entries:
        raise TimetableError(f"the timetable is empty: {_FORM}, or leave the setting out")
    return Timetable(tuple(entries[at][1] for at in sorted(entries)), _zone(zone))


def _entry(text: str, place: str) -> Entry:
    match = _PARTS.fullmatch(text)
    if match is None:
        raise TimetableError(f"{text} ({place}) is not an entry: {_FORM}")
    hour, minute, quantity = map(int, match.groups())
    if hour == 24:
        raise TimetableError(f"{text} ({place}) is at hour 24: a day begins at 00:00, write that")
    if hour > 23 or minute > 59:
        raise TimetableError(f"{text} ({place}) is at no time of day: use 00:00 to 23:59")
    if quantity < 0:
        raise TimetableError(f"{text} ({place}) has a negative quantity: use 0 or more")
    return Entry(time(hour, minute), quantity)


def _zone(name: str) -> ZoneInfo:
    try:
        return zones.zone(name)
    except ValueError as error:
        raise TimetableError(str(error)) from None
