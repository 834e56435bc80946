"""When a twin in strict mode claims: after a lease, and only what nobody can still act on."""

from dataclasses import replace

import pytest
from stepping import NOON, noted
from strictly import LEASE_MS, LEASE_S, POST, B, C, StrictTwin, ops

from twin.core.pair.arbiter import Member, Op, Question, Record, Ruling
from twin.core.pair.document import Role
from twin.core.pair.events import Failed, Failure, Heard, Ruled, Via, WatchLost
from twin.core.pair.knowledge import Claim
from twin.core.pair.state import Holding

E = Member("e", "1780055000000-e", "https://e.example")


def claims(twin: StrictTwin) -> list[Question]:
    return [question for question in twin.asked if question.op is Op.CLAIM]


# ---- the first holder


def test_the_first_twin_waits_one_lease_since_an_empty_arbiter_may_have_forgotten_a_holder() -> (
    None
):
    twin = StrictTwin()
    twin.wait(LEASE_S - 0.01)
    assert twin.role() is Role.STANDBY
    taken = noted(twin.wait(0.02), "duty.taken")
    assert [line["because"] for line in taken] == ["the arbiter has had no holder for one lease"]
    assert twin.acts


def test_a_twin_without_its_url_does_not_claim_since_another_boot_may_have_confirmed_a_holder() -> (
    None
):
    """An older boot of its app, which died, or a newer one."""
    twin = StrictTwin()
    twin.is_fronted = False
    twin.wait(60)
    assert not claims(twin)
    twin.is_fronted = True
    twin.wait(LEASE_S - 0.01)
    assert not claims(twin)
    twin.wait(3)
    assert twin.acts


def test_a_url_that_leads_elsewhere_for_a_moment_is_waited_for_anew() -> None:
    twin = StrictTwin()
    twin.wait(LEASE_S - 1)
    twin.is_fronted = False
    older = replace(twin.state.document(), boot="1-older")
    twin.tell(Heard(older, Via.OWN, twin.mono))
    twin.is_fronted = True
    twin.wait(LEASE_S - 0.01)
    assert not twin.acts
    twin.wait(3)
    assert twin.acts


def test_answers_of_its_url_that_are_old_count_for_nothing() -> None:
    twin = StrictTwin()
    twin.wait(LEASE_S - 5.5)
    twin.is_fronted = False
    twin.wait(20)
    assert not claims(twin)


def test_a_twin_that_knows_no_url_of_its_own_waits_one_lease_from_when_it_woke() -> None:
    twin = StrictTwin(url=None)
    twin.wait(LEASE_S - 0.01)
    assert not claims(twin)
    twin.wait(0.02)
    assert twin.acts


def test_a_claim_is_above_all_that_an_arbiter_without_memory_can_have_granted() -> None:
    twin = StrictTwin()
    twin.wait(LEASE_S + 1)
    assert twin.state.knowledge.claim.term > (NOON + LEASE_S) * 1000


# ---- after another


def test_a_standby_claims_as_soon_as_the_lease_of_a_dead_holder_is_over() -> None:
    twin = StrictTwin(POST).stand_by(B)
    twin.wait(4)
    twin.tell(WatchLost("no line for 4.2 s"))
    ends_in_s = (twin.arbiter.record.expires_ms - twin.mono * 1000) / 1000
    twin.die()
    twin.wait(ends_in_s - 0.01)
    assert twin.role() is Role.STANDBY
    taken = noted(twin.wait(0.03), "duty.taken")
    assert [line["because"] for line in taken] == ["the lease of b is over"]


def test_of_several_standbys_each_waits_another_while() -> None:
    """So that one question decides, not as many as there are twins."""
    waits = []
    for later_s in range(5):
        twin = StrictTwin(wall=NOON + later_s).stand_by(B, C)
        twin.tell(WatchLost("no line for 4.2 s"))
        ends_at = twin.arbiter.record.expires_ms / 1000
        twin.die()
        twin.wait(LEASE_S + 1.01)
        assert twin.acts
        assert isinstance(twin.state.stage, Holding)
        waits.append(twin.state.stage.since - ends_at)
    assert 0 <= min(waits) < max(waits) - 0.2 < 1


@pytest.mark.parametrize("by", [B, E], ids=["a holder that it watches", "another"])
def test_a_live_lease_is_not_taken(by: Member) -> None:
    twin = StrictTwin().stand_by(B)
    twin.arbiter.holder = None
    twin.arbiter.store = replace(
        twin.arbiter.store,
        record=Record(by, twin.arbiter.record.term + 1, int(twin.mono * 1000) + 9 * LEASE_MS),
    )
    twin.wait(8 * LEASE_S)
    assert twin.role() is Role.STANDBY


