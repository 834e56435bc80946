"""The number of processes and its reason: a target, a clock and a state, step by step."""

from dataclasses import dataclass, field, replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.core.scaling.observation import Observation, Rules
from twin.core.scaling.plan import Plan, Trouble, plan, within
from twin.core.scaling.state import ScalingState
from twin.core.scaling.target import Reading, TargetError
from twin.core.scaling.verdict import Probe

RULES = Rules(max_quantity=3, slow_s=5.0, fast_s=1.0, window_s=600.0)
EVERY_S = 15.0
FAST = (Probe(200, 0.1),)
MEDIUM = (Probe(200, 2.0),)
BLIP = (Probe(503, 0.1), Probe(200, 0.1))
DOWN = (Probe(503, 0.1), Probe(503, 0.1))
SLOW = (Probe(200, 6.2), Probe(200, 6.2))
HANGS = tuple(Probe(None, s, f"no answer in {s:g} s", hangs=True) for s in (5.0, 4.0))
REFUSED = (Probe(None, 0.1, "connection refused"),) * 2
NOTHING: tuple[Probe, ...] = ()


@dataclass
class Story:
    """A target that obeys, and its changes."""

    quantity: int
    level: int | None
    rules: Rules = RULES
    wall: float = 1_000_000.0
    state: ScalingState = field(default_factory=ScalingState)
    line_works: bool = True
    template: str = ""
    under_way: str = ""
    paused_at: float | None = None
    closed: bool = False
    changes: list[int] = field(default_factory=list)

    def step(self, probes: tuple[Probe, ...], blind: bool = False) -> Plan:
        reading = Reading(self.quantity, self.template, self.under_way, self.paused_at)
        doubt = "" if self.line_works else "nobody answers"
        seen = Observation(
            self.wall, None if blind else reading, self.level, probes, doubt, self.closed
        )
        decided, self.state = plan(seen, self.rules, self.state)
        if decided.quantity is not None:
            assert decided.quantity != self.quantity
            self.quantity = decided.quantity
            self.state = self.state.with_quantity(decided.quantity, self.wall)
        self.wall += EVERY_S
        if decided.quantity is not None:
            self.changes.append(decided.quantity)
        return decided

    def goes_on(self, probes: tuple[Probe, ...], minutes: float) -> list[int]:
        """The changes of the next `minutes`."""
        told = len(self.changes)
        for _ in range(int(minutes * 60 / EVERY_S)):
            self.step(probes)
        return self.changes[told:]


# The fail-safe


@pytest.mark.parametrize(
    ("probes", "because"),
    [
        (DOWN, "a second probe also failed (503 after 0.1 s): scale out to 3"),
        (SLOW, "a second probe also failed (200 after 6.2 s): scale out to 3"),
        (HANGS, "a second probe also failed (no answer in 5 s): scale out to 3"),
        (REFUSED, "a second probe also failed (connection refused): scale out to 3"),
        ((DOWN[0], SLOW[0]), "a second probe also failed (200 after 6.2 s): scale out to 3"),
    ],
)
def test_an_outage_that_a_second_probe_confirms_scales_out_at_once(
    probes: tuple[Probe, ...], because: str
) -> None:
    assert Story(1, level=1).step(probes) == Plan(3, because)


def test_an_outage_that_a_second_probe_does_not_confirm_changes_nothing() -> None:
    assert Story(1, level=1).goes_on(BLIP, minutes=1) == []


def test_a_bad_answer_that_was_not_probed_again_changes_nothing() -> None:
    assert Story(1, level=1).goes_on(DOWN[:1], minutes=1) == []


def test_an_outage_at_the_maximum_changes_nothing_and_says_so() -> None:
    decided = Story(3, level=1).step(DOWN)
    assert decided == Plan(None, "a second probe also failed (503 after 0.1 s): already at 3")


def test_an_outage_never_lowers_a_manual_quantity() -> None:
    assert Story(5, level=1).goes_on(DOWN, minutes=60) == []


def test_no_rule_goes_above_the_ceiling() -> None:
    """Not even a peer's memo, or a timetable that the settings accept."""
    story = Story(1, level=5)
    assert story.step(FAST) == Plan(3, "the timetable says 5, but SCALE_MAX is 3")
    assert story.step(FAST) == Plan(None, "the timetable says 5, but SCALE_MAX is 3")
    for state in (
        ScalingState(quantity=1, hand=900, respected_until=story.wall + 300),
        ScalingState(quantity=1, wanted=900),
        ScalingState(quantity=1, before=900),
        ScalingState(quantity=1, limit=900, limit_until=story.wall + 300),
    ):
        for probes in (FAST, DOWN):
            for level in (None, 1):
                told = Story(1, level, state=state)
                told.goes_on(probes, minutes=60)
                assert max([1, *told.changes]) <= 3


