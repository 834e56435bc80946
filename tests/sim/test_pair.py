"""The pair's promises, each by its name: real machines in a small world, with an observer.

A failure prints its seed and the story. `play(seed, mix)` in twin/sim/play.py replays it.
"""

import pytest

from twin.core.pair.document import Role
from twin.core.pair.knowledge import Claim, Knowledge
from twin.core.pair.state import Rules, Trouble
from twin.sim.faults import FINE_LINES, STORM, STRANGERS
from twin.sim.host import Host
from twin.sim.lines import Quality
from twin.sim.observer import BrokenPromiseError
from twin.sim.pair import Pair
from twin.sim.play import pair, play, settle
from twin.sim.process import Process

BOTH_WAYS = {("a", "b"), ("b", "a")}
JOIN = Rules(takes_on_wake=False)


def awake(seed: int = 1, rules: Rules = JOIN) -> Pair:
    """Two hosts that booted in turn; `a` is on duty, `b` watches."""
    world = pair(seed, rules)
    for host in world.hosts.values():
        host.boot_s = 0.3
    world.hosts["a"].boot()
    world.run(20)
    world.hosts["b"].boot()
    world.run(25)
    assert roles(world) == {"a": Role.ON_DUTY, "b": Role.STANDBY}
    return world


def host(world: Pair, name: str) -> Host:
    return world.hosts[name]


def process(world: Pair, name: str) -> Process:
    front = world.hosts[name].front
    assert front is not None
    return front


def roles(world: Pair) -> dict[str, Role]:
    return {name: process(world, name).state.role for name in world.hosts}


def vacancy_s(world: Pair, at_most_s: float) -> float:
    """The time from now until a twin is on duty."""
    since = world.now
    while not any(one.acts and one.state.on_duty for h in world.hosts.values() for one in h.alive):
        assert world.now - since < at_most_s, world.story
        world.run(0.01)
    return world.now - since


# ---- the promises, over fixed seeds with heavy faults


@pytest.mark.parametrize("seed", range(40))
def test_one_on_duty_and_all_other_promises_while_lines_are_fine(seed: int) -> None:
    """Kills, freezes, deploys, sleeps, clocks; every round trip takes at most 3 s."""
    outcome = play(seed, FINE_LINES)
    assert outcome.starts


@pytest.mark.parametrize("seed", range(40))
def test_after_a_fault_heals_one_is_on_duty_and_both_ledgers_agree(seed: int) -> None:
    """The same, with messages lost, late, doubled and cut off in one or both directions."""
    outcome = play(seed, STORM)
    assert outcome.longest_vacancy_s < 30  # after a deploy that failed, and lost messages


@pytest.mark.parametrize("seed", range(8))
def test_the_promises_hold_with_wrong_passwords_too(seed: int) -> None:
    play(seed, STRANGERS)


def test_a_seed_always_tells_the_same_story() -> None:
    assert play(7, STORM) == play(7, STORM)


# ---- somebody on duty


def test_sigterm_moves_the_duty_within_one_round_trip() -> None:
    world = awake()
    host(world, "a").terminate(process(world, "a"), "a restart")
    assert vacancy_s(world, 1) < 2 * 0.06 + 0.02


def test_a_death_that_refuses_connections_moves_the_duty_within_a_second() -> None:
    world = awake()
    host(world, "a").kill(process(world, "a"))
    assert vacancy_s(world, 2) < 1.3


def test_a_freeze_moves_the_duty_8_s_after_the_last_message() -> None:
    world = awake()
    process(world, "a").freeze()
    assert vacancy_s(world, 10) < 8


def test_a_silent_line_moves_the_duty_8_s_after_the_last_message() -> None:
    world = awake()
    host(world, "a").holds = True
    host(world, "a").kill(process(world, "a"), silently=True)
    assert vacancy_s(world, 10) < 8


def test_a_short_freeze_is_not_followed() -> None:
    world = awake()
    process(world, "a").freeze()
    world.run(4)
    process(world, "a").thaw()
    world.run(20)
    assert roles(world) == {"a": Role.ON_DUTY, "b": Role.STANDBY}


# ---- one on duty


def test_cut_off_from_each_other_both_are_on_duty_and_the_first_message_ends_it() -> None:
    world = awake()
    world.lines.cut |= BOTH_WAYS
    world.run(30)
    assert roles(world) == {"a": Role.ON_DUTY, "b": Role.ON_DUTY}
    world.lines.cut.clear()
    world.run(8)
    assert sorted(roles(world).values()) == [Role.ON_DUTY, Role.STANDBY]


@pytest.mark.parametrize("cut", [("a", "b"), ("b", "a")])
def test_a_line_cut_in_one_direction_heals(cut: tuple[str, str]) -> None:
    world = awake()
    world.lines.cut.add(cut)
    world.run(60)
    world.lines.cut.clear()
    world.lines.hurt.note(world.now)
    world.run(30)
    settle(world)


