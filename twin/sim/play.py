"""Plays the world of one seed to its end."""

from collections import Counter
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from twin.core.pair.shift import Shift
from twin.core.pair.state import Rules
from twin.core.schedule.job import Job
from twin.core.schedule.schedules import every
from twin.sim.faults import DAY, QUIET, Faults, Mix
from twin.sim.observer import HEALING_S
from twin.sim.pair import Pair

_DAY_MINUTES = 24 * 60
CALM_S = 160.0
"""Longer than the 90 s after which a boot of a failed deploy wakes again, and longer than a late
message and its consequences."""
_TIMEOUT_S = 600


def job(name: str, interval: str, grace_s: int = 300) -> Job:
    return Job(name, every(interval, None, "UTC"), grace_s=grace_s, timeout_s=_TIMEOUT_S)


def named(*jobs: Job) -> dict[str, Job]:
    return {one.name: one for one in jobs}


JOBS = named(job("often", "20s"), job("minutely", "1m", grace_s=15), job("slow", "2m"))
"""Slots come often enough that every fault meets one."""
_JOBS_OF = {
    DAY: named(job("post", "10m"), job("fetch", "15m")),
    QUIET: named(job("fetch", "15m")),
}


@dataclass(frozen=True)
class Outcome:
    """The result of one world, played to its end with every promise kept."""

    seed: int
    seconds: float
    longest_vacancy_s: float
    double_duty_s: float
    """While the twins could not hear each other: nothing is promised then."""
    handovers: int
    starts: int
    skipped: int
    not_begun: int
    excused: Counter[str]
    steps: int
    faults: Counter[str]


def pair(seed: int, rules: Rules | None = None, jobs: dict[str, Job] | None = None) -> Pair:
    """A pair with enough jobs to meet every fault."""
    return Pair(seed, JOBS if jobs is None else jobs, rules or Rules())


def play(seed: int, mix: Mix) -> Outcome:
    """Play the faults, and then a calm in which the pair heals. Raises `BrokenPromiseError`."""
    world = pair(seed, Rules(takes_on_wake=seed % 2 == 0), _JOBS_OF.get(mix, JOBS))
    if mix.shifts:
        _take_turns(world, mix)
    began_at = world.now
    faults = Faults(world, mix)
    for host in world.hosts.values():
        host.clock_off_s = world.random.uniform(-1.5, 1.5)
        host.boot_s = world.random.choice([0.3, 2.0, 20.0])
        world.after(world.random.uniform(0, 10), host.boot)
    world.run(60)
    for _ in range(mix.stretches):
        faults.begin()
        world.run(mix.stretch_s)
        faults.end()
        world.run(CALM_S)
        settle(world)
    see_runs_end(world)
    world.observer.check_slots(began_at, world.now - 10)
    return outcome(world, faults, world.now - began_at)


def _take_turns(world: Pair, mix: Mix) -> None:
    begin = int(world.now + world.random.uniform(0, mix.stretch_s)) // 60 % _DAY_MINUTES
    shift = Shift(begin, (begin + 15) % _DAY_MINUTES, ZoneInfo("UTC"))
    rest = Shift(shift.end, shift.start, shift.zone)
    for host, its in zip(world.hosts.values(), (shift, rest), strict=True):
        host.rules = replace(host.rules, shift=its)


def settle(world: Pair) -> None:
    """Check that all agree, once the messages of a run that just ended have arrived."""
    end = world.now + HEALING_S
    while world.observer.disagreement() and world.now < end:
        world.run(0.5)
    world.observer.check_agreement()


def see_runs_end(world: Pair) -> None:
    """Wait out the timeout of a run whose twin died silently: until then it holds its job back."""
    end = world.now + _TIMEOUT_S
    while world.observer.awaits_the_dead() and world.now < end:
        world.run(20)


def outcome(world: Pair, faults: Faults, seconds: float) -> Outcome:
    seen = world.observer
    return Outcome(
        seed=world.seed,
        seconds=seconds,
        longest_vacancy_s=seen.longest_vacancy_s,
        double_duty_s=seen.double_duty_s,
        handovers=seen.handovers,
        starts=seen.starts,
        skipped=seen.slots.skipped,
        not_begun=seen.slots.not_begun,
        excused=seen.excused,
        steps=seen.steps,
        faults=faults.came,
    )
