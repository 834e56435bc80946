"""How the duty moves from one twin to another in strict mode: on request, and when one leaves."""

import pytest
from situations import EVENING, MORNING
from stepping import noted
from strictly import LEASE_S, POST, B, C, StrictTwin, ops, requests

from twin.core.pair.arbiter import Member, Op
from twin.core.pair.document import Role
from twin.core.pair.events import HandOver, Leave, TakeDuty, Via
from twin.core.pair.knowledge import NOBODY, Claim

E = Member("e", "1780055000000-e", None)

# ---- giving it away


def test_a_holder_gives_the_duty_to_a_twin_that_asks_for_it_and_tells_all() -> None:
    twin = StrictTwin().take(B, C, E)
    effects = twin.wish(B)
    assert [line["because"] for line in noted(effects, "duty.released")] == ["b asks for it"]
    assert not noted(effects, "duty.lost")
    assert ops(effects)[0] is Op.RELEASE
    assert set(requests(effects)) == {("DOWN", None), ("DOWN", C.url)}
    assert not twin.acts


def test_it_leaves_the_duty_to_that_twin_for_three_seconds() -> None:
    twin = StrictTwin().take(B)
    twin.wish(B)
    twin.wait(2.99)
    assert twin.role() is Role.STANDBY
    assert twin.arbiter.record.released
    twin.wait(0.02)
    assert twin.acts


@pytest.mark.parametrize(
    ("by", "claim"), [(C, None), (B, NOBODY)], ids=["a stranger", "one that knows an older claim"]
)
def test_it_keeps_the_duty_from(by: Member, claim: Claim | None) -> None:
    twin = StrictTwin().take(B)
    twin.wish(by, claim=claim)
    assert twin.acts


def test_it_gives_nothing_away_while_the_arbiter_cannot_hear_of_it() -> None:
    twin = StrictTwin().take(B)
    twin.is_cut_off = True
    twin.wait(LEASE_S / 3)
    twin.wish(B)
    assert twin.acts


def test_a_standby_has_nothing_to_give() -> None:
    assert ops(StrictTwin().stand_by(B, C).wish(C)) == []


def test_a_holder_that_shall_hand_over_asks_its_peer_to_take_the_duty_until_it_does() -> None:
    twin = StrictTwin().take(B)
    twin.hear(B)
    effects = twin.tell(HandOver(2.5)) + twin.wait(10)
    assert requests(effects) == [("TAKE", None)] * 3
    assert twin.acts


def test_a_standby_has_nothing_to_hand_over() -> None:
    twin = StrictTwin().stand_by(B)
    assert requests(twin.tell(HandOver(5)) + twin.wait(3)) == []


# ---- asking for it


def test_a_standby_that_shall_take_the_duty_asks_the_holder_for_ten_seconds() -> None:
    twin = StrictTwin().stand_by(B)
    asked = requests(twin.tell(TakeDuty("somebody asks")) + twin.wait(9.9))
    assert asked == [("UPDATE", None)] * 7
    assert twin.role() is Role.CLAIMING
    effects = twin.wait(0.2)
    assert twin.role() is Role.STANDBY
    assert requests(effects) == []


def test_it_has_the_duty_as_soon_as_the_holder_releases_it() -> None:
    twin = StrictTwin().stand_by(B)
    twin.tell(TakeDuty("somebody asks"))
    term = twin.arbiter.record.term
    twin.arbiter.holder = None
    twin.arbiter.ask(Op.RELEASE, B, twin.mono, term=term)
    twin.hear(B, Via.DOWN, claim=Claim(term, "b", B.boot, released=True))
    assert twin.acts


def test_a_holder_that_shall_take_the_duty_has_it() -> None:
    twin = StrictTwin().take(B)
    assert twin.tell(TakeDuty("somebody asks")) == ()


# ---- shifts


def test_a_standby_asks_for_the_duty_when_its_shift_begins() -> None:
    """The tests begin at noon."""
    twin = StrictTwin(wall=1_780_056_000.0 - 300, shift=EVENING.shift).stand_by(B)
    twin.wait(290)
    assert twin.role() is Role.STANDBY
    claimed = noted(twin.wait(60), "duty.claimed")
    assert [line["because"] for line in claimed] == ["its shift begins"]


def test_a_holder_whose_shift_begins_keeps_the_duty() -> None:
    twin = StrictTwin(wall=1_780_056_000.0 - 300, shift=EVENING.shift).take(B)
    assert not noted(twin.wait(400), "duty.claimed")
    assert twin.acts


@pytest.mark.parametrize(("shift", "role"), [(EVENING, Role.CLAIMING), (MORNING, Role.STANDBY)])
def test_a_twin_that_wakes_asks_for_the_duty_in_its_shift(shift: object, role: Role) -> None:
    twin = StrictTwin(shift=shift.shift, takes_on_wake=True)  # type: ignore[attr-defined]
    twin.find_holder(B)
    twin.wait(1.01)
    assert twin.role() is role


# ---- leaving


def test_a_holder_that_leaves_releases_the_duty_and_tells_all() -> None:
    twin = StrictTwin(POST).take(B, C)
    twin.hear(B)
    effects = twin.tell(Leave("SIGTERM"))
    assert ops(effects) == [Op.RELEASE]
    assert requests(effects) == [("DOWN", None), ("DOWN", C.url)]
    assert twin.role() is Role.LEAVING
    assert twin.arbiter.record.released


def test_a_twin_that_leaves_asks_and_claims_nothing_more() -> None:
    twin = StrictTwin().take(B)
    twin.tell(Leave("SIGTERM"))
    assert twin.tell(Leave("SIGTERM")) == ()
    assert ops(twin.wait(60)) == []


def test_a_claim_that_was_underway_is_given_back() -> None:
    twin = StrictTwin().stand_by(B)
    twin.die()
    twin.is_late = True
    twin.wait(2 * LEASE_S)
    twin.is_late = False
    twin.arrive()
    assert twin.acts
    twin = StrictTwin()
    twin.wait(LEASE_S - 0.1)
    twin.is_late = True
    twin.wait(0.2)
    twin.tell(Leave("SIGTERM"))
    twin.is_late = False
    twin.arrive()
    assert twin.arbiter.record.released
