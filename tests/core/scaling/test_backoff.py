"""When a platform is asked again."""

import pytest

from twin.core.scaling.backoff import Backoff, quick_pause_s, stands_s
from twin.core.scaling.target import TargetError

BUSY = TargetError("out of order", heals=True)
NO_KEY = TargetError("the key is wrong", heals=False)
NOON = 1_795_000_000.0


def comes_back_in(seconds: float) -> TargetError:
    return TargetError("too many requests", heals=True, retry_after_s=seconds)


def after(*errors: TargetError, chance: float = 0.0, wanted: int | None = None) -> Backoff:
    """What these errors leave, all of them at noon."""
    backoff = Backoff()
    for error in errors:
        backoff = backoff.after(error, NOON, chance, wanted)
    return backoff


def waits_s(backoff: Backoff) -> int:
    """How many whole seconds after noon the next request may go."""
    return next(s for s in range(10_000) if backoff.stops(NOON + s, backoff.wanted) is None)


def test_nothing_stands_in_the_way_of_the_first_request() -> None:
    assert Backoff().stops(NOON) is None
    assert Backoff().stops(NOON, wanted=3) is None


def test_a_platform_that_is_out_of_order_is_asked_ever_more_seldom() -> None:
    waits = [waits_s(after(*[BUSY] * n)) for n in range(1, 9)]
    assert waits == [15, 30, 60, 120, 240, 300, 300, 300]
    assert waits_s(after(*[BUSY] * 5000)) == 300


def test_in_between_the_last_error_is_what_there_is_to_say() -> None:
    backoff = after(NO_KEY, BUSY)
    assert backoff.stops(NOON + 1) is BUSY
    assert backoff.stops(NOON + 1, wanted=3) is BUSY


@pytest.mark.parametrize(("chance", "waits"), [(0.0, 60), (0.5, 53), (0.999, 46)])
def test_many_targets_do_not_ask_in_step_and_none_later_than_need_be(
    chance: float, waits: int
) -> None:
    assert waits_s(after(BUSY, BUSY, BUSY, chance=chance)) == waits


def test_nothing_is_asked_before_the_platform_wants_to_be_asked() -> None:
    assert waits_s(after(comes_back_in(90), chance=0.999)) == 90
    assert waits_s(after(comes_back_in(1))) == 15


def test_a_platform_that_wants_to_be_asked_tomorrow_is_asked_within_the_hour() -> None:
    assert waits_s(after(comes_back_in(86_400))) == 3600


def test_what_does_not_heal_is_asked_again_soon_and_then_every_ten_minutes() -> None:
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


def test_what_was_accepted_and_not_done_is_not_repeated_at_once() -> None:
    assert quick_pause_s(TargetError("at 1 still", heals=True, stands=1), 1, 0.0) is None


def test_what_does_not_heal_is_asked_at_once_when_something_else_is_wanted() -> None:
    backoff = after(NO_KEY, wanted=5)
    assert backoff.stops(NOON + 1, wanted=5) is NO_KEY
    assert backoff.stops(NOON + 1, wanted=4) is None


def test_a_clock_that_is_set_back_does_not_make_the_pause_longer() -> None:
    assert after(NO_KEY).stops(NOON - 1) is None


def test_what_heals_is_repeated_twice_at_once() -> None:
    assert [quick_pause_s(BUSY, tries, 0.0) for tries in (1, 2, 3)] == [0.5, 1.5, None]
    assert quick_pause_s(BUSY, 1, 1.0) == 0.375


def test_what_does_not_heal_is_not_repeated_at_once() -> None:
    assert quick_pause_s(NO_KEY, 1, 0.0) is None


def test_a_platform_that_soon_wants_to_be_asked_is_waited_for() -> None:
    assert quick_pause_s(comes_back_in(1), 1, 0.0) == 1
    assert quick_pause_s(comes_back_in(2), 1, 0.0) is None


@pytest.mark.parametrize(
    ("left", "seconds"),
    [(None, 0), (4500, 0), (300, 0), (299, 60), (100, 180), (60, 300), (1, 300), (0, 300)],
)
def test_what_was_read_stands_for_longer_when_few_requests_are_left(
    left: int | None, seconds: int
) -> None:
    assert round(stands_s(left)) == seconds
