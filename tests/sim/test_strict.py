"""Strict mode in simulated worlds: no promise breaks, and without any one rule one does.

`make prove` plays fresh seeds, with two, three and five twins.
"""

from collections.abc import Callable
from dataclasses import replace
from math import inf

import pytest

import twin.sim.arbiter
from twin.core.pair import pleas, ruled
from twin.core.pair.arbiter import Answer, Question, Store, decide
from twin.core.pair.lease import Lease
from twin.core.pair.state import Rules, State
from twin.core.schedule.job import Job
from twin.core.schedule.schedules import every
from twin.sim.observer import BrokenPromiseError
from twin.sim.play import Outcome
from twin.sim.pool import each
from twin.sim.process import Process
from twin.sim.strict import LEASE_S, MIX, Group, play_strictly

SHORT = replace(MIX, stretches=1)
HOUR_S = 3_600


def play_shortly(lot: tuple[int, int]) -> Outcome:
    return play_strictly(*lot, mix=SHORT)


def test_two_three_and_five_twins_keep_every_promise() -> None:
    lots = [(seed, twins) for twins in (5, 3, 2) for seed in range(4)]
    seen = list(each(play_shortly, lots))
    assert len(seen) == len(lots)
    assert all(one.starts > 10 for one in seen)
    assert sum(one.handovers for one in seen) > 20


# ---- a rule left out on purpose

Off = Callable[[pytest.MonkeyPatch], None]


def trusts_itself_for_ever(patch: pytest.MonkeyPatch) -> None:
    """R1."""
    patch.setattr(Lease, "is_trusted", lambda _lease, _now: True)


def goes_on_if_anybody_agrees(patch: pytest.MonkeyPatch) -> None:
    """R2."""

    def newest(state: State) -> float:
        return max(ruled.lease_of(state).confirmed.values(), default=-inf)

    patch.setattr(pleas, "_all_confirmed_since", newest)


def a_promise_does_not_bind(patch: pytest.MonkeyPatch) -> None:
    """R3."""
    patch.setattr(ruled, "_is_free", lambda _state, _record: True)


def a_new_boot_does_not_wait(patch: pytest.MonkeyPatch) -> None:
    """R4."""
    patch.setattr(ruled, "_patient_from", lambda _: -inf)


def what_is_empty_is_free(patch: pytest.MonkeyPatch) -> None:
    """R5."""

    def forgetful(store: Store, question: Question, now_ms: int) -> tuple[Store, Answer]:
        return decide(replace(store, began_ms=1), question, now_ms)

    patch.setattr(twin.sim.arbiter, "decide", forgetful)


def runs_begin_unheard(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pleas, "all_know", lambda _state, _start: True)


def no_floor(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ruled, "CLOCKS_APART_S", -1e6)


@pytest.mark.parametrize(
    ("switch_off", "twins", "seed", "promise"),
    [
        (trusts_itself_for_ever, 2, 0, "never two at once"),
        (goes_on_if_anybody_agrees, 2, 0, "never two at once"),
        (a_promise_does_not_bind, 2, 35, "never two at once"),
        (a_new_boot_does_not_wait, 2, 14, "never two at once"),
        (what_is_empty_is_free, 2, 6, "never two at once"),
        (runs_begin_unheard, 3, 6, "never two starts of one slot"),
        (no_floor, 2, 115, "never two starts of one slot"),
    ],
)
def test_without_this_rule_a_promise_breaks(
    switch_off: Off, twins: int, seed: int, promise: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch_off(monkeypatch)
    with pytest.raises(BrokenPromiseError, match=promise):
        play_strictly(seed, twins)


# ---- an arbiter that is down for an hour, and nothing else


def job(name: str, interval: str) -> Job:
    return Job(name, every(interval, None, "UTC"), grace_s=300, timeout_s=600)


JOBS = {"often": job("often", "20s"), "minutely": job("minutely", "1m")}


def before_the_hour(seed: int, goes_on: bool = False) -> Group:
    """Two twins at rest; the arbiter has just gone down."""
    world = Group(seed, JOBS, Rules(lease_s=LEASE_S, goes_on=goes_on), twins=2)
    for host in world.hosts.values():
        host.boot_s = 0.3
        world.after(world.random.uniform(0, 5), host.boot)
    world.run(60 + world.random.uniform(0, 20))
    world.arbiter.set_down(True)
    return world


def on_duty(world: Group) -> list[Process]:
    return [one for host in world.hosts.values() for one in host.alive if one.state.on_duty]


@pytest.mark.parametrize("seed", range(3))
def test_two_that_are_awake_start_every_slot_once_through_an_hour_without_the_arbiter(
    seed: int,
) -> None:
    """The observer sees to it that none starts twice."""
    world = before_the_hour(seed)
    began_at, started, holder = world.now, world.observer.starts, on_duty(world)
    for _ in range(HOUR_S):
        world.run(1)
        assert on_duty(world) == holder
    world.arbiter.set_down(False)
    world.run(60)
    assert on_duty(world) == holder
    due = sum(one.schedule.count(began_at, world.now) for one in JOBS.values())
    assert due > 200
    assert world.observer.starts - started == due


@pytest.mark.parametrize("goes_on", [True, False])
def test_the_setting_keeps_somebody_on_duty_if_one_dies_in_an_hour_without_the_arbiter(
    goes_on: bool,
) -> None:
    world = before_the_hour(0, goes_on)
    (holder,) = on_duty(world)
    world.hosts[holder.host.name].kill(holder)
    world.run(2 * LEASE_S)
    for _ in range(HOUR_S):
        world.run(1)
        assert len(on_duty(world)) == goes_on
    world.arbiter.set_down(False)
    world.run(3 * LEASE_S)
    (holder,) = on_duty(world)
    assert world.observer.acts(holder)
