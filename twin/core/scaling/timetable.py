"""The timetable: how many processes there should be at each time.

It is a level, not an edge: asked at 07:30 for the first time, `07:00=3` still says 3.

- A date beats a weekday, and a weekday beats every day: a day has the entries of the first of these
  three kinds that has any for it, and no others. Two entries of one kind for the same time of the
  same day are an error.
- Before its first entry, a day keeps the quantity that the day before ended with.
- A quantity without a time holds for the whole day, which can have no other entry of its kind. A
  date's lies on top: after it, the timetable goes on as if it had not been there.
- Dates are exceptions, and need entries for other days.
- 0 is meant: no process at all. Ranges of weekdays may go over Sunday (`fri-mon`).

Entries are in local time, and hold on days on which the clocks change, too:
- an entry in the skipped hour takes effect at the skip;
- an entry in the hour that comes twice takes effect the first time only. So does midnight.
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
_COMES_ROUND_DAYS = 22
"""After a week all entries of weekdays have come round. A clock change may skip the only one that
makes a difference, and the next change the one a fortnight later."""


@dataclass(frozen=True)
class Timetable:
    """Made by `parse_timetable`: no two entries contradict each other, and not all have dates."""

    entries: frozenset[Entry]
    zone: ZoneInfo

    def level(self, wall: float) -> int:
        """What the quantity should be at `wall` (epoch seconds)."""
        today = datetime.fromtimestamp(wall, self.zone).date()
        # Where midnight comes twice, tomorrow has begun while the clocks still show today.
        changes = (*self._changes(today), *self._changes(today + _DAY))
        return next(level for at, level in reversed(changes) if at <= wall)

    def next_change(self, wall: float) -> tuple[float, int] | None:
        """When (epoch seconds) the level next changes after `wall`, and to what; None if never."""
        now = self.level(wall)
        for stretch in self._stretches(datetime.fromtimestamp(wall, self.zone).date()):
            # By moment, since only the last of several entries in a skipped hour counts.
            changes = {at: level for day in stretch for at, level in self._changes(day)}
            for at, level in changes.items():
                if at > wall and level != now:
                    return at, level
        return None

    def highest(self) -> int:
        """The largest quantity."""
        return max(entry.quantity for entry in self.entries)

    def _stretches(self, today: date) -> Iterator[list[date]]:
        """Days, in order, among which the next change is: from today, and from each day on which
        dates begin or have just ended. In between, every week is like the one before."""
        dates = [entry.days for entry in self.entries if isinstance(entry.days, Dates)]
        edges = {edge for each in dates for edge in (each.first, each.last + _DAY)}
        for begin in sorted({today, *(edge for edge in edges if edge > today)}):
            yield [begin + _DAY * number for number in range(_COMES_ROUND_DAYS)]

    @cached_property
    def _changes(self) -> Callable[[date], tuple[tuple[int, int], ...]]:
        """(epoch seconds, quantity) for the begin of a day and its entries, in order.

        Cached, since hundreds of questions a minute are all about today and tomorrow.
        """
        return lru_cache(maxsize=64)(lambda day: tuple(self._changes_of(day)))

    def _changes_of(self, day: date) -> Iterator[tuple[int, int]]:
        begin = zones.moment_of(datetime.combine(day, time(), self.zone))
        on_top = [entry for entry in self.entries if entry.lies_on_top and entry.covers(day)]
        if on_top:
            yield begin, on_top[0].quantity
            return
        yield begin, self._end_of(day - _DAY)
        for at, quantity in self._times(day):
            yield zones.moment_of(datetime.combine(day, at, self.zone)), quantity

    def _end_of(self, day: date) -> int:
        """The quantity at the end of the day, without what lies on top of it."""
        while not (times := self._times(day)):
            day -= _DAY
        return times[-1][1]

    def _times(self, day: date) -> list[tuple[time, int]]:
        """The entries of the day, without what lies on top; empty if it goes on as before."""
        mine = [entry for entry in self.entries if entry.covers(day) and not entry.lies_on_top]
        rank = max((entry.rank for entry in mine), default=0)
        return sorted((entry.at or time(), entry.quantity) for entry in mine if entry.rank == rank)


def parse_timetable(text: str, zone: str) -> Timetable:
    """`text` is like `07:00=3 22:00=2`, or `mon-fri 07:00=3 22:00=1; 2026-12-24..2026-12-26 =1`;
    `zone` is the name of a time zone. Raises TimetableError."""
    written = read_entries(text)
    if not written:
        raise TimetableError(f"the timetable is empty: {FORM}; or leave the setting out")
    for one, other in combinations(written, 2):
        _check(one, other)
    if all(isinstance(entry.days, Dates) for entry, _ in written):
        raise TimetableError("only dates have entries: add one for other days, such as =1")
    try:
        return Timetable(frozenset(entry for entry, _ in written), zones.zone(zone))
    except ValueError as error:
        raise TimetableError(str(error)) from None


def _check(one: tuple[Entry, Word], other: tuple[Entry, Word]) -> None:
    """Raises TimetableError if the two contradict or repeat each other."""
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
