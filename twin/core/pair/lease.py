"""What a twin in strict mode knows of its lease, of the arbiter and of the other twins."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf

from twin.core.pair.arbiter import Member, Op, Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """All times are `Moment.mono` unless they say otherwise."""

    length_s: float
    goes_on: bool = False
    """`ARBITER_DOWN=pair`: while the arbiter is silent, two twins may act, but none stops."""

    # the arbiter's last answer
    record: Record | None = None
    members: tuple[Member, ...] = ()
    counted: tuple[Member, ...] = ()
    """The other twins that its record at the arbiter may know: those of its last granted question,
    and of each one since."""
    ends_at: float = inf
    """When the record's lease is over; without a record, every lease from before."""
    heard_at: float | None = None
    """When the last question that it answered was sent."""
    superseded: bool = False
    """A newer boot of this twin is in the list."""
    silent_why: str = ""
    """Why the last question brought no answer; empty if it did."""

    # questions
    asking: Op | None = None
    """Underway; a START or RELEASE does not count."""
    asked_at: float = 0.0
    ask_at: float = -inf
    """When to ask next."""
    yields_until: float = -inf
    """Until when this twin leaves the duty to the one to whom it gave it."""

    # R1: how long this twin trusts itself
    trusted_until: float = -inf
    floor: int = 0
    """`Record.floor` of its lease."""
    expires_ms: int = 0
    """When its lease ends by the arbiter's clock."""

    follows_expired: bool = False
    """The lease before its own was over: whatever ran under it has been killed."""
    lets_end: bool = False
    """It gave the duty away while it trusted itself: what it runs may take its time to end."""

    # R2: going on without the arbiter
    confirmed: Mapping[str, float] = field(default_factory=dict)
    """By boot that confirmed: when its question was sent."""
    told_at: Mapping[str, float] = field(default_factory=dict)
    """By job started while the arbiter is silent: when its slot entered the ledger."""
    plead_at: float = inf
    unentered: bool = False
    """The arbiter may not know all that was started, as far as this twin does."""
    entering: float = -inf
    """When it was told of that last."""

    # R3: what this twin has promised
    promised_to: str = ""
    """The holder's boot."""
    promised_until: float = -inf
    confirms: str = ""
    """The boot whose last question this twin confirmed; empty if it refused."""

    # R4: whether the own URL leads to this boot
    front_since: float | None = None
    front_at: float = -inf
    """When it was last found to."""
    own_at: float = -inf
    """When to ask there next."""

    @property
    def is_silent(self) -> bool:
        return bool(self.silent_why)

    @property
    def awaits_word(self) -> bool:
        """Whether the arbiter has not answered yet, nor has an answer failed to come."""
        return self.heard_at is None and not self.is_silent

    def is_trusted(self, now: float) -> bool:
        return now < self.trusted_until

    def others(self, twin: str) -> tuple[Member, ...]:
        return tuple(member for member in self.members if member.twin != twin)
