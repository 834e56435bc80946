"""Who is on duty in strict mode: whoever has a lease from the arbiter, and trusts it.

Promised: no two twins ever act at once, and no slot is ever started twice. Not under a cut, a
freeze of any length, two boots of one app side by side, clocks that differ, late messages, or an
arbiter that is silent or has lost its memory; nor under any of these together.
Not promised: that somebody acts. While the arbiter and another twin are both out of reach, nobody
does, unless `ARBITER_DOWN=pair`.

docs/strict.md has each rule with its reason and its test.
"""

from collections.abc import Iterator
from dataclasses import replace
from math import inf

from twin.core.moment import Moment
from twin.core.pair import pleas, ruled, slots
from twin.core.pair.document import Document, Role
from twin.core.pair.duty import next_look_at_the_shift
from twin.core.pair.events import (
    Effect,
    Event,
    Failed,
    Failure,
    Froze,
    HandOver,
    Heard,
    LearnedUrl,
    Leave,
    Request,
    Ruled,
    TakeDuty,
    Via,
    Watchers,
    WatchLost,
)
from twin.core.pair.lease import Lease
from twin.core.pair.receive import is_current, note_peer, receive_work
from twin.core.pair.roles import open_watch, wake_again
from twin.core.pair.ruled import lease_of
from twin.core.pair.state import Holding, Leaving, Peer, Standby, State, Waking
from twin.core.pair.step import Step
from twin.core.pair.strict_timeouts import OWN_EVERY_S, WANTS_FOR_S, YIELD_S
from twin.core.pair.timeouts import (
    CONTINUOUS_LEASE_S,
    HAND_OVER_EVERY_S,
    MOST_REOPEN_S,
    REOPEN_S,
    REPEAT_S,
    SETTLE_S,
)

__all__ = ["next_look_at_the_shift", "next_timer", "round_of", "step"]


def step(state: State, event: Event, now: Moment) -> tuple[State, tuple[Effect, ...]]:
    """The state after `event` at `now`, and the effects to carry out, in order."""
    step = Step(state, now)
    slots.mind_the_clock(step)
    _receive(step, event)
    _advance(step)
    slots.write_off(step)
    if step.state.on_duty:
        slots.serve(step, just_taken=not state.on_duty)
        pleas.announce(step, step.starts)
    step.close_the_books()
    return step.result()


def next_timer(state: State) -> float | None:
    """The `Moment.mono` of the first timer of a rule; None if no rule waits."""
    return min(_timers(state), default=None)


def round_of(state: State) -> Iterator[Request]:
    """The requests of every `ROUND_S`: they bring the holder what a standby knows."""
    if isinstance(state.stage, Standby) and state.stage.watching:
        yield Request.UPDATE


def lasts(state: State, now: float) -> bool:
    """Whether what runs as long as the duty may go on: it is killed `CONTINUOUS_LEASE_S` after the
    twin's last sign of life, and must be gone when the lease ends. In pair mode it always may."""
    lease = state.lease
    if lease is None or lease.lets_end:
        return True
    return now < lease.trusted_until - CONTINUOUS_LEASE_S or (lease.goes_on and lease.is_silent)


# ---- events


def _receive(step: Step, event: Event) -> None:
    match event:
        case Ruled():
            ruled.receive(step, event)
        case Heard():
            _hear(step, event)
        case Froze(seconds=seconds):
            step.warn("clock.froze", seconds=round(seconds, 1))
        case TakeDuty() | HandOver() | Leave():
            _obey(step, event)
        case Failed() | WatchLost():
            _lose_sight(step, event)
        case Watchers(count=count):
            step.change(watchers=count)
        case LearnedUrl(url=url):
            step.change(url=url)
        case _:
            receive_work(step, event)


def _obey(step: Step, event: TakeDuty | HandOver | Leave) -> None:
    stage, now = step.state.stage, step.now.mono
    match event:
        case TakeDuty(because=because) if isinstance(stage, Standby):
            _want(step, because)
        case HandOver(within_s=within_s) if isinstance(stage, Holding):
            step.enter(replace(stage, hand_over_at=now, hand_over_until=now + within_s))
        case Leave(because=because) if not isinstance(stage, Leaving):
            step.note("twin.leaves", because=because)
            step.enter(Leaving(), because)
            ruled.release(step, because)
            step.send(Request.DOWN)


def _lose_sight(step: Step, event: Failed | WatchLost) -> None:
    """A standby that lost the holder asks the arbiter how long its lease lasts."""
    standby, lease, now = step.state.stage, lease_of(step.state), step.now.mono
    refused = isinstance(event, WatchLost) or event.failure is Failure.REFUSED
    if not isinstance(standby, Standby) or not refused:
        return
    if isinstance(event, WatchLost):
        pause_s = min(2 * standby.pause_s, MOST_REOPEN_S)
        if standby.watching:
            step.warn("watch.lost", peer=step.peer.twin, because=event.why)
        standby = replace(standby, doubt_since=now, pause_s=pause_s, reopen_at=now + pause_s)
        step.enter(replace(standby, watching=False))
    if not lease.is_silent:
        step.change_lease(ask_at=min(lease.ask_at, now))


