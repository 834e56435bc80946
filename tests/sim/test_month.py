"""A month on a metered host, against numbers computed by hand."""

from dataclasses import replace

import pytest

from twin.core.pair.shift import parse_shift
from twin.core.pair.state import Rules
from twin.core.scaling.timetable import parse_timetable
from twin.core.schedule import cron
from twin.core.schedule.job import Job
from twin.core.schedule.schedules import at, every
from twin.core.zones import zone
from twin.hosts import OFFERS, Offer
from twin.sim.budget import Meter, dyno_hours
from twin.sim.month import DAY_S, START, Month, Pair, count_slots, other_half, simulate

ECO, BASIC, RENDER = OFFERS
TEN = Job("ten", every("10m", None, "UTC"))
SCALE = Job("twin.scale", every("15s", None, "UTC"), grace_s=30, catch_up=True, timeout_s=120)
SHIFT = parse_shift("00:00-12:00", zone("UTC"))


def month(
    offer: Offer, asleep: bool = False, shift: bool = False, days: int = 31, seed: int = 1
) -> Month:
    jobs = {job.name: job for job in (TEN, SCALE)}
    rules = Rules(shift=SHIFT if shift else None)
    return simulate(Pair(("a", "b"), rules, asleep, jobs, offer, days, seed))


# ---- hours


def test_one_twin_always_awake_uses_744_hours_and_two_use_1488() -> None:
    lived = month(BASIC)
    assert [twin.hours for twin in lived.twins] == pytest.approx([744, 744])
    assert lived.hours == pytest.approx(1488)
    assert lived.dry_after_h is None


def test_two_twins_always_awake_use_up_the_1000_hours_of_eco_on_day_21() -> None:
    lived = month(ECO)
    assert lived.hours == pytest.approx(1000)
    assert lived.dry_after_h == pytest.approx(24 * 1000 / 48)


def test_two_twins_always_awake_use_up_the_750_hours_of_render_on_day_16() -> None:
    lived = month(RENDER)
    assert lived.dry_after_h == pytest.approx(24 * 750 / 48)


def test_a_standby_that_sleeps_costs_the_time_until_it_is_idle_and_no_more() -> None:
    """744 h with one twin awake at a time; on Render the other sleeps after the first 15 min."""
    lived = month(RENDER, asleep=True)
    assert 744 + 0.1 < lived.hours < 744 + 0.25
    assert [(twin.sleeps, twin.wakes) for twin in lived.twins] == [(0, 0), (1, 0)]
    assert lived.dry_after_h is None


def test_a_daily_restart_wakes_the_standby_for_half_an_hour() -> None:
    lived = month(ECO, asleep=True)
    restarts = sum(twin.restarts for twin in lived.twins)
    assert 31 * 24 / 27.6 - 1 < restarts < 31
    # Often the restarted twin is back first: that is no handover.
    assert 0 < lived.handovers < restarts
    # A restart is no wake: of the 30 sleeps, at most the last one of each twin has no end.
    sleeps, wakes = (sum(getattr(twin, one) for twin in lived.twins) for one in ("sleeps", "wakes"))
    assert 0 <= sleeps - wakes <= 2
    assert lived.hours == pytest.approx(744 + (restarts + 1) * 0.5, abs=1)
    assert lived.dry_after_h is None


def test_shifts_cost_half_an_hour_at_each_of_their_62_handovers() -> None:
    lived = month(ECO, asleep=True, shift=True)
    assert lived.handovers == 62
    assert lived.hours == pytest.approx(744 + 62 * 0.5, abs=1)
    assert abs(lived.twins[0].hours - lived.twins[1].hours) < 1


def test_a_twin_of_eight_hours_is_on_duty_for_a_third_of_the_day() -> None:
    shift = parse_shift("22:00-06:00", zone("UTC"))
    lived = simulate(Pair(("a", "b"), Rules(shift=shift), True, {}, ECO, days=9))
    # Half an hour more a day, until it is idle.
    assert [round(twin.hours / 9, 1) for twin in lived.twins] == [8.5, 16.5]


def test_the_other_half_of_a_shift_begins_when_it_ends() -> None:
    other = other_half(SHIFT)
    for hour in range(24):
        assert SHIFT.contains(hour * 3600) is not other.contains(hour * 3600)


def test_an_app_is_metered_from_its_start_to_its_end_and_never_twice() -> None:
    meter = Meter(budget_h=3)
    meter.set("a", up=True, now=0)
    meter.begin(now=3600)
    meter.set("a", up=True, now=4000)
    meter.set("b", up=True, now=7200)
    assert (meter.used_h("a", 7200), meter.used_h("b", 7200)) == (1, 0)
    assert meter.dry_at(7200) == 7200 + 3600
    meter.set("a", up=False, now=9000)
    assert meter.used_h("a", 99999) == 1.5
    assert meter.dry_at(9000) == 9000 + 3600


def test_an_unused_budget_lasts() -> None:
    assert Meter(budget_h=1).dry_at(0) == float("inf")


# ---- the duty and its slots


