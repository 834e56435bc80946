"""Who is on duty: when a twin claims, when its claim is confirmed, when it steps back.

Promised: while a round trip takes less than 3 s, two twins are never on duty at once. With one of
them awake, nobody is on duty for at most 8 s after the last message that arrived.
Not promised: two twins that are cut off from each other are both on duty, since two nodes have no
quorum. The first message that gets through ends it.

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
    DEPLOY_S,
    HAND_OVER_EVERY_S,
    HELD_UP_S,
    LEGACY_EVERY_S,
    LOOK_EVERY_S,
    OWN_URL_EVERY_S,
    OWN_URL_FOR_S,
    REPEAT_S,
    ROUND_S,
    SETTLE_S,
    SILENCE_S,
    WRONG_RETRY_S,
)


def step(state: State, event: Event, now: Moment) -> tuple[State, tuple[Effect, ...]]:
    """The state after `event` at `now`, and the effects to carry out, in order."""
    step = Step(state, now)
    slots.mind_the_clock(step)
    receive.receive(step, event)
    _advance(step)
    slots.write_off(step)
    if step.state.on_duty:
        slots.serve(step, just_taken=not state.on_duty)
    step.close_the_books()
    _share(step)
    return step.result()


def next_timer(state: State) -> float | None:
    """The `Moment.mono` of the first timer of a rule; None if no rule waits."""
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


def next_look_at_the_shift(state: State, now: Moment) -> float | None:
    """The wall time at which a shift may next begin or end; None without one."""
    return None if state.rules.shift is None else now.wall // 60 * 60 + 60


def round_of(state: State) -> Iterator[Request]:
    """The requests of every `ROUND_S`: a holder asks its own URL, which may lead to a newer boot; a
    standby only until it leads to itself, since a request keeps an app awake.

    The watch brings the standby the holder's word; only a call brings the holder the standby's.
    """
    match state.stage:
        case Holding() if state.url is not None:
            yield Request.OWN
        case Standby(watching=watching):
            if state.url is not None and not state.reached:
                yield Request.OWN
            if watching:
                yield Request.UPDATE


def _share(step: Step) -> None:
    """Send news to the own URL if another boot is there, which may be asked, or follow this one."""
    state = step.state
    if state.knowledge is step.before.knowledge:
        return
    if state.retired or state.reached is False:
        step.send(Request.OWN)
    astray = state.peer.trouble and not state.peer.left
    unasked = state.reached is False or astray or state.peer.doubts
    if state.on_duty and not state.watchers and unasked:
        step.send(Request.UPDATE)  # the peer can neither watch nor ask


# ---- the rules that depend on time and knowledge


def _advance(step: Step) -> None:
    _mind_the_shift(step)
    thawed_at = step.state.thawed_at
    if thawed_at is not None and step.now.mono >= thawed_at + SILENCE_S:
        step.change(thawed_at=None)
    _make_way(step)
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


def _make_way(step: Step) -> None:
    """Retire, if there is a newer boot of this app."""
    state = step.state
    if not state.newer_boot:
        return
    if isinstance(state.stage, Waking) and state.reached:
        wake_again(step, "a boot that is gone has a later name: the clock was set back")
    else:
        retire(step, state.newer_boot)


def _advance_waking(step: Step, waking: Waking) -> None:
    state, now = step.state, step.now.mono
    if waking.ask_own_at == waking.since:
        step.send(Request.STATUS)  # an older boot of this app may be on duty: the peer knows
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
        join(step, "it joins its peer")


def _advance_holding(step: Step, held: Holding) -> None:
    state, now = step.state, step.now.mono
    if not state.claim_is_ours:
        step_back(step)
        if isinstance(step.state.stage, Standby):
            _advance_standby(step, step.state.stage)
        return
    if _must_repeat(state, held) and now >= held.repeat_at:
        # If an older boot has the own URL, only calls reach the peer, whatever it answers.
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
        # After a freeze ask by a call: the peer then knows that this twin is back.
        step.send(Request.STATUS if state.thawed_at is None else Request.UPDATE)
    if held.hand_over_at is not None and now >= held.hand_over_at:
        held = _hand_over(step, held)
    step.enter(held)
    _confirm_in_time(step, held)


def _hand_over(step: Step, held: Holding) -> Holding:
    if step.now.mono >= held.hand_over_until or step.peer.trouble:
        return replace(held, hand_over_at=None)
    step.send(Request.TAKE)
    return replace(held, hand_over_at=step.now.mono + HAND_OVER_EVERY_S)


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
    if claim.released and claim.twin != state.twin:
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
        retired = replace(retired, ask_own_at=now + ROUND_S)  # the answer may be lost
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
            step.send(Request.OWN)  # the older boot there may hear what this one does not


def _ask_the_peer(step: Step) -> None:
    """By a call, which a holder returns, since its answer may be unreadable. But a legacy peer
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
    """A claim made in a doubt counts the silence from the start of the doubt."""
    held = step.state.stage
    if doubt_since is not None and isinstance(held, Holding) and not step.peer.left:
        step.enter(replace(held, since=doubt_since))


# ---- questions about a state


def _timers_of_a_holder(state: State, held: Holding) -> Iterator[float]:
    if held.ask_at is not None:
        yield held.ask_at
    if held.hand_over_at is not None:
        yield held.hand_over_at
    if _must_repeat(state, held):
        yield held.repeat_at
    if _must_look(state, held):
        yield held.look_at
    if not held.confirmed:
        yield _silent_from(state, held)
        if _is_shown(state):
            yield held.not_before


def _silent_from(state: State, held: Holding) -> float:
    """When silence confirms the claim, unless somebody who may be on duty speaks, or is seen."""
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
    # While an older boot has the own URL, a peer that left may come back and not find this one.
    deployed = held.repeat_at < state.woke_at.mono + DEPLOY_S and state.url is not None
    if unheard and (deployed or state.reached is False):
        return True
    unproven = not _is_shown(state) or unheard or state.peer.doubts
    first_try = held.repeat_at <= held.since
    return unproven and (not state.peer.left or first_try)


def _must_look(state: State, held: Holding) -> bool:
    """A holder does not look at a peer that left: a look would wake it."""
    return bool(state.peer.trouble) and not (held.confirmed and state.peer.left)


def _takes_on_wake(state: State, waking: Waking) -> bool:
    if state.rules.shift is not None:
        # Even if the peer is on duty: it woke this app to give the duty away.
        return state.in_shift
    return state.rules.takes_on_wake and not waking.peer_took
