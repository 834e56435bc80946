"""When a platform gets the next request."""

import pytest

from twin.core.scaling.backoff import Backoff, quick_pause_s, stands_s
from twin.core.scaling.target import TargetError

BUSY = TargetError("out of order", heals=True)
NO_KEY = TargetError("the key is wrong", heals=False)
NOON = 1_795_000_000.0


def comes_back_in(seconds: float) -> TargetError:
    return TargetError("too many requests", heals=True, retry_after_s=seconds)


def after(*errors: TargetError, chance: float = 0.0, wanted: int | None = None) -> Backoff:
    """The backoff after these errors, all at noon."""
    backoff = Backoff()
    for error in errors:
        backoff = backoff.after(error, NOON, chance, wanted)
    return backoff


def waits_s(backoff: Backoff) -> int:
    """How many whole seconds after noon the next request may go out."""
    return next(s for s in range(10_000) if backoff.stops(NOON + s, backoff.wanted) is None)


def test_the_first_request_goes_out_at_once() -> None:
    assert Backoff().stops(NOON) is None
    assert Backoff().stops(NOON, wanted=3) is None


def test_a_failing_platform_is_asked_less_and_less_often() -> None:
    waits = [waits_s(after(*[BUSY] * n)) for n in range(1, 9)]
    assert waits == [15, 30, 60, 120, 240, 300, 300, 300]
    assert waits_s(after(*[BUSY] * 5000)) == 300


def test_between_requests_the_last_error_is_reported() -> None:
    backoff = after(NO_KEY, BUSY)
    assert backoff.stops(NOON + 1) is BUSY
    assert backoff.stops(NOON + 1, wanted=3) is BUSY


@pytest.mark.parametrize(("chance", "waits"), [(0.0, 60), (0.5, 53), (0.999, 46)])
def test_many_targets_do_not_ask_in_step_and_none_later_than_need_be(
    chance: float, waits: int
) -> None:
    assert waits_s(after(BUSY, BUSY, BUSY, chance=chance)) == waits


def test_no_request_comes_before_the_platforms_retry_time() -> None:
    assert waits_s(after(comes_back_in(90), chance=0.999)) == 90
    assert waits_s(after(comes_back_in(1))) == 15


def test_a_retry_time_of_tomorrow_is_cut_to_an_hour() -> None:
    assert waits_s(after(comes_back_in(86_400))) == 3600


def test_a_permanent_error_is_retried_soon_and_then_every_ten_minutes() -> None:
    waits = [waits_s(after(*[NO_KEY] * n)) for n in range(1, 9)]
    assert waits == [15, 30, 60, 120, 240, 480, 600, 600]


def test_the_first_refusal_of_a_platform_that_worked_a_moment_ago_is_doubted() -> None:
    worked = Backoff(worked_at=NOON - 30)
    doubted = worked.after(NO_KEY, NOON, 0.0)
    assert doubted.error is not None
    assert (str(doubted.error), doubted.error.heals) == ("the key is wrong", True)
    assert waits_s(doubted) == 15
    assert doubted.after(NO_KEY, NOON + 15, 0.0).error is NO_KEY


@pytest.mark.parametrize("worked_at", [NOON - 601, NOON + 1])
def test_the_refusal_of_a_platform_that_has_not_worked_lately_is_believed(worked_at: float) -> None:
    assert Backoff(worked_at=worked_at).after(NO_KEY, NOON, 0.0).error is NO_KEY


def test_a_refusal_that_names_its_limit_is_believed_at_once() -> None:
    limited = TargetError("no more than 2", heals=False, limit=2)
    assert Backoff(worked_at=NOON - 30).after(limited, NOON, 0.0).error is limited


def test_an_accepted_but_unapplied_change_is_not_repeated_at_once() -> None:
    assert quick_pause_s(TargetError("at 1 still", heals=True, stands=1), 1, 0.0) is None


def test_after_a_permanent_error_a_new_change_goes_out_at_once() -> None:
    backoff = after(NO_KEY, wanted=5)
    assert backoff.stops(NOON + 1, wanted=5) is NO_KEY
    assert backoff.stops(NOON + 1, wanted=4) is None


def test_a_clock_that_is_set_back_does_not_make_the_pause_longer() -> None:
    assert after(NO_KEY).stops(NOON - 1) is None


def test_a_temporary_error_is_retried_twice_at_once() -> None:
    assert [quick_pause_s(BUSY, tries, 0.0) for tries in (1, 2, 3)] == [0.5, 1.5, None]
    assert quick_pause_s(BUSY, 1, 1.0) == 0.375


def test_a_permanent_error_is_not_retried_at_once() -> None:
    assert quick_pause_s(NO_KEY, 1, 0.0) is None


def test_a_short_retry_time_is_waited_out() -> None:
    assert quick_pause_s(comes_back_in(1), 1, 0.0) == 1
    assert quick_pause_s(comes_back_in(2), 1, 0.0) is None


@pytest.mark.parametrize(
    ("left", "seconds"),
    [(None, 0), (4500, 0), (300, 0), (299, 60), (100, 180), (60, 300), (1, 300), (0, 300)],
)
def test_a_reading_is_kept_longer_when_few_requests_are_left(
    left: int | None, seconds: int
) -> None:
    assert round(stands_s(left)) == seconds
