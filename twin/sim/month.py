"""A month of a pair on a metered host: the real machines, and every wake, sleep and handover.

Quiet hours, in which one twin is on duty and nothing else happens, are counted instead of played:
each slot runs once, on time, and both ledgers get the last slot. Faults, deploys and visitors
cannot be planned and are left out. A simulated month takes a fraction of a second.

The month begins with both twins awake and one on duty. It ends early when the hours are used up,
because the host then keeps all apps of the account asleep.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import ceil, floor, inf

from twin.core.pair.document import Document, Role
from twin.core.pair.events import Heard, Via
from twin.core.pair.knowledge import Entry, Fate
from twin.core.pair.shift import Shift
from twin.core.pair.state import Rules
from twin.core.schedule.job import Job
from twin.core.schedule.schedules import COUNTED_AT_MOST, Schedule
from twin.hosts import Offer
from twin.sim.budget import HOUR_S, Meter
from twin.sim.counters import Counters
from twin.sim.metered_host import MeteredHost
from twin.sim.process import Process
from twin.sim.world import World

START = datetime(2026, 5, 1, tzinfo=UTC).timestamp()
"""A month of 31 days: always the same, so that equal settings give equal plans."""
DAY_S = 24 * HOUR_S
_BEFORE_S = 300.0
"""How long before the month both twins start."""
_PLAYED_S = 10.0
"""How long every second is played before and after an event: longer than the pair needs to agree.
Hours in which a rule still waits are never quiet."""
_STEP_S = 4.7
"""Not a whole second: slots are due on whole seconds, and the pair is seldom quiet then."""
_LEAST_S = 0.001
"""The smallest step of time. A smaller one may vanish when added to a date, and time would stand
still."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The settings of a simulated month. Both twins have the settings of the first; if it has a
    shift, the other has the rest of the day."""

    names: tuple[str, str]
    rules: Rules
    sleeps_on_standby: bool
    jobs: Mapping[str, Job]
    offer: Offer
    days: int = 31
    seed: int = 1


@dataclass(frozen=True, slots=True)
class TwinMonth:
    name: str
    hours: float
    sleeps: int
    wakes: int
    restarts: int


@dataclass(frozen=True, slots=True)
class JobMonth:
    name: str
    schedule: str
    due: int
    run: int
    """How many of these ran, once or more."""
    doubled: int

    @property
    def skipped(self) -> int:
        return self.due - self.run


@dataclass(frozen=True, slots=True)
class Month:
    pair: Pair
    twins: tuple[TwinMonth, ...]
    dry_after_h: float | None
    """When the budget ran out, in hours from the beginning; None if it sufficed."""
    handovers: int
    gap_s: float
    """How long no twin was on duty before the budget ran out."""
    longest_gap_s: float
    jobs: tuple[JobMonth, ...]

    @property
    def hours(self) -> float:
        return sum(twin.hours for twin in self.twins)


def simulate(pair: Pair, skips: bool = True) -> Month:
    """Simulates the month. Without `skips` every second is played: ten times slower, with the same
    result."""
    playing = Playing(pair, skips)
    playing.until(START)
    playing.begin()
    end = START + pair.days * DAY_S
    playing.until(end)
    return playing.month(end)


def other_half(shift: Shift) -> Shift:
    """The shift that begins when this one ends, and ends when it begins."""
    return Shift(shift.end, shift.start, shift.zone)


class _World(World):
    def run_s(self, job: str) -> float:  # noqa: ARG002 - whatever it is called
        """The duration of the user's jobs is unknown: here a moment."""
        return self.random.uniform(0.01, 0.2)


