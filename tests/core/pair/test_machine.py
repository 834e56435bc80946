"""The machine of the node and the simulator: freezes, rounds and wake-ups."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from stepping import A_URL, NOON, Twin, sent

from twin.core.moment import Moment
from twin.core.pair.document import Role
from twin.core.pair.events import Ended, Heard, LearnedUrl, Start, Tick, Via
from twin.core.pair.knowledge import Fate
from twin.core.pair.machine import Machine, Permission
from twin.core.pair.shift import Shift
from twin.core.pair.state import Rules, Standby
from twin.core.pair.timeouts import BEAT_S, FROZEN_S, ROUND_S, STALLED_S, UNSETTLED_S
from twin.core.schedule.job import Job
from twin.core.schedule.schedules import every

JOBS = {"post": Job("post", every("10s", None, "UTC"))}


def after(now: Moment, seconds: float) -> Moment:
    return Moment(now.wall + seconds, now.mono + seconds)


def beat(machine: Machine, now: Moment, seconds: int) -> tuple[Moment, list[str]]:
    """Ticks for this many seconds; returns the moment then, and the requests."""
    requests: list[str] = []
    for _ in range(seconds):
        now = after(now, BEAT_S)
        requests += sent(machine.step(Tick(), now))
    return now, requests


def machine_of(twin: Twin) -> tuple[Machine, Moment]:
    return Machine(twin.state, twin.now), twin.now


# ---- time that a simulator skips


def test_skipped_rounds_are_never_caught_up() -> None:
    machine, _ = machine_of(Twin().take())
    first = machine.round_at
    machine.skip_rounds(first - 1)
    assert machine.round_at == first
    machine.skip_rounds(first + 2 * ROUND_S + 1)
    assert machine.round_at == first + 3 * ROUND_S


# ---- freezes


@pytest.mark.parametrize("path", ["step", "look"])
def test_a_freeze_is_noticed_before_anything_else_is_done(path: str) -> None:
    machine, now = machine_of(Twin().take())
    thawed = after(now, BEAT_S + FROZEN_S + 0.1)
    if path == "step":
        machine.step(LearnedUrl(A_URL), thawed)
    else:
        machine.look(thawed)
    assert machine.state.role is Role.CLAIMING
    assert machine.freezes == 1


def test_a_late_beat_is_no_freeze() -> None:
    machine, now = machine_of(Twin().take())
    machine.step(Tick(), after(now, BEAT_S + FROZEN_S))
    assert machine.state.on_duty
    assert machine.freezes == 0


def test_beats_that_a_simulator_skips_are_no_freeze() -> None:
    machine, now = machine_of(Twin().take())
    machine.skip_beats(now.mono + 100)
    machine.step(Tick(), after(now, 101))
    assert machine.state.on_duty


# ---- rounds


def test_a_holder_asks_its_own_url_every_round() -> None:
    machine, now = machine_of(Twin().take())
    _, requests = beat(machine, now, int(3 * ROUND_S))
    assert requests.count("OWN") == 3


def test_a_standby_calls_the_holder_every_round_and_lets_its_own_host_sleep() -> None:
    machine, now = machine_of(Twin().stand_by())
    _, requests = beat(machine, now, int(3 * ROUND_S))
    assert requests == ["UPDATE"] * 3


def test_a_standby_that_is_not_at_its_url_asks_it_until_it_is() -> None:
    twin = Twin().stand_by()
    twin.state = replace(twin.state, reached=False)
    machine, now = machine_of(twin)
    now, requests = beat(machine, now, int(ROUND_S))
    assert "OWN" in requests
    machine.step(Heard(machine.document((), now), Via.OWN), now)
    _, requests = beat(machine, now, int(ROUND_S))
    assert "OWN" not in requests


def test_a_standby_without_a_watch_asks_by_its_doubt_alone() -> None:
    twin = Twin().stand_by()
    assert isinstance(twin.state.stage, Standby)
    twin.state = replace(twin.state, stage=replace(twin.state.stage, watching=False))
    machine, now = machine_of(twin)
    _, requests = beat(machine, now, int(ROUND_S))
    assert requests == []


def test_rounds_that_a_simulator_skips_are_not_made_up_for() -> None:
    machine, now = machine_of(Twin().take())
    machine.skip_beats(now.mono + 4 * ROUND_S)
    machine.skip_rounds(now.mono + 4 * ROUND_S)
    _, requests = beat(machine, after(now, 4 * ROUND_S), int(ROUND_S))
    assert requests == ["OWN"]


# ---- waking


def test_it_waits_for_its_next_slot_by_the_wall_clock_and_for_the_round_by_the_other() -> None:
    machine, now = machine_of(Twin(jobs=JOBS).take())
    wake = machine.next_wake(now)
    assert wake == Moment(NOON + 10, now.mono + ROUND_S)


def test_a_shift_is_looked_at_every_minute() -> None:
    rules = Rules(shift=Shift(0, 720, ZoneInfo("UTC")))
    machine, now = machine_of(Twin(rules=rules).take())
    assert machine.next_wake(now).wall == now.wall // 60 * 60 + 60


# ---- runs


def test_a_run_may_begin_once_it_is_announced_and_no_other() -> None:
    machine, now = machine_of(Twin(jobs=JOBS).take())
    now, _ = beat(machine, now, 10)
    slot = int(NOON) + 10
    assert machine.may_begin(Start("post", slot), now.mono, now) is Permission.GRANTED
    assert machine.may_begin(Start("post", slot + 10), now.mono, now) is Permission.REFUSED
    machine.step(Ended("post", slot, Fate.DONE, 0.1), now)
    assert machine.may_begin(Start("post", slot), now.mono, now) is Permission.REFUSED


def test_a_run_waits_out_a_doubt_but_not_forever() -> None:
    machine, now = machine_of(Twin(jobs=JOBS).take())
    now, _ = beat(machine, now, 10)
    start, thawed = Start("post", int(NOON) + 10), after(now, 60)
    machine.look(thawed)
    assert machine.may_begin(start, thawed.mono, thawed) is Permission.UNSETTLED
    late = after(thawed, UNSETTLED_S)
    assert machine.may_begin(start, thawed.mono, late) is Permission.REFUSED


def test_a_stuck_scheduler_is_reported_to_the_peer() -> None:
    machine, now = machine_of(Twin().take())
    now, _ = beat(machine, now, 2)
    for _ in range(int(STALLED_S)):
        assert machine.ticks(now)
        now = after(now, 1)
        machine.look(now)
    assert not machine.ticks(now)
    assert machine.document((), now).ticked_ago_s == STALLED_S
