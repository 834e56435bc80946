"""Twins in strict mode: with an arbiter, its faults, and an observer that excuses nothing."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from twin.core.pair.document import Role
from twin.core.pair.state import Rules, State
from twin.core.schedule.job import Job
from twin.sim.arbiter import NAME, Arbiter
from twin.sim.faults import Faults, Mix
from twin.sim.host import Host
from twin.sim.observer import Observer
from twin.sim.pair import Pair
from twin.sim.parts import Boot
from twin.sim.play import CALM_S, JOBS, Outcome, outcome, see_runs_end, settle

LEASE_S = 10.0
BACK_S = 2 * LEASE_S + 5.0
"""After a fault: a lease that must end, then one in which a new boot has its URL."""
MIX = Mix(every_s=20.0, sleep=1, cut=6, rain=3)
_DOWN_S = (1.0, 5.0, 15.0, 60.0, 300.0)


class StrictObserver(Observer):
    """Two twins that act at once, and a slot that starts twice, are broken promises, always."""

    world: Group

    def acts(self, process: Boot) -> bool:
        lease = process.state.lease
        assert lease is not None, "all twins are in strict mode"  # noqa: S101
        return process.state.on_duty and lease.is_trusted(process.now.mono)

    def look(self) -> None:
        now = self.world.now
        acting = [process for process in self._processes() if process.acts]
        holders = [process for process in acting if self.acts(process)]
        if len(holders) > 1:
            named = " and ".join(f"{one.host.name} {one.boot}" for one in holders)
            self._broken("never two at once", named)
        # Nobody is missed while the arbiter, or a line to it, is ill: only a slot counts then.
        if self.world.arbiter.is_ill or self.world.lines.cut:
            self.disturbed_at = now
        awake = [process for process in acting if self._could_hold(process)]
        vacant = bool(awake) and not holders
        hurt_at = max(
            self.world.lines.own_hurt.ended_at, self.disturbed_at, self.world.arbiter.flushed_at
        )
        since = self._vacant_since
        if since is not None:
            self.longest_vacancy_s = max(self.longest_vacancy_s, now - since)
            lines = self.world.lines
            quiet_since = max(since, hurt_at, lines.hurt.ended_at, lines.late_one_came_at(now))
            if now - quiet_since > BACK_S:
                self._broken("somebody on duty", f"nobody was for {now - since:.2f} s")
        self._vacant_since = (since or now) if vacant else None

    def _could_hold(self, process: Boot) -> bool:
        """A boot without its URL has to wait for it, a twin that the record does not name for one
        that it does."""
        lease, record = process.state.lease, self.world.arbiter.store.record
        known = {} if record is None else {record.member.twin: record.member.boot, **record.known}
        named = len(known) < 2 or process.state.twin in known
        serves = process.state.role is not Role.LEAVING and process.host.front is process
        return named and serves and lease is not None and not lease.superseded

    def _begins_to_count(self, process: Boot, before: State) -> None:  # noqa: ARG002
        self.slots.are_nobodys(self.world.jobs, process.state.wall)

    def _why_twice(self, job: str, slot: int, at: float, by: list[Boot]) -> str:  # noqa: ARG002
        return ""


class Group(Pair):
    """Two or more apps, and an arbiter."""

    arbiter: Arbiter

    def __init__(self, seed: int, jobs: Mapping[str, Job], rules: Rules, twins: int = 2) -> None:
        super().__init__(seed, jobs, rules, twins)
        self.arbiter = Arbiter(self)

    def watched(self) -> Observer:
        return StrictObserver(self)

    def is_calm(self) -> bool:
        """Never: each lease has to be renewed."""
        return False


class StrictFaults(Faults):
    """Those of a pair, and the arbiter's."""

    world: Group

    def __init__(self, world: Group, mix: Mix) -> None:
        super().__init__(world, mix)
        self._arbiters = Random(f"{world.seed} arbiter")  # noqa: S311 - a fault is no secret

    def begin(self) -> None:
        super().begin()
        self.world.after(self._arbiters.expovariate(1 / 45.0), self._ail)

    def end(self) -> None:
        super().end()
        self.world.arbiter.heal()

    def _ail(self) -> None:
        if not self.active:
            return
        draw, arbiter = self._arbiters, self.world.arbiter
        fault = draw.choice(["down", "down", "slow", "flush", "crash"])
        self.came[f"arbiter {fault}"] += 1
        if fault in ("flush", "crash"):
            arbiter.flush()
        if fault in ("down", "crash"):
            arbiter.set_down(True)
        if fault == "slow":
            arbiter.slow_s = draw.choice([0.5, 1.9, 4.0, 15.0])
        if fault != "flush":
            self.world.after(draw.choice(_DOWN_S), arbiter.heal)
        self.world.after(draw.expovariate(1 / 45.0), self._ail)

    def _cut(self, host: Host) -> None:
        """From another twin, from the arbiter, or from all; one way or both."""
        others = [name for name in (*self.world.hosts, NAME) if name != host.name]
        cut = self.random.choice([[self.random.choice(others)], [NAME], others])
        there = {(host.name, other) for other in cut}
        back = {(other, host.name) for other in cut}
        self._cut_ways(self.random.choice([there, back, there | back]))


def play_strictly(seed: int, twins: int = 2, mix: Mix = MIX) -> Outcome:
    """Play the faults, and then a calm in which the twins heal. Raises `BrokenPromiseError`."""
    rules = Rules(takes_on_wake=seed % 2 == 0, lease_s=LEASE_S)
    world = Group(seed, JOBS, rules, twins)
    began_at = world.now
    faults = StrictFaults(world, mix)
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
