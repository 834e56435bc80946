"""What the scaling duty does on a bad day: real pairs, of which the duty moves whenever it hurts.

A day takes 48 s, and an hour of trouble 24 s. What is real stays so: requests, boots, probes that
wait. So how soon something is done is counted in looks at the target, and not in minutes.
"""

from datetime import datetime
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
from real_shop import Day, a_day
from stories import Story, Told, tell

from twin.lab.platform_api import Failure

IN_TIME_S = 5.0
"""In real time, for what is to be done at the next look: two a second."""

DAY, TROUBLE = 1800.0, 150.0
"""How fast time goes by."""
MINUTE = 60.0
WINDOW = 10 * MINUTE

troubled = partial(a_day, rate=TROUBLE, quantity=1, probe_every="1m")


def keeps_to_the_rules(day: Day) -> None:
    """What holds in every story: each change has its reason, each writing was called for, and
    follows a reading; no dyno goes within a window of the last that went."""
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
    # From look to look; how much later it is done is up to the machine.
    assert all(later - earlier > 0.75 * WINDOW for earlier, later in pairwise(gone)), gone
    assert day.people.longest_silence_s < 8


async def a_day_of_the_timetable(tmp_path: Path) -> None:
    async with a_day(tmp_path, "12:00", rate=DAY, quantity=3, probe_every="5m") as day:
        await day.until("36:00")
        assert day.quantities == [2, 1, 3]
        for change, time in zip(day.changes, ("22:00", "27:00", "31:00"), strict=True):
            assert day.looks_until(change, since=time) <= 2
        assert day.people.titles == []
        keeps_to_the_rules(day)


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
        keeps_to_the_rules(day)


async def two_outages_within_a_window(tmp_path: Path) -> None:
    async with troubled(tmp_path, "03:30") as day:
        began = day.wall
        for nth, how in enumerate(("SIGKILL", "down"), start=1):
            day.behaves(status=503)
            await day.becomes(3, within_s=IN_TIME_S)
            await day.is_told("shop/web is down", times=nth)
            await day.hands_over(how)
            await day.passes(10 * MINUTE)
            day.behaves()
            await day.is_told("shop/web is up again", times=nth)
        await day.becomes(1, within_s=15)
        await day.passes(2 * WINDOW)
        assert day.quantities == [3, 2, 1]
        assert day.looks_until(day.changes[0], since=began) <= 2
        assert day.people.titles == ["shop/web is down", "shop/web is up again"] * 2
        keeps_to_the_rules(day)


async def scaled_by_hand(tmp_path: Path) -> None:
    """Once to more, until the timetable's 1 is back; once before 07:00, when it wants 3."""
    async with troubled(tmp_path, "05:20") as day:
        for how, back, then in (("SIGTERM", 1, "06:50"), ("SIGKILL", 3, "07:20")):
            told = len(day.people.told)
            await day.scaled_by_hand(2)
            await day.is_told("shop/web was scaled by hand", times=told + 1)
            await day.hands_over(how)
            await day.becomes(back, within_s=15)
            *_, until = day.logged("scale.by_hand")[told].split("until=")
            stands_until = datetime.fromisoformat(until).timestamp()
            assert day.looks_until(day.changes[-1], since=stands_until) <= 2
            await day.until(then)
        assert day.quantities == [2, 1, 2, 3]
        assert day.people.titles == ["shop/web was scaled by hand"] * 2
        assert len(day.logged("scale.by_hand")) == 2
        keeps_to_the_rules(day)


async def the_api_fails(
    failure: Failure, how: str, pause_s: float, most: int, tmp_path: Path
) -> None:
    """In an outage, and while the duty changes hands. `pause_s`: how long it may be left alone;
    `most`: how often it may be asked in vain."""
    async with troubled(tmp_path, "03:30") as day:
        day.api.fail(failure)
        day.behaves(status=503)
        await day.is_told("shop/web is down")
        await day.passes(10 * MINUTE)
        await day.hands_over(how)
        await day.passes(10 * MINUTE)
        assert day.quantities == []
        assert sum(call.status != 200 for call in day.calls) <= most
        await day.api.heal()
        await day.becomes(3, within_s=day.clock.real_s(pause_s) + IN_TIME_S)
        await day.passes(5 * MINUTE)
        assert day.quantities == [3]
        assert day.people.titles == [
            "shop/web is down",
            "shop/web cannot be scaled",
            "shop/web can be scaled again",
        ]
        assert len(day.logged("scale.failed")) == len(day.logged("scale.recovered")) == 1
        keeps_to_the_rules(day)


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
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return tell(STORIES, at_once=6, limit_s=120, directories=tmp_path_factory)


def test_a_day_of_the_timetable_makes_its_three_changes_and_no_other(told: Told) -> None:
    told.well(a_day_of_the_timetable)


def test_a_slow_hour_scales_out_at_once_and_in_by_one_a_window(told: Told) -> None:
    told.well(a_slow_hour)


def test_two_outages_within_a_window_are_told_once_each_and_nothing_flaps(told: Told) -> None:
    told.well(two_outages_within_a_window)


def test_what_somebody_scales_stands_for_a_while_whoever_is_on_duty(told: Told) -> None:
    told.well(scaled_by_hand)


@pytest.mark.parametrize("fault", API_FAULTS)
def test_an_outage_is_met_as_soon_as_the_api_has_healed(told: Told, fault: str) -> None:
    told.well(API_FAULTS[fault])
