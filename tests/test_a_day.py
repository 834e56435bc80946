"""The scaling duty on a bad day: real pairs, with handovers at the worst moments.

A day takes 48 s, and an hour of trouble 24 s. Requests, boots and probes take real time. So
reaction times count in looks at the target instead of minutes.
"""

from datetime import datetime
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
from real_shop import Day, a_day
from stories import Outcomes, Story, run_stories

from twin.lab.platform_api import Failure

IN_TIME_S = 5.0
"""In real time, for an action at the next look: there are two a second."""

DAY, TROUBLE = 1800.0, 150.0
"""The speed of time."""
MINUTE = 60.0
WINDOW = 10 * MINUTE

troubled = partial(a_day, rate=TROUBLE, quantity=1, probe_every="1m")


def check_rules(day: Day) -> None:
    """The rules of every story: each change has a reason, each write is needed and follows a read,
    and removals of dynos are a window apart."""
    ours = [change for change in day.changes if not change.by_hand]
    changed = day.logged("scale.changed")
    assert len(changed) == len(ours)
    assert all(' because="' in line for line in changed), changed
    read = None
    for call in day.calls:
        read = call.status if call.reads else read
        assert read == 200 or call.method == "GET"
    written = [call for call in day.calls if (call.method, call.status) == ("PATCH", 200)]
    assert len(written) == len(ours)
    gone = [change.wall for change in ours if change.to < change.was]
    # From look to look; the delay of the action depends on the machine.
    assert all(later - earlier > 0.75 * WINDOW for earlier, later in pairwise(gone)), gone
    assert day.people.longest_silence_s < 8


async def a_day_of_the_timetable(tmp_path: Path) -> None:
    async with a_day(tmp_path, "12:00", rate=DAY, quantity=3, probe_every="5m") as day:
        await day.until("36:00")
        assert day.quantities == [2, 1, 3]
        for change, time in zip(day.changes, ("22:00", "27:00", "31:00"), strict=True):
            assert day.looks_until(change, since=time) <= 2
        assert day.people.titles == []
        check_rules(day)


async def a_slow_hour(tmp_path: Path) -> None:
    async with troubled(tmp_path, "03:30") as day:
        day.behaves(latency_s=3)
        began = day.wall
        await day.becomes(3, within_s=IN_TIME_S)
        assert day.looks_until(day.changes[0], since=began) <= 2
        await day.passes(20 * MINUTE)
        await day.hands_over("SIGTERM")
        await day.passes(50 * MINUTE)
        day.behaves()
        await day.becomes(1, within_s=15)
        await day.passes(2 * WINDOW)
        assert day.quantities == [3, 2, 1]
        assert day.people.titles == [
            "shop/web is down",
            "shop/web is still down",
            "shop/web is up again",
        ]
        check_rules(day)


async def two_outages_within_a_window(tmp_path: Path) -> None:
    async with troubled(tmp_path, "03:30") as day:
        began = day.wall
        for nth, how in enumerate(("SIGKILL", "down"), start=1):
            day.behaves(status=503)
            await day.becomes(3, within_s=IN_TIME_S)
            await day.alerts("shop/web is down", times=nth)
            await day.hands_over(how)
            await day.passes(10 * MINUTE)
            day.behaves()
            await day.alerts("shop/web is up again", times=nth)
        await day.becomes(1, within_s=15)
        await day.passes(2 * WINDOW)
        assert day.quantities == [3, 2, 1]
        assert day.looks_until(day.changes[0], since=began) <= 2
        assert day.people.titles == ["shop/web is down", "shop/web is up again"] * 2
        check_rules(day)


async def scaled_by_hand(tmp_path: Path) -> None:
    """Once above the timetable, which says 1; once shortly before 07:00, when it changes to 3."""
    async with troubled(tmp_path, "05:20") as day:
        for how, back, then in (("SIGTERM", 1, "06:50"), ("SIGKILL", 3, "07:20")):
            nth = len(day.people.letters)
            await day.scaled_by_hand(2)
            await day.alerts("shop/web was scaled by hand", times=nth + 1)
            await day.hands_over(how)
            await day.becomes(back, within_s=15)
            *_, until = day.logged("scale.by_hand")[nth].split("until=")
            stands_until = datetime.fromisoformat(until).timestamp()
            assert day.looks_until(day.changes[-1], since=stands_until) <= 2
            await day.until(then)
        assert day.quantities == [2, 1, 2, 3]
        assert day.people.titles == ["shop/web was scaled by hand"] * 2
        assert len(day.logged("scale.by_hand")) == 2
        check_rules(day)


async def the_api_fails(
    failure: Failure, how: str, pause_s: float, most: int, tmp_path: Path
) -> None:
    """The API fails in an outage and during a handover. `pause_s` is the longest pause between
    requests, and `most` the largest number of failed ones."""
    async with troubled(tmp_path, "03:30") as day:
        day.api.fail(failure)
        day.behaves(status=503)
        await day.alerts("shop/web is down")
        await day.passes(10 * MINUTE)
        await day.hands_over(how)
        await day.passes(10 * MINUTE)
        assert day.quantities == []
        assert sum(call.status != 200 for call in day.calls) <= most
        await day.api.heal()
        await day.becomes(3, within_s=day.clock.real_s(pause_s) + IN_TIME_S)
        await day.passes(5 * MINUTE)
        assert day.quantities == [3]
        await day.alerts("shop/web can be scaled again")
        assert day.people.titles == [
            "shop/web is down",
            "shop/web cannot be scaled",
            "shop/web can be scaled again",
        ]
        assert len(day.logged("scale.failed")) == len(day.logged("scale.recovered")) == 1
        check_rules(day)


API_FAULTS = {
    "429": partial(the_api_fails, Failure(429, retry_after_s=300), "SIGTERM", 300, 12),
    "503": partial(the_api_fails, Failure(503), "SIGKILL", 300, 99),
    "422": partial(the_api_fails, Failure(422, method="PATCH"), "down", 600, 16),
    "HTML": partial(the_api_fails, Failure("html"), "down", 300, 99),
}

# The longest first.
STORIES: tuple[Story, ...] = (
    a_day_of_the_timetable,
    a_slow_hour,
    two_outages_within_a_window,
    scaled_by_hand,
    *API_FAULTS.values(),
)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    return run_stories(STORIES, at_once=6, limit_s=120, directories=tmp_path_factory)


def test_a_day_of_the_timetable_makes_three_changes(outcomes: Outcomes) -> None:
    outcomes.check(a_day_of_the_timetable)


def test_a_slow_hour_scales_out_at_once_and_in_by_one_a_window(outcomes: Outcomes) -> None:
    outcomes.check(a_slow_hour)


def test_two_outages_within_a_window_alert_once_each(outcomes: Outcomes) -> None:
    outcomes.check(two_outages_within_a_window)


def test_a_manual_quantity_is_kept_for_its_time_across_handovers(outcomes: Outcomes) -> None:
    outcomes.check(scaled_by_hand)


@pytest.mark.parametrize("fault", API_FAULTS)
def test_an_outage_scales_out_as_soon_as_the_api_has_healed(outcomes: Outcomes, fault: str) -> None:
    outcomes.check(API_FAULTS[fault])
