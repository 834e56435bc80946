"""Alerts about a target or the pair, in sentences. Other modules decide when to send them.

No field may hold a secret: all of them are sent as they are.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

from twin.core.durations import format_duration


class Kind(Enum):
    """What has happened; the gravest first."""

    OUTAGE = "outage"
    """The target has begun to serve its visitors badly."""

    PEER_GONE = "peer gone"
    """The other twin has been away for longer than its host takes to start it again."""

    PEER_MISCONFIGURED = "peer misconfigured"
    """The two twins cannot talk to each other, and somebody has to change something."""

    REMINDER = "reminder"
    """The target still serves them badly."""

    TROUBLE = "trouble"
    """Something keeps the target from being scaled, and lasts or needs somebody."""

    RELIEF = "relief"
    """It no longer does."""

    RECOVERY = "recovery"
    """The target serves them well again."""

    PEER_BACK = "peer back"
    """The other twin is there again."""

    BY_HAND = "by hand"
    """Somebody else changed the quantity."""


_TITLES = {
    Kind.OUTAGE: "{target} is down",
    Kind.PEER_GONE: "The twin {target} is gone",
    Kind.PEER_MISCONFIGURED: "The twin {target} cannot be talked to",
    Kind.REMINDER: "{target} is still down",
    Kind.RECOVERY: "{target} is up again",
    Kind.TROUBLE: "{target} cannot be scaled",
    Kind.RELIEF: "{target} can be scaled again",
    Kind.PEER_BACK: "The twin {target} is back",
    Kind.BY_HAND: "{target} was scaled by hand",
}

_OPENINGS = {
    Kind.OUTAGE: "{target} has not served well since {since}.",
    Kind.PEER_GONE: "The twin {target} has been gone since {since}, for {lasted} now.",
    Kind.PEER_MISCONFIGURED: "The two twins cannot talk to each other since {since}, for {lasted} "
    "now.",
    Kind.REMINDER: "{target} has not served well since {since}, for {lasted} now.",
    Kind.RECOVERY: "{target} has served well again since {at}; it had not since {since}, "
    "for {lasted}.",
    Kind.TROUBLE: "{target} cannot be scaled since {since}.",
    Kind.RELIEF: "{target} can be scaled again; it could not since {since}, for {lasted}.",
    Kind.PEER_BACK: "The twin {target} is back at {at}; it had been away since {since}, "
    "for {lasted}.",
    Kind.BY_HAND: "The quantity of {target} was changed by somebody else, which was seen at {at}.",
}


@dataclass(frozen=True, slots=True)
class News:
    """One thing to tell. Times in epoch seconds; sentences without their full stop."""

    kind: Kind
    target: str
    """`my-app/web`; of the pair, the name of the twin that it is about."""

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
        return "\n".join([*self._sentences, told_by(self.twin, self.at)])

    @property
    def line(self) -> str:
        """All of it but who tells, in one line."""
        return " ".join(self._sentences)

    @property
    def _sentences(self) -> tuple[str, str, str]:
        opening = _OPENINGS[self.kind].format(
            target=self.target,
            at=utc(self.at),
            since=utc(self.since),
            # A clock that was set back in between must not show as a negative time.
            lasted=format_duration(max(0, int(self.at - self.since))),
        )
        return opening, f"Why: {self.because}.", f"Done: {self.done}."


def told_by(twin: str, at: float) -> str:
    return f"Told by the twin {twin} at {utc(at)}."


def utc(wall: float) -> str:
    return datetime.fromtimestamp(wall, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
