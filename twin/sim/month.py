"""A month of a pair on a host that meters it: the real cores, and every wake, sleep and handover.

Hours in which one twin is on duty and nothing happens are not played: then each slot is run when it
comes, once, so they are counted, and both twins are told of the last of them. What is left out is
what nobody can plan: faults, deploys and visitors. A run takes a fraction of a second.

The month begins with both twins awake and one on duty. It ends early when the hours are used up:
the host then keeps all apps of the account asleep.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import ceil, floor, inf

from twin.core.pair import duty, slots
from twin.core.pair.document import Document, Role
from twin.core.pair.events import Heard, Via
from twin.core.pair.knowledge import Entry, Fate
from twin.core.pair.shift import Shift
from twin.core.pair.state import Rules
from twin.core.schedule.job import Job
from twin.core.schedule.schedules import COUNTED_AT_MOST, Schedule
from twin.hosts import Offer
from twin.sim.budget import HOUR_S, Meter
from twin.sim.counters import Witness
from twin.sim.metered_host import Rented
from twin.sim.process import Process
from twin.sim.world import World

START = datetime(2026, 5, 1, tzinfo=UTC).timestamp()
"""A month of 31 days. Always the same, so that the same settings give the same plan."""
DAY_S = 24 * HOUR_S
_BEFORE_S = 300.0
"""Both twins start so long before the month begins."""
_PLAYED_S = 10.0
"""So long before something happens, and after it, every second is played: longer than the pair
needs to agree. Whoever still waits for something then keeps the hours from being quiet."""
_STEP_S = 4.7
"""Not whole seconds: just then some slot is due, and the pair seldom quiet."""
_LEAST_S = 0.001
"""Less than this may be lost where it is added to a date, and time would stand still."""


@dataclass(frozen=True, slots=True)
class Pair:
    """What the month is to be known of. Both twins have the settings of the first; if that has a
    shift, the other one has the rest of the day."""

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
    """How many of these were run, once or more."""
    doubled: int

    @property
    def skipped(self) -> int:
        return self.due - self.run


@dataclass(frozen=True, slots=True)
class Month:
    pair: Pair
    twins: tuple[TwinMonth, ...]
    dry_after_h: float | None
    """When the budget was used up, in hours from the begin; None if it sufficed."""
    handovers: int
    gap_s: float
    """For how long nobody was on duty, until the budget was used up."""
    longest_gap_s: float
    jobs: tuple[JobMonth, ...]

    @property
    def hours(self) -> float:
        return sum(twin.hours for twin in self.twins)


def simulate(pair: Pair, skips: bool = True) -> Month:
    """Without `skips` every second is played, which takes ten times as long and tells the same."""
    playing = _Playing(pair, skips)
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
        """How long the user's jobs take, nobody knows: here a moment."""
        return self.random.uniform(0.01, 0.2)


