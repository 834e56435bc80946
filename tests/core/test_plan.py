"""How many processes, and why: a target, a clock and a memory, step by step."""

from dataclasses import dataclass, field, replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.core.memory import Memory
from twin.core.plan import Plan, plan
from twin.core.sight import Rules, Sight
from twin.core.verdict import Probe

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
    """A target that does as it is told, and what it was told."""

    quantity: int
    level: int | None
    rules: Rules = RULES
    wall: float = 1_000_000.0
    memory: Memory = field(default_factory=Memory)
    line_works: bool = True
    changes: list[int] = field(default_factory=list)

    def step(self, probes: tuple[Probe, ...], blind: bool = False) -> Plan:
        seen = Sight(
            self.wall, None if blind else self.quantity, self.level, probes, self.line_works
        )
        decided, self.memory = plan(seen, self.rules, self.memory)
        if decided.quantity is not None:
            assert decided.quantity != self.quantity
            self.quantity = decided.quantity
            self.memory = self.memory.with_quantity(decided.quantity, self.wall)
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


def test_an_outage_never_lowers_what_somebody_set_by_hand() -> None:
    assert Story(5, level=1).goes_on(DOWN, minutes=60) == []


def test_above_the_ceiling_only_the_timetable_goes() -> None:
    story = Story(1, level=5)
    assert story.step(FAST).quantity == 5
    assert story.goes_on(DOWN, minutes=30) == []
    assert Story(4, level=5).step(DOWN).quantity == 5


# In again


def test_what_the_fail_safe_added_goes_one_by_one_after_ten_calm_minutes_each() -> None:
    story = Story(1, level=1)
    story.step(DOWN)
    assert story.goes_on(FAST, minutes=10) == []
    decided = story.step(FAST)
    assert decided == Plan(2, "answers under 1 s for 10m: one in, towards 1")
    assert story.goes_on(FAST, minutes=9.5) == []
    assert story.goes_on(FAST, minutes=1) == [1]
    assert story.goes_on(FAST, minutes=60) == []


def test_a_window_is_told_as_the_settings_have_it() -> None:
    story = Story(1, level=1, rules=replace(RULES, window_s=90.0))
    story.step(DOWN)
    story.goes_on(MEDIUM, minutes=2)
    assert story.step(MEDIUM).reason == "wait for 1m30s of answers under 1 s"


@pytest.mark.parametrize("interruption", [MEDIUM, BLIP, NOTHING])
def test_an_answer_that_is_not_fast_begins_the_calm_anew(interruption: tuple[Probe, ...]) -> None:
    story = Story(2, level=2)
    story.step(DOWN)
    story.goes_on(FAST, minutes=9)
    # Without a probe the timetable would have its way, if it could see.
    story.step(interruption, blind=interruption == NOTHING)
    assert story.goes_on(FAST, minutes=10) == []
    assert story.goes_on(FAST, minutes=1) == [2]


def test_answers_between_fast_and_slow_keep_what_the_fail_safe_added() -> None:
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
def test_what_somebody_set_by_hand_is_respected_and_then_the_timetable_returns(
    quantity: int,
) -> None:
    story = quiet(2, level=2)
    because = f"somebody set it to {quantity}, which stands until 1970-01-12T14:12:40Z"
    assert by_hand(story, quantity) == Plan(None, because)
    assert story.goes_on(FAST, minutes=14.5) == []
    assert story.goes_on(FAST, minutes=0.5) == [2]


def test_setting_it_by_hand_again_begins_the_respect_anew() -> None:
    story = quiet(2, level=2)
    by_hand(story, 5)
    story.goes_on(FAST, minutes=14)
    by_hand(story, 6)
    assert story.goes_on(FAST, minutes=14.5) == []
    assert story.goes_on(FAST, minutes=0.5) == [2]


def test_an_outage_scales_out_what_somebody_set_and_comes_back_to_it() -> None:
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
    assert story.memory.outage_since is None


def test_without_a_timetable_what_somebody_set_stays() -> None:
    story = quiet(2, level=None)
    story.step(DOWN)
    by_hand(story, 1)
    assert story.goes_on(FAST, minutes=60) == []


def test_the_first_look_of_all_takes_what_it_finds_for_nobodys() -> None:
    assert Story(5, level=5).step(FAST) == Plan(None, "the timetable says 5")


def test_what_we_were_about_to_set_is_not_mistaken_for_somebody_elses() -> None:
    story = quiet(1, level=1)
    story.memory = replace(story.memory, wanted=3)  # and then this twin died
    story.quantity = 3
    story.step(FAST)
    assert story.memory.hand is None
    assert story.memory.is_booting(story.wall)


