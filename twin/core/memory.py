"""What one step of scaling leaves to the next, whichever twin makes it."""

from dataclasses import dataclass, replace

BOOT_S = 75.0
"""New processes have this long to start: Heroku's router holds a request for as long."""


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
    """Until then new processes may be starting, and nothing is concluded from bad answers."""

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

    def respects(self, wall: float, respect_s: float) -> bool:
        return self.hand is not None and 0 < self.respected_until - wall <= respect_s

    def with_quantity(self, quantity: int, wall: float) -> "Memory":
        """As it stands after a change of ours, or the first start from 0: they need to boot."""
        grew = self.quantity is not None and quantity > self.quantity
        boots_until = wall + BOOT_S if grew else self.boots_until
        return replace(self, quantity=quantity, wanted=None, boots_until=boots_until)