@pytest.mark.parametrize("offer", OFFERS, ids=lambda offer: offer.key)
@pytest.mark.parametrize("asleep", [False, True])
@pytest.mark.parametrize("shift", [False, True])
def test_no_slot_is_run_twice_and_handovers_between_two_awake_are_short(
    offer: Offer, asleep: bool, shift: bool
) -> None:
    lived = month(offer, asleep, shift, days=15)
    assert [job.due for job in lived.jobs] == [15 * 144, 15 * 5760]
    if offer is ECO and asleep and not shift:
        return  # restarts leave both twins without a ledger
    assert [job.doubled for job in lived.jobs] == [0, 0]
    assert [job.skipped for job in lived.jobs] == [0, 0]
    assert lived.longest_gap_s < 0.2


def test_a_twin_that_leaves_a_sleeping_peer_leaves_a_gap_of_one_start() -> None:
    lived = month(ECO, asleep=True)
    assert ECO.boots_in_s[0] < lived.longest_gap_s < ECO.boots_in_s[1] + 2
    assert lived.gap_s > 20 * ECO.boots_in_s[0]
    # The first twin to start has no ledger: it may repeat the newest slot of a job that catches up.
    assert lived.jobs[0].doubled == 0


def test_a_slot_caught_up_on_without_a_ledger_counts_as_run_twice() -> None:
    jobs = {"daily": Job("daily", every("1d", None, "UTC"), catch_up=True, grace_s=86400)}
    lived = simulate(Pair(("a", "b"), Rules(), True, jobs, ECO))
    assert (lived.jobs[0].due, lived.jobs[0].run) == (31, 31)
    assert lived.jobs[0].doubled > 0
    rested = simulate(Pair(("a", "b"), Rules(shift=SHIFT), True, jobs, ECO))
    assert (rested.jobs[0].run, rested.jobs[0].doubled) == (31, 0)


def test_a_twin_that_is_woken_for_its_shift_takes_the_duty() -> None:
    """Although the peer that woke it reports the duty."""
    lived = month(RENDER, asleep=True, shift=True, days=10)
    assert lived.handovers == 20
    assert [twin.wakes for twin in lived.twins] == [9, 10]


def test_slots_after_the_budget_is_used_up_are_not_run() -> None:
    ten = month(ECO).jobs[0]
    assert (ten.due, ten.skipped) == (4464, 4464 - 3000)


def test_a_standby_that_stays_awake_never_sleeps() -> None:
    for offer in OFFERS:
        assert [twin.sleeps for twin in month(offer, days=2).twins] == [0, 0]


@pytest.mark.parametrize("asleep", [False, True])
def test_skipping_quiet_hours_makes_no_difference(asleep: bool) -> None:
    often = Job("often", every("10s", None, "UTC"))
    jobs = {job.name: job for job in (TEN, often)}
    pair = Pair(("a", "b"), Rules(shift=SHIFT), asleep, jobs, ECO, days=1)
    short, long = simulate(pair), simulate(pair, skips=False)
    assert short.jobs == long.jobs
    assert short.handovers == long.handovers
    for one, other in zip(short.twins, long.twins, strict=True):
        assert replace(one, hours=0) == replace(other, hours=0)
    # Message times differ by a moment.
    assert short.hours == pytest.approx(long.hours, abs=0.001)
    assert short.longest_gap_s == pytest.approx(long.longest_gap_s, abs=0.1)


def test_equal_seeds_give_equal_months_and_others_differ() -> None:
    one, again, other = (month(ECO, asleep=True, seed=seed) for seed in (7, 7, 8))
    assert one == again
    assert replace(other, pair=one.pair) != one


def test_a_month_includes_a_slot_at_its_beginning_and_not_at_its_end() -> None:
    days = ("2026-05-01", "2026-05-02")
    jobs = {day: Job(day, at(day, "UTC")) for day in days}
    lived = simulate(Pair(("a", "b"), Rules(), False, jobs, BASIC, days=1))
    assert [(job.due, job.run) for job in lived.jobs] == [(1, 1), (0, 0)]


def test_slots_are_counted_without_a_limit() -> None:
    end = START + 31 * DAY_S
    assert count_slots(every("1s", None, "UTC"), START, end) == 31 * 86400
    assert count_slots(cron.cron("* * * * *", "UTC"), START, end) == 31 * 1440
    assert count_slots(cron.cron("0 7 * * *", "UTC"), START, end) == 31
    assert count_slots(cron.cron("* * * * * *", "UTC"), START, START + 7200) == 7200
    assert count_slots(at("2026-05-03 18:00", "UTC"), START, end) == 1


# ---- the timetable


def test_a_day_of_15_hours_at_3_and_5_at_2_and_4_at_1_is_59_dyno_hours() -> None:
    timetable = parse_timetable("07:00=3 22:00=2 03:00=1", "UTC")
    assert dyno_hours(timetable, START, START + DAY_S) == 15 * 3 + 5 * 2 + 4 * 1 == 59
    assert 3 * 24 - dyno_hours(timetable, START, START + DAY_S) == 13


def test_a_timetable_that_never_changes_is_its_quantity_all_day() -> None:
    assert dyno_hours(parse_timetable("07:00=2", "UTC"), START, START + DAY_S) == 48
