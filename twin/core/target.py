"""What can be scaled, whatever platform it is on."""

from typing import Protocol


class TargetError(Exception):
    """The target's platform did not do what it was asked; the text says what a person can do.

    Never holds a credential.
    """

    def __init__(self, text: str, *, heals: bool) -> None:
        super().__init__(text)
        self.heals = heals
        """Whether repeating the request may help; else somebody has to change something."""


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
