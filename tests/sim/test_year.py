"""A year as a user meets it, shortened to a week or a month."""

from dataclasses import replace

import pytest

from twin.core.pair import duty, slots
from twin.sim.year import SETTINGS, Setting, Year, live, row

AWAKE, ASLEEP = Setting("Heroku", asleep=False, at_once=False), Setting("Render", True, False)


@pytest.fixture(scope="module")
def month() -> Year:
    return live((AWAKE, 30, 1))


def test_with_both_awake_a_month_has_nobody_on_duty_for_8_s_at_most(month: Year) -> None:
    assert month.slots == 30 * (1440 + 144)
    assert (month.doubled, month.skipped, month.unknown, month.unrecorded) == (0, 0, 0, 0)
    assert 0 < month.longest_s < 8


def test_each_slot_of_a_cut_is_run_by_both_twins(month: Year) -> None:
    """Five minutes have five slots of one job, and perhaps one of the other."""
    assert 5 <= month.doubled_in_cuts <= 7


def test_every_day_has_its_faults(month: Year) -> None:
    """Each twin is deployed; its host restarts it if that was more than a day ago."""
    deploys, crashes, cuts = 30 * 2, 5 * 2, 1
    assert deploys + crashes + cuts < month.faults < deploys + crashes + cuts + 30 * 2


def test_no_slot_vanishes_when_the_holder_crashes_beside_a_sleeping_peer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    week = live((ASLEEP, 7, 1))
    assert (week.doubled, week.unrecorded) == (0, 0)
    monkeypatch.setattr(slots, "_tell_unknown", lambda *_: None)
    silent = live((ASLEEP, 7, 1))
    assert silent.unrecorded == week.unknown > 0


def test_a_standby_that_waits_too_long_shows(monkeypatch: pytest.MonkeyPatch, month: Year) -> None:
    monkeypatch.setattr(duty, "ASK_FOR_S", 30.0)
    assert live((AWAKE, 30, 1)).longest_s > month.longest_s + 1


def test_equal_seeds_give_equal_years_and_others_differ() -> None:
    one, again, other = (live((AWAKE, 2, seed)) for seed in (7, 7, 8))
    assert one == again != other


def test_a_row_of_the_table() -> None:
    year = Year(SETTINGS[0], 1_100, 900, 578_160, 0, 72, 1, 2, 0, 1_234.4, 7.96)
    assert row(year) == (
        "| Heroku, awake, apart | 1,100, 900 | 0; 72 | 1 | 2 | 0 | 1,234 s, 8.0 s |"
    )
    assert "at once" in row(replace(year, setting=SETTINGS[1]))
