"""The last 48 hours: of each target by the minute, and of the two twins.

Both twins record, and send each other their records, so a restart loses nothing while one of them
is up. As with knowledge, merging is idempotent, commutative and associative: a record that comes
twice, late, or from both does no harm. A twin forgets only what is too old, and more than a pair
can have.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple, TypeVar

from twin.core.pair.bounds import TARGETS, WHY_BYTES, shortened

KEPT_S = 48 * 3600
LIVES_KEPT_S = 32 * 86_400
"""The longest month: hosts count hours by it."""
_LOOKS = 300_000
"""Of a hundred targets, all of 48 hours. Of more targets, each keeps an equal share, the newest."""
_DECISIONS = 10_000
_CHANGES = KEPT_S // 60
"""Bounds a twin that flaps for days; so do the next two."""
_LIVES = 5_000
_RECENT = 100
"""Of changes and of lives in each message; of decisions, a tenth of it for each target."""


T = TypeVar("T")
Told = TypeVar("Told", "Decision", "Change")
Timed = TypeVar("Timed", "Look", "Decision", "Change")


class Look(NamedTuple):
    """One minute's looks at a target, summed up. Arrays in JSON: a target has 2,880 of them."""

    minute: int
    """Minutes since the epoch."""
    latency_ms: int
    """Of the slowest answer; 0 without a question or an answer."""
    verdict: str
    """The worst, as `core.scaling.verdict` names it."""
    at: int
    """The last look, in epoch seconds; the fields below are from it."""
    quantity: int
    """-1 if it could not be read."""
    baseline: int
    """The timetable's quantity, whatever somebody set by hand; -1 without a timetable."""

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
    """A boot, and the time in which it is known to have been awake, in epoch seconds."""

    twin: str
    since: int
    until: int
    release: str = ""
    """Its release; empty if unknown."""

    def merge(self, other: "Life") -> "Life":
        since, until = min(self.since, other.since), max(self.until, other.until)
        return Life(max(self.twin, other.twin), since, until, max(self.release, other.release))


@dataclass(frozen=True, slots=True)
class Record:
    """A part of a history, as it is recorded and sent; `History` returns it sorted by time."""

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
        # Each sorted by time, so that the recent part is found without a look at the rest.
        self._looks: dict[str, list[Look]] = {}
        self._decisions: dict[str, list[Decision]] = {}
        self._changes: list[Change] = []
        self._lives: dict[str, Life] = {}

    def merge(self, record: Record) -> None:
        """Add what this twin saw and did itself."""
        for name, looks in record.looks.items():
            for look in looks:
                _merge_look(self._looks.setdefault(name, []), look)
        for name, decisions in record.decisions.items():
            _insert(self._decisions.setdefault(name, []), map(_with_short_reason, decisions))
        _insert(self._changes, map(_with_short_reason, record.changes))
        for boot, life in record.lives.items():
            known = self._lives.get(boot)
            self._lives[boot] = life if known is None else known.merge(life)
        self._trim()

    def merge_told(self, record: Record) -> None:
        """Add what the other twin sent, as far as it can be true."""
        looks = self._of_known(self._looks, record.looks)
        decisions = self._of_known(self._decisions, record.decisions)
        self.merge(replace(record, looks=looks, decisions=decisions))

    @staticmethod
    def _of_known(known: Mapping[str, object], told: Mapping[str, T]) -> dict[str, T]:
        """Without new targets beyond `TARGETS`: they never crowd out the own ones."""
        new = [name for name in told if name not in known]
        left_out = set(new[max(0, TARGETS - len(known)) :])
        return {name: each for name, each in told.items() if name not in left_out}

    def _trim(self) -> None:
        _share(self._looks, _LOOKS)
        _share(self._decisions, _DECISIONS)
        del self._changes[:-_CHANGES]
        if len(self._lives) > _LIVES:
            self._lives = _newest_lives(self._lives, _LIVES)

    def between(self, since: float, until: float) -> Record:
        """The part from the minute of `since` to that of `until`, in epoch seconds."""
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

    def recent(self, since: float, until: float) -> Record:
        """The same for a message: no more than an honest twin has of it."""
        told = self.between(since, until)
        decisions = {name: made[-_RECENT // 10 :] for name, made in told.decisions.items()}
        lives = _newest_lives(told.lives, _RECENT)
        return Record(told.looks, decisions, told.changes[-_RECENT:], lives)

    def story(self, since: float, until: float) -> Record:
        """The same, and for each boot that lived in it its role at the beginning."""
        told = self.between(since, until)
        first = int(since // 60) * 60_000
        before = {c.boot: c for c in self._changes if c.at_ms < first and c.boot in told.lives}
        return replace(told, changes=(*sorted(before.values()), *told.changes))

    def newest_look(self, target: str) -> Look | None:
        looks = self._looks.get(target)
        return looks[-1] if looks else None

    def lived_until(self, boot: str) -> float:
        """When this boot was last known to be awake, in epoch seconds; 0 if unknown."""
        life = self._lives.get(boot)
        return life.until if life else 0.0

    def twins(self) -> Record:
        """The part on the twins, without the targets."""
        return Record(changes=tuple(self._changes), lives=dict(self._lives))

    def forget(self, wall: float) -> None:
        """Drop all that is too old at `wall`, in epoch seconds."""
        oldest = int(wall) - KEPT_S
        for looks in self._looks.values():
            _drop(looks, oldest // 60)
        for decisions in self._decisions.values():
            _drop(decisions, oldest)
        _drop(self._changes, oldest * 1000)
        self._looks = {name: looks for name, looks in self._looks.items() if looks}
        self._decisions = {name: made for name, made in self._decisions.items() if made}
        kept_from = wall - LIVES_KEPT_S
        self._lives = {boot: life for boot, life in self._lives.items() if life.until >= kept_from}


def _merge_look(known: list[Look], look: Look) -> None:
    place = bisect_left(known, (look.minute,))
    if place < len(known) and known[place].minute == look.minute:
        known[place] = known[place].merge(look)
    else:
        known.insert(place, look)


def _insert(known: list[Timed], new: Iterable[Timed]) -> None:
    for each in new:
        place = bisect_left(known, each)
        if place == len(known) or known[place] != each:
            known.insert(place, each)


def _cut(known: list[Timed], first: int, end: int) -> tuple[Timed, ...]:
    return tuple(known[bisect_left(known, (first,)) : bisect_left(known, (end,))])


def _drop(known: list[Timed], before: int) -> None:
    del known[: bisect_left(known, (before,))]


# ---- how much of it


def _share(known: Mapping[str, list[Timed]], most: int) -> None:
    """Leave each target an equal share of `most`, if there are more."""
    if sum(map(len, known.values())) > most:
        for each in known.values():
            del each[: -(most // len(known))]


def _newest_lives(lives: Mapping[str, Life], most: int) -> dict[str, Life]:
    by_end = sorted(lives, key=lambda boot: lives[boot].until)
    return {boot: lives[boot] for boot in by_end[-most:]}


def _with_short_reason(told: Told) -> Told:
    return told._replace(because=shortened(told.because, WHY_BYTES))
