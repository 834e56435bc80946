"""Hours awake: per twin, overlapping boots once, only this month."""

from datetime import UTC, datetime

import pytest

from twin.core.pair.history import Life
from twin.core.pair.hours import dry_at, known_since, month_of, used_h

NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC).timestamp()
H = 3600


def life(twin: str, since_h: float, until_h: float) -> Life:
    """From and to the given hours of November."""
    return Life(twin, int(NOVEMBER + since_h * H), int(NOVEMBER + until_h * H), "")


def test_two_twins_awake_for_21_days_have_used_1008_hours() -> None:
    now = NOVEMBER + 21 * 24 * H
    used = used_h([life("a", 0, 504), life("b", 0, 504)], now)
    assert used == {"a": 504, "b": 504}


def test_boots_that_overlap_count_once() -> None:
    lives = [life("a", 0, 10), life("a", 8, 12), life("a", 9, 11), life("a", 20, 21)]
    assert used_h(lives, NOVEMBER + 30 * H) == {"a": 13}


def test_the_last_month_and_the_future_do_not_count() -> None:
    lives = [life("a", -10, 2), life("b", -10, -5), life("a", 4, 9)]
    assert used_h(lives, NOVEMBER + 5 * H) == {"a": 3}


def test_hours_are_known_from_the_first_remembered_boot_of_the_month() -> None:
    now = NOVEMBER + 50 * H
    assert known_since([life("a", 30, 40), life("b", 20, 25)], now) == NOVEMBER + 20 * H
    assert known_since([life("a", -30, 40)], now) == NOVEMBER
    assert known_since([], now) == now


def test_two_twins_always_awake_use_up_1000_hours_on_day_21() -> None:
    now = NOVEMBER + 240 * H
    dry = dry_at({"a": 240, "b": 240}, NOVEMBER, now, 1000)
    assert dry == NOVEMBER + 500 * H
    assert datetime.fromtimestamp(dry, UTC).day == 21


@pytest.mark.parametrize(
    ("used", "days", "dry"), [(120, 10, None), (1000, 25, 25), (1100, 25, 25), (0, 0, None)]
)
def test_a_budget_lasts_the_month_or_is_used_up(used: float, days: int, dry: int | None) -> None:
    now = NOVEMBER + days * 24 * H
    expected = None if dry is None else NOVEMBER + dry * 24 * H
    assert dry_at({"a": used} if used else {}, NOVEMBER, now, 1000) == expected


def test_a_month_has_a_name() -> None:
    assert month_of(NOVEMBER) == "2026-11"
    assert month_of(NOVEMBER - 1) == "2026-10"
