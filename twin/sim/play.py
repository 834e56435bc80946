"""A world from a seed, to its end."""

from collections import Counter
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from twin.core.pair.shift import Shift
from twin.core.pair.state import Rules
from twin.core.schedule.job import Job
from twin.core.schedule.schedules import every
from twin.sim.faults import DAY, QUIET, Climate, Weather
from twin.sim.host import Host
from twin.sim.observer import HEALING_S
from twin.sim.world import World

_DAY_MINUTES = 24 * 60
CALM_S = 160.0
"""Longer than the 90 s after which a boot of a failed deploy wakes again, and than a late message
with all that may follow."""
_TIMEOUT_S = 600


def job(name: str, interval: str, grace_s: int = 300) -> Job:
    return Job(name, every(interval, None, "UTC"), grace_s=grace_s, timeout_s=_TIMEOUT_S)


def named(*jobs: Job) -> dict[str, Job]:
    return {one.name: one for one in jobs}


JOBS = named(job("often", "20s"), job("minutely", "1m", grace_s=15), job("slow", "2m"))
"""So many slots that every fault meets one."""
_JOBS_OF = {
    DAY: named(job("post", "10m"), job("fetch", "15m")),
    QUIET: named(job("fetch", "15m")),
}


@dataclass(frozen=True)
class Outcome:
    """One world, to its end, with every promise kept."""

    seed: int
    seconds: float
    longest_vacancy_s: float
    double_duty_s: float
    """While the two could not hear each other: it is not promised then."""
    handovers: int
    starts: int
    skipped: int
    not_begun: int
    excused: Counter[str]
    steps: int
    faults: Counter[str]


def pair(seed: int, rules: Rules | None = None, jobs: dict[str, Job] | None = None) -> World:
    """Two hosts, `a` and `b`, that know of each other; nobody has booted yet."""
    world = World(seed, JOBS if jobs is None else jobs)
    for name, peer in (("a", "b"), ("b", "a")):
        world.add(Host(world, name, peer, rules or Rules()))
    return world


def play(seed: int, climate: Climate) -> Outcome:
    """Faults, and after them a calm in which the pair heals. Raises `BrokenPromiseError`."""
    world = pair(seed, Rules(takes_on_wake=seed % 2 == 0), _JOBS_OF.get(climate, JOBS))
    if climate.shifts:
        _take_turns(world, climate)
    began_at = world.now
    weather = Weather(world, climate)
    for host in world.hosts.values():
        host.clock_off_s = world.random.uniform(-1.5, 1.5)
        host.boot_s = world.random.choice([0.3, 2.0, 20.0])
        world.after(world.random.uniform(0, 10), host.boot)
    world.run(60)
    for _ in range(climate.stretches):
        weather.begin()
        world.run(climate.stretch_s)
        weather.end()
        world.run(CALM_S)
        settle(world)
    _see_runs_end(world)
    world.observer.check_slots(began_at, world.now - 10)
    return _outcome(world, weather, world.now - began_at)


def _take_turns(world: World, climate: Climate) -> None:
    begin = int(world.now + world.random.uniform(0, climate.stretch_s)) // 60 % _DAY_MINUTES
    shift = Shift(begin, (begin + 15) % _DAY_MINUTES, ZoneInfo("UTC"))
    rest = Shift(shift.end, shift.start, shift.zone)
    for host, its in zip(world.hosts.values(), (shift, rest), strict=True):
        host.rules = replace(host.rules, shift=its)


def settle(world: World) -> None:
    """See that all agree, once the messages of a run that has just ended have arrived."""
    end = world.now + HEALING_S
    while world.observer.disagreement() and world.now < end:
        world.run(0.5)
    world.observer.check_agreement()


def _see_runs_end(world: World) -> None:
    """What a twin was running that is gone without a word holds its job back until its timeout."""
    end = world.now + _TIMEOUT_S
    while world.observer.awaits_the_dead() and world.now < end:
        world.run(20)


def _outcome(world: World, weather: Weather, seconds: float) -> Outcome:
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
        faults=weather.faults,
    )
