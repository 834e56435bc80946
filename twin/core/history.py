"""What happened in the last 48 hours: of each target by the minute, and of the two twins.

Both twins record, and each tells the other, so that a restart loses nothing while one of them is
up. Like knowledge it grows by merging alone, which is idempotent, commutative and associative: it
does no harm to hear the same twice, late, or from both. Only what is too old is forgotten.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple, TypeVar

KEPT_S = 48 * 3600
LIVES_KEPT_S = 32 * 86_400
"""The longest month: hosts count hours by it."""
_KEPT = KEPT_S // 60
"""Of each kind, for a target: all of its looks; of changes, bounds a twin that flaps for days."""


class Look(NamedTuple):
    """What one minute's looks at a target came to. Arrays in JSON: there are 2,880 of each."""

    minute: int
    """Minutes since the epoch."""
    latency_ms: int
    """Of the slowest answer; 0 if nothing was asked, or nothing answered."""
    verdict: str
    """The worst, as `core.verdict` names it."""
    at: int
    """When it was last looked at, in epoch seconds; what follows was so then."""
    quantity: int
    """-1 if it could not be read."""
    floor: int
    """What the timetable says, whatever somebody set by hand; -1 without one."""

    def merge(self, other: "Look") -> "Look":
        latest = max(self, other, key=lambda look: look[3:])
        worst = max(self, other, key=lambda look: (_RANK.get(look.verdict, 0), look.verdict))
        slowest_ms = max(self.latency_ms, other.latency_ms)
        return latest._replace(latency_ms=slowest_ms, verdict=worst.verdict)


_RANK = {
    name: rank for rank, name in enumerate(("unknown", "healthy", "slow", "failing", "unreachable"))
}


class Decision(NamedTuple):
    """A change of a target's quantity."""

    at: int
    """Epoch seconds."""
    was: int
    to: int
    because: str


class Change(NamedTuple):
    """A change of a boot's role."""

    at_ms: int
    """Epoch milliseconds."""
    twin: str
    boot: str
    role: str
    because: str


class Life(NamedTuple):
    """A boot, and from when to when it is known to have been awake, in epoch seconds."""

    twin: str
    since: int
    until: int
    release: str = ""
    """What it runs; empty if it is not known."""

    def merge(self, other: "Life") -> "Life":
        since, until = min(self.since, other.since), max(self.until, other.until)
        return Life(max(self.twin, other.twin), since, until, max(self.release, other.release))


@dataclass(frozen=True, slots=True)
class Record:
    """A part of a history, as it is recorded and sent; sorted by time where one gives it out."""

    looks: Mapping[str, tuple[Look, ...]] = field(default_factory=dict)
    """By target."""
    decisions: Mapping[str, tuple[Decision, ...]] = field(default_factory=dict)
    """By target."""
    changes: tuple[Change, ...] = ()
    lives: Mapping[str, Life] = field(default_factory=dict)
    """By boot."""


class History:
    """Not safe to use from two threads at once."""

    def __init__(self) -> None:
        # Each sorted by time, so that what is recent is found without a look at all the rest.
        self._looks: dict[str, list[Look]] = {}
        self._decisions: dict[str, list[Decision]] = {}
        self._changes: list[Change] = []
        self._lives: dict[str, Life] = {}

    def merge(self, record: Record) -> None:
        for name, looks in record.looks.items():
            for look in looks:
                _merge_look(self._looks.setdefault(name, []), look)
        for name, decisions in record.decisions.items():
            _insert(self._decisions.setdefault(name, []), decisions)
        _insert(self._changes, record.changes)
        for boot, life in record.lives.items():
            known = self._lives.get(boot)
            self._lives[boot] = life if known is None else known.merge(life)

    def between(self, since: float, until: float) -> Record:
        """What happened from the minute of `since` up to that of `until`, in epoch seconds."""
        first, end = int(since // 60), int(until // 60) + 1
        looks = {name: _cut(known, first, end) for name, known in self._looks.items()}
        decisions = {
            name: _cut(known, first * 60, end * 60) for name, known in self._decisions.items()
        }
        return Record(
            {name: found for name, found in looks.items() if found},
            {name: found for name, found in decisions.items() if found},
            _cut(self._changes, first * 60_000, end * 60_000),
            {
                boot: life
                for boot, life in self._lives.items()
                if life.until >= first * 60 and life.since < end * 60
            },
        )

    def story(self, since: float, until: float) -> Record:
        """The same, and what each boot that lived in it was when it began."""
        told = self.between(since, until)
        first = int(since // 60) * 60_000
        before = {c.boot: c for c in self._changes if c.at_ms < first and c.boot in told.lives}
        return replace(told, changes=(*sorted(before.values()), *told.changes))

    def newest_look(self, target: str) -> Look | None:
        looks = self._looks.get(target)
        return looks[-1] if looks else None

    def twins(self) -> Record:
        """All that is known of the twins, and nothing of targets."""
        return Record(changes=tuple(self._changes), lives=dict(self._lives))

    def forget(self, wall: float) -> None:
        """Drop what is too old at `wall`, in epoch seconds."""
        oldest = int(wall) - KEPT_S
        for looks in self._looks.values():
            _drop(looks, oldest // 60)
        for decisions in self._decisions.values():
            _drop(decisions, oldest)
        _drop(self._changes, oldest * 1000)
        kept_from = wall - LIVES_KEPT_S
        self._lives = {boot: life for boot, life in self._lives.items() if life.until >= kept_from}


T = TypeVar("T", Look, Decision, Change)


def _merge_look(known: list[Look], look: Look) -> None:
    place = bisect_left(known, (look.minute,))
    if place < len(known) and known[place].minute == look.minute:
        known[place] = known[place].merge(look)
    else:
        known.insert(place, look)


def _insert(known: list[T], new: Iterable[T]) -> None:
    for each in new:
        place = bisect_left(known, each)
        if place == len(known) or known[place] != each:
            known.insert(place, each)


def _cut(known: list[T], first: int, end: int) -> tuple[T, ...]:
    return tuple(known[bisect_left(known, (first,)) : bisect_left(known, (end,))])


def _drop(known: list[T], before: int) -> None:
    del known[: max(bisect_left(known, (before,)), len(known) - _KEPT)]
