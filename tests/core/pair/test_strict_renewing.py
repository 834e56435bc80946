"""How long a holder in strict mode trusts itself, and what an arbiter that forgot it changes."""

import pytest
from stepping import noted
from strictly import LEASE_S, POST, B, C, StrictTwin, ops

from twin.core.pair.arbiter import Op, Ruling
from twin.core.pair.document import Role
from twin.core.pair.events import Ruled, Via
from twin.core.pair.machine import Permission


def test_a_lease_is_renewed_three_times_before_it_ends() -> None:
    twin = StrictTwin().take(B)
    assert ops(twin.wait(LEASE_S)) == [Op.RENEW] * 3


def test_a_holder_trusts_itself_from_the_sending_of_its_question_and_stops_a_second_early() -> None:
    twin = StrictTwin().take(B)
    twin.is_late = True
    twin.wait(LEASE_S / 3)
    asked_at = twin.mono
    twin.wait(2)
    twin.arrive()
    twin.is_late, twin.is_cut_off = False, True
    twin.wait(asked_at + LEASE_S - 1 - twin.mono - 0.1)
    assert twin.acts
    lost = noted(twin.wait(0.2), "duty.lost")
    assert [line["because"] for line in lost] == [
        "the arbiter does not answer (connection refused), and not every other twin agrees"
    ]
    assert twin.role() is Role.STANDBY


def test_an_answer_that_comes_after_a_freeze_does_not_make_it_act() -> None:
    """The question was sent before: the lease that it renewed is over."""
    twin = StrictTwin().take(B)
    twin.is_late = True
    twin.wait(LEASE_S / 3)
    twin.mono += 20
    twin.wall += 20
    lost = noted(twin.arrive(), "duty.lost")
    assert [line["because"] for line in lost] == ["its lease is over"]
    assert not twin.acts


def test_a_short_freeze_costs_nothing() -> None:
    twin = StrictTwin().take(B)
    frozen = twin.freeze(4)
    assert len(noted(frozen, "clock.froze")) == 1
    assert twin.acts


def test_a_holder_whose_lease_another_has_stops_at_once() -> None:
    twin = StrictTwin().take(B)
    twin.arbiter.ask(Op.RELEASE, twin.asked[-1].member, twin.mono, term=twin.arbiter.record.term)
    twin.arbiter.ask(Op.CLAIM, B, twin.mono, known={"a": twin.state.boot})
    lost = noted(twin.wait(LEASE_S / 3), "duty.lost")
    assert [line["because"] for line in lost] == ["the arbiter gave it to another, or forgot it"]
    assert not twin.acts


def test_a_holder_stops_when_a_slot_shows_that_its_lease_is_over() -> None:
    twin = StrictTwin(POST).take(B)
    (start,) = twin.starts(10)
    twin.arbiter.ask(Op.RELEASE, twin.asked[-1].member, twin.mono, term=twin.arbiter.record.term)
    term = twin.state.knowledge.claim.term
    assert twin.begin(start) is Permission.REFUSED
    assert twin.state.knowledge.claim.term > term


def test_the_answer_to_a_slot_of_a_former_term_changes_nothing() -> None:
    twin = StrictTwin(POST).take(B)
    question = twin.start_question("post", 60)
    twin.freeze(60)
    assert twin.acts
    refused = twin.arbiter.answer(question, twin.mono)
    assert refused.ruling is not Ruling.GRANTED
    twin.tell(Ruled(question, twin.mono, refused))
    assert twin.acts
    twin.tell(Ruled(question, twin.mono, None, "no answer"))
    assert not twin.lease.is_silent


def test_a_twin_that_hears_of_its_successor_before_it_looks_at_the_clock_stops() -> None:
    """It stood still, for less than counts as a freeze, until another had the duty."""
    twin = StrictTwin(POST).take(B)
    twin.is_cut_off = True
    twin.wait(twin.lease.trusted_until - twin.mono - 0.3)
    assert twin.acts
    twin.wall += 1.8
    twin.mono += 1.8
    twin.hear(B, Via.UPDATE, Role.ON_DUTY, twin.claim_of(B, above=1))
    assert twin.role() is Role.STANDBY
    assert not twin.starts(60)


