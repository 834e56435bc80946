"""What a twin knows of the pair: the highest claim, a ledger of slots, and memos. It only grows.

Hearing is merging. `merge` takes the greater of two claims and, for each job or key, of two entries
or memos, by a total order; so it is idempotent, commutative and associative, and a message that is
lost, doubled, late or out of order can do no harm.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum


@dataclass(frozen=True, slots=True, order=True)
class Claim:
    """Boot `boot` of twin `twin` takes the duty at `term`; later, perhaps, releases it.

    Ordered by term, equal terms by twin and boot; the same claim released is the greater, since a
    claim is released once and never taken back.
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
"""The lowest claim: nobody ever took the duty."""


class Fate(StrEnum):
    """What became of a slot."""

    SKIPPED = "skipped"
    RUNNING = "running"
    UNKNOWN = "unknown"
    """It was announced as running, and its twin died: started or not, it is not repeated."""
    FAILED = "failed"
    DONE = "done"
    CANCELLED = "cancelled"
    """Done, and the job asked not to be run again (`schedule.CancelJob`)."""

    @property
    def rank(self) -> int:
        """Started beats skipped, ended beats running, a word from its twin beats a guess."""
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
    late_ms: int = 0
    """How long after its slot it was started."""
    seconds: float = 0.0
    """How long it ran, once it ended."""
    why: str = ""
    """Why it was skipped, or how it failed."""

    @property
    def began_at(self) -> float:
        """When it was started, in seconds since the epoch; if it was skipped, its slot."""
        return self.slot + self.late_ms / 1000

    def beats(self, other: "Entry") -> bool:
        return self._order > other._order

    @property
    def _order(self) -> tuple[object, ...]:
        # What follows the boot never differs between honest messages; it makes the order total.
        rest = (self.twin, self.late_ms, self.seconds, self.why)
        return (self.slot, self.fate.rank, self.boot, *rest)


@dataclass(frozen=True, slots=True, order=True)
class Memo:
    """What whoever has the duty leaves for whoever has it next. The last word counts: that of the
    higher term, and in one term the later."""

    term: int
    """Of the claim under which it was written."""
    at_ms: int
    """When, in milliseconds since the epoch; later than any before it in its term."""
    twin: str
    text: str
    """As its reader wants it; the pair only carries it."""


PAUSE = "pause"
"""The memo that says why no job shall start; with an empty text, that they may again."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    claim: Claim = NOBODY
    ledger: Mapping[str, Entry] = field(default_factory=dict)
    """By the job's name."""
    memos: Mapping[str, Memo] = field(default_factory=dict)
    """By what they are about."""

    @property
    def paused(self) -> Memo | None:
        """Who paused the duty, when and why; None if it is not paused."""
        memo = self.memos.get(PAUSE)
        return memo if memo is not None and memo.text else None

    def merge(self, other: "Knowledge") -> "Knowledge":
        """What both together know; `self` itself if `other` adds nothing."""
        news = self.news_in(other)
        if not news.ledger and not news.memos and news.claim == self.claim:
            return self
        return Knowledge(
            news.claim,
            {**self.ledger, **news.ledger} if news.ledger else self.ledger,
            {**self.memos, **news.memos} if news.memos else self.memos,
        )

    def news_in(self, other: "Knowledge") -> "Knowledge":
        """The higher claim, and of the slots and memos those that `other` knows better."""
        return Knowledge(
            max(self.claim, other.claim),
            {job: entry for job, entry in other.ledger.items() if self._lacks(job, entry)},
            {key: memo for key, memo in other.memos.items() if self._lacks_memo(key, memo)},
        )

    def adds_to(self, other: "Knowledge", since: float = 0.0) -> bool:
        """Whether `other` would learn a slot or a memo from this, and not only of a job that it
        does not know, before `since`."""
        return any(
            other._lacks(job, entry) and (entry.slot >= since or job in other.ledger)
            for job, entry in self.ledger.items()
        ) or any(other._lacks_memo(key, memo) for key, memo in self.memos.items())

    def until(self, wall: float) -> "Knowledge":
        """This without the slots after `wall`: entries from a clock that runs ahead."""
        if all(entry.slot <= wall for entry in self.ledger.values()):
            return self
        kept = {job: entry for job, entry in self.ledger.items() if entry.slot <= wall}
        return replace(self, ledger=kept)

    def _lacks(self, job: str, entry: Entry) -> bool:
        known = self.ledger.get(job)
        # Nearly all are the very same: of 10,000 jobs few have a new slot.
        return known is not entry and (known is None or entry.beats(known))

    def _lacks_memo(self, key: str, memo: Memo) -> bool:
        known = self.memos.get(key)
        return known is None or memo > known
