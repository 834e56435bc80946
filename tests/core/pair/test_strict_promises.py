"""A twin that has agreed to claim nothing keeps its word for one lease."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from strictly import LEASE_S, B, C, StrictTwin, ops

from twin.core.pair.arbiter import Op, Record
from twin.core.pair.document import Role
from twin.core.pair.events import Leave, Ruled, Via, WatchLost
from twin.core.pair.knowledge import Claim


def agreed(twin: StrictTwin) -> bool:
    return twin.state.document().confirms == B.boot


def promised() -> StrictTwin:
    """It has agreed, and the holder's lease ends in a moment."""
    twin = StrictTwin().stand_by(B)
    twin.die()
    twin.wait(LEASE_S - 2)
    twin.plead()
    assert agreed(twin)
    twin.die()
    return twin


def test_a_promise_outlasts_the_lease_of_its_holder() -> None:
    twin = promised()
    ends_at = twin.mono + LEASE_S
    twin.wait(LEASE_S - 0.01)
    assert twin.role() is Role.STANDBY
    assert twin.mono < ends_at
    twin.wait(0.02)
    assert twin.acts


def test_each_question_of_the_holder_extends_it() -> None:
    twin = promised()
    for _ in range(20):
        twin.wait(3)
        twin.plead()
        twin.die()
    twin.wait(LEASE_S - 0.01)
    assert twin.role() is Role.STANDBY


def test_it_ends_when_that_holder_says_that_it_releases() -> None:
    twin = promised()
    term = twin.arbiter.record.term
    twin.arbiter.ask(Op.RELEASE, B, twin.mono, term=term)
    twin.hear(B, Via.DOWN, claim=Claim(term, "b", B.boot, released=True))
    assert twin.acts


def test_it_ends_when_the_arbiter_says_so() -> None:
    twin = promised()
    twin.arbiter.ask(Op.RELEASE, B, twin.mono, term=twin.arbiter.record.term)
    twin.tell(WatchLost("it ended"))
    assert twin.acts


def test_it_does_not_end_by_a_record_from_before_the_holder_took_the_duty_again() -> None:
    twin = StrictTwin().stand_by(B)
    twin.die()
    term = twin.arbiter.record.term
    twin.arbiter.ask(Op.RELEASE, B, twin.mono, term=term)
    twin.is_late = True
    twin.tell(WatchLost("it ended"))
    twin.arbiter.ask(Op.CLAIM, B, twin.mono, term=term, known={"a": twin.state.boot})
    twin.plead()
    released = Record(B, term, int(twin.mono * 1000), released=True)
    question = twin.asked[-1]
    late = replace(twin.arbiter.answer(question, twin.mono), record=released)
    twin.tell(Ruled(question, twin.lease.asked_at, late))
    twin.wait(LEASE_S - 0.5)
    assert Op.CLAIM not in [one.op for one in twin.asked]


def test_it_does_not_end_when_another_twin_releases() -> None:
    twin = promised()
    term = twin.arbiter.record.term
    twin.hear(C, Via.DOWN, claim=Claim(term, "c", C.boot, released=True))
    twin.wait(LEASE_S - 0.5)
    assert twin.role() is Role.STANDBY


def test_what_was_granted_meanwhile_is_given_back() -> None:
    """Its claim was underway when it gave its word."""
    twin = StrictTwin().stand_by(B)
    twin.die()
    twin.wait(LEASE_S - 1.5)
    twin.is_late = True
    twin.wait(2)
    assert [question.op for question in twin.asked][-1] is Op.CLAIM
    twin.plead()
    twin.is_late = False
    effects = twin.arrive()
    assert ops(effects) == [Op.RELEASE]
    assert twin.arbiter.record.released
    assert not twin.acts


REFUSALS: list[tuple[str, Callable[[StrictTwin], object]]] = [
    ("of an older term", lambda twin: twin.plead(above=-1)),
    (
        "that is released",
        lambda twin: twin.plead(claim=Claim(twin.arbiter.record.term, "b", B.boot, released=True)),
    ),
    (
        "of another boot",
        lambda twin: twin.plead(claim=Claim(twin.arbiter.record.term, "b", "1780055999999-b")),
    ),
    ("while it leaves", lambda twin: (twin.tell(Leave("SIGTERM")), twin.plead())),
]


@pytest.mark.parametrize("ask", [row[1] for row in REFUSALS], ids=[row[0] for row in REFUSALS])
def test_it_gives_no_word_to_a_claim(ask: Callable[[StrictTwin], object]) -> None:
    twin = StrictTwin().stand_by(B)
    twin.plead()
    assert agreed(twin)
    ask(twin)
    assert not agreed(twin)


def test_a_holder_agrees_to_no_other() -> None:
    twin = StrictTwin().take(B)
    twin.hear(
        B,
        Via.UPDATE,
        Role.ON_DUTY,
        Claim(twin.arbiter.record.term + 1, "b", B.boot),
        pleads=True,
    )
    assert not agreed(twin)


def test_a_twin_that_knows_a_newer_holder_from_the_arbiter_alone_does_not_agree() -> None:
    twin = StrictTwin().stand_by(B, C)
    older = twin.claim_of(B)
    twin.find_holder(C)
    twin.wait(LEASE_S)
    assert twin.state.knowledge.claim == older
    twin.plead(B, claim=older)
    assert not agreed(twin)