def test_round_trips_of_just_under_3_s_make_no_two_holders() -> None:
    for seed in range(10):
        world = pair(seed)
        world.lines.quality = Quality(1.4, 1.49)
        host(world, "a").boot()
        host(world, "b").boot()
        world.run(120)
        host(world, "a").terminate(process(world, "a"), "a deploy")
        host(world, "a").boot()
        world.run(120)
        settle(world)


# ---- no slot is lost or doubled in a handover


@pytest.mark.parametrize("early_ms", [-20, 0, 1, 5, 20, 60, 200])
def test_no_slot_is_lost_or_doubled_in_a_handover(early_ms: int) -> None:
    """SIGTERM within a second of a slot."""
    world = awake()
    began_at = world.now
    world.run(60 - world.now % 20 - early_ms / 1000)
    host(world, "a").terminate(process(world, "a"), "a deploy", sleep=True)
    world.run(120)
    assert process(world, "b").state.on_duty
    world.observer.check_slots(began_at, world.now - 5)


def test_a_twin_killed_right_after_its_announcement_leaves_a_slot_that_is_not_repeated() -> None:
    world = awake()
    world.run(20 - world.now % 20 + 0.0011)
    assert process(world, "a").state.knowledge.ledger["often"].slot == int(world.now)
    host(world, "a").kill(process(world, "a"))
    world.run(10)
    assert process(world, "b").state.on_duty
    world.observer.check_slots(world.now - 60, world.now - 5)


def test_a_slot_announced_to_a_standby_in_a_deploy_runs_once() -> None:
    """Its old boot makes way while the line is underway, and the holder is killed (1795256606)."""
    world = awake()
    world.lines.quality = Quality(0.5, 0.5)
    world.run(40 - world.now % 20 - 0.6)
    host(world, "b").boot(to_front=False)
    world.run(0.65)
    host(world, "a").kill(process(world, "a"))
    world.run(0.3)
    assert process(world, "b").state.retired
    world.run(20)
    assert host(world, "b").alive[-1].state.on_duty
    assert world.observer.excused_doubles == 0


# ---- never both suspended


def test_never_both_suspended_when_each_is_woken_by_the_other() -> None:
    world = awake()
    for _ in range(5):
        for name in ("a", "b"):
            host(world, name).terminate(process(world, name), "it sleeps", sleep=True)
        world.run(1)
        host(world, "a").lead(lambda _: None)
        world.run(60)
        assert vacancy_s(world, 0.01) == 0
        for name in ("a", "b"):
            host(world, name).lead(lambda _: None)
        world.run(60)


def test_never_both_suspended_when_a_message_comes_twice() -> None:
    """A claim that arrived early over another way, or twice, was once refused; no message refuses a
    claim now."""
    for seed in range(10):
        world = pair(seed)
        world.lines.quality = Quality(doubled=1.0)
        host(world, "a").boot()
        host(world, "b").boot()
        world.run(60)
        settle(world)


# ---- a twin that cannot trust its time


def test_a_twin_that_cannot_trust_its_time_does_not_act() -> None:
    world = awake()
    old = process(world, "a")
    world.run(20 - world.now % 20 - 1)
    old.freeze()
    world.run(30)
    started = world.observer.starts
    old.thaw()
    assert not old.state.on_duty
    world.run(1)
    assert roles(world) == {"a": Role.STANDBY, "b": Role.ON_DUTY}
    assert world.observer.starts == started


def test_a_run_announced_before_a_freeze_is_not_begun_after_it() -> None:
    world = awake()
    world.run(20 - world.now % 20 + 0.0011)
    old = process(world, "a")
    old.freeze()
    world.run(30)
    old.thaw()
    world.run(30)
    settle(world)


# ---- each of these once broke a promise


def test_a_late_down_of_an_old_boot_is_not_believed_about_the_new_one() -> None:
    world = awake()
    down = process(world, "a")
    host(world, "a").terminate(down, "a restart")
    world.run(0.5)
    host(world, "a").boot()
    world.run(20)
    from_old = down.document()
    assert from_old.leaving
    new = process(world, "a")
    assert process(world, "b").state.peer.boot == new.boot
    assert not process(world, "b").state.peer.left


def test_in_two_crossing_deploys_a_leave_of_an_old_boot_is_not_believed() -> None:
    for seed in range(10):
        world = awake(seed)
        old = {name: process(world, name) for name in "ab"}
        for name in "ab":
            host(world, name).boot(to_front=False)
        world.run(20)
        for name in "ab":
            host(world, name).lead_to(host(world, name).alive[-1])
            host(world, name).terminate(old[name], "a deploy")
        world.run(60)
        settle(world)