# ---- messages


def _hear(step: Step, heard: Heard) -> None:
    document, state = heard.document, step.state
    if document.boot == state.boot:
        if heard.via is Via.OWN:
            _reached(step, heard.asked_at)
        return
    ours = state.knowledge.ledger
    if is_current(step, heard):
        step.change(told=True)
    step.believe(document.knowledge)
    slots.find_gaps(step, ours, document.ledger)
    if document.twin != state.twin:
        _note_other(step, document)
    elif heard.via is Via.OWN:
        step.change(reached=False)
        step.change_lease(front_since=None)
    if heard.via is Via.UPDATE:
        pleas.judge_plea(step, document)
        _judge_wish(step, document)
    elif heard.via is Via.ANSWER and document.confirms == state.boot:
        pleas.confirmed(step, document.boot, heard.asked_at)
    _look_for_release(step)


def _reached(step: Step, asked_at: float) -> None:
    lease = lease_of(step.state)
    since = lease.front_since if lease.front_since is not None else asked_at
    step.change(reached=True)
    step.change_lease(front_since=since, front_at=step.now.mono)
    pleas.confirmed(step, step.state.boot, asked_at)


def _note_other(step: Step, document: Document) -> None:
    """The page, and the watch, know one other twin: the holder, or who spoke first."""
    if step.peer.twin not in ("", document.twin):
        return
    if document.boot < step.peer.boot:
        slots.alive(step, document.boot)
    else:
        note_peer(step, document)
    standby = step.state.stage
    if isinstance(standby, Standby) and document.holds:
        if standby.doubt_since is not None:
            step.note("standby.joined", peer=document.twin, term=document.claim.term)
        step.enter(replace(standby, doubt_since=None, pause_s=REOPEN_S))


def _judge_wish(step: Step, document: Document) -> None:
    """Give the duty to a twin of the list that asks for it: it woke, or its shift began."""
    state, lease = step.state, lease_of(step.state)
    listed = any(member.boot == document.boot for member in lease.others(state.twin))
    knows = document.claim.term >= state.knowledge.claim.term
    wishes = document.role is Role.CLAIMING and listed and knows
    if wishes and state.on_duty and not lease.is_silent:
        because = f"{document.twin} asks for it"
        ruled.release(step, because)
        ruled.stand_by(step, because)
        until = step.now.mono + YIELD_S
        step.change_lease(ask_at=until, yields_until=until)


def _look_for_release(step: Step) -> None:
    """Claim as soon as a twin says that it releases."""
    record, claim = lease_of(step.state).record, step.state.knowledge.claim
    before = step.before.knowledge.claim
    known = record is not None and record.released
    if claim.released and claim != before and not known:
        step.change_lease(ask_at=step.now.mono)


# ---- time


def _advance(step: Step) -> None:
    _mind_the_shift(step)
    if step.state.on_duty and (why := _why_stopped(step.state, step.now.mono)):
        ruled.lose(step, why)
    match step.state.stage:
        case Waking() as waking:
            _advance_waking(step, waking)
        case Standby() as standby:
            _advance_standby(step, standby)
        case Holding(confirmed=True) as held:
            _advance_holding(step, held)
        case Holding() as wanting:
            _advance_wanting(step, wanting)


def _why_stopped(state: State, now: float) -> str:
    """Why a holder stops; empty if it goes on."""
    lease = lease_of(state)
    if not state.claim_is_ours:
        return f"{state.knowledge.claim.twin} has claimed it since"
    if lease.is_trusted(now) or (lease.goes_on and lease.is_silent):
        return ""
    if not lease.is_silent:
        return "its lease is over"
    return f"the arbiter does not answer ({lease.silent_why}), and not every other twin agrees"


def _advance_waking(step: Step, waking: Waking) -> None:
    lease, now = lease_of(step.state), step.now.mono
    _ask_own_url(step)
    ruled.ask_when_due(step)
    if now < waking.since + SETTLE_S or lease.awaits_word:
        return
    record = lease.record
    live = record is not None and not record.released and now < lease.ends_at
    elsewhere = live and record is not None and record.member.twin != step.state.twin
    rules = step.state.rules
    takes = step.state.in_shift if rules.shift is not None else rules.takes_on_wake
    if elsewhere and takes:
        _want(step, "it woke")
    else:
        ruled.stand_by(step, "it joins")


