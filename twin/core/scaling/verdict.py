"""What one probe of the target tells about it; `plan` decides what follows.

A target is bad if visitors are badly served: it answers with anything but 200 to 299 (a redirect
too: a probe asks for the page itself), it answers late, or not at all. A target that takes the
connection and then says nothing is slow, however long it might go on. One that cannot even be
connected to is unreachable, which may as well be the fault of our own line.

More processes mend what comes of too much work: slowness, server errors (5xx), refused connections,
408, 425 and 429. They do not mend what any number of processes would answer alike: all other
statuses of 300 and more, a name that is not found, an invalid certificate, and a 503 that asks to
wait for longer than a process takes to boot, which is a maintenance page.
"""

from dataclasses import dataclass
from enum import Enum

BOOT_S = 75.0
"""New processes have this long to boot: Heroku's router holds a request for as long."""
_BUSY = (408, 425, 429)


class Verdict(Enum):
    HEALTHY = "healthy"
    """Answered 200 to 299, in time and to the end."""
    SLOW = "slow"
    """Took the connection, and had not answered in full by PROBE_SLOW."""
    FAILING = "failing"
    """Answered anything but 200 to 299, at any speed; or broke its answer off."""
    UNREACHABLE = "unreachable"
    """There was no connection, or it broke off before an answer."""
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
    """From before the connection to the end of the answer."""
    failure: str | None = None
    """Why there was no answer, or not all of one, for people to read."""
    hangs: bool = False
    """It was given up on while it was connected and its answer still to come."""
    is_astray: bool = False
    """It failed before it reached a process: by the target's name or its certificate."""
    retry_after_s: float = 0.0
    """How long the answer asks to wait; 0 if it does not say."""

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


def more_may_help(probe: Probe) -> bool:
    """Whether more processes may mend what the probe, a bad one, saw."""
    status = probe.status
    if status is None:
        return not probe.is_astray
    if status == 503:
        return probe.retry_after_s <= BOOT_S
    return status >= 500 or status < 300 or status in _BUSY
