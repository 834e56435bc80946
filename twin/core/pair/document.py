"""The one document that twins send each other: its sender, and the sender's knowledge.

Every request with a body and the first line of a watch carries all of it. Later lines, and the
answer to a call, leave out what the stream or the call contained. Fields have their names in JSON.
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
    boots: Mapping[str, str] = field(default_factory=dict)
    leaving: bool = False
    """Whether the twin is about to end; not if a newer boot of its app goes on."""
    retired: bool = False
    """Whether the sender retired for a newer boot of its app."""
    vouches: bool = False
    """Whether it also just heard that newer boot, which perhaps cannot be asked yet."""
    doubts: bool = False
    """Whether the sender is a standby in doubt, and could read no answer."""
    pleads: bool = False
    """Whether the sender holds the duty while the arbiter is silent: it asks the other twins to
    claim nothing for one lease."""
    confirms: str = ""
    """The boot to whose last such question the sender agreed."""
    running: tuple[str, ...] = ()
    """Names of the jobs that run in the sender's process now."""
    jobs_digest: str = ""
    """A digest of the scripts' jobs that the sender knows. The pair's rules do without it."""
    ticked_ago_s: float = 0.0
    """Seconds since the sender's scheduler last ticked: a span, since clocks may differ."""
    nonce: str | None = None
    """Of the question that this answers, empty if it had none: a cache would answer with that of an
    earlier question. None from a release that sends none."""
    recent: Record = field(default_factory=Record)
    """The history of the last minute. The rules of the pair do not use it."""
    protocol: int = PROTOCOL

    @property
    def knowledge(self) -> Knowledge:
        heard = Knowledge(boots={self.claim.twin: self.claim.boot} if self.claim.boot else {})
        sender = Knowledge(boots={self.twin: self.boot})
        told = Knowledge(self.claim, self.ledger, self.memos, self.boots)
        return told.merge(heard).merge(sender)

    @property
    def speaks_for_its_twin(self) -> bool:
        """False for a boot that retired, and still answers at the URL of its app."""
        return not self.retired

    @property
    def vouches_for_holder(self) -> bool:
        """Whether a newer boot of the sender's app has the highest claim, and lives."""
        claim = self.claim
        return self.vouches and claim.twin == self.twin and not claim.released

    @property
    def holds(self) -> bool:
        """Whether the sender says that it is on duty."""
        return self.role is Role.ON_DUTY

    def without(self, told: "Document") -> "Document":
        """This without what `told` contains: the line before it, or the call that it answers."""
        recent = replace(
            self.recent,
            looks=_news(self.recent.looks, told.recent.looks),
            decisions=_news(self.recent.decisions, told.recent.decisions),
        )
        ledger, memos = _news(self.ledger, told.ledger), _news(self.memos, told.memos)
        return replace(self, ledger=ledger, memos=memos, recent=recent)

    def after(self, told: "Document") -> "Document":
        """This with what it left out, because `told`, the line before, contained it.

        If a stream sends more than a twin can hold, the newest is kept.
        """
        memos = {**told.memos, **self.memos}
        return replace(
            self,
            ledger=newest({**told.ledger, **self.ledger}, ENTRIES),
            memos=memos if len(memos) <= MEMOS else self.memos,
        )


T = TypeVar("T")


def _news(known: Mapping[str, T], told: Mapping[str, T]) -> dict[str, T]:
    # Of 10,000 jobs nearly all are the same objects as before: identity is compared faster.
    return {
        key: value
        for key, value in known.items()
        if (old := told.get(key)) is not value and old != value
    }
