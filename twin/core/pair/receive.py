"""What an event says to a twin: of its peer, of its own app, of the time it lost."""

from dataclasses import replace

from twin.core.pair import slots
from twin.core.pair.belief import FORGOTTEN_S
from twin.core.pair.bounds import MEMO_BYTES, shortened
from twin.core.pair.document import Document, Role
from twin.core.pair.events import (
    Ended,
    Event,
    Failed,
    Froze,
    Heard,
    LearnedUrl,
    Looked,
    PlainConfirmed,
    PlainDown,
    PlainUpdate,
    Remember,
    Request,
    RunNow,
    Tick,
    Via,
    Watchers,
    WatchLost,
)
from twin.core.pair.knowledge import NOBODY, Claim, Knowledge, Memo
from twin.core.pair.link import failed, looked, right, watch_lost, wrong
from twin.core.pair.roles import confirm, leave, make_claim, open_watch, retire, wake_again
from twin.core.pair.state import Holding, Peer, Retired, Standby, Trouble, Waking
from twin.core.pair.step import Turn
from twin.core.pair.timeouts import (
    CLAIMER_S,
    FLAPPING_WAKES,
    FLAPPING_WITHIN_S,
    REOPEN_ASTRAY_S,
    STALLED_S,
    VOUCH_S,
)


def take_in(turn: Turn, event: Event) -> None:  # noqa: C901 (one line a case, all alike)
    match event:
        case Tick():
            pass
        case Heard():
            _hear(turn, event)
        case Froze(seconds=seconds):
            _froze(turn, seconds)
        case PlainUpdate():
            _hear_plain_update(turn)
        case PlainDown():
            if isinstance(turn.state.stage, Standby):
                make_claim(turn, "a plain /down asked for it")
        case PlainConfirmed():
            _hear_plain_answer(turn)
        case Failed():
            failed(turn, event)
        case Looked():
            looked(turn, event)
        case WatchLost(why=why, refused=refused):
            watch_lost(turn, why, refused)
        case Watchers(count=count):
            _watchers(turn, count)
        case Ended():
            slots.ended(turn, event)
            if isinstance(turn.state.stage, Standby):
                turn.send(Request.UPDATE)
        case LearnedUrl(url=url):
            turn.change(url=url)
        case RunNow(job=job):
            slots.run_now(turn, job)
        case Remember():
            _remember(turn, event)
        case _:
            leave(turn, event.because)


def _hear(turn: Turn, heard: Heard) -> None:
    document = heard.document
    if document.twin == turn.state.twin:
        _hear_own_name(turn, document, heard.via)
        return
    turn.believe(document.knowledge)
    if heard.via is Via.ANSWER and turn.is_fresh(heard.asked_at):
        turn.change(thawed_at=None)
    if heard.via is Via.ANSWER:
        right(turn)
    if _follows_with_an_older_name(turn, document, heard):
        turn.change_peer(boot=document.boot)
    if document.boot < turn.peer.boot or not document.speaks_for_its_twin:
        # An older boot, late or still there: what it knows is all it is good for.
        _look_past(turn, document, heard.via)
        return
    _note_peer(turn, document)
    if not turn.state.newer_boot_claims:
        _weigh(turn, document, heard.via)


def _follows_with_an_older_name(turn: Turn, document: Document, heard: Heard) -> bool:
    """Whether a boot that began when its clock was behind answers in the place of the newest."""
    heard_at = turn.peer.heard_at
    return (
        heard.via is Via.ANSWER
        and document.boot < turn.peer.boot
        and document.speaks_for_its_twin
        and heard_at is not None
        and heard.asked_at > heard_at.mono
    )


def _weigh(turn: Turn, document: Document, via: Via) -> None:
    """What the word of the peer's newest boot means for our own stage."""
    match turn.state.stage:
        case Waking() as waking:
            if via is Via.UPDATE and document.role in (Role.CLAIMING, Role.ON_DUTY):
                turn.enter(replace(waking, peer_took=True))
        case Standby() as standby:
            _judge_holder(turn, standby, document, via)
        case Holding() if via is Via.UPDATE and turn.state.claim_is_ours:
            if document.doubts or document.role is Role.CLAIMING:
                turn.send(Request.UPDATE)  # it may be unable to read our answer: we call back


