"""What one step of scaling leaves to the next, whichever twin makes it."""

from dataclasses import dataclass, replace

from twin.core.scaling.target import TargetError
from twin.core.scaling.verdict import BOOT_S

_BELIEVED_LOOKS = 3
"""So many bad looks in a row are an outage even while new processes start beside older ones."""
_LIMIT_S = 3600.0
"""How long a limit of the platform is believed: somebody may have paid for more."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Times in epoch seconds. Of a target that nobody has looked at yet: the default.

    A time ahead of a clock that was set back counts as now, or as over.
    """

    quantity: int | None = None
    """As it was last read, or set by us."""

    wanted: int | None = None
    """What it is about to be set to. Known before it is done, so that a twin that ends in between
    is not mistaken for somebody who scales by hand."""

    boots_until: float = 0.0
    """Until then new processes may be starting."""

    boots_all: bool = False
    """Whether there is no older process beside those that start."""

    bad_looks: int = 0
    """How many in a row were bad."""

    template: str = ""
    """Of the last reading: see `Reading`."""

    deployed_at: float = 0.0
    """When a deploy was last seen to change the quantity."""

    limit: int | None = None
    """The most that the platform allows; believed until `limit_until`."""

    limit_until: float = 0.0
    limit_why: str = ""
    """Its refusal, in words."""

    hand: int | None = None
    """What somebody else set last; it stands until `respected_until`."""

    hand_since: float = 0.0
    respected_until: float = 0.0

    verdict: str = "unknown"
    """Of the last look."""

    quiet_since: float | None = None
    """The last outage or step in; if there was none, the first look."""

    calm_since: float | None = None
    """The first of the fast answers that have not been interrupted since; a step in begins anew."""

    well_since: float | None = None
    """The first of the good answers that have not been interrupted since."""

    before: int | None = None
    """The quantity from before the fail-safe; None if what stands now is not its doing."""

    outage_since: float | None = None
    told_at: float | None = None
    """When people were last told of the outage."""

    trouble: str = ""
    """Why the platform did not do what it was asked last; empty if it did."""

    trouble_since: float = 0.0
    trouble_logged_at: float = 0.0
    trouble_told_at: float | None = None

    reason: str = ""
    """Of the last plan."""

    would: int | None = None
    """In a dry run, what the last plan would have set."""

    month: str = ""
    """`2026-11`, in UTC: of what is saved."""

    saved_s: float = 0.0
    """Seconds of a process that did not run, though SCALE_MAX would have had it run."""

    counted_at: float = 0.0
    """Up to when they are counted."""

    def is_booting(self, wall: float) -> bool:
        return 0 < self.boots_until - wall <= BOOT_S

    def doubts(self, wall: float) -> bool:
        """Whether bad answers may be those of processes that are just starting."""
        return self.is_booting(wall) and (self.boots_all or self.bad_looks < _BELIEVED_LOOKS)

    def respects(self, wall: float, respect_s: float) -> bool:
        return self.hand is not None and 0 < self.respected_until - wall <= respect_s

    def allowed(self, wall: float) -> int | None:
        """The most that the platform allows; None if it has not said so lately."""
        return self.limit if 0 < self.limit_until - wall <= _LIMIT_S else None

    def with_limit(self, refusal: TargetError, wall: float) -> "Memory":
        return replace(
            self, limit=refusal.limit, limit_until=wall + _LIMIT_S, limit_why=str(refusal)
        )

    def with_quantity(self, quantity: int, wall: float) -> "Memory":
        """As it stands after a change of ours, or the first start from 0: they need to boot."""
        if self.quantity is None or quantity <= self.quantity:
            return replace(self, quantity=quantity, wanted=None)
        from_none = self.quantity == 0 or (self.boots_all and self.is_booting(wall))
        return replace(
            self,
            quantity=quantity,
            wanted=None,
            boots_until=wall + BOOT_S,
            boots_all=from_none,
        )
