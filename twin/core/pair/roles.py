"""The changes of a twin's role: one function each, with its line in the log."""

from dataclasses import replace

from twin.core.pair.events import Request
from twin.core.pair.knowledge import NOBODY, Claim, Knowledge
from twin.core.pair.state import Holding, Leaving, Retired, Standby, State, Waking, boot_name
from twin.core.pair.step import Step
from twin.core.pair.timeouts import FLAPPING_WAKES, FOLLOWED_S, RETIRED_ASK_S


def make_claim(step: Step, because: str, confirmed: bool = False) -> None:
    """Claim above the highest known claim. `confirmed`: the peer is gone."""
    state, now = step.state, step.now
    previous = state.knowledge.claim
    term = max(int(now.wall * 1000), previous.term + 1)
    step.learn(Knowledge(Claim(term, state.twin, state.boot)))
    follows = _follows_a_living_boot(state)
    if follows:
        step.watch(False)  # its end tells the old boot; else it is read until confirmed
    not_before = now.mono + (FOLLOWED_S if follows else 0.0)
    step.enter(Holding(now.mono, not_before, repeat_at=now.mono, look_at=now.mono), because)
    step.note("duty.claimed", term=term, because=because)
    if state.alone:
        confirm(step, "there is no peer")
    elif _was_released_by_the_peer(state):
        confirm(step, f"{previous.twin} released the duty")
    elif confirmed:
        confirm(step, because)


def _follows_a_living_boot(state: State) -> bool:
    """Whether the last claimer may still run beside a newer boot of its own app."""
    claim, stage = state.knowledge.claim, state.stage
    if claim.released or not claim.boot:
        return False
    # Its watch still brings lines: the newer boot's word does not end the older one.
    still_heard = isinstance(stage, Standby) and stage.doubt_since is None
    return claim.twin == state.twin or (still_heard and claim.boot < state.peer.boot)


def _was_released_by_the_peer(state: State) -> bool:
    claim = state.knowledge.claim
    heard = claim.released and claim.twin != state.twin and claim != NOBODY
    if not state.peer.boot or claim.boot < state.peer.boot:
        return False  # of an old boot, which left; a newer one may be on duty
    if state.reached is False:
        return False  # by way of an old boot here: the peer may have a newer one
    # A boot that settles, doubts or thawed may hear it late, from an old boot, while a newer one
    # already claims. A watcher hears it from the holder.
    watches = isinstance(state.stage, Standby) and state.stage.doubt_since is None
    return heard and watches and state.thawed_at is None


def confirm(step: Step, because: str) -> None:
    held = step.state.stage
    if isinstance(held, Holding) and not held.confirmed and step.state.claim_is_ours:
        step.enter(replace(held, confirmed=True), because)
        step.watch(False)
        step.note("duty.taken", term=step.state.knowledge.claim.term, because=because)


def step_back(step: Step) -> None:
    state = step.state
    claim = state.knowledge.claim
    just_woke = claim.boot == state.peer.boot != step.before.peer.boot
    because = _tell_lost(step, claim)
    if just_woke and len(state.peer.wakes) >= FLAPPING_WAKES:
        make_claim(step, f"{claim.twin} flaps: it woke for the third time in ten minutes")
    else:
        join(step, because)


def _tell_lost(step: Step, claim: Claim) -> str:
    because = f"{claim.twin} claims it"
    step.note("duty.lost", term=claim.term, because=because)
    return because


def join(step: Step, because: str) -> None:
    now = step.now.mono
    standby = Standby(since=now, doubt_since=now, ask_at=now)
    step.enter(standby, because)
    if step.peer.url is not None and not step.peer.legacy:
        open_watch(step, standby)


def retire(step: Step, newer: str) -> None:
    match step.state.stage:
        case Retired():
            return
        case Leaving():
            step.enter(Leaving(retired=True))
            return
    because = f"boot {newer} of this app is newer"
    step.note("twin.retired", because=because)
    if step.before.on_duty and not step.state.claim_is_ours:
        _tell_lost(step, step.state.knowledge.claim)
    # The watch stays open: the newer boot has none yet, and needs what it still brings.
    _release(step, "a newer boot of this app is there")
    if step.before.on_duty:
        # Perhaps nobody knows of a run that was just announced, since the peer's watch moved to the
        # newer boot. Tell both; the own URL leads to the newer one.
        step.send(Request.DOWN)
        step.send(Request.OWN)
    now = step.now.mono
    settling = isinstance(step.state.stage, Waking)
    failed_from = now + (0 if settling else RETIRED_ASK_S)
    step.enter(Retired(now + RETIRED_ASK_S, failed_from), because)


def _release(step: Step, because: str) -> None:
    if step.state.claim_is_ours:
        claim = replace(step.state.knowledge.claim, released=True)
        step.learn(Knowledge(claim))
        step.note("duty.released", term=claim.term, because=because)
        step.send(Request.DOWN)


def leave(step: Step, because: str) -> None:
    if isinstance(step.state.stage, Leaving):
        return
    step.note("twin.leaves", because=because)
    # The watch stays open to the end: if it broke before our word arrived, the peer would ask, and
    # so wake an app that was just put to sleep.
    _release(step, because)
    step.enter(Leaving(retired=isinstance(step.state.stage, Retired)), because)
    step.send(Request.DOWN)


def open_watch(step: Step, standby: Standby) -> None:
    step.enter(replace(standby, watching=True, opened_at=step.now.mono))
    step.watch(True)


def wake_again(step: Step, because: str) -> None:
    """Wake under a new name, as the newest boot of this app."""
    state, now = step.state, step.now
    newest = state.newer_boot.partition("-")[0]
    newest_ms = int(newest) if newest.isdigit() else 0
    started_ms = max(int(now.wall * 1000), newest_ms + 1)
    boot = boot_name(started_ms, state.boot.rpartition("-")[2])
    step.note("twin.woke", boot=boot, because=because)
    step.change(boot=boot, woke_at=now, told=False)
    step.learn(Knowledge(boots={state.twin: boot}))
    step.change_peer(left=False)  # it may have come back to the boot that we retired for
    step.watch(False)
    step.enter(Waking(since=now.mono, ask_own_at=now.mono), because)