# In again


def test_fail_safe_processes_leave_one_by_one_after_ten_calm_minutes_each() -> None:
    story = Story(1, level=1)
    story.step(DOWN)
    assert story.goes_on(FAST, minutes=10) == []
    decided = story.step(FAST)
    assert decided == Plan(2, "answers under 1 s for 10m: one in, towards 1")
    assert story.goes_on(FAST, minutes=9.5) == []
    assert story.goes_on(FAST, minutes=1) == [1]
    assert story.goes_on(FAST, minutes=60) == []


def test_a_window_is_written_as_in_the_settings() -> None:
    story = Story(1, level=1, rules=replace(RULES, window_s=90.0))
    story.step(DOWN)
    story.goes_on(MEDIUM, minutes=2)
    assert story.step(MEDIUM).reason == "wait for 1m30s of answers under 1 s"


@pytest.mark.parametrize("interruption", [MEDIUM, BLIP, NOTHING])
def test_an_answer_that_is_not_fast_restarts_the_calm(interruption: tuple[Probe, ...]) -> None:
    story = Story(2, level=2)
    story.step(DOWN)
    story.goes_on(FAST, minutes=9)
    # Without probes the timetable would apply, if the target could be read.
    story.step(interruption, blind=interruption == NOTHING)
    assert story.goes_on(FAST, minutes=10) == []
    assert story.goes_on(FAST, minutes=1) == [2]


def test_answers_between_fast_and_slow_keep_the_fail_safe_processes() -> None:
    story = Story(2, level=2)
    story.step(DOWN)
    assert story.goes_on(MEDIUM, minutes=120) == []
    assert story.step(MEDIUM).reason == "wait for 10m of answers under 1 s"


def test_a_second_outage_while_scaling_in_goes_out_again() -> None:
    story = Story(1, level=1)
    story.step(DOWN)
    story.goes_on(FAST, minutes=11)
    assert story.quantity == 2
    assert story.step(DOWN).quantity == 3
    assert story.goes_on(FAST, minutes=25) == [2, 1]


# The timetable


def test_a_level_above_the_quantity_is_applied_at_once() -> None:
    assert Story(1, level=2).step(FAST) == Plan(2, "the timetable says 2")


def test_a_level_that_is_met_changes_nothing() -> None:
    assert Story(2, level=2).step(FAST) == Plan(None, "the timetable says 2")


def test_a_level_that_goes_down_is_applied_at_once_when_the_window_saw_no_outage() -> None:
    story = Story(3, level=3)
    story.goes_on(MEDIUM, minutes=11)
    story.level = 1
    because = "the timetable says 1, and there was no outage for 10m"
    assert story.step(MEDIUM) == Plan(1, because)


def test_a_level_that_goes_down_waits_until_the_window_holds_no_outage() -> None:
    story = Story(3, level=3)
    story.step(DOWN)
    story.level = 2
    assert story.step(FAST) == Plan(None, "the timetable says 2: wait for 10m without an outage")
    assert story.goes_on(FAST, minutes=9) == []
    assert story.goes_on(FAST, minutes=1) == [2]


def test_a_level_that_goes_down_during_the_fail_safe_is_reached_one_by_one() -> None:
    story = Story(2, level=2)
    story.step(DOWN)
    story.level = 1
    assert story.goes_on(FAST, minutes=11) == [2]
    assert story.goes_on(FAST, minutes=11) == [1]


def test_a_level_that_goes_down_right_after_a_step_in_waits_for_the_rest_of_its_window() -> None:
    story = Story(2, level=2)
    story.step(DOWN)
    assert story.goes_on(FAST, minutes=11) == [2]
    story.level = 1
    assert story.goes_on(FAST, minutes=9) == []
    assert story.goes_on(FAST, minutes=1) == [1]


def test_a_level_that_reaches_the_fail_safes_quantity_makes_it_the_timetables_own() -> None:
    story = Story(1, level=1)
    story.step(DOWN)
    story.level = 3
    story.goes_on(MEDIUM, minutes=11)
    story.level = 1
    assert story.step(MEDIUM).quantity == 1


# By hand


def by_hand(story: Story, quantity: int, probes: tuple[Probe, ...] = FAST) -> Plan:
    story.quantity = quantity
    return story.step(probes)


