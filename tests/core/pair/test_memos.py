"""Memos: notes of a holder for the next holder."""

from dataclasses import replace

from stepping import B_BOOT, Twin, sent

from twin.core.pair.document import Role
from twin.core.pair.events import Heard, Publish, Remember, Via
from twin.core.pair.knowledge import Memo


def memo(twin: Twin) -> Memo:
    return twin.state.knowledge.memos["scale"]


def test_a_memo_is_sent_to_the_peer_at_once() -> None:
    holder = Twin().take()
    effects = holder.tell(Remember("scale", "one", holder.state.knowledge.claim.term))
    assert Publish() in effects
    assert holder.state.document().memos["scale"].text == "one"


def test_the_last_memo_counts_even_when_the_clock_was_set_back() -> None:
    holder = Twin().take()
    term = holder.state.knowledge.claim.term
    holder.tell(Remember("scale", "one", term))
    holder.wall -= 3600
    holder.tell(Remember("scale", "two", term))
    assert memo(holder).text == "two"


def test_a_memo_of_a_former_holder_loses() -> None:
    holder = Twin().take()
    term = holder.state.knowledge.claim.term
    holder.tell(Remember("scale", "of the next holder", term + 1))
    holder.tell(Remember("scale", "of a step that was slow", term))
    assert memo(holder).text == "of the next holder"


def test_a_standby_sends_its_memos() -> None:
    standby = Twin().stand_by()
    effects = standby.tell(Remember("pause", "yes", standby.state.knowledge.claim.term))
    assert sent(effects) == ["UPDATE"]


def test_a_standby_sends_a_memo_that_the_holder_lacks() -> None:
    standby = Twin().stand_by()
    standby.tell(Remember("pause", "yes", standby.state.knowledge.claim.term))
    assert sent(standby.hear(Role.ON_DUTY, standby.claim_of_b())) == ["UPDATE"]


def test_a_memo_survives_a_handover() -> None:
    standby = Twin().stand_by()
    said = standby.state.document()
    claim = standby.claim_of_b(released=True)
    memos = {"scale": Memo(claim.term, 1, "b", "one")}
    last = replace(said, twin="b", boot=B_BOOT, role=Role.LEAVING, claim=claim, memos=memos)
    standby.tell(Heard(last, Via.LINE))
    assert standby.state.on_duty
    assert memo(standby).text == "one"
