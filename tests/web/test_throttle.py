"""What anybody can cause: some times at once, then at a fixed rate."""

from twin.web.throttle import Throttle


def after(*times: float) -> Throttle:
    throttle = Throttle(free=5, each_s=0.5)
    for mono in times:
        throttle = throttle.happened(mono)
    return throttle


def test_the_first_five_do_not_wait() -> None:
    assert after(0, 0, 0, 0).wait_s(0) == 0


def test_then_one_may_come_every_half_second() -> None:
    assert after(0, 0, 0, 0, 0).wait_s(0) == 0.5
    assert after(0, 0, 0, 0, 0).wait_s(0.5) == 0
    assert after(0, 0, 0, 0, 0, 0.5).wait_s(0.5) == 0.5


def test_after_a_while_all_is_forgotten() -> None:
    assert after(*[0] * 7, 100).heat == 1


def test_a_peer_that_tries_once_a_minute_never_waits() -> None:
    assert after(*range(0, 60_000, 60)).wait_s(60_000) == 0


def test_all_are_counted() -> None:
    assert after(0, 1000, 2000).count == 3
