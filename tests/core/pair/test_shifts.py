"""A pair that divides the day."""

from situations import (
    EVENING,
    MORNING,
)
from stepping import NOON, Twin, sent

from twin.core.pair.document import Role
from twin.core.pair.events import (
    Via,
    Watch,
    WatchLost,
)


def test_a_standby_claims_when_its_shift_begins() -> None:
    twin = Twin(rules=EVENING, wall=NOON - 60).stand_by()
    assert twin.role() is Role.STANDBY
    twin.wait(60)
    assert twin.role() is Role.CLAIMING


def test_a_claimer_reads_what_the_holder_still_writes_until_it_is_confirmed() -> None:
    """The holder may start a slot as our shift begins, and freeze at once (seed 900097)."""
    twin = Twin(rules=EVENING, wall=NOON - 60).stand_by()
    effects = twin.wait(60)
    assert twin.role() is Role.CLAIMING
    assert Watch(open=False) not in effects
    assert Watch(open=False) in twin.hear(Role.STANDBY, twin.state.knowledge.claim, Via.ANSWER)


def test_a_shift_that_begins_while_the_holder_is_silent_does_not_wait_again() -> None:
    standby = Twin(rules=EVENING, wall=NOON - 10).stand_by()
    standby.wait(NOON - 2 - standby.wall)
    standby.tell(WatchLost("silent for 4.2 s"))
    standby.wait(2.5)
    assert standby.role() is Role.CLAIMING
    standby.wait(0.6)
    assert standby.state.on_duty


def test_a_holder_asks_its_peer_when_its_shift_ends_and_stays() -> None:
    twin = Twin(rules=MORNING, wall=NOON - 60).take()
    effects = twin.wait(60)
    assert sent(effects) == ["STATUS"]
    assert twin.role() is Role.ON_DUTY


def test_a_twin_stands_in_outside_its_shift_when_its_peer_is_gone() -> None:
    twin = Twin(rules=MORNING).wake()
    twin.wait(3.31)
    assert twin.role() is Role.ON_DUTY
