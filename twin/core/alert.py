"""The content of an alert. Other modules decide when to send one.

No field may hold a secret: all of them are sent unmasked.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum

from twin.core.durations import format_duration


class Severity(Enum):
    """The gravest first, in Apprise's words, which some services show as a colour."""

    FAILURE = "failure"
    WARNING = "warning"
    SUCCESS = "success"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Alert:
    title: str
    body: str
    """Plain text: a few lines, with a sentence or more in each."""
    severity: Severity
    about: str = ""
    """A target or a twin. A newer alert about the same one makes this one obsolete."""

    def with_line(self, line: str) -> "Alert":
        return replace(self, body=f"{self.body}\n{line}")

    @property
    def line(self) -> str:
        """The body in one line."""
        return self.body.replace("\n", " ")


def utc(wall: float) -> str:
    return datetime.fromtimestamp(wall, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def since(began: float, wall: float) -> str:
    """`since 2026-11-21 02:10:00 UTC, for 1h5m`."""
    lasted_s = int(wall - began)
    return f"since {utc(began)}" + (f", for {format_duration(lasted_s)}" if lasted_s > 0 else "")
