"""How many processes the target should have, and why.

What holds, in this order:
- Not knowing the quantity, nothing is changed.
- What somebody set by hand stands in for the timetable's level for a while (see `observe`).
- A level of 0 is meant: the target goes to 0 at once, and being away is no outage.
- An outage that more processes may mend scales out to SCALE_MAX at once.
- The level is the baseline: below it, up to it at once, whatever the probe says.
- In any other outage, while new processes start, and while the probe cannot tell how the target
  does, nothing goes in.
- What the fail-safe added goes one by one, towards the level, each after answers have been fast for
  the whole window. So it goes in at most once a window.
- A level that has gone down is followed at once, at its minute, if for the whole window there was
  no outage and nothing that the fail-safe added went; else as soon as that is so. Where nothing is
  probed, no outage can be seen, and it is followed at once.
- Without a timetable only the fail-safe acts. Once answers are fast again it goes back, one by one,
  to the quantity from before the outage.

What all of these want passes `within`, and so do the means by which a memory could want more:
- Nothing is added above SCALE_MAX, nor above what the platform said it allows. More than that is
  somebody's, and stays as long as it is respected.
- While somebody else's change of the target is under way, nothing is written: a deploy that is
  rolled out, or back, would be lost. One that is paused is respected as a number set by hand is,
  since a write would set it going again.

What does not hold: the windows are in wall time, so a clock that is set forward can end one early.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

from twin.core.durations import format_duration
from twin.core.moment import iso
from twin.core.scaling.memory import Memory
from twin.core.scaling.observation import Observation, Rules, is_out, observe, target_quantity
from twin.core.scaling.target import Reading
from twin.core.scaling.verdict import Verdict


class Trouble(NamedTuple):
    """What keeps the duty from its work."""

    text: str
    heals: bool
    """Whether it may end by itself; else somebody has to change something."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do, and why, in a sentence."""

    quantity: int | None
    """What to change the quantity to; None to leave it."""

    reason: str

    trouble: Trouble | None = None
    """What keeps it from more."""


def plan(seen: Observation, rules: Rules, memory: Memory) -> tuple[Plan, Memory]:
    """What to do now, and what to remember until the next step."""
    memory = observe(seen, rules, memory)
    reading = seen.reading
    if reading is None:
        decided = Plan(None, _blind(seen, rules, memory))
    else:
        # From here on `level` is whatever the target returns to.
        seen = replace(seen, level=target_quantity(seen.level, rules, memory, seen.wall))
        decided, memory = _plan(seen, reading.quantity, rules, memory)
        decided = within(decided, seen.wall, reading, rules, memory)
    if decided.trouble is None:
        decided = replace(decided, trouble=_doubt(seen, rules))
    return decided, replace(memory, reason=decided.reason, would=decided.quantity)


def within(decided: Plan, wall: float, reading: Reading, rules: Rules, memory: Memory) -> Plan:
    """What may be done of what is wanted: each change that is written has passed here."""
    decided = _under_the_ceiling(decided, wall, reading.quantity, rules, memory)
    elsewhere = _elsewhere(wall, reading, rules)
    if decided.quantity is None or elsewhere is None:
        return decided
    keep = f"{decided.reason}, but {elsewhere.text}: keep {reading.quantity}"
    return Plan(None, keep, elsewhere)


def _under_the_ceiling(
    decided: Plan, wall: float, quantity: int, rules: Rules, memory: Memory
) -> Plan:
    wanted, allowed = decided.quantity, memory.allowed(wall)
    if wanted is None or wanted <= quantity:
        return decided
    if wanted > rules.max_quantity:
        wanted = max(quantity, rules.max_quantity)
        decided = Plan(wanted, f"{decided.reason}, but SCALE_MAX is {rules.max_quantity}")
    if allowed is not None and wanted > allowed:
        wanted = max(quantity, allowed)
        reason = f"{decided.reason}, but the platform allows no more than {allowed}"
        decided = Plan(wanted, reason, Trouble(memory.limit_why, heals=False))
    return replace(decided, quantity=None) if wanted == quantity else decided


def _elsewhere(wall: float, reading: Reading, rules: Rules) -> Trouble | None:
    """Somebody else's change."""
    if reading.under_way:
        return Trouble(f"{reading.under_way}, which is waited for", heals=True)
    paused_at = reading.paused_at
    if paused_at is None or not 0 <= wall - paused_at < rules.respect_s:
        return None
    until = iso(paused_at + rules.respect_s)
    text = f"its update is paused, which stands until {until}: update it anew, or roll it back"
    return Trouble(text, heals=False)


def _doubt(seen: Observation, rules: Rules) -> Trouble | None:
    """Whose fault an unreachable target is, if that cannot be told."""
    if not seen.probes or seen.verdict(rules) is not Verdict.UNKNOWN:
        return None
    text = f"it cannot be reached ({seen.words}), and perhaps nothing can: {seen.doubt}"
    return Trouble(text, heals=True)


