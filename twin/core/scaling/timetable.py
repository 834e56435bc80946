"""The timetable: how many processes there should be at each time.

It is a level, not an edge: asked at 07:30 for the first time, `07:00=3` still says 3.

- A date beats a weekday, and a weekday beats every day: a day has the entries of the first of these
  three that has any for it, and no others. Entries of one kind are put together, in any order; two
  that speak of the same time of the same day are an error.
- Before its first entry a day has what the day before ended with, by the entries of that day.
- A quantity without a time holds for the whole of its days, so they can have no other entry of its
  kind. For dates it lies on top: when they are over, what holds is what would hold without it.
- Something is said of weekdays or of every day; dates are exceptions, and need what they except.
- 0 is meant: no process at all. Ranges of weekdays may go over Sunday (`fri-mon`).

Entries are in local time, and a day on which the clocks change has them all:
- an entry in the hour that is skipped takes effect at the moment of the skip;
- an entry in the hour that comes twice takes effect the first time, and not again. Midnight, with
  which a day begins, is no exception.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property, lru_cache
from itertools import combinations
from zoneinfo import ZoneInfo

from twin.core import zones
from twin.core.scaling.timetable_parser import (
    FORM,
    Dates,
    Entry,
    TimetableError,
    Word,
    read_entries,
    shared_day,
)

_DAY = timedelta(days=1)

# Within a week the entries of weekdays have all come round. In a second and third, since a change
# of clocks may skip the very ones that would make a difference, and the next change those of a
# fortnight later.
_COMES_ROUND_DAYS = 22


@dataclass(frozen=True)
class Timetable:
    """Entries of which no two contradict each other, and not all of which are of dates.

    Made by `parse_timetable`.
    """

    entries: frozenset[Entry]
    zone: ZoneInfo

    def level(self, wall: float) -> int:
        """What the quantity should be at `wall` (epoch seconds)."""
        today = datetime.fromtimestamp(wall, self.zone).date()
        # Where midnight comes twice, tomorrow has begun while the clocks still show today.
        changes = (*self._changes(today), *self._changes(today + _DAY))
        return next(level for at, level in reversed(changes) if at <= wall)

    def next_change(self, wall: float) -> tuple[float, int] | None:
        """When the level next differs from the level at `wall`: epoch seconds and the new quantity.

        None if it never does.
        """
        now = self.level(wall)
        for stretch in self._stretches(datetime.fromtimestamp(wall, self.zone).date()):
            # By moment, since only the last of several entries in a skipped hour counts.
            changes = {at: level for day in stretch for at, level in self._changes(day)}
            for at, level in changes.items():
                if at > wall and level != now:
                    return at, level
        return None

    def highest(self) -> int:
        """The largest quantity; it may be above SCALE_MAX only by mistake."""
        return max(entry.quantity for entry in self.entries)

    def _stretches(self, today: date) -> Iterator[list[date]]:
        """The days, in order, among which the next change is: from today, and from each day on
        which dates begin or have just ended. In between every week is like the one before."""
        dates = [entry.days for entry in self.entries if isinstance(entry.days, Dates)]
        edges = {edge for each in dates for edge in (each.first, each.last + _DAY)}
        for begin in sorted({today, *(edge for edge in edges if edge > today)}):
            yield [begin + _DAY * number for number in range(_COMES_ROUND_DAYS)]

    @cached_property
    def _changes(self) -> Callable[[date], tuple[tuple[int, int], ...]]:
        """(epoch seconds, quantity) for the begin of a day and its entries, in order.

        Remembered, since hundreds of questions a minute are all about today and tomorrow.
        """
        return lru_cache(maxsize=64)(lambda day: tuple(self._changes_of(day)))

    def _changes_of(self, day: date) -> Iterator[tuple[int, int]]:
        begin = zones.moment_of(datetime.combine(day, time(), self.zone))
        on_top = self._on_top(day)
        if on_top is not None:
            yield begin, on_top
            return
        yield begin, self._end_of(day - _DAY)
        for at, quantity in self._times(day):
            yield zones.moment_of(datetime.combine(day, at, self.zone)), quantity

    def _on_top(self, day: date) -> int | None:
        """What a date says of the whole day."""
        on_top = (entry for entry in self.entries if entry.lies_on_top and entry.covers(day))
        return next((entry.quantity for entry in on_top), None)

    def _end_of(self, day: date) -> int:
        """With what the day ends, whatever lies on top of it."""
        while not (times := self._times(day)):
            day -= _DAY
        return times[-1][1]

    def _times(self, day: date) -> list[tuple[time, int]]:
        """The entries of the day, without what lies on top; none if it goes on as before."""
        mine = [entry for entry in self.entries if entry.covers(day) and not entry.lies_on_top]
        rank = max((entry.rank for entry in mine), default=0)
        return sorted((entry.at or time(), entry.quantity) for entry in mine if entry.rank == rank)


def parse_timetable(text: str, zone: str) -> Timetable:
    """The timetable that the text describes, in the time zone of that name.

    `07:00=3 22:00=2`, or `mon-fri 07:00=3 22:00=1; sat,sun 09:00=2; 2026-12-24..2026-12-26 =1`.
    Raises TimetableError.
    """
    written = read_entries(text)
    if not written:
        raise TimetableError(f"the timetable is empty: {FORM}; or leave the setting out")
    for one, other in combinations(written, 2):
        _check(one, other)
    if all(isinstance(entry.days, Dates) for entry, _ in written):
        raise TimetableError("only dates have entries: add what holds on other days, such as =1")
    try:
        return Timetable(frozenset(entry for entry, _ in written), zones.zone(zone))
    except ValueError as error:
        raise TimetableError(str(error)) from None


def _check(one: tuple[Entry, Word], other: tuple[Entry, Word]) -> None:
    """Raises TimetableError if the two contradict, or repeat, each other."""
    (first, a), (second, b) = one, other
    day = shared_day(first, second) if first.rank == second.rank else None
    if day is None:
        return
    if first.at == second.at:
        raise TimetableError(f"{b} repeats the time of {a} ({day}): keep one")
    if None in (first.at, second.at):
        whole, part = (a, b) if first.at is None else (b, a)
        why = f"{whole} holds all day ({day}), which leaves no room for {part}"
        raise TimetableError(f"{why}: keep one, or write 00:00{whole.text}")
