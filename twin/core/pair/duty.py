"""Who is on duty: when a twin claims, when its claim is confirmed, when it steps back.

What holds: while messages take less than 3 s there and back, two twins are never on duty at once,
and with one awake the duty is never vacant for more than 8 s after the last message that arrived.
What does not: two twins that are cut off from each other are both on duty, since two nodes have no
quorum. It ends with the first message that gets through.

docs/protocol.md has each rule with its reason, its timeouts and its test.
"""

from collections.abc import Iterator
from dataclasses import replace

from twin.core.moment import Moment
from twin.core.pair import receive, slots
from twin.core.pair.events import Effect, Event, Request
from twin.core.pair.roles import confirm, join, make_claim, retire, step_back, wake_again
from twin.core.pair.state import Holding, Retired, Standby, State, Waking
from twin.core.pair.step import Step
from twin.core.pair.timeouts import (
    ASK_EVERY_S,
    ASK_FOR_S,
    ASK_LOST_WATCHER_S,
    ASK_WITHOUT_ADDRESS_S,
    HELD_UP_S,
    LEGACY_EVERY_S,
    LOOK_EVERY_S,
    OWN_URL_EVERY_S,
    OWN_URL_FOR_S,
    REPEAT_S,
    RETIRED_ASK_S,
    SETTLE_S,
    SILENCE_S,
    WRONG_RETRY_S,
)


def step(state: State, event: Event, now: Moment) -> tuple[State, tuple[Effect, ...]]:
    """What `event` makes of `state` at `now`, and what is then to be done, in this order."""
    step = Step(state, now)
    slots.mind_the_clock(step)
    receive.receive(step, event)
    _advance(step)
    if step.state.on_duty:
        slots.serve(step, just_taken=not state.on_duty)
    step.close_the_books()
    _share(step)
    return step.result()


def next_timer(state: State) -> float | None:
    """The `Moment.mono` of the first rule that waits for time alone; None if none does."""
    match state.stage:
        case Waking(ask_own_at=at):
            return at
        case Retired(ask_own_at=at, vouches_until=until):
            return at if until is None else min(at, until)
        case Holding() as held:
            return min(_timers_of_a_holder(state, held), default=None)
        case Standby(doubt_since=doubt_since, ask_at=ask_at):
            return ask_at if doubt_since is not None or state.peer.legacy else None
    return None


def _share(step: Step) -> None:
    """Tell the boot at our URL what is new, if it may be another: it may be asked, or follow us."""
    state = step.state
    if state.knowledge is step.before.knowledge:
        return
    if state.retired or state.reached is False:
        step.send(Request.OWN)
    astray = state.peer.trouble and not state.peer.left
    unasked = state.reached is False or astray or state.peer.doubts
    if state.on_duty and not state.watchers and unasked:
        step.send(Request.UPDATE)  # the peer can neither watch us nor ask us


# ---- what the time, and what is known by now, call for


def _advance(step: Step) -> None:
    _mind_the_shift(step)
    thawed_at = step.state.thawed_at
    if thawed_at is not None and step.now.mono >= thawed_at + SILENCE_S:
        step.change(thawed_at=None)
    match step.state.stage:
        case Waking() as waking:
            _advance_waking(step, waking)
        case Standby() as standby:
            _advance_standby(step, standby)
        case Retired() as retired:
            _advance_retired(step, retired)
    # Last, so that a claim made in this step is sent in it.
    if isinstance(step.state.stage, Holding):
        _advance_holding(step, step.state.stage)


def _advance_waking(step: Step, waking: Waking) -> None:
    state, now = step.state, step.now.mono
    if state.newer_boot_claims and state.reached:
        wake_again(step, "a boot that is gone has a later name: the clock was set back")
        return
    if state.newer_boot_claims:
        retire(step, state.knowledge.claim.boot)
        return
    if waking.ask_own_at == waking.since:
        step.send(Request.STATUS)  # an older boot of ours may be on duty: the peer knows of it
    finding_out = not state.reached and now < waking.since + OWN_URL_FOR_S
    if state.url is not None and finding_out:
        if now >= waking.ask_own_at:
            step.send(Request.OWN)
            step.enter(replace(waking, ask_own_at=now + OWN_URL_EVERY_S))
        return
    if now < waking.since + SETTLE_S:
        step.enter(replace(waking, ask_own_at=waking.since + SETTLE_S))
    elif state.alone or _takes_on_wake(state, waking):
        make_claim(step, "it woke")
    else:
        join(step)


def _advance_holding(step: Step, held: Holding) -> None:
    state, now = step.state, step.now.mono
    if not state.claim_is_ours:
        step_back(step)
        if isinstance(step.state.stage, Standby):
            _advance_standby(step, step.state.stage)
        return
    if _must_repeat(state, held) and now >= held.repeat_at:
        # Where an older boot is at our URL, only our calls reach the peer, whatever it answers.
        in_vain = state.peer.trouble and (state.reached or state.url is None)
        held = replace(held, repeat_at=now + (WRONG_RETRY_S if in_vain else REPEAT_S))
        step.send(Request.UPDATE)
        if state.reached is False:
            step.send(Request.OWN)
    if _must_look(state, held) and now >= held.look_at:
        held = replace(held, look_at=now + LOOK_EVERY_S)
        step.send(Request.LOOK)
    if held.ask_at is not None and now >= held.ask_at:
        held = replace(held, ask_at=now + ASK_LOST_WATCHER_S)
        # After a freeze an answer shall mean that the peer has heard that we are back.
        step.send(Request.STATUS if state.thawed_at is None else Request.UPDATE)
    step.enter(held)
    _confirm_in_time(step, held)


