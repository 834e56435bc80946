"""How many processes the target should have, and why.

What holds, in this order:
- Not knowing the quantity, nothing is changed.
- A timetable level of 0 is meant: the target goes to 0 at once, and being away is no outage. Nor is
  it one while the first process of a target that was at 0 starts.
- An outage is a bad probe that a second one, made at once, confirms. It scales out to SCALE_MAX.
- The timetable's level is the floor: below it, up to it at once. Above it:
  what the fail-safe added goes one by one, each after answers have been fast for the whole window;
  anything else (the timetable has gone down, or somebody scaled by hand) goes at once if the window
  saw no outage. Where nothing is probed, no outage can be seen, and it goes at once.
- Without a timetable only the fail-safe acts. Once answers are fast again it goes back, one by one,
  to the quantity from before the outage.
- Nothing goes above SCALE_MAX, unless the timetable says so. That is an error in the settings and
  reported there; here the timetable is followed, because too few processes are the worse harm.

What does not hold: the memory of outages is not handed over. A twin that takes the duty starts a
new window before it scales in, so that may come late, and then in one step. Without a timetable it
does not know the quantity from before the outage, and leaves what it finds. The windows are in wall
time: a clock that is set forward can end one early.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from twin.core.verdict import Probe, judge, was_fast

# Heroku's router holds a request for up to 75 s while the first process starts.
_START_S = 75.0


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings that this file goes by; `fast_s` is less than `slow_s`."""

    max_quantity: int = 3
    """SCALE_MAX: the fail-safe's quantity, and the ceiling."""

    slow_s: float = 5.0
    """PROBE_SLOW: an answer that takes longer is as bad as none."""

    fast_s: float = 1.0
    """PROBE_FAST: answers under it show that there are processes to spare."""

    window_s: float = 600.0
    """How long it must have gone well before scaling in: ten minutes, as a process that is started
    and stopped more often costs more trouble than it saves."""


@dataclass(frozen=True, slots=True)
class Sight:
    """All that one step saw."""

    wall: float
    """When, in epoch seconds."""

    quantity: int | None
    """How many processes the platform says there should be; None if it could not be asked."""

    level: int | None
    """What the timetable says; None without one."""

    probes: Sequence[Probe]
    """None of them if nothing is probed; one; or two, if the first was bad."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What one step leaves to the next. Times in epoch seconds; a new twin has the default."""

    quiet_since: float | None = None
    """The last outage, or, if there was none, the first step."""

    calm_since: float | None = None
    """The first of the fast answers that have not been interrupted since; a step in begins anew."""

    before: int | None = None
    """The quantity from before the fail-safe; None if what stands now is not its doing."""

    off_at: float | None = None
    """When the target was last seen with a quantity of 0."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do, and why, in a sentence."""

    quantity: int | None
    """What to change the quantity to; None to leave it."""

    reason: str


def plan(sight: Sight, rules: Rules, memory: Memory) -> tuple[Plan, Memory]:
    """What to do now, and what to remember until the next step."""
    out = _is_outage(sight, rules, memory)
    memory = _remembered(sight, rules, memory, out)
    if sight.quantity is None:
        return Plan(None, _blind(sight, out)), memory
    if sight.level == 0:
        return _to_level(sight.quantity, 0, "the timetable says 0"), memory
    if out:
        return _fail_safe(sight, sight.quantity, rules, memory)
    if sight.level is not None and sight.quantity < sight.level:
        return _to_level(sight.quantity, sight.level, f"the timetable says {sight.level}"), memory
    return _scale_in(sight, sight.quantity, rules, memory)


def _is_outage(sight: Sight, rules: Rules, memory: Memory) -> bool:
    """Two bad probes of a target that should be there and has had the time to start."""
    if 0 in (sight.level, sight.quantity):
        return False
    if memory.off_at is not None and 0 <= sight.wall - memory.off_at < _START_S:
        return False
    return len(sight.probes) == 2 and all(judge(p, rules.slow_s).is_bad for p in sight.probes)


def _remembered(sight: Sight, rules: Rules, memory: Memory, out: bool) -> Memory:
    """The memory with this step's sight. Times ahead of a clock that was set back begin now."""
    fast = bool(sight.probes) and was_fast(sight.probes[0], rules.fast_s)
    quiet = sight.wall if out else _until(memory.quiet_since, sight.wall)
    calm = _until(memory.calm_since, sight.wall) if fast else None
    off = sight.wall if sight.quantity == 0 else memory.off_at
    return replace(memory, quiet_since=quiet, calm_since=calm, off_at=off)


def _until(since: float | None, wall: float) -> float:
    return wall if since is None else min(since, wall)


def _blind(sight: Sight, out: bool) -> str:
    also = f", though a second probe also failed ({sight.probes[-1]})" if out else ""
    return f"the quantity could not be read: keep it{also}"


def _to_level(quantity: int, level: int, reason: str) -> Plan:
    return Plan(None if quantity == level else level, reason)


def _fail_safe(sight: Sight, quantity: int, rules: Rules, memory: Memory) -> tuple[Plan, Memory]:
    most = max(rules.max_quantity, sight.level or 0)
    why = f"a second probe also failed ({sight.probes[-1]})"
    if quantity >= most:
        return Plan(None, f"{why}: already at {quantity}"), memory
    before = quantity if memory.before is None else min(memory.before, quantity)
    return Plan(most, f"{why}: scale out to {most}"), replace(memory, before=before)


def _scale_in(sight: Sight, quantity: int, rules: Rules, memory: Memory) -> tuple[Plan, Memory]:
    if sight.level is None and quantity > rules.max_quantity:
        left = Plan(None, "no timetable, and more than the fail-safe would ask for: leave it")
        return left, replace(memory, before=None)
    floor = _floor(sight, quantity, memory)
    if quantity <= floor:
        reason = "no timetable" if sight.level is None else f"the timetable says {floor}"
        return Plan(None, reason), replace(memory, before=None)
    if memory.before is None:
        return _down(sight, floor, rules, memory), memory
    return _one_in(sight, quantity, floor, rules, memory)


def _floor(sight: Sight, quantity: int, memory: Memory) -> int:
    if sight.level is not None:
        return sight.level
    return quantity if memory.before is None else memory.before


def _down(sight: Sight, level: int, rules: Rules, memory: Memory) -> Plan:
    """To the timetable's level, all at once."""
    says = f"the timetable says {level}"
    if not sight.probes:
        return Plan(level, says)
    window = f"{rules.window_s / 60:g} min"
    if _has_lasted(memory.quiet_since, sight.wall, rules):
        return Plan(level, f"{says}, and there was no outage for {window}")
    return Plan(None, f"{says}: wait for {window} without an outage")


def _one_in(
    sight: Sight, quantity: int, floor: int, rules: Rules, memory: Memory
) -> tuple[Plan, Memory]:
    """One back of what the fail-safe added; `floor` is less than `quantity`."""
    window = f"{rules.window_s / 60:g} min"
    if not _has_lasted(memory.calm_since, sight.wall, rules):
        return Plan(None, f"wait for {window} of answers under {rules.fast_s:g} s"), memory
    reason = f"answers under {rules.fast_s:g} s for {window}: one in, towards {floor}"
    return Plan(quantity - 1, reason), replace(memory, calm_since=sight.wall)


def _has_lasted(since: float | None, wall: float, rules: Rules) -> bool:
    return since is not None and wall - since >= rules.window_s
