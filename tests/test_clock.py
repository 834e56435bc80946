import pytest

from twin.clock import Clock, clock_of, shifted


def test_without_a_setting_the_clock_is_that_of_the_machine() -> None:
    clock = clock_of({})
    assert clock == Clock()
    assert clock.real_s(60) == 60


def test_monotonic_time_goes_forward() -> None:
    first, second = Clock().now(), Clock().now()
    assert second.mono >= first.mono


def test_a_shifted_clock_has_its_own_start_and_rate() -> None:
    clock = shifted(1_000_000.0, rate=3600.0)
    before = Clock().now()
    shown = clock.now()
    after = Clock().now()
    assert 1_000_000 <= shown.wall < 1_000_000 + 3600
    assert before.mono <= shown.mono <= after.mono  # the monotonic time is not shifted
    assert clock.real_s(3600) == 1.0


def test_processes_that_share_a_setting_share_the_clock() -> None:
    clock = shifted(1_000_000.0, rate=60.0)
    shared = clock_of({"TWIN_CLOCK": clock.setting()})
    assert shared == clock
    assert shared.now().wall == pytest.approx(clock.now().wall, abs=1)