def _advance_standby(step: Step, standby: Standby) -> None:
    state = step.state
    _follow_the_record(step)
    _ask_own_url(step)
    _wake_if_left_alone(step)
    if not isinstance(step.state.stage, Standby):
        return
    if _is_left_to_itself(state, step.now):
        ruled.take_unasked(step, "the arbiter and the holder are silent, and ARBITER_DOWN=pair")
        return
    if not standby.watching and state.peer.url is not None and step.now.mono >= standby.reopen_at:
        open_watch(step, standby)
    ruled.ask_when_due(step)


def _is_left_to_itself(state: State, now: Moment) -> bool:
    lease, peer = lease_of(state), state.peer
    since = max(lease.heard_at or state.woke_at.mono, lease.promised_until - lease.length_s)
    if peer.heard_at is not None:
        since = max(since, peer.heard_at.mono)
    return lease.goes_on and lease.is_silent and now.mono >= since + lease.length_s


def _advance_wanting(step: Step, wanting: Holding) -> None:
    now = step.now.mono
    if now >= wanting.since + WANTS_FOR_S:
        ruled.stand_by(step, "the holder keeps it")
        return
    _follow_the_record(step)
    _ask_own_url(step)
    if now >= wanting.repeat_at:
        step.enter(replace(wanting, repeat_at=now + REPEAT_S))
        step.send(Request.UPDATE)
    ruled.ask_when_due(step)


def _advance_holding(step: Step, held: Holding) -> None:
    now = step.now.mono
    if held.hand_over_at is not None and now >= held.hand_over_at:
        over = now >= held.hand_over_until
        held = replace(held, hand_over_at=None if over else now + HAND_OVER_EVERY_S)
        if not over:
            step.send(Request.TAKE)
        step.enter(held)
    ruled.renew_when_due(step)
    pleas.plead_when_due(step)


def _want(step: Step, because: str) -> None:
    """Ask the holder for the duty."""
    now = step.now.mono
    step.enter(Holding(now, repeat_at=now), because)
    step.note("duty.claimed", because=because)


def _mind_the_shift(step: Step) -> None:
    shift = step.state.rules.shift
    if shift is None:
        return
    now_in, was_in = shift.contains(step.now.wall), step.state.in_shift
    step.change(in_shift=now_in)
    if now_in and not was_in and isinstance(step.state.stage, Standby):
        _want(step, "its shift begins")


def _follow_the_record(step: Step) -> None:
    """Watch whoever holds the duty."""
    record, peer = lease_of(step.state).record, step.peer
    if record is None or record.released or record.member.twin in (step.state.twin, peer.twin):
        return
    if record.member.url is None:
        return
    holder = Peer(url=record.member.url, url_is_set=True, twin=record.member.twin)
    step.change(peer=holder)
    if isinstance(step.state.stage, Standby):
        open_watch(step, step.state.stage)


def _ask_own_url(step: Step) -> None:
    """A boot that the holder does not know must have its URL for one lease before it claims."""
    lease, now = lease_of(step.state), step.now.mono
    if now >= _own_at(step.state):
        step.send(Request.OWN)
        step.change_lease(own_at=now + OWN_EVERY_S)
    if lease.front_since is not None and now > lease.front_at + 2 * OWN_EVERY_S:
        step.change_lease(front_since=None)


def _own_at(state: State) -> float:
    lease = lease_of(state)
    record = lease.record
    known = record is not None and ruled.is_known(state, record) and not lease.superseded
    return inf if state.url is None or known else lease.own_at


def _wake_if_left_alone(step: Step) -> None:
    """The newer boot that took this one's place in the list is gone: a failed deploy."""
    lease, now = lease_of(step.state), step.now.mono
    fronted = lease.front_since is not None and now >= lease.front_since + lease.length_s
    if lease.superseded and fronted:
        wake_again(step, "the newer boot did not take its place")
        step.change_lease(superseded=False, asking=None, ask_at=now)


def _timers(state: State) -> Iterator[float]:
    lease, stage = lease_of(state), state.stage
    if isinstance(stage, Leaving):
        return
    if lease.asking is None:
        yield lease.ask_at
    if isinstance(stage, Holding) and stage.confirmed:
        yield from _timers_of_a_holder(stage, lease)
        return
    yield _own_at(state)
    if lease.asking is None:
        yield ruled.claim_from(state)
    match stage:
        case Holding():
            yield min(stage.repeat_at, stage.since + WANTS_FOR_S)
        case Waking() if not lease.awaits_word:
            yield stage.since + SETTLE_S
        case Standby(watching=False) if state.peer.url is not None:
            yield stage.reopen_at


def _timers_of_a_holder(held: Holding, lease: Lease) -> Iterator[float]:
    if not (lease.goes_on and lease.is_silent):
        yield lease.trusted_until
    if lease.is_silent:
        yield lease.plead_at
    if held.hand_over_at is not None:
        yield held.hand_over_at