def _confirm_in_time(step: Step, held: Holding) -> None:
    state, now = step.state, step.now.mono
    if _is_shown(state) and now >= held.not_before:
        confirm(step, f"{state.peer.twin} knows of it")
    elif now >= _silent_from(state, held):
        step.enter(replace(held, standing_in=bool(state.peer.trouble)))
        confirm(step, f"nothing heard of the peer for {SILENCE_S:g} s")


def _advance_standby(step: Step, standby: Standby) -> None:
    state, now = step.state, step.now.mono
    claim = state.knowledge.claim
    if state.newer_boot_claims:
        retire(step, claim.boot)
    elif claim.released and claim.twin != state.twin:
        make_claim(step, f"{claim.twin} released it")
    elif state.peer.legacy:
        if now >= standby.ask_at:
            step.enter(replace(standby, ask_at=now + LEGACY_EVERY_S))
            step.send(Request.LOOK)
    elif claim.twin == state.twin and not claim.released:
        make_claim(step, "the duty was given to this app")
    elif standby.doubt_since is not None:
        _advance_doubt(step, standby, standby.doubt_since)


def _advance_retired(step: Step, retired: Retired) -> None:
    now, until = step.now.mono, retired.vouches_until
    if until is not None and now >= until:
        retired = replace(retired, vouches_until=None)
    if now >= retired.ask_own_at:
        retired = replace(retired, ask_own_at=now + RETIRED_ASK_S)
        step.send(Request.OWN)
    step.enter(retired)


def _advance_doubt(step: Step, standby: Standby, since: float) -> None:
    now, peer = step.now.mono, step.peer
    patience = ASK_FOR_S if peer.url is not None else ASK_WITHOUT_ADDRESS_S
    if now - since >= patience + HELD_UP_S:
        step.enter(replace(standby, doubt_since=now - patience + HELD_UP_S, ask_at=now + HELD_UP_S))
        step.send(Request.STATUS)
    elif now - since >= patience:
        silent = peer.heard_at is None or peer.heard_at.mono <= since
        why = f"the peer is silent for {now - since:.1f} s" if silent else "nobody takes the duty"
        make_claim(step, why, confirmed=silent and not peer.is_there(now))
        if silent:
            _count_silence_from(step, since)
    elif now >= standby.ask_at:
        step.enter(replace(standby, ask_at=min(now + ASK_EVERY_S, since + patience)))
        _ask_the_peer(step)
        if step.state.reached is False:
            step.send(Request.OWN)  # the older boot there may hear what we do not


def _ask_the_peer(step: Step) -> None:
    """By a call, which a holder returns: its answer may be unreadable. But a legacy peer
    would take a call for a claim."""
    claim = step.state.knowledge.claim
    step.send(Request.STATUS if claim.term and not claim.boot else Request.UPDATE)
    if step.peer.trouble:
        step.send(Request.LOOK)


def _mind_the_shift(step: Step) -> None:
    shift = step.state.rules.shift
    if shift is None:
        return
    now_in, was_in = shift.contains(step.now.wall), step.state.in_shift
    step.change(in_shift=now_in)
    match step.state.stage:
        case Standby(doubt_since=doubt_since) if now_in and not was_in:
            make_claim(step, "its shift begins")
            _count_silence_from(step, doubt_since)
        case Holding() as held if was_in and not now_in:
            # Any request wakes a sleeping peer; an awake one claims by its own clock.
            step.enter(replace(held, ask_at=step.now.mono))


def _count_silence_from(step: Step, doubt_since: float | None) -> None:
    """Whoever claims while it asks in vain after the holder need not wait anew for an answer."""
    held = step.state.stage
    if doubt_since is not None and isinstance(held, Holding) and not step.peer.left:
        step.enter(replace(held, since=doubt_since))


# ---- questions about a state


def _timers_of_a_holder(state: State, held: Holding) -> Iterator[float]:
    if held.ask_at is not None:
        yield held.ask_at
    if _must_repeat(state, held):
        yield held.repeat_at
    if _must_look(state, held):
        yield held.look_at
    if not held.confirmed:
        yield _silent_from(state, held)
        if _is_shown(state):
            yield held.not_before


def _silent_from(state: State, held: Holding) -> float:
    """From when on silence confirms the claim: nobody spoke, or was seen, who could be on duty."""
    peer, quiet_since = state.peer, held.since
    if peer.heard_at is not None and not peer.left:
        quiet_since = max(quiet_since, peer.heard_at.mono)
    return max(quiet_since + SILENCE_S, peer.there_until)


def _is_shown(state: State) -> bool:
    return state.peer.shown.is_the_same_as(state.knowledge.claim)


def _must_repeat(state: State, held: Holding) -> bool:
    if state.peer.url is None:
        return False
    unheard = not state.reached and not state.watchers
    # While an older boot is at our URL, even a peer that left may come back and not find us.
    deployed = held.repeat_at < state.woke_at.mono + RETIRED_ASK_S and state.url is not None
    if unheard and (deployed or state.reached is False):
        return True
    unproven = not _is_shown(state) or unheard or state.peer.doubts
    first_try = held.repeat_at <= held.since
    return unproven and (not state.peer.left or first_try)


def _must_look(state: State, held: Holding) -> bool:
    """But not at a peer that sleeps: to look would wake it."""
    return bool(state.peer.trouble) and not (held.confirmed and state.peer.left)


def _takes_on_wake(state: State, waking: Waking) -> bool:
    if state.rules.shift is not None:
        # Though the peer says that it has the duty: it woke us to give it away.
        return state.in_shift
    return state.rules.takes_on_wake and not waking.peer_took