def test_a_boot_that_the_holder_does_not_know_waits_until_it_would_be_asked() -> None:
    """An older boot of this twin may have confirmed that holder, and died."""
    twin = StrictTwin().meet(B)
    known = {"a": "1780055000000-a"}
    record = Record(B, 5, int(twin.mono * 1000) + 1_000, known=known)
    twin.arbiter.store = replace(twin.arbiter.store, record=record)
    twin.wait(LEASE_S - 0.01)
    assert not claims(twin)
    twin.wait(0.02)
    (claim,) = claims(twin)
    assert (claim.patient, claim.seen) == (True, 5)
    assert twin.acts


def test_a_twin_that_the_holder_has_never_met_waits_for_another_to_take_over() -> None:
    """The holder may go on, and not know whom to ask."""
    twin = StrictTwin().meet(B, C)
    record = Record(B, 5, int(twin.mono * 1000), known={"c": C.boot})
    twin.arbiter.store = replace(twin.arbiter.store, record=record)
    twin.wait(600)
    assert twin.role() is Role.STANDBY
    assert twin.arbiter.record == record


def test_its_own_record_is_taken_again_at_once() -> None:
    twin = StrictTwin().take(B)
    effects = twin.freeze(60)
    assert len(noted(effects, "duty.lost")) == 1
    assert len(noted(effects, "duty.taken")) == 1
    assert twin.acts


# ---- a released duty


def test_a_released_duty_is_taken_in_one_round_trip() -> None:
    twin = StrictTwin().stand_by(B)
    twin.arbiter.holder = None
    term = twin.arbiter.record.term
    twin.arbiter.ask(Op.RELEASE, B, twin.mono, term=term)
    released = Claim(term, "b", B.boot, released=True)
    effects = twin.hear(B, Via.DOWN, Role.LEAVING, released, leaving=True)
    assert ops(effects)[0] is Op.CLAIM
    assert twin.acts


def test_a_twin_that_hears_of_a_release_before_the_arbiter_does_asks_again_and_again() -> None:
    twin = StrictTwin().stand_by(B)
    twin.arbiter.holder = None
    term = twin.arbiter.record.term
    released = Claim(term, "b", B.boot, released=True)
    twin.hear(B, Via.DOWN, Role.LEAVING, released, leaving=True)
    assert ops(twin.wait(1)) == [Op.CLAIM] * 3
    twin.arbiter.ask(Op.RELEASE, B, twin.mono, term=term)
    twin.wait(0.4)
    assert twin.acts


# ---- what does not bring the duty


def test_a_silent_arbiter_is_asked_again_and_grants_nothing() -> None:
    twin = StrictTwin()
    twin.is_cut_off = True
    warned = noted(twin.wait(5.05), "arbiter.silent")
    assert [line["because"] for line in warned] == ["connection refused"]
    assert [question.op for question in twin.asked] == [Op.JOIN] * 6
    assert twin.role() is Role.STANDBY
    twin.is_cut_off = False
    assert len(noted(twin.wait(1), "arbiter.back")) == 1


def test_a_late_answer_to_a_question_that_it_gave_up_grants_nothing() -> None:
    twin = StrictTwin().stand_by(B)
    twin.die()
    twin.wait(LEASE_S - 2)
    twin.is_late = True
    twin.wait(2)
    claim = twin.asked[-1]
    assert claim.op is Op.CLAIM
    asked_at, answer = twin.lease.asked_at, twin.arbiter.answer(claim, twin.mono)
    twin.tell(Ruled(claim, asked_at, None, "no answer in 3 s"))
    twin.tell(Ruled(claim, asked_at, answer))
    assert (answer.ruling, twin.role()) == (Ruling.GRANTED, Role.STANDBY)


def test_an_answer_to_its_former_boot_grants_nothing() -> None:
    twin = StrictTwin().stand_by(B)
    twin.wait(2)
    twin.is_late = True
    twin.wait(LEASE_S)
    asked = twin.asked[-1]
    assert twin.lease.asking is asked.op
    former = replace(asked, member=replace(asked.member, boot="1-a"))
    twin.tell(Ruled(former, twin.lease.asked_at, None, "too late"))
    assert not twin.lease.is_silent


def test_a_wrong_password_is_no_sign_that_the_holder_is_gone() -> None:
    twin = StrictTwin().stand_by(B)
    assert ops(twin.tell(Failed(Failure.DENIED, "401"))) == []
    assert ops(twin.tell(Failed(Failure.REFUSED, "connection refused"))) == [Op.JOIN]