def quiet(quantity: int, level: int | None) -> Story:
    story = Story(quantity, level)
    story.goes_on(FAST, minutes=11)
    return story


@pytest.mark.parametrize("quantity", [5, 1])
def test_a_manual_quantity_is_respected_and_then_the_timetable_returns(
    quantity: int,
) -> None:
    story = quiet(2, level=2)
    because = f"somebody set it to {quantity}, which stands until 1970-01-12T14:12:40Z"
    assert by_hand(story, quantity) == Plan(None, because)
    assert story.goes_on(FAST, minutes=14.5) == []
    assert story.goes_on(FAST, minutes=0.5) == [2]


def test_another_manual_change_restarts_the_respect() -> None:
    story = quiet(2, level=2)
    by_hand(story, 5)
    story.goes_on(FAST, minutes=14)
    by_hand(story, 6)
    assert story.goes_on(FAST, minutes=14.5) == []
    assert story.goes_on(FAST, minutes=0.5) == [2]


def test_an_outage_scales_out_a_manual_quantity_and_returns_to_it() -> None:
    story = quiet(2, level=2)
    story.rules = replace(RULES, respect_s=3600.0)
    by_hand(story, 1)
    assert story.step(DOWN).quantity == 3
    assert story.goes_on(FAST, minutes=25) == [2, 1]
    assert story.goes_on(FAST, minutes=40) == [2]


def test_a_timetable_that_changes_meanwhile_waits_until_the_respect_is_over() -> None:
    story = quiet(2, level=2)
    by_hand(story, 1)
    story.level = 3
    assert story.goes_on(FAST, minutes=14.5) == []
    assert story.goes_on(FAST, minutes=0.5) == [3]


def test_switched_off_by_hand_it_is_not_down_and_comes_back_by_the_timetable() -> None:
    story = quiet(2, level=2)
    by_hand(story, 0, DOWN)
    assert story.goes_on(DOWN, minutes=14.5) == []
    assert story.goes_on(DOWN, minutes=1) == [2]
    assert story.state.outage_since is None


def test_without_a_timetable_a_manual_quantity_stays() -> None:
    story = quiet(2, level=None)
    story.step(DOWN)
    by_hand(story, 1)
    assert story.goes_on(FAST, minutes=60) == []


def test_the_first_observation_is_no_manual_change() -> None:
    assert Story(5, level=5).step(FAST) == Plan(None, "the timetable says 5")


def test_our_own_pending_change_is_no_manual_change() -> None:
    story = quiet(1, level=1)
    story.state = replace(story.state, wanted=3)  # and then this twin died
    story.quantity = 3
    story.step(FAST)
    assert story.state.hand is None
    assert story.state.is_booting(story.wall)


def test_our_own_failed_change_is_no_manual_change() -> None:
    story = quiet(1, level=1)
    story.state = replace(story.state, wanted=3)
    story.step(FAST)
    assert story.state.hand is None
    assert by_hand(story, 3).reason.startswith("somebody set it to 3")


def test_a_clock_that_is_set_back_does_not_prolong_the_respect() -> None:
    story = quiet(2, level=2)
    by_hand(story, 5)
    story.wall -= 3600
    assert story.goes_on(FAST, minutes=11) == [2]


# The timetable alone


def test_without_probes_the_timetable_applies_at_once_both_ways() -> None:
    story = Story(3, level=1)
    assert story.step(NOTHING) == Plan(1, "the timetable says 1")
    story.level = 2
    assert story.step(NOTHING) == Plan(2, "the timetable says 2")


# New processes, and a line that is down


def test_while_new_processes_boot_beside_older_ones_an_outage_takes_three_looks() -> None:
    """A timetable's step from 1 to 2: the one that was there has no need to start."""
    story = Story(1, level=2)
    story.step(FAST)
    assert [story.step(DOWN).quantity for _ in range(3)] == [None, None, 3]


def test_while_new_processes_boot_bad_answers_now_and_then_are_no_outage() -> None:
    story = Story(1, level=2)
    story.step(FAST)
    for probes in (DOWN, DOWN, FAST, DOWN):
        assert story.step(probes).quantity is None
    assert story.state.outage_since is None


def test_while_new_processes_boot_nothing_goes_in_and_the_reason_says_so() -> None:
    story = quiet(2, level=2)
    story.level = 3
    story.step(FAST)
    story.level = 2
    because = "new processes boot until 1970-01-12T13:58:55Z: keep 3"
    assert story.step(DOWN) == Plan(None, because)


