"""What one step sees of a target, and how that changes the state before the plan.

- A quantity that is neither the last one nor what we were about to set is a manual change. It
  stands in for the timetable's level until SCALE_RESPECT has passed, and a change of that waits
  as long: a person who scales by hand at 06:59 does not mean one minute.
- It was a deploy, and nobody meant the number, if all the rest has changed with it.
- For 75 s after a scale-out of ours, an outage begins only when three looks in a row were bad, and
  none ends. While the first process boots from 0, its answers mean nothing.
- More processes than the platform's limit show that the limit has changed.
- An outage begins with a look of two bad probes. It is over when the target has answered well for a
  minute, so that one that answers every now and then is still the same outage.
- A target that has no processes, or should have none, is not down; nor is one from which we may be
  cut off.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from twin.core.scaling.state import ScalingState
from twin.core.scaling.target import Reading
from twin.core.scaling.verdict import Probe, Verdict, judge, more_may_help, was_fast

_WELL_S = 60.0


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings of a target; `fast_s` is less than `slow_s`."""

    max_quantity: int = 3
    """SCALE_MAX: the fail-safe's quantity, and the ceiling."""
    slow_s: float = 5.0
    """PROBE_SLOW: an answer that takes longer is as bad as none."""
    fast_s: float = 1.0
    """PROBE_FAST: answers under it show that there are processes to spare."""
    window_s: float = 600.0
    """SCALE_WINDOW: how long it must have gone well before scaling in. Ten minutes, as starting and
    stopping a process more often costs more trouble than it saves."""
    respect_s: float = 900.0
    """SCALE_RESPECT: how long a manual quantity is respected."""


@dataclass(frozen=True, slots=True)
class Observation:
    wall: float
    """When, in epoch seconds."""
    reading: Reading | None
    """None if the platform could not be asked."""
    level: int | None
    """The timetable's; None without one."""
    probes: Sequence[Probe] = ()
    """None of them if nothing is probed; one; or two, if the first was bad."""
    doubt: str = ""
    """Why an unreachable target may be the fault of our own line; empty if that works."""
    is_closed: bool = False
    """Whether the platform shows visitors a maintenance page."""

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


def observe(seen: Observation, rules: Rules, state: ScalingState) -> ScalingState:
    """The state with this look in it."""
    state = _with_answers(seen, rules, _with_quantity(seen, rules, state))
    return replace(state, verdict=seen.verdict(rules).value)


def target_quantity(
    level: int | None, rules: Rules, state: ScalingState, wall: float
) -> int | None:
    """The quantity to which the target returns: the timetable's, or a manual one."""
    return state.hand if state.respects(wall, rules.respect_s) else level


def is_out(seen: Observation, rules: Rules, state: ScalingState) -> bool:
    """Whether this look, which is in the state, was at an outage."""
    return state.outage_since is not None and seen.is_bad(rules)


def _with_quantity(seen: Observation, rules: Rules, state: ScalingState) -> ScalingState:
    reading, wall = seen.reading, seen.wall
    if reading is None:
        return state
    quantity, was, template = reading.quantity, state.quantity, state.template
    if was not in (None, quantity) and quantity != state.wanted:
        state = replace(state, before=None)
        if reading.template and template not in ("", reading.template):
            state = replace(state, deployed_at=wall)
        else:
            until = wall + rules.respect_s
            state = replace(state, hand=quantity, hand_since=wall, respected_until=until)
    if state.limit is not None and quantity > state.limit:
        state = replace(state, limit=None)
    state = replace(state, template=reading.template)
    if quantity == state.wanted or was == 0:
        return state.with_quantity(quantity, wall)
    return replace(state, quantity=quantity, wanted=None)


def _with_answers(seen: Observation, rules: Rules, state: ScalingState) -> ScalingState:
    wall = seen.wall
    is_off = 0 in (target_quantity(seen.level, rules, state, wall), state.quantity)
    bad = seen.is_bad(rules) and not is_off
    state = replace(state, bad_looks=state.bad_looks + 1 if bad else 0)
    out = bad and (state.outage_since is not None or not state.doubts(wall))
    well = seen.verdict(rules) is Verdict.HEALTHY
    state = replace(
        state,
        quiet_since=wall if out else _until(state.quiet_since, wall),
        calm_since=_until(state.calm_since, wall) if seen.was_fast(rules) else None,
        well_since=_until(state.well_since, wall) if well else None,
    )
    if out:
        return replace(state, outage_since=_until(state.outage_since, wall))
    lasts = state.well_since is not None and wall - state.well_since >= _WELL_S
    over = lasts and not state.is_booting(wall)
    return replace(state, outage_since=None) if is_off or over else state


def _until(since: float | None, wall: float) -> float:
    return wall if since is None else min(since, wall)
