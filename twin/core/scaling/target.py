"""What can be scaled, whatever platform it is on."""

from dataclasses import dataclass
from typing import Protocol


class TargetError(Exception):
    """The target's platform did not do what it was asked; the text says what a person can do.

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
        """Whether repeating the request may help; else somebody has to change something."""
        self.retry_after_s = retry_after_s
        """How long the platform asks to be left alone; 0 if it does not say."""
        self.limit = limit
        """The most that the platform allows, if its refusal names it."""
        self.stands = stands
        """The quantity after a request that was accepted, and not done as it was asked."""

    def doubted(self) -> "TargetError":
        """The same, as one that may yet heal."""
        return TargetError(
            str(self),
            heals=True,
            retry_after_s=self.retry_after_s,
            limit=self.limit,
            stands=self.stands,
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """What a platform says of a target; by default only the number is known."""

    quantity: int
    """How many processes there should be now."""

    template: str = ""
    """A digest of all but the quantity. It changes with a deploy; empty if it cannot be told."""

    under_way: str = ""
    """Whose change is under way, in words. It must end before anything is written; else empty."""

    paused_at: float | None = None
    """Since when a change stands still that any write would set going again, in epoch seconds."""


class Target(Protocol):
    """One group of equal processes whose number can be changed."""

    @property
    def name(self) -> str:
        """For logs and pages: `my-app/web`."""

    def read(self) -> Reading:
        """The target as it stands. Raises TargetError."""

    def write(self, quantity: int) -> int:
        """Asks for `quantity` processes; returns what the platform says it is now.

        Raises TargetError.
        """

    def is_closed(self) -> bool:
        """Whether the platform shows visitors a maintenance page instead. Raises TargetError."""


class Counted(Target, Protocol):
    """A target on a platform that may count its requests; a read makes one, a write up to three."""

    @property
    def requests_left(self) -> int | None:
        """How many more the platform allows, by its last answer; None if it does not count."""