def test_while_new_processes_boot_the_timetable_still_goes_up() -> None:
    story = Story(1, level=2)
    story.step(FAST)
    story.level = 3
    assert story.step(DOWN).quantity == 3


def test_a_target_is_not_blamed_while_our_own_line_is_down() -> None:
    story = quiet(3, level=2)
    story.level = 1
    story.line_works = False
    decided = story.step(REFUSED)
    assert decided.quantity is None
    assert decided.reason == "neither the target nor anything else could be reached: keep 2"
    text = "it cannot be reached (connection refused), and perhaps nothing can: nobody answers"
    assert decided.trouble == Trouble(text, heals=True)
    assert story.state.outage_since is None
    assert story.state.verdict == "unknown"
    story.line_works = True
    assert story.step(REFUSED).quantity == 3


def test_a_bad_answer_counts_whatever_the_state_of_our_line() -> None:
    story = Story(1, level=1, line_works=False)
    assert story.step(DOWN).quantity == 3


# When an outage begins and ends


def test_an_outage_is_over_after_a_minute_of_good_answers() -> None:
    story = Story(3, level=3)
    story.step(DOWN)
    since = story.state.outage_since
    story.goes_on(MEDIUM, minutes=1)
    assert story.state.outage_since == since
    story.step(MEDIUM)
    assert story.state.outage_since is None


def test_a_target_that_answers_now_and_then_is_in_the_same_outage() -> None:
    story = Story(3, level=3)
    story.step(DOWN)
    since = story.state.outage_since
    for _ in range(20):
        story.goes_on(FAST, minutes=0.75)
        story.step(DOWN)
    assert story.state.outage_since == since


def test_an_outage_is_not_over_while_new_processes_boot() -> None:
    story = Story(1, level=1)
    story.step(DOWN)
    story.goes_on(FAST, minutes=1)
    assert story.state.outage_since is not None
    story.goes_on(FAST, minutes=0.5)
    assert story.state.outage_since is None


def test_an_outage_ends_when_the_target_is_switched_off() -> None:
    story = Story(3, level=3)
    story.step(DOWN)
    story.level = 0
    story.step(DOWN)
    assert story.state.outage_since is None


# Nothing at all


def test_a_target_at_level_zero_is_no_outage() -> None:
    story = Story(2, level=0)
    assert story.step(FAST) == Plan(0, "the timetable says 0")
    assert story.goes_on(DOWN, minutes=60) == []
    assert story.step(DOWN) == Plan(None, "the timetable says 0")


def test_at_level_zero_not_even_a_blind_step_speaks_of_an_outage() -> None:
    decided = Story(1, level=0).step(DOWN, blind=True)
    assert decided.reason == "the quantity could not be read: keep it"


def test_a_level_of_zero_is_applied_even_during_an_outage() -> None:
    story = Story(3, level=3)
    story.goes_on(DOWN, minutes=5)
    story.level = 0
    assert story.step(DOWN).quantity == 0


def test_a_target_that_was_switched_off_by_hand_is_no_outage() -> None:
    assert Story(0, level=None).goes_on(DOWN, minutes=60) == []


def test_a_target_that_comes_back_from_zero_has_the_time_to_start() -> None:
    story = Story(0, level=2)
    assert story.step(DOWN).quantity == 2
    assert story.goes_on(DOWN, minutes=1) == []
    assert story.goes_on(DOWN, minutes=0.5) == [3]


def test_a_clock_that_was_set_back_does_not_prolong_the_time_to_start() -> None:
    story = Story(0, level=2)
    story.step(DOWN)
    story.wall -= 3600
    assert story.step(DOWN).quantity == 3


# Without a timetable


def test_without_a_timetable_the_fail_safe_goes_back_to_the_quantity_from_before() -> None:
    story = Story(1, level=None)
    assert story.goes_on(FAST, minutes=30) == []
    assert story.step(DOWN).quantity == 3
    assert story.goes_on(FAST, minutes=30) == [2, 1]
    assert story.goes_on(FAST, minutes=60) == []


def test_without_a_timetable_two_outages_in_a_row_go_back_to_before_the_first() -> None:
    story = Story(1, level=None)
    story.step(DOWN)
    story.goes_on(FAST, minutes=11)
    story.step(DOWN)
    assert story.goes_on(FAST, minutes=60) == [2, 1]


