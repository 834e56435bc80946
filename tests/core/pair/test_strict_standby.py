"""How a twin in strict mode wakes, and whom it watches."""

from dataclasses import replace

import pytest
from stepping import noted
from strictly import LEASE_S, NEWER_A, POST, B, C, StrictTwin, opened, ops

from twin.core.pair import strict
from twin.core.pair.arbiter import Member, Op
from twin.core.pair.document import Role
from twin.core.pair.events import (
    Heard,
    LearnedUrl,
    Leave,
    Remember,
    Request,
    Via,
    Watchers,
    WatchLost,
)
from twin.core.pair.knowledge import Claim, Entry, Fate
from twin.core.pair.state import Standby

# ---- waking


def test_a_twin_that_wakes_asks_the_holder_for_the_duty() -> None:
    twin = StrictTwin(takes_on_wake=True)
    twin.find_holder(B)
    twin.wait(0.99)
    assert twin.role() is Role.WAKING
    twin.wait(0.02)
    assert twin.role() is Role.CLAIMING


@pytest.mark.parametrize("by", ["itself", "nobody", "released"])
def test_it_does_not_ask_where_nobody_else_holds_it(by: str) -> None:
    twin = StrictTwin(takes_on_wake=True)
    if by == "itself":
        twin.find_holder(replace(B, twin="a", boot="1780055000000-a"))
    if by == "released":
        twin.find_holder(B)
        twin.arbiter.holder = None
        twin.arbiter.ask(Op.RELEASE, B, twin.mono, term=twin.arbiter.record.term)
    twin.wait(1.01)
    assert twin.role() is (Role.ON_DUTY if by == "released" else Role.STANDBY)


def test_on_wake_join_leaves_the_duty_where_it_is() -> None:
    twin = StrictTwin(takes_on_wake=False)
    twin.find_holder(B)
    twin.wait(1.01)
    assert twin.role() is Role.STANDBY


def test_a_twin_wakes_until_the_arbiter_has_answered_or_is_known_to_be_silent() -> None:
    twin = StrictTwin()
    twin.is_late = True
    twin.wait(2.5)
    assert twin.role() is Role.WAKING
    twin.is_cut_off = True
    twin.arrive()
    assert twin.role() is Role.STANDBY


# ---- the watch


def test_it_watches_whoever_holds_the_duty() -> None:
    twin = StrictTwin().stand_by(B, C)
    assert (twin.state.peer.twin, twin.state.peer.url) == ("b", B.url)
    twin.find_holder(C)
    effects = twin.wait(LEASE_S + 2)
    assert opened(effects) == [True]
    assert (twin.state.peer.twin, twin.state.peer.url) == ("c", C.url)


def test_a_holder_without_a_url_cannot_be_watched() -> None:
    nowhere = replace(C, url=None)
    twin = StrictTwin().stand_by(B, C)
    twin.find_holder(nowhere)
    assert opened(twin.wait(LEASE_S + 2)) == []
    assert twin.state.peer.twin == "b"


def test_a_twin_that_asks_for_the_duty_notes_a_new_holder_but_opens_no_watch() -> None:
    twin = StrictTwin(takes_on_wake=True)
    twin.find_holder(B)
    twin.wait(1.01)
    twin.find_holder(C)
    assert opened(twin.wait(8)) == []
    assert twin.state.peer.twin == "c"


def test_a_lost_watch_is_opened_again_after_a_pause_and_the_arbiter_is_asked() -> None:
    twin = StrictTwin().stand_by(B)
    lost = twin.tell(WatchLost("no line for 4.2 s"))
    assert (len(noted(lost, "watch.lost")), ops(lost)) == (1, [Op.JOIN])
    assert opened(twin.wait(0.9)) == []
    assert opened(twin.wait(0.2)) == [True]
    twin.tell(WatchLost("no line for 4.2 s"))
    assert opened(twin.wait(1.9)) == []
    assert opened(twin.wait(0.2)) == [True]
    (joined,) = noted(twin.hear(B, Via.LINE, Role.ON_DUTY), "standby.joined")
    assert joined["peer"] == "b"
    twin.tell(WatchLost("no line for 4.2 s"))
    assert opened(twin.wait(1.1)) == [True]


def test_a_watch_that_was_lost_already_is_not_told_twice() -> None:
    twin = StrictTwin().stand_by(B)
    twin.tell(WatchLost("no line for 4.2 s"))
    assert not noted(twin.tell(WatchLost("the same")), "watch.lost")


def test_a_lost_watch_does_not_hurry_a_silent_arbiter() -> None:
    twin = StrictTwin().stand_by(B)
    twin.is_cut_off = True
    twin.wait(LEASE_S)
    assert ops(twin.tell(WatchLost("no line for 4.2 s"))) == []


def test_a_watch_that_a_holder_had_is_no_loss() -> None:
    twin = StrictTwin().take(B)
    assert twin.tell(WatchLost("closed")) == ()


