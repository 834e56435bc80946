"""What a twin learns from an event: of its peer, of its own app, of a freeze."""

from dataclasses import replace

from twin.core.pair import slots
from twin.core.pair.belief import FORGOTTEN_S
from twin.core.pair.bounds import MEMO_BYTES, shortened
from twin.core.pair.document import Document, Role
from twin.core.pair.events import (
    Asked,
    Cancelled,
    Declared,
    Ended,
    Event,
    Failed,
    Froze,
    HandOver,
    Heard,
    LearnedUrl,
    Leave,
    Looked,
    PlainConfirmed,
    PlainUpdate,
    Remember,
    Request,
    RunNow,
    TakeDuty,
    Tick,
    Via,
    Watchers,
    WatchLost,
)
from twin.core.pair.knowledge import NOBODY, Claim, Knowledge, Memo
from twin.core.pair.link import configured, failed, looked, misconfigured, watch_lost
from twin.core.pair.roles import confirm, leave, make_claim, open_watch, retire, wake_again
from twin.core.pair.state import Holding, Peer, Retired, Standby, Trouble, Waking
from twin.core.pair.step import Step
from twin.core.pair.timeouts import (
    CLAIMER_S,
    FLAPPING_WAKES,
    FLAPPING_WITHIN_S,
    FOLLOWED_S,
    LEAVING_S,
    REOPEN_ASTRAY_S,
    RETIRED_ASK_S,
    ROUND_S,
    SILENCE_S,
    STALLED_S,
    VOUCH_S,
)


def receive(step: Step, event: Event) -> None:  # noqa: C901 (one line a case, all alike)
    match event:
        case Tick():
            pass
        case Heard():
            _hear(step, event)
        case Froze(seconds=seconds):
            _froze(step, seconds)
        case PlainUpdate():
            _hear_plain_update(step)
        case TakeDuty(because=because):
            if isinstance(step.state.stage, Standby):
                make_claim(step, because)
        case HandOver(within_s=within_s):
            if isinstance(step.state.stage, Holding):
                now = step.now.mono
                held = replace(step.state.stage, hand_over_at=now, hand_over_until=now + within_s)
                step.enter(held)
        case PlainConfirmed():
            _hear_plain_answer(step)
        case Failed():
            failed(step, event)
        case Looked():
            looked(step, event)
        case WatchLost(why=why, refused=refused):
            watch_lost(step, why, refused)
        case Watchers(count=count):
            _watchers(step, count)
        case LearnedUrl(url=url):
            step.change(url=url)
        case Leave(because=because):
            leave(step, because)
        case _:
            receive_work(step, event)


def receive_work(step: Step, event: Event) -> None:
    """What an event says of jobs and memos."""
    match event:
        case Ended():
            slots.ended(step, event)
            if isinstance(step.state.stage, Standby):
                step.send(Request.UPDATE)
        case RunNow(job=job):
            slots.run_now(step, job)
        case Declared(jobs=jobs, counted_from=counted_from):
            slots.declare(step, jobs, counted_from)
        case Asked(job=job):
            slots.serve_asked(step, job)
        case Cancelled(job=job):
            slots.cancel(step, job)
        case Remember():  # pragma: no branch (it is the last kind of event)
            _remember(step, event)


def _hear(step: Step, heard: Heard) -> None:
    document = heard.document
    if is_current(step, heard):
        step.change(told=True)
    if document.twin == step.state.twin:
        _hear_own_name(step, document, heard.via)
        return
    _believe(step, document)
    newest = document.boot >= step.peer.boot
    if heard.via is Via.ANSWER and newest and step.is_fresh(heard.asked_at):
        step.change(thawed_at=None)
    if heard.via is Via.ANSWER:
        configured(step)
    if _follows_with_an_older_name(step, document, heard):
        step.change_peer(boot=document.boot)
    if document.boot < step.peer.boot or not document.speaks_for_its_twin:
        # An older boot, late or still there: only its knowledge counts.
        _look_past(step, document, heard.via)
        return
    note_peer(step, document)
    if not step.state.newer_boot:
        _weigh(step, document, heard.via)


def _believe(step: Step, document: Document) -> None:
    ours = step.state.knowledge.ledger
    step.believe(document.knowledge)
    slots.find_gaps(step, ours, document.ledger)


def is_current(step: Step, heard: Heard) -> bool:
    """Whether it shows all runs so far. A router may have held a call for half a minute."""
    claim, boot = heard.document.claim, heard.document.boot
    releases = claim.released and claim.boot == boot and claim >= step.state.knowledge.claim
    answers = heard.via is Via.ANSWER and step.is_fresh(heard.asked_at)
    return releases or answers or heard.via is Via.LINE


def _follows_with_an_older_name(step: Step, document: Document, heard: Heard) -> bool:
    """Whether a boot whose clock was behind when it began answers in place of the newest."""
    heard_at = step.peer.heard_at
    return (
        heard.via is Via.ANSWER
        and document.boot < step.peer.boot
        and document.speaks_for_its_twin
        and heard_at is not None
        and heard.asked_at > heard_at.mono
    )


