"""The savings compared with running the maximum all the time."""

from dataclasses import replace
from datetime import datetime

from twin.core.scaling.state import ScalingState

NOON = datetime.fromisoformat("2026-06-10T12:00Z").timestamp()


def after(seconds: float, quantity: int | None, wall: float = NOON) -> float:
    looked = ScalingState(quantity=quantity).counted(3, wall)
    return looked.counted(3, wall + seconds).saved_s


def test_each_process_less_than_the_maximum_is_saved_for_as_long_as_it_is_less() -> None:
    assert after(15, quantity=1) == 30
    assert after(15, quantity=3) == 0


def test_more_than_the_maximum_costs_what_was_saved() -> None:
    assert after(15, quantity=5) == -30


def test_unobserved_time_is_not_counted() -> None:
    assert after(2 * 3600, quantity=1) == 0
    assert after(-60, quantity=1) == 0
    assert after(15, quantity=None) == 0


def test_the_sum_does_not_depend_on_how_often_it_is_counted() -> None:
    state = ScalingState(quantity=1).counted(3, NOON)
    for second in range(15, 3000, 15):
        state = state.counted(3, NOON + second)
    assert state.saved_s == after(2985, quantity=1)


def test_a_month_begins_with_nothing() -> None:
    may = datetime.fromisoformat("2026-05-31T23:59:50Z").timestamp()
    state = replace(ScalingState(quantity=1).counted(3, may), saved_s=1e6)
    june = state.counted(3, may + 15)
    assert (june.month, june.saved_s) == ("2026-06", 30)
