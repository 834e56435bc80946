"""The simulator finds a broken promise without any one rule of the protocol.

A simulator that finds nothing proves nothing. So each rule is switched off once, and a promise must
break within a few seeds.
"""

from collections.abc import Callable

import pytest

from twin.core.pair import duty, machine, roles, slots
from twin.core.pair.events import Effect, Publish, Start
from twin.core.pair.knowledge import Claim
from twin.core.pair.state import Holding, State
from twin.core.pair.step import Step
from twin.sim.faults import FINE_LINES, STORM, Mix
from twin.sim.observer import BrokenPromiseError
from twin.sim.play import play

SEEDS = 40

Off = Callable[[pytest.MonkeyPatch], None]


def no_announcement(patch: pytest.MonkeyPatch) -> None:
    result = Step.result

    def silent(step: Step) -> tuple[State, tuple[Effect, ...]]:
        state, effects = result(step)
        if any(isinstance(effect, Start) for effect in effects):
            effects = tuple(one for one in effects if not isinstance(one, Publish))
        return state, effects

    patch.setattr(Step, "result", silent)


def no_tie_break(patch: pytest.MonkeyPatch) -> None:
    """Two claims of one term, which lasts a whole minute here, both count as the highest."""
    patch.setattr(roles, "int", lambda wall_ms: int(wall_ms) // 60_000 * 60_000, raising=False)
    patch.setattr(Claim, "__gt__", lambda one, other: one.term > other.term)
    patch.setattr(Claim, "__lt__", lambda one, other: one.term < other.term)


def no_freeze_check(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(machine, "FROZEN_S", float("inf"))


def no_settling(patch: pytest.MonkeyPatch) -> None:
    """A boot neither listens before it claims nor waits for its URL."""
    patch.setattr(duty, "SETTLE_S", 0.0)
    patch.setattr(duty, "OWN_URL_FOR_S", 0.0)


def no_repetition(patch: pytest.MonkeyPatch) -> None:
    def once(_: State, held: Holding) -> bool:
        return held.repeat_at <= held.since

    patch.setattr(duty, "_must_repeat", once)


def counting_from_boot(patch: pytest.MonkeyPatch) -> None:
    def anew(step: Step) -> None:
        step.upcoming.clear()
        for job in step.state.jobs.values():
            step.upcoming[job.name] = job.schedule.after(step.state.woke_at.wall) or 0

    patch.setattr(slots, "_count_anew", anew)


def confirmed_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(duty, "SILENCE_S", 0.0)


def any_release_is_believed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(roles, "_was_released_by_the_peer", lambda state: state.knowledge.claim.released)


def a_round_a_minute(patch: pytest.MonkeyPatch) -> None:
    """A twin notices a newer boot at its URL too late."""
    patch.setattr(machine, "ROUND_S", 60.0)


@pytest.mark.parametrize(
    ("switch_off", "mix"),
    [
        (no_announcement, FINE_LINES),
        (no_tie_break, FINE_LINES),
        (no_freeze_check, FINE_LINES),
        (no_settling, FINE_LINES),
        (no_repetition, STORM),
        (counting_from_boot, FINE_LINES),
        (confirmed_at_once, FINE_LINES),
        (any_release_is_believed, STORM),
        (a_round_a_minute, STORM),
    ],
)
def test_without_this_rule_a_promise_breaks(
    switch_off: Off, mix: Mix, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch_off(monkeypatch)
    with pytest.raises(BrokenPromiseError):
        play_all(mix)


def play_all(mix: Mix) -> None:
    for seed in range(SEEDS):
        play(seed, mix)