def _weigh(step: Step, document: Document, via: Via) -> None:
    """Judge the word of the peer's newest boot by the own stage."""
    match step.state.stage:
        case Waking() as waking:
            if via is Via.UPDATE and document.role in (Role.CLAIMING, Role.ON_DUTY):
                step.enter(replace(waking, peer_took=True))
        case Standby() as standby:
            _judge_holder(step, standby, document, via)
        case Holding() if via is Via.UPDATE and step.state.claim_is_ours:
            if document.doubts or document.role is Role.CLAIMING:
                step.send(Request.UPDATE)  # perhaps it cannot read our answer: call back


def _look_past(step: Step, document: Document, via: Via) -> None:
    """The message is of an older boot of the peer: a watch that leads to it shows no holder."""
    now, stage = step.now.mono, step.state.stage
    slots.alive(step, document.boot)
    if document.boot == step.peer.boot:
        step.change_peer(role=document.role)
    elif document.speaks_for_its_twin and not document.leaving:
        step.change_peer(left=False)  # its name may be from a clock that was behind
    if document.vouches_for_holder:
        step.change_peer(heard_at=step.now)
    if not isinstance(stage, Standby):
        return
    if via is Via.LINE and stage.watching:
        stage = replace(stage, watching=False, reopen_at=now + REOPEN_ASTRAY_S)
        step.watch(False)
    if not stage.watching and (document.vouches_for_holder or stage.doubt_since is None):
        stage = replace(stage, doubt_since=now, refused_at=None)
    step.enter(stage)


def _hear_own_name(step: Step, document: Document, via: Via) -> None:
    """A document of a twin with the own name: this boot, another boot of the app, or a mix-up."""
    state = step.state
    if document.boot == state.boot:
        if via is Via.OWN:
            _reached(step)
        elif via is Via.ANSWER:
            misconfigured(
                step, Trouble.STRANGER, "PEER_URL leads to this twin itself: set the peer's"
            )
        return
    if via is not Via.OWN and (document.url is None or document.url != state.url):
        why = f"both twins are called {state.twin!r}: give TWIN_NAME two values"
        misconfigured(step, Trouble.SAME_NAME, why)
        return
    _believe(step, document)
    slots.alive(step, document.boot)
    if via is Via.OWN:
        step.change(reached=False)
    if document.boot > state.boot:
        retire(step, document.boot)
        if isinstance(step.state.stage, Retired):
            _heard_newer(step, step.state.stage, via)


def _heard_newer(step: Step, retired: Retired, via: Via) -> None:
    now = step.now.mono
    until = now + VOUCH_S if via is Via.UPDATE else retired.vouches_until
    at = now + RETIRED_ASK_S
    step.enter(Retired(ask_own_at=at, failed_from=at, vouches_until=until))


def _reached(step: Step) -> None:
    step.change(reached=True)
    match step.state.stage:
        case Retired(failed_from=at, vouches_until=None) if step.now.mono >= at:
            wake_again(step, "the newer boot did not take its place")


def note_peer(step: Step, document: Document) -> None:
    """Take what the newest boot of the peer says of itself."""
    peer = step.peer
    if document.boot > peer.boot:
        _note_new_boot(step, peer)
    # The first message, or one while this boot settles, may be an old boot's: believe no leave from
    # it, unless it shows our claim.
    knows_us = document.claim.boot == step.state.boot
    settled = not isinstance(step.state.stage, Waking) and (peer.boot != "" or knows_us)
    leaving = document.leaving and settled
    step.change_peer(
        twin=document.twin,
        boot=document.boot,
        url=peer.url if peer.url_is_set else document.url or peer.url,
        told_url=document.url,
        role=document.role,
        doubts=document.doubts,
        left=leaving,
        heard_at=step.now,
        shown=document.claim if step.state.thawed_at is None else NOBODY,
        refused=False,
        legacy=False,
    )
    if leaving and not peer.left:
        step.note("peer.left", peer=document.twin)
        slots.gone(step, document.boot)
        _let_sleep(step)


def _let_sleep(step: Step) -> None:
    """A watcher that said that it leaves, after its watch dropped, needs no question."""
    held, awaited = step.state.stage, step.state.rules.shift is not None and not step.state.in_shift
    if isinstance(held, Holding) and not awaited:
        step.enter(replace(held, ask_at=None))


def _note_new_boot(step: Step, peer: Peer) -> None:
    if not peer.boot:
        return
    stage, now = step.state.stage, step.now.mono
    if isinstance(stage, Standby) and stage.watching:
        # The watch leads to the older boot, which learns by its end of the newer one.
        open_watch(step, stage)
    said_so = peer.left or peer.role is Role.LEAVING
    if isinstance(stage, Holding) and not (stage.confirmed or said_so or peer.refused):
        # The older one may be on duty beside it, and has not heard of this claim.
        step.enter(replace(stage, not_before=now + FOLLOWED_S))
    refused = isinstance(stage, Standby) and stage.refused_at is not None
    # If it lives beside the newer one, it speaks soon.
    unheard_s = 0.0 if refused else ROUND_S + SILENCE_S
    slots.gone(step, peer.boot, LEAVING_S if said_so else unheard_s)
    if not said_so:
        recent = [at for at in peer.wakes if at > now - FLAPPING_WITHIN_S]
        step.change_peer(wakes=(*recent, now)[-FLAPPING_WAKES:])


