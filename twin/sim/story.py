"""The events of a world, in readable lines."""

from collections import deque
from datetime import UTC, datetime

LINES_KEPT = 4_000
"""Enough for the hour before a broken promise."""


class Story:
    def __init__(self) -> None:
        self.lines: deque[tuple[float, str, str, str]] = deque(maxlen=LINES_KEPT)
        """When (true time), who, what and why."""

    def tell(self, at: float, who: str, what: str, why: str = "") -> None:
        self.lines.append((at, who, what, why))

    def __str__(self) -> str:
        return "\n".join(self._line(*line) for line in self.lines)

    @staticmethod
    def _line(at: float, who: str, what: str, why: str) -> str:
        clock = datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S.%f")[:-3]
        return f"{clock}  {who:<18} {what}{': ' + why if why else ''}"