def test_a_standby_without_a_peer_opens_no_watch() -> None:
    twin = StrictTwin()
    assert opened(twin.wait(5)) == []


def test_a_standby_calls_the_holder_that_it_watches_every_round() -> None:
    twin = StrictTwin().stand_by(B)
    assert list(strict.round_of(twin.state)) == [Request.UPDATE]
    twin.tell(WatchLost("no line for 4.2 s"))
    assert list(strict.round_of(twin.state)) == []
    rounds = twin.tick_beats(6)
    assert rounds.count("UPDATE") == 1


def test_a_third_twin_does_not_become_the_peer() -> None:
    twin = StrictTwin(POST).stand_by(B, C)
    entry = Entry(60, Fate.DONE, "c", C.boot)
    twin.hear(C, Via.UPDATE, ledger={"post": entry})
    assert twin.state.peer.twin == "b"
    assert twin.state.knowledge.ledger["post"] == entry


def test_an_older_boot_of_the_holder_says_what_it_knows_and_no_more() -> None:
    twin = StrictTwin().stand_by(B)
    twin.hear(Member("b", "1780054000000-b", "https://old.example"), Via.UPDATE, Role.LEAVING)
    assert (twin.state.peer.boot, twin.state.peer.url) == (B.boot, B.url)


def test_while_it_watches_the_holder_it_asks_the_arbiter_once_a_minute() -> None:
    twin = StrictTwin().stand_by(B)
    assert ops(twin.wait(181)) == [Op.JOIN] * 3


# ---- another boot of the own app


def test_a_superseded_boot_claims_nothing() -> None:
    twin = StrictTwin().stand_by(B)
    twin.arbiter.ask(Op.JOIN, NEWER_A, twin.mono)
    twin.is_fronted = False
    twin.arbiter.holder = None
    warned = noted(twin.tell(WatchLost("closed")) + twin.wait(60), "twin.superseded")
    assert len(warned) == 1
    assert twin.role() is Role.STANDBY
    assert twin.lease.superseded


def test_a_superseded_boot_that_has_its_url_for_a_lease_wakes_again_as_the_newest() -> None:
    """A failed deploy: the newer boot is gone."""
    twin = StrictTwin().stand_by(B)
    twin.arbiter.ask(Op.JOIN, NEWER_A, twin.mono)
    boot = twin.state.boot
    twin.hear(NEWER_A, Via.UPDATE)
    woken = noted(twin.wait(3 * LEASE_S), "twin.woke")
    assert len(woken) == 1
    assert twin.state.boot > NEWER_A.boot > boot
    twin.die()
    twin.wait(3 * LEASE_S)
    assert twin.acts


def test_a_superseded_holder_keeps_the_duty_until_it_leaves() -> None:
    twin = StrictTwin(POST).take(B)
    twin.arbiter.ask(Op.JOIN, NEWER_A, twin.mono)
    twin.hear(NEWER_A, Via.UPDATE)
    twin.wait(60)
    assert twin.acts
    twin.tell(Leave("a deploy"))
    assert twin.arbiter.ask(Op.CLAIM, NEWER_A, twin.mono).record is twin.arbiter.store.record
    assert twin.arbiter.record.member == NEWER_A


def test_a_boot_notices_that_its_url_leads_to_another() -> None:
    twin = StrictTwin().stand_by(B)
    twin.tell(Heard(twin.state.document(), Via.OWN, twin.mono))
    assert twin.state.reached
    twin.hear(NEWER_A, Via.OWN)
    assert twin.state.reached is False


def test_its_own_document_by_another_way_says_nothing_of_its_url() -> None:
    twin = StrictTwin()
    twin.is_fronted = False
    twin.tell(Heard(twin.state.document(), Via.ANSWER, twin.mono))
    assert twin.state.reached is None


# ---- other events


def test_other_events_are_taken_as_in_a_pair() -> None:
    twin = StrictTwin(url=None).stand_by(B)
    twin.tell(Watchers(1))
    twin.tell(LearnedUrl("https://a.example"))
    twin.tell(Remember("scale", "3", 0))
    state = twin.state
    assert (state.watchers, state.url) == (1, "https://a.example")
    assert state.knowledge.memos["scale"].text == "3"


def test_a_claim_that_is_heard_again_is_no_news() -> None:
    twin = StrictTwin().stand_by(B)
    term = twin.arbiter.record.term
    released = Claim(term, "b", B.boot, released=True)
    twin.hear(B, Via.DOWN, claim=released)
    assert ops(twin.hear(B, Via.DOWN, claim=released)) == []


def test_a_standby_s_peer_that_speaks_while_it_does_not_hold_is_not_joined() -> None:
    twin = StrictTwin().stand_by(B)
    twin.tell(WatchLost("no line for 4.2 s"))
    twin.hear(B, Via.ANSWER, Role.STANDBY)
    assert isinstance(twin.state.stage, Standby)
    assert twin.state.stage.doubt_since is not None