def _plan(seen: Observation, quantity: int, rules: Rules, memory: Memory) -> tuple[Plan, Memory]:
    level = seen.level
    if level == 0:
        return _to_level(seen, quantity, 0, rules, memory), memory
    out = is_out(seen, rules, memory)
    if out and seen.more_may_help:
        return _fail_safe(seen, quantity, rules, memory)
    if level is not None and quantity < level:
        return _to_level(seen, quantity, level, rules, memory), memory
    if out:
        return Plan(
            None, f"{_failed(seen)}, which more processes do not mend: keep {quantity}"
        ), memory
    return _scale_in(seen, quantity, rules, memory)


def _blind(seen: Observation, rules: Rules, memory: Memory) -> str:
    out = is_out(seen, rules, memory)
    also = f", though {_failed(seen)}" if out else ""
    return f"the quantity could not be read: keep it{also}"


def _to_level(seen: Observation, quantity: int, level: int, rules: Rules, memory: Memory) -> Plan:
    return Plan(None if quantity == level else level, _says(seen, level, rules, memory))


def _says(seen: Observation, level: int, rules: Rules, memory: Memory) -> str:
    """Who wants the level."""
    if memory.respects(seen.wall, rules.respect_s):
        return f"somebody set it to {level}, which stands until {iso(memory.respected_until)}"
    return f"the timetable says {level}"


def _failed(seen: Observation) -> str:
    return f"a second probe also failed ({seen.words})"


def _fail_safe(
    seen: Observation, quantity: int, rules: Rules, memory: Memory
) -> tuple[Plan, Memory]:
    most, why = rules.max_quantity, _failed(seen)
    if quantity >= most:
        return Plan(None, f"{why}: already at {quantity}"), memory
    before = quantity if memory.before is None else min(memory.before, quantity)
    return Plan(most, f"{why}: scale out to {most}"), replace(memory, before=before)


def _scale_in(
    seen: Observation, quantity: int, rules: Rules, memory: Memory
) -> tuple[Plan, Memory]:
    if seen.level is None and quantity > rules.max_quantity:
        left = Plan(None, "no timetable, and more than the fail-safe would ask for: leave it")
        return left, replace(memory, before=None)
    baseline = _floor(seen, quantity, memory)
    if quantity <= baseline:
        says = _says(seen, baseline, rules, memory)
        reason = "no timetable" if seen.level is None else says
        return Plan(None, reason), replace(memory, before=None)
    unclear = _unclear(seen, quantity, rules, memory)
    if unclear:
        return Plan(None, unclear), memory
    if memory.before is None:
        return _down(seen, baseline, rules, memory), memory
    return _one_in(seen, quantity, baseline, rules, memory)


def _floor(seen: Observation, quantity: int, memory: Memory) -> int:
    if seen.level is not None:
        return seen.level
    return quantity if memory.before is None else memory.before


def _unclear(seen: Observation, quantity: int, rules: Rules, memory: Memory) -> str:
    """Why the probe, if there is one, says nothing now; else nothing."""
    if not seen.probes:
        return ""
    if memory.is_booting(seen.wall):
        return f"new processes start until {iso(memory.boots_until)}: keep {quantity}"
    if seen.verdict(rules) is Verdict.UNKNOWN:
        return f"neither the target nor anything else could be reached: keep {quantity}"
    return ""


def _down(seen: Observation, level: int, rules: Rules, memory: Memory) -> Plan:
    """To the level, all at once."""
    says = _says(seen, level, rules, memory)
    if not seen.probes:
        return Plan(level, says)
    window = format_duration(round(rules.window_s))
    if _has_lasted(memory.quiet_since, seen.wall, rules):
        return Plan(level, f"{says}, and there was no outage for {window}")
    return Plan(None, f"{says}: wait for {window} without an outage")


def _one_in(
    seen: Observation, quantity: int, baseline: int, rules: Rules, memory: Memory
) -> tuple[Plan, Memory]:
    """One back of what the fail-safe added; `baseline` is less than `quantity`."""
    window = format_duration(round(rules.window_s))
    if not _has_lasted(memory.calm_since, seen.wall, rules):
        return Plan(None, f"wait for {window} of answers under {rules.fast_s:g} s"), memory
    reason = f"answers under {rules.fast_s:g} s for {window}: one in, towards {baseline}"
    began_anew = replace(memory, calm_since=seen.wall, quiet_since=seen.wall)
    return Plan(quantity - 1, reason), began_anew


def _has_lasted(since: float | None, wall: float, rules: Rules) -> bool:
    return since is not None and wall - since >= rules.window_s
