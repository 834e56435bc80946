"""The changes of a twin's role: each one function, with its line in the log."""

from dataclasses import replace

from twin.core.pair.events import Request
from twin.core.pair.knowledge import NOBODY, Claim, Knowledge
from twin.core.pair.state import Holding, Leaving, Retired, Standby, State, Waking, boot_name
from twin.core.pair.step import Turn
from twin.core.pair.timeouts import FLAPPING_WAKES, FOLLOWED_S, RETIRED_ASK_S


def make_claim(turn: Turn, because: str, confirmed: bool = False) -> None:
    """Make a claim above all that is known. `confirmed`: the peer is known to be gone."""
    state, now = turn.state, turn.now
    previous = state.knowledge.claim
    term = max(int(now.wall * 1000), previous.term + 1)
    turn.learn(Knowledge(Claim(term, state.twin, state.boot)))
    follows = _follows_a_living_boot(state)
    if follows:
        turn.watch(False)  # so it hears of us; else what it still writes is read until we confirm
    not_before = now.mono + (FOLLOWED_S if follows else 0.0)
    turn.enter(Holding(now.mono, not_before, repeat_at=now.mono, look_at=now.mono))
    turn.note("duty.claimed", term=term, because=because)
    if state.alone:
        confirm(turn, "there is no peer")
    elif _was_released_by_the_peer(state):
        confirm(turn, f"{previous.twin} released the duty")
    elif confirmed:
        confirm(turn, because)


def _follows_a_living_boot(state: State) -> bool:
    """Whether whoever held the duty may still run beside a newer boot of its own app."""
    claim, stage = state.knowledge.claim, state.stage
    if claim.released or not claim.boot:
        return False
    # Its stream still comes: the newer boot's word says nothing of the older one's.
    still_heard = isinstance(stage, Standby) and stage.doubt_since is None
    return claim.twin == state.twin or (still_heard and claim.boot < state.peer.boot)


def _was_released_by_the_peer(state: State) -> bool:
    claim = state.knowledge.claim
    heard = claim.released and claim.twin != state.twin and claim != NOBODY
    if not state.peer.boot or claim.boot < state.peer.boot:
        return False  # an old boot's, which left; a newer one may be on duty
    if state.reached is False:
        return False  # heard by way of an old boot of ours: a newer one of the peer's may be there
    # A boot that settles, asks or thawed may have heard it, late, of an old boot, while a newer one
    # already claims. One that watches the holder has it from the holder.
    watches = isinstance(state.stage, Standby) and state.stage.doubt_since is None
    return heard and watches and state.thawed_at is None


def confirm(turn: Turn, because: str) -> None:
    held = turn.state.stage
    if isinstance(held, Holding) and not held.confirmed and turn.state.claim_is_ours:
        turn.enter(replace(held, confirmed=True))
        turn.watch(False)
        turn.note("duty.taken", term=turn.state.knowledge.claim.term, because=because)


def step_back(turn: Turn) -> None:
    state = turn.state
    claim = state.knowledge.claim
    just_woke = claim.boot == state.peer.boot != turn.before.peer.boot
    _tell_lost(turn, claim)
    if just_woke and len(state.peer.wakes) >= FLAPPING_WAKES:
        make_claim(turn, f"{claim.twin} flaps: it woke for the third time in ten minutes")
    else:
        join(turn)


def _tell_lost(turn: Turn, claim: Claim) -> None:
    turn.note("duty.lost", term=claim.term, because=f"{claim.twin} claims it")


def join(turn: Turn) -> None:
    now = turn.now.mono
    standby = Standby(since=now, doubt_since=now, ask_at=now)
    turn.enter(standby)
    if turn.peer.url is not None and not turn.peer.first_kind:
        open_watch(turn, standby)


def retire(turn: Turn, newer: str) -> None:
    match turn.state.stage:
        case Retired():
            return
        case Leaving():
            turn.enter(Leaving(retired=True))
            return
    turn.note("twin.retired", because=f"boot {newer} of this app is newer")
    if turn.before.on_duty and not turn.state.claim_is_ours:
        _tell_lost(turn, turn.state.knowledge.claim)
    # A watch stays open: the newer boot has none yet, and is told what still comes.
    _release(turn, "a newer boot of this app is there")
    if turn.before.on_duty:
        # A run that was just announced may be known to nobody: the peer's watch follows the newer
        # boot. So both are told, the newer one by our URL.
        turn.send(Request.DOWN)
        turn.send(Request.OWN)
    now = turn.now.mono
    settling = isinstance(turn.state.stage, Waking)
    turn.enter(Retired(now + RETIRED_ASK_S, failed_from=now + (0 if settling else RETIRED_ASK_S)))


def _release(turn: Turn, because: str) -> None:
    if turn.state.claim_is_ours:
        claim = replace(turn.state.knowledge.claim, released=True)
        turn.learn(Knowledge(claim))
        turn.note("duty.released", term=claim.term, because=because)
        turn.send(Request.DOWN)


def leave(turn: Turn, because: str) -> None:
    if isinstance(turn.state.stage, Leaving):
        return
    turn.note("twin.leaves", because=because)
    # The watch stays open until the end: a peer that sees it break before it has heard our word
    # would ask after us, and so wake an app that was just put to sleep.
    _release(turn, because)
    turn.enter(Leaving(retired=isinstance(turn.state.stage, Retired)))
    turn.send(Request.DOWN)


def open_watch(turn: Turn, standby: Standby) -> None:
    turn.enter(replace(standby, watching=True, opened_at=turn.now.mono))
    turn.watch(True)


def wake_again(turn: Turn, because: str) -> None:
    """Begin again, as a boot that is newer than any other of this app."""
    state, now = turn.state, turn.now
    claim = state.knowledge.claim
    newest = claim.boot.partition("-")[0] if claim.twin == state.twin else ""
    newest_ms = int(newest) if newest.isdigit() else 0
    started_ms = max(int(now.wall * 1000), newest_ms + 1)
    boot = boot_name(started_ms, state.boot.rpartition("-")[2])
    turn.note("twin.woke", boot=boot, because=because)
    turn.change(boot=boot, woke_at=now)
    turn.change_peer(left=False)  # it may have come back to the boot that we made way for
    turn.watch(False)
    turn.enter(Waking(since=now.mono, ask_own_at=now.mono))