class _Playing:
    def __init__(self, pair: Pair, skips: bool) -> None:
        self._pair = pair
        self._skips = skips
        self._meter = Meter(pair.offer.budget_h)
        self._world = world = _World(pair.seed, pair.jobs)
        world.now = START - _BEFORE_S
        self._witness = Witness(world)
        world.observer = self._witness
        one, other = pair.names
        shift = pair.rules.shift
        others_rules = replace(pair.rules, shift=other_half(shift)) if shift else pair.rules
        self._happened_at = self._shift_at = world.now
        self._hosts = (self._add(one, other, pair.rules), self._add(other, one, others_rules))
        for host in self._hosts:
            host.boot()
            world.run(_STEP_S)

    def _add(self, name: str, peer: str, rules: Rules) -> Rented:
        pair = self._pair
        host = Rented(
            self._world, name, peer, rules, pair.offer, pair.sleeps_on_standby, self._meter
        )
        self._world.add(host)
        return host

    def begin(self) -> None:
        self._meter.begin(self._world.now)
        self._witness.begin()
        for host in self._hosts:
            host.sleeps = host.wakes = host.restarts = 0

    # ---- letting time pass

    def until(self, end: float) -> None:
        """Play until then, or until the budget is used up."""
        while (left_s := min(end, self._meter.dry_at(self._world.now)) - self._world.now) > 0:
            for host in self._hosts:
                host.do_what_is_due()
            next_s = self._next_at() - self._world.now
            quiet_s = min(left_s, next_s - _PLAYED_S)
            if self._skips and quiet_s > _PLAYED_S and self._is_quiet():
                self._skip(quiet_s)
            else:
                self._play(min(_STEP_S, left_s, next_s), happens=next_s <= _STEP_S)

    def _play(self, seconds: float, happens: bool) -> None:
        self._world.run(max(seconds, _LEAST_S))
        if happens:
            self._happened_at = self._world.now

    def _next_at(self) -> float:
        """When something will happen of which the hosts or the clocks know."""
        if self._shift_at <= self._world.now:
            self._shift_at = _next_change(self._pair.rules.shift, self._world.now)
        return min(self._shift_at, *(host.due_at() for host in self._hosts))

    def _processes(self) -> list[Process]:
        return [process for host in self._hosts for process in host.alive]

    def _is_quiet(self) -> bool:
        """Whether one is on duty, all agree, no rule waits for time, and no run is going."""
        states = [process.state for process in self._processes()]
        return (
            self._world.now - self._happened_at >= _PLAYED_S
            and self._world.is_calm()
            and sum(state.on_duty for state in states) == 1
            and not any(self._has_plans(process) for process in self._processes())
        )

    def _has_plans(self, process: Process) -> bool:
        state = process.state
        slot = slots.next_slot(state)
        ledger = state.knowledge.ledger.values()
        return (
            duty.next_timer(state) is not None
            or slots.next_question(state) is not None
            or (slot is not None and slot <= self._world.now)
            or any(entry.fate is Fate.RUNNING for entry in ledger)
        )

    def _skip(self, seconds: float) -> None:
        """Let time pass in which nothing happens but slots, each run once when it comes."""
        processes = self._processes()
        since, steps = self._world.now, self._witness.steps
        for process in processes:
            process.rest()
        self._world.run(seconds)
        assert self._witness.steps == steps, "something happened"  # noqa: S101
        holder = next(process for process in processes if process.state.on_duty)
        told = self._told(holder, since)
        for process in processes:
            process.step(Heard(told, Via.UPDATE))

    def _told(self, holder: Process, since: float) -> Document:
        """What was run since then, as a boot of nobody's would tell it: its word counts for the
        ledger alone."""
        # A slot of this very moment is still to be run.
        until, ledger = ceil(self._world.now) - 1, {}
        for job in self._pair.jobs.values():
            slot = job.schedule.latest(until)
            if slot is not None and slot > since:
                self._witness.ran(job.name, count_slots(job.schedule, since, until), until)
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

    # ---- what came of it

    def month(self, end: float) -> Month:
        now = self._world.now
        self._witness.end()
        return Month(
            pair=self._pair,
            twins=tuple(self._twin(host) for host in self._hosts),
            dry_after_h=(now - START) / HOUR_S if now < end else None,
            handovers=self._witness.handovers,
            gap_s=self._witness.gap_s,
            longest_gap_s=self._witness.longest_gap_s,
            jobs=tuple(self._job(job, end) for job in self._pair.jobs.values()),
        )

    def _twin(self, host: Rented) -> TwinMonth:
        hours = self._meter.used_h(host.name, self._world.now)
        return TwinMonth(host.name, hours, host.sleeps, host.wakes, host.restarts)

    def _job(self, job: Job, end: float) -> JobMonth:
        # A slot at the very end belongs to the next month, one at the begin to this.
        due = count_slots(job.schedule, START - 1, end - 1)
        seen = self._witness
        return JobMonth(
            job.name, str(job.schedule), due, seen.runs[job.name], seen.doubles[job.name]
        )


def count_slots(schedule: Schedule, after: float, until: float) -> int:
    """How many slots lie in (after, until], however many they are."""
    count = schedule.count(after, until)
    if count < COUNTED_AT_MOST:
        return count
    # A slot is a whole second: so many seconds hold fewer slots than are counted at most.
    step, last = COUNTED_AT_MOST - 1, floor(until)
    begins = range(floor(after), last, step)
    return sum(schedule.count(begin, min(begin + step, last)) for begin in begins)


def _next_change(shift: Shift | None, now: float) -> float:
    """The minute at which the shift begins or ends next, and so the rest of the day."""
    if shift is None:
        return inf
    in_it, minute = shift.contains(now), (now // 60 + 1) * 60
    while shift.contains(minute) == in_it:
        minute += 60
    return minute