# ---- an arbiter without its memory


def test_an_arbiter_that_lost_its_memory_gets_it_back() -> None:
    twin = StrictTwin(POST).take(B, C)
    (start,) = twin.starts(10)
    record = twin.arbiter.record
    twin.begin(start)
    twin.arbiter.flush()
    twin.wait(LEASE_S / 3)
    again = twin.arbiter.record
    assert (again.member, again.term, again.floor) == (record.member, record.term, record.floor)
    assert [member.twin for member in twin.arbiter.store.members] == ["a", "b", "c"]
    assert twin.arbiter.store.started["post"].slot == start.slot
    assert twin.acts


def test_what_it_lost_too_long_ago_is_not_restored() -> None:
    """Another may have waited out this lease."""
    twin = StrictTwin().take(B)
    twin.is_cut_off = True
    twin.wait(3)
    twin.confirm(B)
    twin.wait(5)
    twin.confirm(B)
    twin.wait(5)
    assert twin.acts
    twin.arbiter.flush()
    twin.is_cut_off = False
    lost = noted(twin.wait(1.01), "duty.lost")
    assert [line["because"] for line in lost] == ["the arbiter gave it to another, or forgot it"]
    assert not twin.acts


def test_a_twin_that_gave_the_duty_away_restores_no_lease_by_a_late_answer() -> None:
    """Its renewal was underway when it released, another took the duty, and then all was lost."""
    twin = StrictTwin().take(B)
    twin.is_late = True
    twin.wait(LEASE_S / 3)
    twin.wish(B)
    assert twin.role() is Role.STANDBY
    twin.arrive(1)
    assert twin.arbiter.record.released
    twin.arbiter.ask(Op.CLAIM, B, twin.mono, known={"a": twin.state.boot})
    twin.arbiter.flush()
    assert ops(twin.arrive(0)) == []
    assert twin.arbiter.store.record is None


def test_a_twin_that_the_list_forgot_is_asked_until_the_arbiter_has_heard_so() -> None:
    """Until the arbiter knows whom the holder asks, the forgotten twin may claim as one that is."""
    twin = StrictTwin().take(B, C)
    twin.arbiter.forget(C)
    twin.wait(LEASE_S / 3)
    assert twin.arbiter.record.known.keys() == {"b", "c"}
    twin.is_cut_off = True
    twin.wait(4)
    twin.confirm(B)
    assert "c" in twin.arbiter.record.known
    assert twin.lease.trusted_until < twin.mono + LEASE_S / 2
    twin.confirm(C)
    assert twin.lease.trusted_until > twin.mono + LEASE_S / 2


@pytest.mark.parametrize("forgets", [True, False])
def test_a_forgotten_twin_is_asked_no_more_once_the_arbiter_knows(forgets: bool) -> None:
    twin = StrictTwin().take(B, C)
    if forgets:
        twin.arbiter.forget(C)
    twin.wait(LEASE_S)
    assert twin.arbiter.record.known.keys() == ({"b"} if forgets else {"b", "c"})
    twin.is_cut_off = True
    twin.wait(4)
    twin.confirm(B)
    assert (twin.lease.trusted_until > twin.mono + LEASE_S / 2) is forgets


def test_a_twin_that_an_arbiter_forgot_is_asked_though_it_has_not_come_back() -> None:
    """It is cut off from the arbiter; later it may find an empty one, and would claim there."""
    twin = StrictTwin().take(B, C)
    twin.freeze(LEASE_S)
    twin.wish(B)
    twin.arbiter.flush()
    twin.meet(B)
    twin.wait(2 * LEASE_S)
    assert twin.acts
    twin.is_cut_off = True
    twin.go_on(LEASE_S, B)
    assert not twin.acts