def test_without_a_timetable_a_quantity_above_the_ceiling_is_manual() -> None:
    story = Story(2, level=None)
    story.step(DOWN)
    story.quantity = 6
    assert story.goes_on(FAST, minutes=60) == []
    story.quantity = 3
    assert story.goes_on(FAST, minutes=60) == []


def test_without_a_timetable_or_probes_nothing_is_done() -> None:
    assert Story(2, level=None).step(NOTHING) == Plan(None, "no timetable")


# Unknown quantities


def test_blind_the_quantity_is_kept_and_the_reason_says_so() -> None:
    assert Story(1, level=3).step(FAST, blind=True) == Plan(
        None, "the quantity could not be read: keep it"
    )
    assert Story(1, level=3).step(DOWN, blind=True) == Plan(
        None,
        "the quantity could not be read: keep it, "
        "though a second probe also failed (503 after 0.1 s)",
    )


def test_an_outage_that_was_seen_blind_still_delays_a_scale_in() -> None:
    story = Story(3, level=2)
    story.goes_on(FAST, minutes=9)
    story.step(DOWN, blind=True)
    assert story.goes_on(FAST, minutes=9.5) == []
    assert story.goes_on(FAST, minutes=1) == [2]


# Losing the state


def test_a_handover_after_an_outage_only_delays_the_scale_in() -> None:
    story = Story(1, level=1)
    story.step(DOWN)
    story.state = ScalingState()
    assert story.goes_on(FAST, minutes=10) == []
    assert story.goes_on(FAST, minutes=1) == [1]


def test_a_handover_without_a_timetable_keeps_the_quantity() -> None:
    story = Story(1, level=None)
    story.step(DOWN)
    story.state = ScalingState()
    assert story.goes_on(FAST, minutes=60) == []


def test_a_clock_that_is_set_back_an_hour_delays_nothing_by_an_hour() -> None:
    story = Story(1, level=1)
    story.step(DOWN)
    story.step(FAST)
    story.wall -= 3600
    assert story.goes_on(FAST, minutes=11) == [2]


SEEN = st.sampled_from([FAST, MEDIUM, BLIP, DOWN, SLOW, REFUSED, NOTHING])
STEPS = st.lists(
    st.tuples(SEEN, st.sampled_from([0, 1, 2, 3, 5]), st.sampled_from([15.0, 400.0, -400.0])),
    max_size=40,
)


@settings(deadline=None)  # a busy machine is not the plan's fault
@given(steps=STEPS, start=st.integers(0, 3), forget=st.integers(0, 40))
def test_the_quantity_always_stays_between_the_level_and_the_ceiling(
    steps: list[tuple[tuple[Probe, ...], int, float]], start: int, forget: int
) -> None:
    story = Story(start, level=1)
    for number, (probes, level, passes_s) in enumerate(steps):
        story.level = level
        if number == forget:
            story.state = ScalingState()
        before = story.quantity
        story.step(probes)
        story.wall += passes_s - EVERY_S
        assert min(level, RULES.max_quantity) <= story.quantity <= max(RULES.max_quantity, before)


@settings(max_examples=30, deadline=None)
@given(outages=st.lists(st.integers(0, 9), min_size=150, max_size=200))
def test_fail_safe_processes_leave_by_one_and_at_most_once_a_window(
    outages: list[int],
) -> None:
    story = Story(1, level=1, rules=Rules(max_quantity=9))
    at: list[float] = []
    for outage in outages:
        wall, before = story.wall, story.quantity
        story.goes_on(DOWN if outage == 0 else FAST, minutes=0.25)
        story.wall += 120
        if story.quantity < before:
            assert story.quantity == before - 1
            at.append(wall)
    assert all(later - earlier >= RULES.window_s for earlier, later in pairwise(at))


# Errors that more processes do not mend


@pytest.mark.parametrize(
    ("probes", "words"),
    [
        ((Probe(404, 0.1),) * 2, "404 after 0.1 s"),
        ((Probe(302, 0.1),) * 2, "302 after 0.1 s"),
        ((Probe(503, 0.1, retry_after_s=3600),) * 2, "503 after 0.1 s"),
        (
            (Probe(None, 0.1, "certificate has expired", is_astray=True),) * 2,
            "certificate has expired",
        ),
    ],
)
def test_an_outage_that_more_processes_do_not_mend_is_one_and_scales_nothing(
    probes: tuple[Probe, ...], words: str
) -> None:
    story = quiet(1, level=1)
    because = f"a second probe also failed ({words}), which more processes do not mend: keep 1"
    assert story.step(probes) == Plan(None, because)
    assert story.state.outage_since is not None
    assert story.goes_on(probes, minutes=60) == []


