"""What one step sees of a target, and the settings by which it is judged."""

from collections.abc import Sequence
from dataclasses import dataclass

from twin.core.scaling.target import Reading
from twin.core.scaling.verdict import Probe, Verdict, judge, more_may_help, was_fast


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings that a target is scaled by; `fast_s` is less than `slow_s`."""

    max_quantity: int = 3
    """SCALE_MAX: the fail-safe's quantity, and the ceiling."""

    slow_s: float = 5.0
    """PROBE_SLOW: an answer that takes longer is as bad as none."""

    fast_s: float = 1.0
    """PROBE_FAST: answers under it show that there are processes to spare."""

    window_s: float = 600.0
    """SCALE_WINDOW: how long it must have gone well before scaling in. Ten minutes, as a process
    that is started and stopped more often costs more trouble than it saves."""

    respect_s: float = 900.0
    """SCALE_RESPECT: how long a quantity that somebody set by hand is left alone."""


@dataclass(frozen=True, slots=True)
class Observation:
    """All that one step saw."""

    wall: float
    """When, in epoch seconds."""

    reading: Reading | None
    """What the platform says; None if it could not be asked."""

    level: int | None
    """What the timetable says; None without one."""

    probes: Sequence[Probe] = ()
    """None of them if nothing is probed; one; or two, if the first was bad."""

    doubt: str = ""
    """Why it may be our own connection that is down, if the target was not reached; empty if that
    works."""

    is_closed: bool = False
    """Whether the platform shows visitors a maintenance page."""

    @property
    def quantity(self) -> int | None:
        """How many processes the platform says there should be."""
        return None if self.reading is None else self.reading.quantity

    def verdict(self, rules: Rules) -> Verdict:
        """By the last probe; a target that we may be cut off from is not blamed."""
        seen = judge(self.probes[-1] if self.probes else None, rules.slow_s)
        return Verdict.UNKNOWN if seen is Verdict.UNREACHABLE and self.doubt else seen

    def is_bad(self, rules: Rules) -> bool:
        """Whether two probes were bad: one alone may have met a process that was just replaced."""
        both = len(self.probes) == 2 and all(judge(p, rules.slow_s).is_bad for p in self.probes)
        return both and self.verdict(rules).is_bad

    @property
    def more_may_help(self) -> bool:
        """Whether more processes may mend what the probes, bad ones, saw."""
        return not self.is_closed and any(map(more_may_help, self.probes))

    @property
    def words(self) -> str:
        """What the last probe saw; of two that hung the first, which had the whole time."""
        if not self.probes:
            return "not probed"
        hung = all(probe.hangs for probe in self.probes)
        closed = ", as it is in maintenance mode" if self.is_closed else ""
        return f"{self.probes[0 if hung else -1]}{closed}"

    def was_fast(self, rules: Rules) -> bool:
        return bool(self.probes) and was_fast(self.probes[0], rules.fast_s)