def test_a_deploy_that_fails_leaves_the_old_boot_in_charge_again() -> None:
    world = awake()
    host(world, "b").kill(process(world, "b"))
    world.run(5)
    host(world, "a").boot(to_front=False)
    world.run(2)
    host(world, "a").kill(host(world, "a").alive[-1])
    world.run(110)
    assert process(world, "a").state.on_duty


def test_boots_of_one_app_sort_by_age_even_over_a_clock_set_back() -> None:
    world = awake()
    host(world, "b").kill(process(world, "b"))
    host(world, "a").kill(process(world, "a"))
    world.run(1)
    host(world, "b").boot()
    world.run(20)
    host(world, "b").set_clock(-3_600.0)
    host(world, "b").kill(process(world, "b"))
    host(world, "b").boot()
    world.run(20)
    assert process(world, "b").state.on_duty


def test_a_ghost_of_a_later_name_does_not_keep_a_boot_from_the_duty() -> None:
    """The peer reports a claim by a boot of its own app whose clock was ahead."""
    world = awake(rules=Rules())
    ghost = Claim(int(world.now * 1000) + 3_600_000, "b", "1799999999999-gone")
    a = process(world, "a")
    a.machine.state = a.state.__class__(
        **{name: getattr(a.state, name) for name in a.state.__slots__ if name != "knowledge"},
        knowledge=a.state.knowledge.merge(Knowledge(ghost)),
    )
    host(world, "b").kill(process(world, "b"))
    host(world, "b").boot()
    world.run(30)
    settle(world)
    assert process(world, "b").boot > ghost.boot


def test_a_claim_is_repeated_until_the_peer_shows_it() -> None:
    world = awake()
    world.lines.cut |= BOTH_WAYS
    world.run(600)
    world.lines.cut.clear()
    world.run(3)
    assert sorted(roles(world).values()) == [Role.ON_DUTY, Role.STANDBY]


def test_a_standby_that_knows_more_than_the_holder_updates_it() -> None:
    world = awake()
    b = process(world, "b")
    slow = [key for key in process(world, "a").state.knowledge.ledger if key == "slow"]
    assert slow
    host(world, "a").terminate(process(world, "a"), "it sleeps", sleep=True)
    world.run(200)
    assert b.state.on_duty
    host(world, "a").lead(lambda _: None)
    world.run(100)
    settle(world)


def test_an_old_boot_whose_url_leads_to_itself_does_not_claim_again_at_once() -> None:
    world = awake()
    old = process(world, "a")
    host(world, "a").boot(to_front=False)
    world.run(80)
    assert not old.state.on_duty


def test_a_clock_set_back_an_hour_stops_nothing() -> None:
    world = awake()
    host(world, "a").set_clock(-3_600.0)
    world.observer.clock_set_at = world.now + 3_600
    before = world.observer.starts
    world.run(125)
    assert world.observer.starts > before + 5


def test_wrong_credentials_make_no_two_holders_and_heal() -> None:
    world = awake()
    host(world, "b").password = "wrong"
    host(world, "b").kill(process(world, "b"))
    host(world, "b").boot()
    world.run(300)
    assert roles(world)["a"] is Role.ON_DUTY
    assert roles(world)["b"] is Role.CLAIMING
    assert process(world, "b").state.peer.trouble is Trouble.DENIED
    host(world, "b").password = "right"
    world.run(70)
    settle(world)


def test_a_twin_stands_in_for_a_peer_that_it_cannot_talk_to() -> None:
    world = awake()
    host(world, "b").password = "wrong"
    host(world, "b").kill(process(world, "b"))
    host(world, "b").boot()
    world.run(20)
    host(world, "a").kill(process(world, "a"))
    world.run(75)
    assert process(world, "b").state.on_duty


# ---- the observer notices


def test_the_observer_sees_a_second_holder() -> None:
    world = awake()
    b = process(world, "b")
    b.machine.state = process(world, "a").state
    with pytest.raises(BrokenPromiseError, match="seed 1: one on duty"):
        world.observer.look()


def test_the_observer_sees_a_missing_holder() -> None:
    world = awake()
    host(world, "a").kill(process(world, "a"))
    process(world, "b").machine.state = awake(2).hosts["b"].alive[0].state
    process(world, "b").step = lambda _: None  # type: ignore[method-assign, assignment]
    world.run(7)
    with pytest.raises(BrokenPromiseError, match="nobody was"):
        world.run(7)


def test_the_observer_sees_a_second_start() -> None:
    world = awake()
    world.run(61)
    slot = process(world, "a").state.knowledge.ledger["often"].slot
    with pytest.raises(BrokenPromiseError, match="never two starts"):
        world.observer.started(process(world, "b"), "often", slot)


def test_the_observer_sees_a_lost_slot() -> None:
    world = awake()
    with pytest.raises(BrokenPromiseError, match="no slot is lost"):
        world.observer.check_slots(world.now, world.now + 100)
