"""What one probe of the target tells about it.

A target is bad if visitors are badly served: it answers with anything but 200 to 299 (a redirect
too: a probe asks for the page itself), it answers late, or it does not answer. One that took the
connection and then says nothing is slow, however long it might go on; one that could not even be
connected to is unreachable, which may as well be the fault of our own connection. What to do about
it is not decided here but in `plan`.
"""

from dataclasses import dataclass
from enum import Enum


class Verdict(Enum):
    """How the target does, from one probe."""

    HEALTHY = "healthy"
    """Answered 200 to 299, in time and to the end."""

    SLOW = "slow"
    """Took the connection, and had not answered in full by PROBE_SLOW."""

    FAILING = "failing"
    """Answered something else than 200 to 299, at any speed; or broke its answer off."""

    UNREACHABLE = "unreachable"
    """Gave no answer: there was no connection, or it broke off before one."""

    UNKNOWN = "unknown"
    """Nothing was probed, or nothing can be said."""

    @property
    def is_bad(self) -> bool:
        return self in (Verdict.SLOW, Verdict.FAILING, Verdict.UNREACHABLE)


@dataclass(frozen=True, slots=True)
class Probe:
    """What one request to PROBE_URL saw."""

    status: int | None
    """The HTTP status; None if no answer came."""

    elapsed_s: float
    """Whole seconds and their fraction, from before the connection to the end of the answer."""

    failure: str | None = None
    """Why there was no answer, or not all of one, for people to read."""

    hangs: bool = False
    """It was given up on, connected, with its answer still to come."""

    def __str__(self) -> str:
        """For a sentence: `503 after 0.1 s`, or why there was no answer."""
        if self.status is None:
            return self.failure or "no answer"
        cut = f", {self.failure}" if self.failure else ""
        return f"{self.status} after {self.elapsed_s:.1f} s{cut}"


def judge(probe: Probe | None, slow_s: float) -> Verdict:
    """The verdict on one probe; None is one that was not made."""
    if probe is None:
        return Verdict.UNKNOWN
    if probe.status is not None and not 200 <= probe.status <= 299:
        return Verdict.FAILING
    if probe.hangs:
        return Verdict.SLOW
    if probe.status is None:
        return Verdict.UNREACHABLE
    if probe.elapsed_s > slow_s:
        return Verdict.SLOW
    return Verdict.FAILING if probe.failure else Verdict.HEALTHY


def was_fast(probe: Probe, fast_s: float) -> bool:
    """Whether it answered well, and faster than PROBE_FAST: a target with room to spare."""
    return judge(probe, fast_s) is Verdict.HEALTHY and probe.elapsed_s < fast_s
