"""What can be scaled, whatever platform it is on."""

from typing import Protocol


class TargetError(Exception):
    """The target's platform did not do what it was asked; the text says what a person can do.

    Never holds a credential.
    """

    def __init__(self, text: str, *, heals: bool, retry_after_s: float = 0.0) -> None:
        super().__init__(text)
        self.heals = heals
        """Whether repeating the request may help; else somebody has to change something."""
        self.retry_after_s = retry_after_s
        """How long the platform asks to be left alone; 0 if it does not say."""


class Target(Protocol):
    """One group of equal processes whose number can be changed."""

    @property
    def name(self) -> str:
        """For logs and pages: `my-app/web`."""

    def read(self) -> int:
        """How many processes there should be now. Raises TargetError."""

    def write(self, quantity: int) -> int:
        """Asks for `quantity` processes; returns what the platform says it is now.

        Raises TargetError.
        """


class Counted(Target, Protocol):
    """A target on a platform that may count its requests; each call makes one request or two."""

    @property
    def requests_left(self) -> int | None:
        """How many more the platform allows, by its last answer; None if it does not count."""