def _look_past(turn: Turn, document: Document, via: Via) -> None:
    """The peer's URL leads to an older boot of it: a watch that ends there shows no holder."""
    now, stage = turn.now.mono, turn.state.stage
    if document.boot == turn.peer.boot:
        turn.change_peer(role=document.role)
    elif document.speaks_for_its_twin and not document.leaving:
        turn.change_peer(left=False)  # its name may be from a clock that was behind
    if document.vouches_for_holder:
        turn.change_peer(heard_at=turn.now)
    if not isinstance(stage, Standby):
        return
    if via is Via.LINE and stage.watching:
        stage = replace(stage, watching=False, reopen_at=now + REOPEN_ASTRAY_S)
        turn.watch(False)
    if not stage.watching and (document.vouches_for_holder or stage.doubt_since is None):
        stage = replace(stage, doubt_since=now, refused_at=None)
    turn.enter(stage)


def _hear_own_name(turn: Turn, document: Document, via: Via) -> None:
    """A document of a twin with our name: this boot, another boot of this app, or a mix-up."""
    state = turn.state
    if document.boot == state.boot:
        if via is Via.OWN:
            _reached(turn)
        elif via is Via.ANSWER:
            wrong(turn, Trouble.STRANGER, "PEER_URL leads to this twin itself: set the peer's")
        return
    if via is not Via.OWN and (document.url is None or document.url != state.url):
        why = f"both twins are called {state.twin!r}: give TWIN_NAME two values"
        wrong(turn, Trouble.SAME_NAME, why)
        return
    turn.believe(document.knowledge)
    if via is Via.OWN:
        turn.change(reached=False)
    if document.boot > state.boot:
        retire(turn, document.boot)
        if via is Via.UPDATE and isinstance(turn.state.stage, Retired):
            until = turn.now.mono + VOUCH_S
            turn.enter(replace(turn.state.stage, vouches_until=until))


def _reached(turn: Turn) -> None:
    turn.change(reached=True)
    match turn.state.stage:
        case Retired(failed_from=at, vouches_until=None) if turn.now.mono >= at:
            wake_again(turn, "the newer boot did not take its place")


def _note_peer(turn: Turn, document: Document) -> None:
    """The newest boot of the peer speaks: what it says of itself holds."""
    peer = turn.peer
    if document.boot > peer.boot:
        _note_new_boot(turn, peer)
    # What is heard of a leave while settling, or before all else, may be an old boot's: it is not
    # believed, unless it was told of our claim.
    knows_us = document.claim.boot == turn.state.boot
    settled = not isinstance(turn.state.stage, Waking) and (peer.boot != "" or knows_us)
    leaving = document.leaving and settled
    turn.change_peer(
        twin=document.twin,
        boot=document.boot,
        url=peer.url if peer.url_is_set else document.url or peer.url,
        told_url=document.url,
        role=document.role,
        doubts=document.doubts,
        left=leaving,
        heard_at=turn.now,
        shown=document.claim if turn.state.thawed_at is None else NOBODY,
        refused=False,
        first_kind=False,
    )
    if leaving and not peer.left:
        turn.note("peer.left", peer=document.twin)
        slots.gone(turn, document.boot, said_so=True)
        _let_sleep(turn)


def _let_sleep(turn: Turn) -> None:
    """A watch that dropped before its reader said that it leaves is no reason to ask after it."""
    held, awaited = turn.state.stage, turn.state.rules.shift is not None and not turn.state.in_shift
    if isinstance(held, Holding) and not awaited:
        turn.enter(replace(held, ask_at=None))


def _note_new_boot(turn: Turn, peer: Peer) -> None:
    if not peer.boot:
        return
    standby = turn.state.stage
    if isinstance(standby, Standby) and standby.watching:
        # The stream leads to the older boot, which learns by its end that it is followed.
        open_watch(turn, standby)
    said_so = peer.left or peer.role is Role.LEAVING
    slots.gone(turn, peer.boot, said_so)
    if not said_so:
        recent = [at for at in peer.wakes if at > turn.now.mono - FLAPPING_WITHIN_S]
        turn.change_peer(wakes=(*recent, turn.now.mono)[-FLAPPING_WAKES:])