def test_a_bad_answer_among_unmendable_ones_scales_out() -> None:
    assert Story(1, level=1).step((Probe(503, 0.1), Probe(404, 0.1))).quantity == 3


def test_in_maintenance_mode_an_outage_scales_nothing_and_the_timetable_goes_up() -> None:
    story = Story(1, level=1, closed=True)
    because = "a second probe also failed (503 after 0.1 s, as it is in maintenance mode)"
    assert story.step(DOWN) == Plan(None, f"{because}, which more processes do not mend: keep 1")
    story.level = 2
    assert story.goes_on(DOWN, minutes=30) == [2]
    story.level = 1
    assert story.goes_on(DOWN, minutes=30) == []


# Manual changes


def test_during_a_rollout_nothing_is_written_and_the_target_quantity_stays() -> None:
    story = Story(1, level=1, under_way="a change of it is under way")
    decided = story.step(DOWN)
    assert decided.quantity is None
    assert decided.reason == (
        "a second probe also failed (503 after 0.1 s): scale out to 3, but a change of it is "
        "under way, which is waited for: keep 1"
    )
    waits = "a change of it is under way, which is waited for"
    assert decided.trouble == Trouble(waits, heals=True)
    assert story.goes_on(DOWN, minutes=30) == []
    story.under_way = ""
    assert story.step(DOWN).quantity == 3


def test_a_deploy_that_changes_nothing_about_the_number_is_no_trouble() -> None:
    story = Story(2, level=2, under_way="a change of it is under way")
    assert story.step(FAST) == Plan(None, "the timetable says 2")


def test_a_paused_deploy_counts_as_manual_for_a_while_and_not_forever() -> None:
    story = Story(1, level=2)
    story.paused_at = story.wall
    decided = story.step(FAST)
    assert decided.quantity is None
    assert decided.trouble is not None
    assert not decided.trouble.heals
    assert "update is paused, which stands until 1970-01-12T14:01:40Z" in decided.trouble.text
    assert story.goes_on(FAST, minutes=14.5) == []
    assert story.goes_on(FAST, minutes=0.5) == [2]


def test_a_number_that_a_deploy_has_reset_is_put_right_at_once() -> None:
    story = quiet(3, level=3)
    story.template = "first"
    story.step(FAST)
    story.template, story.quantity = "second", 1
    assert story.step(FAST) == Plan(3, "the timetable says 3")
    assert story.state.hand is None
    assert by_hand(story, 2).reason.startswith("somebody set it to 2")


def test_a_deploy_in_an_outage_ends_neither_the_outage_nor_the_way_back() -> None:
    story = quiet(1, level=1)
    story.template = "first"
    story.step(DOWN)
    since = story.state.outage_since
    story.template, story.quantity = "second", 2
    assert story.goes_on(DOWN, minutes=1) == [3]
    assert story.state.outage_since == since
    assert story.goes_on(FAST, minutes=60) == [2, 1]


# Limits of the platform


def limited(story: Story, limit: int) -> None:
    refusal = TargetError(f"no more than {limit} are allowed", heals=False, limit=limit)
    story.state = story.state.with_limit(refusal, story.wall)


def test_no_more_is_requested_than_the_platform_allows() -> None:
    story = quiet(1, level=1)
    limited(story, 2)
    decided = story.step(DOWN)
    assert decided.quantity == 2
    assert decided.reason.endswith("scale out to 3, but the platform allows no more than 2")
    assert decided.trouble == Trouble("no more than 2 are allowed", heals=False)
    assert story.goes_on(DOWN, minutes=30) == []
    assert story.goes_on(FAST, minutes=60) == [1]
    assert story.step(FAST).trouble is None


def test_after_an_hour_more_is_requested_again() -> None:
    story = quiet(1, level=1)
    story.level = 3
    limited(story, 1)
    assert story.goes_on(FAST, minutes=60) == []
    assert story.step(FAST).quantity == 3


def test_more_than_the_platform_allowed_shows_that_it_allows_more() -> None:
    story = quiet(1, level=1)
    limited(story, 1)
    by_hand(story, 2)
    assert story.step(DOWN).quantity == 3


def test_the_ceiling_holds_below_a_limit_of_the_platform() -> None:
    state = ScalingState(limit=7, limit_until=100.0, limit_why="no more than 7")
    decided = within(Plan(9, "because"), 0.0, Reading(1), RULES, state)
    assert decided == Plan(3, "because, but SCALE_MAX is 3")
