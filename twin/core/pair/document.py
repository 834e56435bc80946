"""The one document that twins send each other: who speaks, and all that it knows.

Every request with a body, every answer and the first line of a watch carries all of it; the lines
that follow leave out what this stream has told. Field names are those of the JSON.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TypeVar

from twin.core.pair.bounds import ENTRIES, MEMOS, newest
from twin.core.pair.history import Record
from twin.core.pair.knowledge import Claim, Entry, Knowledge, Memo

PROTOCOL = 1


class Role(StrEnum):
    WAKING = "waking"
    CLAIMING = "claiming"
    ON_DUTY = "on_duty"
    STANDBY = "standby"
    LEAVING = "leaving"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    twin: str
    boot: str
    url: str | None
    role: Role
    claim: Claim
    ledger: Mapping[str, Entry]
    memos: Mapping[str, Memo] = field(default_factory=dict)
    leaving: bool = False
    """Whether the twin is about to be gone. Not when a newer boot of it goes on."""
    retired: bool = False
    """Whether the sender made way for a newer boot of its app."""
    vouches: bool = False
    """Whether it also has just heard that newer boot, which perhaps cannot be asked yet."""
    doubts: bool = False
    """Whether the sender stands by, knows nobody on duty, and gets no answer that it can read."""
    running: tuple[str, ...] = ()
    """Names of the jobs that run in the sender's process now."""
    ticked_ago_s: float = 0.0
    """Seconds since the sender's scheduler last ticked: a span, since clocks may differ."""
    nonce: str | None = None
    """Of the question that this answers, empty if it had none: a cache would answer with that of an
    earlier question. None from a release that tells none."""
    recent: Record = field(default_factory=Record)
    """What happened in the last minute. The pair's rules do without it."""
    protocol: int = PROTOCOL

    @property
    def knowledge(self) -> Knowledge:
        return Knowledge(self.claim, self.ledger, self.memos)

    @property
    def speaks_for_its_twin(self) -> bool:
        """Not so a boot that made way for a newer one, and still answers at their URL."""
        return not self.retired

    @property
    def vouches_for_holder(self) -> bool:
        """Whether a newer boot of the sender's app holds the duty, and is alive."""
        claim = self.claim
        return self.vouches and claim.twin == self.twin and not claim.released

    @property
    def holds(self) -> bool:
        """Whether the sender says that it is on duty."""
        return self.role is Role.ON_DUTY

    def without(self, told: "Document") -> "Document":
        """This without what `told`, an earlier one of the same stream, had already."""
        recent = replace(
            self.recent,
            looks=_news(self.recent.looks, told.recent.looks),
            decisions=_news(self.recent.decisions, told.recent.decisions),
        )
        ledger, memos = _news(self.ledger, told.ledger), _news(self.memos, told.memos)
        return replace(self, ledger=ledger, memos=memos, recent=recent)

    def after(self, told: "Document") -> "Document":
        """The whole knowledge of which this tells what is new since `told`.

        Of a stream that tells more than a twin can hold, what is newest.
        """
        memos = {**told.memos, **self.memos}
        return replace(
            self,
            ledger=newest({**told.ledger, **self.ledger}, ENTRIES),
            memos=memos if len(memos) <= MEMOS else self.memos,
        )


T = TypeVar("T")


def _news(known: Mapping[str, T], told: Mapping[str, T]) -> dict[str, T]:
    # Of 10,000 jobs nearly all are the very same as before, which is sooner seen than their values.
    return {
        key: value
        for key, value in known.items()
        if (old := told.get(key)) is not value and old != value
    }
