"""The explorer tries every placement of a fault, and prints the path to a broken promise.

`make explore` does the same with two faults, one after the other.
"""

import re

import pytest

from twin.core.pair import machine, slots
from twin.core.pair.lease import Lease
from twin.sim import explore
from twin.sim.explore import Seen, fast_forward, first_faults, follow, replay
from twin.sim.fingerprint import fingerprint
from twin.sim.observer import BrokenPromiseError
from twin.sim.pool import each
from twin.sim.scope import FAULTS, SETTINGS, SLOTS_EVERY_S


def test_one_fault_anywhere_breaks_no_promise_on_near_and_far_lines() -> None:
    tasks = [(name, first, 1) for name in ("near", "far") for first in first_faults(name)]
    seen = Seen()
    for one in each(follow, tasks):
        seen.add(one)
    assert not seen.violations, seen
    assert seen.firsts == len(tasks)
    assert seen.longest_vacancy_s < 9.5


def test_one_fault_breaks_no_promise_in_strict_mode() -> None:
    """Every twelfth: `make explore FAULTS=1 SETTINGS=strict` tries them all."""
    tasks = [("strict", first, 1) for first in list(first_faults("strict"))[::12]]
    seen = Seen()
    for one in each(follow, tasks):
        seen.add(one)
    assert not seen.violations, seen
    assert seen.firsts == len(tasks)
    assert seen.longest_vacancy_s < 11


def test_in_strict_mode_it_finds_two_on_duty_if_nobody_minds_the_end_of_a_lease(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fronts = [host.front for host in fast_forward("strict", 0).hosts.values()]
    (holder,) = [front.host.name for front in fronts if front and front.state.on_duty]
    monkeypatch.setattr(Lease, "is_trusted", lambda _lease, _now: True)
    (violation,) = follow(("strict", (2, f"freeze {holder} 12 s"), 1)).violations
    assert violation.promise.startswith("never two at once")


@pytest.mark.parametrize("setting", SETTINGS)
def test_each_setting_is_at_rest_before_the_first_fault(setting: str) -> None:
    scene = SETTINGS[setting].at_rest()
    assert explore.is_well(scene)
    assert scene.hosts["b"].asleep is SETTINGS[setting].asleep


def test_two_faults_one_after_the_other_are_followed() -> None:
    seen = follow(("near", (3, "freeze a 2.2 s"), 2))
    assert not seen.violations, seen
    assert seen.points > 10
    assert seen.paths > 10 * len(FAULTS) / 2


def test_a_fault_that_waits_for_a_message_is_followed_only_right_before_it() -> None:
    scene = fast_forward("near", 3)
    while True:
        count = scene.happened
        copy = fast_forward("near", count)
        FAULTS["lose a-b"].strike(copy)
        copy.happen()
        if not copy.lines.next:
            break
        assert follow(("near", (count, "lose a-b"), 1)).alike == 1
        scene.happen()
    assert count > 3
    assert follow(("near", (count, "lose a-b"), 1)).alike == 0


def test_without_the_freeze_rule_it_finds_two_on_duty_and_prints_the_replay_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(machine, "FROZEN_S", float("inf"))
    fronts = [host.front for host in fast_forward("near", 0).hosts.values()]
    (holder,) = [front.host.name for front in fronts if front and front.state.on_duty]
    (violation,) = follow(("near", (2, f"freeze {holder} 9 s"), 1)).violations
    assert violation.promise.startswith("one on duty")
    again = re.search(r'explore near --path "(\d+) (.+)"$', str(violation))
    assert again
    with pytest.raises(BrokenPromiseError, match="thaws"):
        replay("near", ((int(again[1]), again[2]),))


def test_a_slot_that_nobody_runs_after_a_fault_is_a_broken_promise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fast_forward("near", 0)  # the pair at rest is brought there by the real rules
    monkeypatch.setattr(slots, "serve", lambda _step, just_taken: None)  # noqa: ARG005
    # It takes longer than the 10 s from one slot to the next.
    (violation,) = follow(("near", (2, "freeze a 9 s"), 1)).violations
    assert violation.promise.startswith("no slot is lost")


def test_a_pair_at_rest_is_the_same_world_when_it_has_repeated_itself() -> None:
    scene = SETTINGS["near"].at_rest()
    marks = []
    for period in (1, 2):
        while scene.now < scene.began_at + period * SLOTS_EVERY_S:
            scene.happen()
        marks.append(fingerprint(scene))
    assert marks[0] == marks[1]


def test_worlds_that_a_fault_made_different_are_not_equal() -> None:
    one, other = fast_forward("near", 5), fast_forward("near", 5)
    assert fingerprint(one) == fingerprint(other)
    FAULTS["freeze a 4 s"].strike(other)
    assert fingerprint(one) != fingerprint(other)


def test_a_used_up_time_budget_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    assert explore.main(["near", "--faults", "1", "--minutes", "0"]) == 0
    assert re.search(r"^cut: \d+ of \d+ followed$", capsys.readouterr().out, re.MULTILINE)


def test_a_path_is_replayed_with_its_story(capsys: pytest.CaptureFixture[str]) -> None:
    assert explore.main(["near", "--path", "2 kill a; 9 kill b"]) == 0
    assert "is killed" in capsys.readouterr().out
