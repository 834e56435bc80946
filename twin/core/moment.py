"""A moment, as the core sees it."""

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Moment:
    """One reading of the two clocks, taken together.

    Slots and terms count in `wall`, because both twins share it. Timers count in `mono`: a wall
    clock that is set back an hour must not stop the pair for an hour.
    """

    wall: float
    """Seconds since the epoch, UTC. May jump either way."""

    mono: float
    """Seconds since some fixed point. Never goes back, and runs on while the machine is
    suspended."""


def iso(wall: float) -> str:
    """Seconds since the epoch as `2026-11-21T02:10:00Z`."""
    return datetime.fromtimestamp(int(wall), UTC).isoformat().replace("+00:00", "Z")