def _judge_holder(turn: Turn, standby: Standby, document: Document, via: Via) -> None:
    """Whether the peer that just spoke can be left in charge."""
    name, ours = document.twin, turn.state.knowledge.claim
    behind = document.claim < ours
    knowledge, since = turn.state.knowledge, turn.now.wall - FORGOTTEN_S
    adds = via is Via.LINE and knowledge.adds_to(document.knowledge, since)
    if adds or (behind and via is not Via.UPDATE):  # what calls us has our answer
        turn.send(Request.UPDATE)
    if document.holds and not behind:
        if document.ticked_ago_s >= STALLED_S:
            still_s = document.ticked_ago_s
            make_claim(turn, f"the scheduler of {name} stands still for {still_s:.0f} s")
        else:
            _trust(turn, standby)
    elif behind or document.role is Role.CLAIMING or turn.state.thawed_at is not None:
        # It has not heard yet, or waits to be confirmed, or said so long ago: give it time.
        since = turn.now.mono if standby.doubt_since is None else standby.doubt_since
        if ours != turn.before.knowledge.claim:
            since = turn.now.mono + CLAIMER_S
        turn.enter(replace(standby, doubt_since=since, refused_at=None))
    else:
        make_claim(turn, f"{name} is {document.role}")


def _trust(turn: Turn, standby: Standby) -> None:
    now = turn.now.mono
    if standby.watching:
        if standby.doubt_since is not None:
            turn.note("standby.joined", peer=turn.peer.twin, term=turn.state.knowledge.claim.term)
        turn.enter(replace(standby, doubt_since=None, refused_at=None))
        return
    # A stream that breaks as soon as it is open, or a peer without an address: keep asking.
    reopens = now >= standby.reopen_at and turn.peer.url is not None
    # Silence counts from the next question on: before it there is nothing to be answered.
    standby = replace(standby, doubt_since=max(now, standby.ask_at), refused_at=None)
    turn.enter(standby)
    if reopens:
        open_watch(turn, standby)


def _hear_plain_update(turn: Turn) -> None:
    """A peer of the first kind, or somebody with curl, takes the duty from us."""
    claim = turn.state.knowledge.claim
    name = turn.peer.twin or "peer"
    turn.note("update.plain", because="a plain /update says that the peer takes the duty")
    if claim.twin == name and not claim.released:
        return  # it has it already
    turn.learn(Knowledge(Claim(claim.term + 1, name, boot="")))
    if isinstance(turn.state.stage, Waking):
        turn.enter(replace(turn.state.stage, peer_took=True))


def _hear_plain_answer(turn: Turn) -> None:
    """A peer of the first kind took our plain `/update` for a claim, and is not on duty."""
    if isinstance(turn.state.stage, Standby):
        make_claim(turn, "a peer of the first kind gave it away")
    turn.change_peer(first_kind=True, shown=turn.state.knowledge.claim, refused=False)
    right(turn)
    confirm(turn, "a peer of the first kind answered Update")


def _froze(turn: Turn, seconds: float) -> None:
    now = turn.now.mono
    turn.warn("clock.froze", seconds=round(seconds, 1))
    turn.change(thawed_at=now)
    turn.change_peer(shown=NOBODY)
    match turn.state.stage:
        case Holding() as held if not turn.state.alone:
            # The peer may have claimed meanwhile: ask, and act on nothing that is older.
            again = replace(held, since=now, confirmed=False, repeat_at=now, off_duty_since=None)
            turn.enter(again)
        case Standby() as standby:
            doubt = replace(standby, doubt_since=now, ask_at=now, refused_at=None)
            turn.enter(replace(doubt, asks_in_vain=True))
        case Waking():
            turn.enter(Waking(since=now, ask_own_at=now))


def _watchers(turn: Turn, count: int) -> None:
    held = turn.state.stage
    if isinstance(held, Holding):
        dropped = count == 0 and turn.state.watchers > 0 and not turn.peer.left
        turn.enter(replace(held, ask_at=turn.now.mono if dropped else None))
    turn.change(watchers=count)


def _remember(turn: Turn, event: Remember) -> None:
    known = turn.state.knowledge.memos.get(event.key)
    at_ms = int(turn.now.wall * 1000)
    if known is not None and known.term == event.term:
        at_ms = max(at_ms, known.at_ms + 1)  # the clock may have been set back
    memo = Memo(event.term, at_ms, turn.state.twin, shortened(event.text, MEMO_BYTES))
    turn.learn(Knowledge(memos={event.key: memo}))
    if isinstance(turn.state.stage, Standby):
        turn.send(Request.UPDATE)
