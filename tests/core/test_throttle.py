"""Wrong credentials: a few are forgiven, many wait ever longer."""

from twin.core.throttle import Throttle


def after(*times: float) -> Throttle:
    throttle = Throttle()
    for mono in times:
        throttle = throttle.failed(mono)
    return throttle


def test_five_mistakes_do_not_wait() -> None:
    assert after(0, 0, 0, 0, 0).delay_s == 0


def test_who_goes_on_waits_ever_longer_but_less_than_a_peer_is_patient() -> None:
    delays = [after(*[0] * count).delay_s for count in range(6, 200)]
    assert delays == sorted(delays)
    assert delays[0] > 0
    assert delays[-1] == 2


def test_after_a_while_all_is_forgiven() -> None:
    assert after(*[0] * 7, 100).delay_s == 0


def test_a_peer_that_tries_once_a_minute_never_waits() -> None:
    assert after(*range(0, 60_000, 60)).delay_s == 0


def test_all_are_counted() -> None:
    assert after(0, 1000, 2000).count == 3
