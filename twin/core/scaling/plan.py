"""How many processes a target should have, and why.

What holds, in this order:
- If the quantity is unknown, nothing changes.
- A manual quantity stands in for the timetable's level for a while (see `observe`).
- A level of 0 is meant: the target goes to 0 at once, and being away is no outage.
- An outage that more processes may mend scales out to SCALE_MAX at once.
- The level is the baseline: below it, up to it at once, whatever the probe says.
- In any other outage, while new processes boot, and while the probe cannot tell how the target
  does, nothing goes in.
- What the fail-safe added goes one by one, towards the level, each after a whole window of fast
  answers. So it goes in at most once a window.
- A level that went down is followed at once, at its minute, if for the whole window there was no
  outage and no step in of the fail-safe's; else as soon as that is so. If nothing is probed, no
  outage can be seen, and it is followed at once.
- Without a timetable only the fail-safe acts. Once answers are fast again it goes back, one by one,
  to the quantity from before the outage.

All of this passes `within`:
- Nothing goes above SCALE_MAX, nor above the limit that the platform named. A higher quantity is
  somebody's, and stays as long as it is respected.
- While somebody else's change of the target is under way, nothing is written: a deploy that is
  rolled out, or back, would be lost. A paused one is respected like a manual quantity, since a
  write would resume it.

What does not hold: the windows are in wall time, so a clock that is set forward can end one early.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

from twin.core.durations import format_duration
from twin.core.moment import iso
from twin.core.scaling.observation import Observation, Rules, is_out, observe, target_quantity
from twin.core.scaling.state import ScalingState
from twin.core.scaling.target import Reading
from twin.core.scaling.verdict import Verdict


class Trouble(NamedTuple):
    """What keeps the duty from its work."""

    text: str
    heals: bool
    """Whether it may end by itself; else somebody has to act."""


@dataclass(frozen=True, slots=True)
class Plan:
    quantity: int | None
    """What to change the quantity to; None to leave it."""
    reason: str
    trouble: Trouble | None = None
    """What keeps it from more."""


def plan(seen: Observation, rules: Rules, state: ScalingState) -> tuple[Plan, ScalingState]:
    """What to do now, and the next state."""
    state = observe(seen, rules, state)
    reading = seen.reading
    if reading is None:
        also = f", though {_failed(seen)}" if is_out(seen, rules, state) else ""
        decided = Plan(None, f"the quantity could not be read: keep it{also}")
    else:
        level = target_quantity(seen.level, rules, state, seen.wall)
        decided, state = _Case(seen, level, reading.quantity, rules, state).plan()
        decided = within(decided, seen.wall, reading, rules, state)
    if decided.trouble is None:
        decided = replace(decided, trouble=_doubt(seen, rules))
    return decided, replace(state, reason=decided.reason, would=decided.quantity)


def within(decided: Plan, wall: float, reading: Reading, rules: Rules, state: ScalingState) -> Plan:
    """The part of a plan that may be done: each change that is written has passed here."""
    decided = _under_the_ceiling(decided, wall, reading.quantity, rules, state)
    elsewhere = _elsewhere(wall, reading, rules)
    if decided.quantity is None or elsewhere is None:
        return decided
    keep = f"{decided.reason}, but {elsewhere.text}: keep {reading.quantity}"
    return Plan(None, keep, elsewhere)


def _under_the_ceiling(
    decided: Plan, wall: float, quantity: int, rules: Rules, state: ScalingState
) -> Plan:
    wanted, allowed = decided.quantity, state.allowed(wall)
    if wanted is None or wanted <= quantity:
        return decided
    if wanted > rules.max_quantity:
        wanted = max(quantity, rules.max_quantity)
        decided = Plan(wanted, f"{decided.reason}, but SCALE_MAX is {rules.max_quantity}")
    if allowed is not None and wanted > allowed:
        wanted = max(quantity, allowed)
        reason = f"{decided.reason}, but the platform allows no more than {allowed}"
        decided = Plan(wanted, reason, Trouble(state.limit_why, heals=False))
    return replace(decided, quantity=None) if wanted == quantity else decided


def _elsewhere(wall: float, reading: Reading, rules: Rules) -> Trouble | None:
    """A change by somebody else that is under way."""
    if reading.under_way:
        return Trouble(f"{reading.under_way}, which is waited for", heals=True)
    paused_at = reading.paused_at
    if paused_at is None or not 0 <= wall - paused_at < rules.respect_s:
        return None
    until = iso(paused_at + rules.respect_s)
    text = f"its update is paused, which stands until {until}: update it anew, or roll it back"
    return Trouble(text, heals=False)


def _doubt(seen: Observation, rules: Rules) -> Trouble | None:
    """An unreachable target whose fault it may not be."""
    if not seen.probes or seen.verdict(rules) is not Verdict.UNKNOWN:
        return None
    text = f"it cannot be reached ({seen.words}), and perhaps nothing can: {seen.doubt}"
    return Trouble(text, heals=True)


def _failed(seen: Observation) -> str:
    return f"a second probe also failed ({seen.words})"


@dataclass(frozen=True, slots=True)
class _Case:
    """A target whose quantity is known."""

    seen: Observation
    level: int | None
    """The quantity to which it returns."""
    quantity: int
    rules: Rules
    state: ScalingState

    def plan(self) -> tuple[Plan, ScalingState]:
        level, quantity, state = self.level, self.quantity, self.state
        out = is_out(self.seen, self.rules, state)
        if out and self.seen.more_may_help and level != 0:
            return self._fail_safe()
        if level is not None and (level == 0 or quantity < level):
            return Plan(None if quantity == level else level, self._says(level)), state
        if out:
            keep = f"which more processes do not mend: keep {quantity}"
            return Plan(None, f"{_failed(self.seen)}, {keep}"), state
        return self._scale_in()

    def _fail_safe(self) -> tuple[Plan, ScalingState]:
        most, why, quantity = self.rules.max_quantity, _failed(self.seen), self.quantity
        if quantity >= most:
            return Plan(None, f"{why}: already at {quantity}"), self.state
        before = self.state.before
        before = quantity if before is None else min(before, quantity)
        return Plan(most, f"{why}: scale out to {most}"), replace(self.state, before=before)

    def _scale_in(self) -> tuple[Plan, ScalingState]:
        level, quantity, state = self.level, self.quantity, self.state
        as_before = replace(state, before=None)
        if level is None and quantity > self.rules.max_quantity:
            why = "no timetable, and more than the fail-safe would ask for: leave it"
            return Plan(None, why), as_before
        baseline = level
        if baseline is None:
            baseline = quantity if state.before is None else state.before
        if quantity <= baseline:
            return Plan(None, "no timetable" if level is None else self._says(baseline)), as_before
        unclear = self._unclear()
        if unclear:
            return Plan(None, f"{unclear}: keep {quantity}"), state
        return self._one_in(baseline) if state.before is not None else (self._down(baseline), state)

    def _unclear(self) -> str:
        """Why the probe, if there is one, says nothing now; else empty."""
        if not self.seen.probes:
            return ""
        if self.state.is_booting(self.seen.wall):
            return f"new processes boot until {iso(self.state.boots_until)}"
        unknown = self.seen.verdict(self.rules) is Verdict.UNKNOWN
        return "neither the target nor anything else could be reached" if unknown else ""

    def _down(self, level: int) -> Plan:
        """To the level, all at once."""
        says, window = self._says(level), self._window
        if not self.seen.probes:
            return Plan(level, says)
        if self._has_lasted(self.state.quiet_since):
            return Plan(level, f"{says}, and there was no outage for {window}")
        return Plan(None, f"{says}: wait for {window} without an outage")

    def _one_in(self, baseline: int) -> tuple[Plan, ScalingState]:
        """One less of what the fail-safe added."""
        fast, wall = f"answers under {self.rules.fast_s:g} s", self.seen.wall
        if not self._has_lasted(self.state.calm_since):
            return Plan(None, f"wait for {self._window} of {fast}"), self.state
        reason = f"{fast} for {self._window}: one in, towards {baseline}"
        began_anew = replace(self.state, calm_since=wall, quiet_since=wall)
        return Plan(self.quantity - 1, reason), began_anew

    def _says(self, level: int) -> str:
        """Who wants the level."""
        if self.state.respects(self.seen.wall, self.rules.respect_s):
            until = iso(self.state.respected_until)
            return f"somebody set it to {level}, which stands until {until}"
        return f"the timetable says {level}"

    @property
    def _window(self) -> str:
        return format_duration(round(self.rules.window_s))

    def _has_lasted(self, since: float | None) -> bool:
        return since is not None and self.seen.wall - since >= self.rules.window_s