class Playing:
    """Plays a pair on metered hosts from just before `START`."""

    def __init__(self, pair: Pair, skips: bool, counters: type[Counters] = Counters) -> None:
        self._pair = pair
        self._skips = skips
        self._meter = Meter(pair.offer.budget_h)
        self._world = world = _World(pair.seed, pair.jobs)
        world.now = START - _BEFORE_S
        self._counters = world.observer = counters(world)
        one, other = pair.names
        shift = pair.rules.shift
        others_rules = replace(pair.rules, shift=other_half(shift)) if shift else pair.rules
        self._happened_at = self._shift_at = world.now
        self._hosts = (self._add(one, other, pair.rules), self._add(other, one, others_rules))
        for host in self._hosts:
            host.boot()
            world.run(_STEP_S)

    def _add(self, name: str, peer: str, rules: Rules) -> MeteredHost:
        pair = self._pair
        return MeteredHost(
            self._world, name, peer, rules, pair.offer, pair.sleeps_on_standby, self._meter
        )

    def begin(self) -> None:
        self._meter.begin(self._world.now)
        self._counters.begin()
        for host in self._hosts:
            host.sleeps = host.wakes = host.restarts = 0

    # ---- letting time pass

    def until(self, end: float) -> None:
        """Play until `then`, or until the budget runs out."""
        while (left_s := min(end, self._meter.dry_at(self._world.now)) - self._world.now) > 0:
            self._do_what_is_due()
            next_s = self._next_at() - self._world.now
            quiet_s = min(left_s, next_s - _PLAYED_S)
            if self._skips and quiet_s > _PLAYED_S and self._is_quiet():
                self._skip(quiet_s)
            else:
                self._play(min(_STEP_S, left_s, next_s), happens=next_s <= _STEP_S)

    def _do_what_is_due(self) -> None:
        for host in self._hosts:
            host.do_what_is_due()

    def _play(self, seconds: float, happens: bool) -> None:
        self._world.run(max(seconds, _LEAST_S))
        if happens:
            self._happened_at = self._world.now

    def _next_at(self) -> float:
        """The next event that the hosts or the clocks announce."""
        if self._shift_at <= self._world.now:
            self._shift_at = _next_change(self._pair.rules.shift, self._world.now)
        return min(self._shift_at, *(host.due_at() for host in self._hosts))

    def _processes(self) -> list[Process]:
        return [process for host in self._hosts for process in host.alive]

    def _is_quiet(self) -> bool:
        """Whether one twin is on duty, all agree, no rule waits, and no run is going."""
        states = [process.state for process in self._processes()]
        return (
            self._world.now - self._happened_at >= _PLAYED_S
            and self._world.is_calm()
            and sum(state.on_duty for state in states) == 1
            and not any(self._has_plans(process) for process in self._processes())
        )

    def _has_plans(self, process: Process) -> bool:
        wake, now = process.machine.next_rule(process.now), process.now
        ledger = process.state.knowledge.ledger.values()
        return (
            wake.mono < inf
            or wake.wall <= now.wall
            or any(entry.fate is Fate.RUNNING for entry in ledger)
        )

    def _skip(self, seconds: float) -> None:
        """Let quiet time pass: the only events are slots, and each runs once, on time."""
        processes = self._processes()
        since, steps = self._world.now, self._counters.steps
        for process in processes:
            process.rest()
        self._world.run(seconds)
        assert self._counters.steps == steps, "something happened"  # noqa: S101
        holder = next(process for process in processes if process.state.on_duty)
        told = self._told(holder, since)
        for process in processes:
            process.step(Heard(told, Via.UPDATE))

    def _told(self, holder: Process, since: float) -> Document:
        """The runs since then, as a document of no real boot: only its ledger counts."""
        # A slot of this very moment has not run yet.
        until, ledger = ceil(self._world.now) - 1, {}
        for job in self._pair.jobs.values():
            slot = job.schedule.latest(until)
            if slot is not None and slot > since:
                count = count_slots(job.schedule, since, until)
                self._counters.ran(job.name, count, since, until)
                ledger[job.name] = Entry(slot, Fate.DONE, holder.host.name, holder.boot)
        return Document(
            twin="",
            boot="",
            url=None,
            role=Role.LEAVING,
            retired=True,
            claim=holder.state.knowledge.claim,
            ledger=ledger,
        )

    # ---- results

    def month(self, end: float) -> Month:
        now = self._world.now
        self._counters.end()
        return Month(
            pair=self._pair,
            twins=tuple(self._twin(host) for host in self._hosts),
            dry_after_h=(now - START) / HOUR_S if now < end else None,
            handovers=self._counters.handovers,
            gap_s=self._counters.gap_s,
            longest_gap_s=self._counters.longest_gap_s,
            jobs=tuple(self._job(job, end) for job in self._pair.jobs.values()),
        )

    def _twin(self, host: MeteredHost) -> TwinMonth:
        hours = self._meter.used_h(host.name, self._world.now)
        return TwinMonth(host.name, hours, host.sleeps, host.wakes, host.restarts)

    def _job(self, job: Job, end: float) -> JobMonth:
        # A slot at the very end belongs to the next month, a slot at the beginning to this one.
        due = count_slots(job.schedule, START - 1, end - 1)
        seen = self._counters
        return JobMonth(
            job.name, str(job.schedule), due, seen.runs[job.name], seen.doubles[job.name]
        )


def count_slots(schedule: Schedule, after: float, until: float) -> int:
    """The number of slots in (after, until], without a limit."""
    count = schedule.count(after, until)
    if count < COUNTED_AT_MOST:
        return count
    # Slots are whole seconds, so a span of this many seconds stays below `COUNTED_AT_MOST`.
    step, last = COUNTED_AT_MOST - 1, floor(until)
    begins = range(floor(after), last, step)
    return sum(schedule.count(begin, min(begin + step, last)) for begin in begins)


def _next_change(shift: Shift | None, now: float) -> float:
    """The minute at which the shift, or its complement, next begins or ends."""
    if shift is None:
        return inf
    in_it, minute = shift.contains(now), (now // 60 + 1) * 60
    while shift.contains(minute) == in_it:
        minute += 60
    return minute
