"""What can be scaled, on any platform."""

from dataclasses import dataclass
from typing import Protocol

AGAIN = "it is tried again by itself"
"""How the text of an error that heals ends."""


class TargetError(Exception):
    """The platform did not do what it was asked. The text says what a person can do.

    Never holds a credential.
    """

    def __init__(
        self,
        text: str,
        *,
        heals: bool,
        retry_after_s: float = 0.0,
        limit: int | None = None,
        stands: int | None = None,
    ) -> None:
        super().__init__(text)
        self.heals = heals
        """Whether repeating the request may help; else somebody has to act."""
        self.retry_after_s = retry_after_s
        """How long the platform asks to wait; 0 if it does not say."""
        self.limit = limit
        """The most that the platform allows, if its refusal says so."""
        self.stands = stands
        """The quantity after a request that was accepted, but not carried out as asked."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a platform says of a target; by default it only tells the number."""

    quantity: int
    """How many processes there should be now."""
    template: str = ""
    """A digest of everything but the quantity, which a deploy changes; empty if unknown."""
    under_way: str = ""
    """A change by somebody else that must end before anything is written, in words; else empty."""
    paused_at: float | None = None
    """Since when (epoch seconds) a change is paused that any write would resume."""
    rival: str = ""
    """Which other autoscaler changes the quantity, and how to turn it off; else empty."""
    most: int | None = None
    """The most that the platform allows this target; None if it does not say."""


class Target(Protocol):
    """One group of equal processes whose number can be changed. All calls may raise TargetError."""

    @property
    def name(self) -> str:
        """For logs and pages: `my-app/web`."""

    def read(self) -> Reading:
        """The target as it stands."""

    def write(self, quantity: int) -> int:
        """Asks for `quantity` processes; returns how many the platform then says there are."""

    def is_closed(self) -> bool:
        """Whether the platform shows visitors a maintenance page instead."""


class Counted(Target, Protocol):
    """A target on a platform that may count its requests; a write makes up to four."""

    @property
    def requests_left(self) -> int | None:
        """By the platform's last answer; None if it does not count."""

    def inspect(self) -> Reading:
        """As `read`, with all that the platform can tell without changing anything.

        Also looks for another autoscaler, and whether this twin is permitted to scale.
        """
