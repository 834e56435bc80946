"""What one step sees of a target, and what that makes of what was known, before the plan.

- Somebody scaled by hand if the quantity is neither what it was, nor what we were about to set.
  It stands in for the timetable's level until SCALE_RESPECT has passed. A change of the timetable
  waits so long, too: whoever scales by hand at 06:59 does not mean one minute.
- It was a deploy, and nobody meant the number, if all the rest has changed with it.
- For 75 s after a scale-out of ours, an outage begins only when three looks in a row were bad, and
  none ends. When the first process starts from 0, nothing is concluded from what it answers.
- More processes than the platform allows show that its limit is another one by now.
- An outage begins with a look at which two probes were bad. It is over when the target has
  answered well for a minute, so that one that answers every now and then is still the same outage.
- A target that has no processes, or should have none, is not down; nor is one that we may be cut
  off from.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from twin.core.scaling.memory import Memory
from twin.core.scaling.target import Reading
from twin.core.scaling.verdict import Probe, Verdict, judge, more_may_help, was_fast

_WELL_S = 60.0


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


def observe(seen: Observation, rules: Rules, memory: Memory) -> Memory:
    """The memory with this look in it."""
    memory = _with_answers(seen, rules, _with_quantity(seen, rules, memory))
    return replace(memory, verdict=seen.verdict(rules).value)


def target_quantity(level: int | None, rules: Rules, memory: Memory, wall: float) -> int | None:
    """The quantity to which the target returns: the timetable's, or what somebody set by hand."""
    return memory.hand if memory.respects(wall, rules.respect_s) else level


def is_out(seen: Observation, rules: Rules, memory: Memory) -> bool:
    """Whether this look, which is in the memory, was at an outage."""
    return memory.outage_since is not None and seen.is_bad(rules)


def _with_quantity(seen: Observation, rules: Rules, memory: Memory) -> Memory:
    reading, wall = seen.reading, seen.wall
    if reading is None:
        return memory
    quantity = reading.quantity
    if memory.quantity not in (None, quantity) and quantity != memory.wanted:
        memory = _with_somebodys(reading, rules, memory, wall)
    if memory.limit is not None and quantity > memory.limit:
        memory = replace(memory, limit=None)
    memory = replace(memory, template=reading.template)
    if quantity == memory.wanted or memory.quantity == 0:
        return memory.with_quantity(quantity, wall)
    return replace(memory, quantity=quantity, wanted=None)


def _with_somebodys(reading: Reading, rules: Rules, memory: Memory, wall: float) -> Memory:
    """With a quantity that is not our doing."""
    if reading.template and memory.template not in ("", reading.template):
        return replace(memory, deployed_at=wall, before=None)
    return replace(
        memory,
        hand=reading.quantity,
        hand_since=wall,
        respected_until=wall + rules.respect_s,
        before=None,
    )


def _with_answers(seen: Observation, rules: Rules, memory: Memory) -> Memory:
    wall = seen.wall
    is_off = 0 in (target_quantity(seen.level, rules, memory, wall), memory.quantity)
    bad = seen.is_bad(rules) and not is_off
    memory = replace(memory, bad_looks=memory.bad_looks + 1 if bad else 0)
    out = bad and (memory.outage_since is not None or not memory.doubts(wall))
    well = seen.verdict(rules) is Verdict.HEALTHY
    memory = replace(
        memory,
        quiet_since=wall if out else _until(memory.quiet_since, wall),
        calm_since=_until(memory.calm_since, wall) if seen.was_fast(rules) else None,
        well_since=_until(memory.well_since, wall) if well else None,
    )
    if out:
        return replace(memory, outage_since=_until(memory.outage_since, wall))
    lasts = memory.well_since is not None and wall - memory.well_since >= _WELL_S
    over = lasts and not memory.is_booting(wall)
    return replace(memory, outage_since=None) if is_off or over else memory


def _until(since: float | None, wall: float) -> float:
    return wall if since is None else min(since, wall)
