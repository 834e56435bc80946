"""A user requests a handover: the holder keeps asking its peer, and stays on duty meanwhile."""

from stepping import Twin, sent

from twin.core.pair.document import Role
from twin.core.pair.events import Effect, Failed, Failure, HandOver, Via
from twin.core.pair.timeouts import HAND_OVER_EVERY_S

WITHIN_S = 75.0


def asks(effects: tuple[Effect, ...]) -> int:
    return sent(effects).count("TAKE")


def test_a_holder_asks_its_peer_to_take_the_duty_until_it_has() -> None:
    """A sleeping peer joins when it wakes, and must be asked again."""
    twin = Twin().take()
    assert asks(twin.tell(HandOver(WITHIN_S))) == 1
    assert asks(twin.wait(10 * HAND_OVER_EVERY_S + 0.1)) == 10
    assert twin.role() is Role.ON_DUTY
    twin.hear(Role.CLAIMING, twin.claim_of_b(above=1_000_000), via=Via.UPDATE)
    assert twin.role() is Role.STANDBY
    assert asks(twin.wait(5)) == 0


def test_a_hand_over_is_given_up_in_time() -> None:
    twin = Twin().take()
    asked = asks(twin.tell(HandOver(WITHIN_S)) + twin.wait(2 * WITHIN_S))
    assert asked == WITHIN_S / HAND_OVER_EVERY_S
    assert twin.role() is Role.ON_DUTY


def test_a_peer_that_denies_us_is_asked_once() -> None:
    twin = Twin().take()
    twin.tell(HandOver(WITHIN_S))
    twin.tell(Failed(Failure.DENIED, "401: set PEER_PASSWORD"))
    assert asks(twin.wait(10)) == 0


def test_a_standby_has_nothing_to_hand_over() -> None:
    twin = Twin().stand_by()
    assert asks(twin.tell(HandOver(WITHIN_S)) + twin.wait(10)) == 0
