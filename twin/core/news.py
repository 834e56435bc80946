"""What people are told of the target, in sentences. When to tell is not decided here.

No field may hold a secret: all of them are sent as they are.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

from twin.core.durations import format_duration


class Kind(Enum):
    """What has happened."""

    OUTAGE = "outage"
    """The target has begun to serve its visitors badly."""

    REMINDER = "reminder"
    """It still does."""

    RECOVERY = "recovery"
    """It no longer does."""

    TROUBLE = "trouble"
    """Something keeps the target from being scaled, and lasts or needs somebody."""

    RELIEF = "relief"
    """It no longer does."""

    BY_HAND = "by hand"
    """Somebody else changed the quantity."""


_TITLES = {
    Kind.OUTAGE: "{target} is down",
    Kind.REMINDER: "{target} is still down",
    Kind.RECOVERY: "{target} is up again",
    Kind.TROUBLE: "{target} cannot be scaled",
    Kind.RELIEF: "{target} can be scaled again",
    Kind.BY_HAND: "{target} was scaled by hand",
}

_OPENINGS = {
    Kind.OUTAGE: "{target} has not served well since {since}.",
    Kind.REMINDER: "{target} has not served well since {since}, for {lasted} now.",
    Kind.RECOVERY: "{target} has served well again since {at}; it had not since {since}, "
    "for {lasted}.",
    Kind.TROUBLE: "{target} cannot be scaled since {since}.",
    Kind.RELIEF: "{target} can be scaled again; it could not since {since}, for {lasted}.",
    Kind.BY_HAND: "The quantity of {target} was changed by somebody else, which was seen at {at}.",
}


@dataclass(frozen=True, slots=True)
class News:
    """One thing to tell. Times in epoch seconds; sentences without their full stop."""

    kind: Kind
    target: str
    """`my-app/web`."""

    twin: str
    """Which of the two tells."""

    at: float
    """Now."""

    since: float
    """When it began: of a recovery, when the outage did."""

    because: str
    """`503 after 0.1 s`; for TROUBLE with the remedy."""

    done: str
    """What was done about it: `scaled from 1 to 3`."""

    @property
    def title(self) -> str:
        return _TITLES[self.kind].format(target=self.target)

    @property
    def body(self) -> str:
        """A few lines of plain text, a sentence or more in each."""
        opening = _OPENINGS[self.kind].format(
            target=self.target,
            at=_utc(self.at),
            since=_utc(self.since),
            # A clock that was set back in between must not show as a negative time.
            lasted=format_duration(max(0, int(self.at - self.since))),
        )
        told = f"Told by the twin {self.twin} at {_utc(self.at)}."
        return "\n".join([opening, f"Why: {self.because}.", f"Done: {self.done}.", told])


def _utc(wall: float) -> str:
    return datetime.fromtimestamp(wall, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
