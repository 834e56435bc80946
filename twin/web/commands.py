"""What the page shows and asks of the commands that run on duty."""

from typing import Any, Protocol


class Commands(Protocol):
    def status(self) -> list[dict[str, Any]]:
        """A row for each."""

    def restart(self, name: str) -> str:
        """Start it anew. Why that cannot be done now; empty if it can."""


class NoCommands:
    def status(self) -> list[dict[str, Any]]:
        return []

    def restart(self, name: str) -> str:
        return f"there is no command {name}"
