"""What a twin knows of the pair: the highest claim, a ledger of slots, memos, the newest boots.

A twin merges what it hears. `merge` takes the greater of two claims and, for each job, key or app,
of two entries, memos or boots, by a total order. So it is idempotent, commutative and associative,
and a message that is lost, doubled, late or out of order does no harm.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum


@dataclass(frozen=True, slots=True, order=True)
class Claim:
    """Boot `boot` of twin `twin` takes the duty at `term`; later, perhaps, releases it.

    Ordered by term, then twin, then boot. The same claim released is the greater: a release is
    never taken back.
    """

    term: int = 0
    twin: str = ""
    boot: str = ""
    released: bool = False

    def is_by(self, twin: str, boot: str) -> bool:
        return (self.twin, self.boot) == (twin, boot)

    def is_the_same_as(self, other: "Claim") -> bool:
        """Whether both are one claim, released or not."""
        return (self.term, self.twin, self.boot) == (other.term, other.twin, other.boot)


NOBODY = Claim()
"""The lowest claim: nobody has ever taken the duty."""


class Fate(StrEnum):
    """What became of a slot."""

    SKIPPED = "skipped"
    RUNNING = "running"
    UNKNOWN = "unknown"
    """It was announced as running, and its twin died, or no twin has a record of it. Started or
    not, it is not repeated."""
    FAILED = "failed"
    DONE = "done"
    CANCELLED = "cancelled"
    """Done, and the job asked not to run again (`schedule.CancelJob`)."""

    @property
    def rank(self) -> int:
        """Started beats skipped, ended beats running, a report of its twin beats a guess."""
        return _RANKS[self]


_RANKS = {fate: rank for rank, fate in enumerate(Fate)}


@dataclass(frozen=True, slots=True)
class Entry:
    """The newest slot of one job, and what became of it."""

    slot: int
    """The scheduled time, in seconds since the epoch."""
    fate: Fate
    twin: str
    boot: str
    """Of the twin that recorded it; both are empty if no twin has a record of the job up to this
    slot, which then only says where counting begins."""
    late_ms: int = 0
    """How long after its slot it was started."""
    seconds: float = 0.0
    """How long it ran, if it has ended."""
    why: str = ""
    """Why it was skipped, or how it failed."""

    @property
    def began_at(self) -> float:
        """When it started, in seconds since the epoch; if it was skipped, its slot."""
        return self.slot + self.late_ms / 1000

    @property
    def is_unrecorded(self) -> bool:
        return not self.boot

    def beats(self, other: "Entry") -> bool:
        return self._order > other._order

    @property
    def _order(self) -> tuple[object, ...]:
        # The fields after the boot never differ between honest messages; they make the order total.
        rest = (self.twin, self.late_ms, self.seconds, self.why)
        return (self.slot, bool(self.boot), self.fate.rank, self.boot, *rest)


@dataclass(frozen=True, slots=True, order=True)
class Memo:
    """A text that one holder leaves for the next. The last one counts: that of the higher term, and
    within a term the later."""

    term: int
    """Of the claim under which it was written."""
    at_ms: int
    """When, in milliseconds since the epoch; later than any before it in its term."""
    twin: str
    text: str
    """In its reader's format; the pair only carries it."""


PAUSE = "pause"
"""The memo that says why no job starts; an empty text ends the pause."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    claim: Claim = NOBODY
    ledger: Mapping[str, Entry] = field(default_factory=dict)
    """By the job's name."""
    memos: Mapping[str, Memo] = field(default_factory=dict)
    """By key."""
    boots: Mapping[str, str] = field(default_factory=dict)
    """By twin, the newest boot of it that anybody heard."""

    @property
    def paused(self) -> Memo | None:
        """The memo of the pause: its author, time and reason. None if the duty is not paused."""
        memo = self.memos.get(PAUSE)
        return memo if memo is not None and memo.text else None

    def merge(self, other: "Knowledge") -> "Knowledge":
        """The knowledge of both; `self` itself if `other` adds nothing."""
        news = self.news_in(other)
        if news.claim == self.claim and not (news.ledger or news.memos or news.boots):
            return self
        return Knowledge(
            news.claim,
            {**self.ledger, **news.ledger} if news.ledger else self.ledger,
            {**self.memos, **news.memos} if news.memos else self.memos,
            {**self.boots, **news.boots} if news.boots else self.boots,
        )

    def news_in(self, other: "Knowledge") -> "Knowledge":
        """The higher claim, and the entries and memos that `other` knows better."""
        return Knowledge(
            max(self.claim, other.claim),
            {job: entry for job, entry in other.ledger.items() if self._lacks(job, entry)},
            {key: memo for key, memo in other.memos.items() if self._lacks_memo(key, memo)},
            {twin: boot for twin, boot in other.boots.items() if boot > self.boots.get(twin, "")},
        )

    def adds_to(self, other: "Knowledge", since: float = 0.0) -> bool:
        """Whether `other` would learn an entry or a memo from this. An entry from before `since`
        does not count if `other` does not know its job."""
        return any(
            other._lacks(job, entry) and (entry.slot >= since or job in other.ledger)
            for job, entry in self.ledger.items()
        ) or any(other._lacks_memo(key, memo) for key, memo in self.memos.items())

    def until(self, wall: float) -> "Knowledge":
        """This without the slots after `wall`, which are from a clock that ran ahead."""
        if all(entry.slot <= wall for entry in self.ledger.values()):
            return self
        kept = {job: entry for job, entry in self.ledger.items() if entry.slot <= wall}
        return replace(self, ledger=kept)

    def _lacks(self, job: str, entry: Entry) -> bool:
        known = self.ledger.get(job)
        # Nearly all are the same objects: of 10,000 jobs few have a new slot.
        return known is not entry and (known is None or entry.beats(known))

    def _lacks_memo(self, key: str, memo: Memo) -> bool:
        known = self.memos.get(key)
        return known is None or memo > known
