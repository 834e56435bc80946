"""The entries of a timetable, such as `mon-fri 07:00=3 22:00=1; 2026-12-24..2026-12-26 =1`.

A `;` ends a group, which has its days first, if any, and then its entries.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time
from itertools import takewhile

_WORD = re.compile(r"[^\s,;]+|;")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKDAYS = re.compile(r"({0})(?:-({0}))?".format("|".join(_DAYS)), re.ASCII | re.IGNORECASE)
_DATES = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:\.\.([0-9]{4}-[0-9]{2}-[0-9]{2}))?")
_ENTRY = re.compile(r"(?:([0-9]{1,2}):([0-9]{2}))?=(-?[0-9]{1,4})")
FORM = (
    "write HH:MM=QUANTITY with a whole number and no spaces within, such as 07:00=3, and before "
    "it days, such as mon-fri, sat,sun or 2026-12-24..2026-12-26, if it is not for every day"
)


class TimetableError(ValueError):
    """The text names the wrong entry, its place and the remedy."""


@dataclass(frozen=True, slots=True)
class Weekdays:
    """These days of each week, Monday being 0."""

    numbers: frozenset[int]

    def covers(self, day: date) -> bool:
        return day.weekday() in self.numbers


@dataclass(frozen=True, slots=True)
class Dates:
    """From the first date to the last, both included."""

    first: date
    last: date

    def covers(self, day: date) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class Entry:
    """`quantity` processes from `at` (local time) on, or all day; on `days`, or every day."""

    days: Weekdays | Dates | None
    at: time | None
    quantity: int

    @property
    def rank(self) -> int:
        """A day has the entries of its highest rank only."""
        return 0 if self.days is None else 1 if isinstance(self.days, Weekdays) else 2

    @property
    def lies_on_top(self) -> bool:
        return isinstance(self.days, Dates) and self.at is None

    def covers(self, day: date) -> bool:
        return self.days is None or self.days.covers(day)


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    character: int
    """Where it begins, counted from 1."""

    def __str__(self) -> str:
        return f"{self.text} (character {self.character})"


def read_entries(text: str) -> list[tuple[Entry, Word]]:
    """Each entry with its word. Raises TimetableError."""
    return [entry for group in _groups(text) for entry in _entries(group)]


def shared_day(one: Entry, other: Entry) -> str | None:
    """A day that two entries of the same rank share: its name, its date or `every day`."""
    if isinstance(one.days, Weekdays) and isinstance(other.days, Weekdays):
        both = one.days.numbers & other.days.numbers
        return _DAYS[min(both)] if both else None
    if isinstance(one.days, Dates) and isinstance(other.days, Dates):
        first = max(one.days.first, other.days.first)
        return str(first) if first <= min(one.days.last, other.days.last) else None
    return "every day"


def _groups(text: str) -> Iterator[list[Word]]:
    group: list[Word] = []
    for match in _WORD.finditer(f"{text};"):
        if match.group() != ";":
            group.append(Word(match.group(), match.start() + 1))
        elif group:
            yield group
            group = []


def _entries(group: Sequence[Word]) -> Iterator[tuple[Entry, Word]]:
    head = list(takewhile(lambda word: "=" not in word.text, group))
    days = _days(head)
    if len(head) == len(group):
        raise TimetableError(f"{head[0]} names days without an entry: {FORM}")
    for word in group[len(head) :]:
        at, quantity = _at_and_quantity(word)
        for each in days:
            yield Entry(each, at, quantity), word


def _days(words: Sequence[Word]) -> Sequence[Weekdays | Dates | None]:
    """All weekdays as one, and each range of dates; a None for every day if there is no word."""
    dates: list[Weekdays | Dates] = []
    numbers: set[int] = set()
    for word in words:
        if match := _WEEKDAYS.fullmatch(word.text):
            first = _DAYS.index(match[1].lower())
            last = _DAYS.index((match[2] or match[1]).lower())
            numbers |= {(first + later) % 7 for later in range((last - first) % 7 + 1)}
        elif match := _DATES.fullmatch(word.text):
            dates.append(_dates(word, match[1], match[2] or match[1]))
        else:
            raise TimetableError(f"{word} is not an entry, and names no days: {FORM}")
    weekdays = [Weekdays(frozenset(numbers))] if numbers else []
    return [*weekdays, *dates] or [None]


def _dates(word: Word, first: str, last: str) -> Dates:
    try:
        dates = Dates(date.fromisoformat(first), date.fromisoformat(last))
    except ValueError:
        raise TimetableError(f"{word} is not a date: write one such as 2026-12-24") from None
    if not (dates.first.year >= 2000 and dates.last.year < 3000 and dates.first <= dates.last):
        raise TimetableError(f"{word} must go from a date after 1999 to a later one before 3000")
    return dates


def _at_and_quantity(word: Word) -> tuple[time | None, int]:
    if _WEEKDAYS.fullmatch(word.text) or _DATES.fullmatch(word.text):
        raise TimetableError(f"{word} names days after an entry: put a ; before it")
    match = _ENTRY.fullmatch(word.text)
    if match is None:
        raise TimetableError(f"{word} is not an entry: {FORM}")
    hour, minute, quantity = (int(group or 0) for group in match.groups())
    if hour == 24:
        raise TimetableError(f"{word} is at hour 24: write 00:00, with which a day begins")
    if hour > 23 or minute > 59:
        raise TimetableError(f"{word} is not at a time of day: use 00:00 to 23:59")
    if quantity < 0:
        raise TimetableError(f"{word} has a negative quantity: use 0 or more")
    return None if match[1] is None else time(hour, minute), quantity