def _judge_holder(step: Step, standby: Standby, document: Document, via: Via) -> None:
    """Leave the peer that just spoke in charge, or claim, or doubt."""
    name, ours = document.twin, step.state.knowledge.claim
    behind = document.claim < ours
    knowledge, since = step.state.knowledge, step.now.wall - FORGOTTEN_S
    adds = via is Via.LINE and knowledge.adds_to(document.knowledge, since)
    if adds or (behind and via is not Via.UPDATE):  # a caller has our answer
        step.send(Request.UPDATE)
    if document.holds and not behind:
        if document.ticked_ago_s >= STALLED_S:
            still_s = document.ticked_ago_s
            make_claim(step, f"the scheduler of {name} stands still for {still_s:.0f} s")
        else:
            _trust(step, standby)
    elif behind or document.role is Role.CLAIMING or step.state.thawed_at is not None:
        # It has not heard yet, or waits to be confirmed, or the message is old: give it time.
        since = step.now.mono if standby.doubt_since is None else standby.doubt_since
        if ours != step.before.knowledge.claim:
            since = step.now.mono + CLAIMER_S
        step.enter(replace(standby, doubt_since=since, refused_at=None))
    else:
        make_claim(step, f"{name} is {document.role}")


def _trust(step: Step, standby: Standby) -> None:
    now = step.now.mono
    if standby.watching:
        if standby.doubt_since is not None:
            step.note("standby.joined", peer=step.peer.twin, term=step.state.knowledge.claim.term)
        step.enter(replace(standby, doubt_since=None, refused_at=None))
        return
    # The watch breaks at once, or the peer has no address: keep asking.
    reopens = now >= standby.reopen_at and step.peer.url is not None
    # Silence counts from the next question: nothing is to be answered before.
    standby = replace(standby, doubt_since=max(now, standby.ask_at), refused_at=None)
    step.enter(standby)
    if reopens:
        open_watch(step, standby)


def _hear_plain_update(step: Step) -> None:
    """A legacy peer, or somebody with curl, says that the peer takes the duty."""
    claim = step.state.knowledge.claim
    name = step.peer.twin or "peer"
    step.note("update.plain", because="a plain /update says that the peer takes the duty")
    if claim.twin == name and not claim.released:
        return  # it has the duty already
    step.learn(Knowledge(Claim(claim.term + 1, name, boot="")))
    if isinstance(step.state.stage, Waking):
        step.enter(replace(step.state.stage, peer_took=True))


def _hear_plain_answer(step: Step) -> None:
    """A legacy peer answered a plain `/update`, which it takes for a claim: it is off duty."""
    if isinstance(step.state.stage, Standby):
        make_claim(step, "a legacy peer gave it away")
    step.change_peer(legacy=True, shown=step.state.knowledge.claim, refused=False)
    configured(step)
    confirm(step, "a legacy peer answered Update")


def _froze(step: Step, seconds: float) -> None:
    now = step.now.mono
    step.warn("clock.froze", seconds=round(seconds, 1))
    step.change(thawed_at=now)
    step.change_peer(shown=NOBODY)
    match step.state.stage:
        case Holding() as held if not step.state.alone:
            # The peer may have claimed meanwhile: ask, and trust no older message.
            again = replace(held, since=now, confirmed=False, repeat_at=now, off_duty_since=None)
            step.enter(again, f"it stood still for {seconds:.1f} s")
            step.change(told=False, froze_until=step.now.wall)
        case Standby() as standby:
            doubt = replace(standby, doubt_since=now, ask_at=now, refused_at=None)
            step.enter(replace(doubt, asks_in_vain=True))
        case Waking():
            step.enter(Waking(since=now, ask_own_at=now))


def _watchers(step: Step, count: int) -> None:
    held = step.state.stage
    if isinstance(held, Holding):
        dropped = count == 0 and step.state.watchers > 0 and not step.peer.left
        step.enter(replace(held, ask_at=step.now.mono if dropped else None))
    step.change(watchers=count)


def _remember(step: Step, event: Remember) -> None:
    known = step.state.knowledge.memos.get(event.key)
    at_ms = int(step.now.wall * 1000)
    if known is not None and known.term == event.term:
        at_ms = max(at_ms, known.at_ms + 1)  # the clock may have been set back
    memo = Memo(event.term, at_ms, step.state.twin, shortened(event.text, MEMO_BYTES))
    step.learn(Knowledge(memos={event.key: memo}))
    if isinstance(step.state.stage, Standby):
        step.send(Request.UPDATE)
