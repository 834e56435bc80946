"""When a command that ended is started again."""

import pytest

from twin.core.command import GIVES_UP_AFTER, Lives, Restart


def fails(lives: Lives, at: float, lived_s: float = 0.5, status: int = 1) -> Lives:
    return lives.started(at).ended(status, Restart.ALWAYS, at + lived_s)


def test_a_command_starts_at_once() -> None:
    assert Lives().again_at == 0.0
    assert Lives().started(5).again_at is None


def test_who_keeps_failing_is_started_later_each_time_up_to_a_minute() -> None:
    lives, at, pauses = Lives(), 1_000.0, []
    for _ in range(9):
        lives = fails(lives, at)
        assert lives.again_at is not None
        pauses.append(lives.again_at - at - 0.5)
        at = lives.again_at
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_who_fails_for_a_year_is_still_started() -> None:
    assert fails(Lives(failures=500_000), 0).again_at == 60.5


def test_a_minute_of_life_is_no_failure_and_is_followed_by_the_shortest_pause() -> None:
    lives = fails(Lives(failures=4), 0, lived_s=60)
    assert (lives.failures, lives.again_at) == (0, 61)


def test_early_ends_in_a_row_are_counted() -> None:
    lives = Lives()
    for number in range(GIVES_UP_AFTER):
        lives = fails(lives, number)
    assert lives.failures == GIVES_UP_AFTER
    assert fails(lives, 100, lived_s=61).failures == 0
    assert lives.asked_for(100).failures == 0


@pytest.mark.parametrize(
    ("restart", "status", "again"),
    [
        (Restart.ALWAYS, 0, True),
        (Restart.ALWAYS, -9, True),
        (Restart.ON_FAILURE, 0, False),
        (Restart.ON_FAILURE, 1, True),
        (Restart.ON_FAILURE, -15, True),
        (Restart.NEVER, 0, False),
        (Restart.NEVER, 1, False),
    ],
)
def test_whether_it_is_started_again(restart: Restart, status: int, again: bool) -> None:
    lives = Lives().started(10).ended(status, restart, 11)
    assert (lives.again_at is not None) is again
    assert lives.asked_for(12).again_at == 12


def test_it_is_steady_after_a_minute_and_not_between_two_lives() -> None:
    lives = Lives().started(10)
    assert not lives.is_steady(69)
    assert lives.is_steady(70)
    assert not lives.ended(1, Restart.ALWAYS, 71).is_steady(171)
    assert not Lives().is_steady(1_000)