def test_what_we_were_about_to_set_and_did_not_is_not_either() -> None:
    story = quiet(1, level=1)
    story.memory = replace(story.memory, wanted=3)
    story.step(FAST)
    assert story.memory.hand is None
    assert by_hand(story, 3).reason.startswith("somebody set it to 3")


def test_a_clock_that_is_set_back_does_not_prolong_the_respect() -> None:
    story = quiet(2, level=2)
    by_hand(story, 5)
    story.wall -= 3600
    assert story.goes_on(FAST, minutes=11) == [2]


# The timetable alone


def test_where_nothing_is_probed_the_timetable_is_applied_at_once_both_ways() -> None:
    story = Story(3, level=1)
    assert story.step(NOTHING) == Plan(1, "the timetable says 1")
    story.level = 2
    assert story.step(NOTHING) == Plan(2, "the timetable says 2")


# New processes, and a line that is down


def test_while_new_processes_boot_bad_answers_are_no_outage() -> None:
    story = Story(1, level=2)
    story.step(FAST)
    assert story.goes_on(DOWN, minutes=1) == []
    assert story.memory.outage_since is None
    assert story.goes_on(DOWN, minutes=0.5) == [3]


def test_while_new_processes_boot_nothing_goes_in_and_the_reason_says_so() -> None:
    story = quiet(3, level=3)
    story.level = 4
    story.step(FAST)
    story.level = 3
    because = "new processes start until 1970-01-12T13:58:55Z: keep 4"
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
    because = "neither the target nor anything else could be reached: keep 2"
    assert story.step(REFUSED) == Plan(None, because)
    assert story.memory.outage_since is None
    assert story.memory.verdict == "unknown"
    story.line_works = True
    assert story.step(REFUSED).quantity == 3


def test_a_bad_answer_is_one_however_our_line_is() -> None:
    story = Story(1, level=1, line_works=False)
    assert story.step(DOWN).quantity == 3


# When an outage begins and ends


def test_an_outage_is_over_after_a_minute_of_good_answers() -> None:
    story = Story(3, level=3)
    story.step(DOWN)
    since = story.memory.outage_since
    story.goes_on(MEDIUM, minutes=1)
    assert story.memory.outage_since == since
    story.step(MEDIUM)
    assert story.memory.outage_since is None


def test_a_target_that_answers_now_and_then_is_in_the_same_outage() -> None:
    story = Story(3, level=3)
    story.step(DOWN)
    since = story.memory.outage_since
    for _ in range(20):
        story.goes_on(FAST, minutes=0.75)
        story.step(DOWN)
    assert story.memory.outage_since == since


def test_an_outage_is_not_over_while_new_processes_boot() -> None:
    story = Story(1, level=1)
    story.step(DOWN)
    story.goes_on(FAST, minutes=1)
    assert story.memory.outage_since is not None
    story.goes_on(FAST, minutes=0.5)
    assert story.memory.outage_since is None


def test_an_outage_ends_when_the_target_is_switched_off() -> None:
    story = Story(3, level=3)
    story.step(DOWN)
    story.level = 0
    story.step(DOWN)
    assert story.memory.outage_since is None


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


def test_without_a_timetable_a_quantity_above_the_ceiling_is_somebodys_own() -> None:
    story = Story(2, level=None)
    story.step(DOWN)
    story.quantity = 6
    assert story.goes_on(FAST, minutes=60) == []
    story.quantity = 3
    assert story.goes_on(FAST, minutes=60) == []


def test_without_a_timetable_or_probes_nothing_is_done() -> None:
    assert Story(2, level=None).step(NOTHING) == Plan(None, "no timetable")


# Not knowing


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


# Losing the memory


def test_a_handover_after_an_outage_only_delays_the_scale_in() -> None:
    story = Story(1, level=1)
    story.step(DOWN)
    story.memory = Memory()
    assert story.goes_on(FAST, minutes=10) == []
    assert story.goes_on(FAST, minutes=1) == [1]


def test_a_handover_without_a_timetable_leaves_what_it_finds() -> None:
    story = Story(1, level=None)
    story.step(DOWN)
    story.memory = Memory()
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


@given(steps=STEPS, start=st.integers(0, 3), forget=st.integers(0, 40))
def test_whatever_happens_it_stays_between_the_level_and_the_ceiling(
    steps: list[tuple[tuple[Probe, ...], int, float]], start: int, forget: int
) -> None:
    story = Story(start, level=1)
    for number, (probes, level, passes_s) in enumerate(steps):
        story.level = level
        if number == forget:
            story.memory = Memory()
        before = story.quantity
        story.step(probes)
        story.wall += passes_s - EVERY_S
        assert level <= story.quantity <= max(RULES.max_quantity, level, before)


@settings(max_examples=30)
@given(outages=st.lists(st.integers(0, 9), min_size=150, max_size=200))
def test_what_the_fail_safe_added_goes_by_one_and_at_most_once_a_window(
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
