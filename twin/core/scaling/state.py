"""What one step of scaling leaves to the next, whichever twin makes it."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from twin.core.scaling.target import TargetError
from twin.core.scaling.verdict import BOOT_S

_BELIEVED_LOOKS = 3
"""So many bad looks in a row are an outage even while new processes boot beside older ones."""
_LIMIT_S = 3600.0
"""How long a limit of the platform is believed: somebody may have paid for more."""
_GAP_S = 3600.0
"""After so long without a look, nobody knows how many processes ran, and nothing is counted."""
_COUNT_EVERY_S = 300.0
"""Savings can be counted from an older state, too: they alone are not worth sending each time."""


def key_of(target: str) -> str:
    """Of the memo that carries the state from one twin to the next."""
    return f"scale {target}"


@dataclass(frozen=True, slots=True)
class ScalingState:
    """Times in epoch seconds. By default that of a target that nobody has looked at yet.

    A time ahead of a clock that was set back counts as now, or as over.
    """

    quantity: int | None = None
    """As last read, or set by us."""
    wanted: int | None = None
    """What it is about to be set to. Written before it is done, so that a twin that dies in between
    is not mistaken for a manual change."""
    boots_until: float = 0.0
    """Until then new processes may be booting."""
    boots_all: bool = False
    """Whether there is no older process beside those that boot."""
    bad_looks: int = 0
    """Number of bad looks in a row."""
    template: str = ""
    """Of the last reading: see `Reading`."""
    deployed_at: float = 0.0
    """When a deploy was last seen to change the quantity."""
    limit: int | None = None
    """The most that the platform allows; believed until `limit_until`."""
    limit_until: float = 0.0
    limit_why: str = ""
    """The platform's refusal."""
    hand: int | None = None
    """The last manual quantity; it stands until `respected_until`."""
    hand_since: float = 0.0
    respected_until: float = 0.0
    verdict: str = "unknown"
    """Of the last look."""
    quiet_since: float | None = None
    """The last outage or step in; if there was none, the first look."""
    calm_since: float | None = None
    """The first of an unbroken row of fast answers; a step in begins a new row."""
    well_since: float | None = None
    """The first of an unbroken row of good answers."""
    before: int | None = None
    """The quantity from before the fail-safe; None if the present one is not its doing."""
    outage_since: float | None = None
    told_at: float | None = None
    """When people were last alerted of the outage."""
    trouble: str = ""
    """What keeps the platform from doing what it was asked last; empty if nothing does."""
    trouble_since: float = 0.0
    trouble_logged_at: float = 0.0
    trouble_told_at: float | None = None
    reason: str = ""
    """Of the last plan."""
    would: int | None = None
    """In a dry run, what the last plan would have set."""
    month: str = ""
    """`2026-11`, in UTC: the month of `saved_s`."""
    saved_s: float = 0.0
    """Process-seconds saved against SCALE_MAX."""
    counted_at: float = 0.0

    def is_booting(self, wall: float) -> bool:
        return 0 < self.boots_until - wall <= BOOT_S

    def doubts(self, wall: float) -> bool:
        """Whether bad answers may come from processes that are just booting."""
        return self.is_booting(wall) and (self.boots_all or self.bad_looks < _BELIEVED_LOOKS)

    def respects(self, wall: float, respect_s: float) -> bool:
        return self.hand is not None and 0 < self.respected_until - wall <= respect_s

    def allowed(self, wall: float) -> int | None:
        """The most that the platform allows; None if it has not said so lately."""
        return self.limit if 0 < self.limit_until - wall <= _LIMIT_S else None

    def with_limit(self, refusal: TargetError, wall: float) -> "ScalingState":
        until = wall + _LIMIT_S
        return replace(self, limit=refusal.limit, limit_until=until, limit_why=str(refusal))

    def with_quantity(self, quantity: int, wall: float) -> "ScalingState":
        """After a change of ours, or the first start from 0: new processes need to boot."""
        after = replace(self, quantity=quantity, wanted=None)
        if self.quantity is None or quantity <= self.quantity:
            return after
        from_none = self.quantity == 0 or (self.boots_all and self.is_booting(wall))
        return replace(after, boots_until=wall + BOOT_S, boots_all=from_none)

    def counted(self, most: int, wall: float) -> "ScalingState":
        """With the savings against `most` processes since the last count, by calendar month (UTC).

        More than `most` cost instead of saving. A few minutes at the turn of a month count for the
        new one.
        """
        month = datetime.fromtimestamp(wall, UTC).strftime("%Y-%m")
        saved_s = self.saved_s if month == self.month else 0.0
        passed_s = wall - self.counted_at
        if self.quantity is not None and 0 < passed_s <= _GAP_S:
            saved_s += (most - self.quantity) * passed_s
        return replace(self, month=month, saved_s=saved_s, counted_at=wall)

    def is_worth_writing(self, before: "ScalingState") -> bool:
        since = before.counted_at
        counted = replace(self, month=before.month, saved_s=before.saved_s, counted_at=since)
        return counted != before or not 0 <= self.counted_at - since < _COUNT_EVERY_S
