"""The line to the peer: that it broke, that nobody serves there, that the two are wired wrongly."""

from dataclasses import replace

from twin.core.pair import slots
from twin.core.pair.events import Failed, Failure, Looked, Request
from twin.core.pair.roles import confirm, make_claim
from twin.core.pair.state import Holding, Standby, Trouble
from twin.core.pair.step import Turn
from twin.core.pair.timeouts import (
    FIRST_KIND_FAILURES,
    LASTING_S,
    MOST_REOPEN_S,
    REFUSED_AGAIN_S,
    REOPEN_S,
    SEEN_S,
    STAND_IN_S,
    WRONG_RETRY_S,
)


def watch_lost(turn: Turn, why: str, refused: bool) -> None:
    standby = turn.state.stage
    if not isinstance(standby, Standby):
        return
    now = turn.now.mono
    lasted_s = now - standby.opened_at
    pause_s = min(2 * standby.pause_s, MOST_REOPEN_S) if lasted_s < LASTING_S else REOPEN_S
    if standby.doubt_since is None:
        if pause_s != standby.pause_s or lasted_s >= LASTING_S:  # else it repeats itself
            turn.warn("watch.lost", peer=turn.peer.twin, because=why)
        standby = replace(standby, doubt_since=now, ask_at=now, asks_in_vain=True)
    reopen_at = standby.opened_at + pause_s
    turn.enter(replace(standby, watching=False, pause_s=pause_s, reopen_at=reopen_at))
    if refused:
        _refused(turn, why)


def _refused(turn: Turn, why: str) -> None:
    if turn.peer.boot and not turn.peer.refused:
        slots.gone(turn, turn.peer.boot, said_so=turn.peer.left)
    turn.change_peer(refused=True)
    turn.change(thawed_at=None)
    if turn.state.reached is False:
        return  # its last word went to the older boot at our URL, which we have yet to hear
    match turn.state.stage:
        case Holding(confirmed=False):
            confirm(turn, f"nobody serves at the peer's URL: {why}")
        case Standby(doubt_since=doubt, refused_at=None) as standby if doubt is not None:
            again_at = min(standby.ask_at, turn.now.mono + REFUSED_AGAIN_S)
            turn.enter(replace(standby, refused_at=turn.now.mono, ask_at=again_at))
        case Standby(refused_at=float() as first):
            if turn.now.mono - first >= REFUSED_AGAIN_S / 2:
                make_claim(turn, f"nobody serves at the peer's URL: {why}", confirmed=True)


def failed(turn: Turn, event: Failed) -> None:
    if turn.is_fresh(event.asked_at):
        _FAILED[event.failure](turn, event.why)


def _denied(turn: Turn, why: str) -> None:
    wrong(turn, Trouble.DENIED, why)


def _strange(turn: Turn, why: str) -> None:
    peer = turn.peer
    if peer.told_url not in (None, peer.url):
        remedy = f"set PEER_URL to {peer.told_url}, which the peer says is its URL"
    elif peer.boot:
        remedy = f"see whether the host of {peer.twin}, which answered there before, still runs it"
    else:
        remedy = "set PEER_URL to the URL of the other twin"
    wrong(turn, Trouble.STRANGER, f"{why}: {remedy}")


def _perhaps_first_kind(turn: Turn, why: str) -> None:
    claim = turn.state.knowledge.claim
    if turn.peer.first_kind or (claim.term and not claim.boot):
        turn.change_peer(first_kind=True, refused=False)
    else:
        _strange(turn, why)


_FAILED = {
    Failure.REFUSED: _refused,
    Failure.DENIED: _denied,
    Failure.STRANGER: _strange,
    Failure.FIRST_KIND: _perhaps_first_kind,
}


def wrong(turn: Turn, trouble: Trouble, why: str) -> None:
    if turn.peer.trouble_why != why:
        turn.warn("peer.wired_wrongly", because=why)
    if trouble is Trouble.DENIED is not turn.peer.trouble:
        turn.change_peer(there_until=turn.now.mono + SEEN_S)  # most likely a twin denies us
    turn.change_peer(trouble=trouble, trouble_why=why, refused=False)
    match turn.state.stage:
        case Holding() as held if trouble is not Trouble.STRANGER:
            turn.enter(replace(held, repeat_at=turn.now.mono + WRONG_RETRY_S))
        case Standby() as standby:
            turn.enter(replace(standby, asks_in_vain=True))


def right(turn: Turn) -> None:
    """An answer could be read."""
    if isinstance(turn.state.stage, Standby):
        turn.enter(replace(turn.state.stage, asks_in_vain=False))
    if turn.peer.trouble:
        turn.note("peer.wired_rightly")
        turn.change_peer(trouble=Trouble.NONE, trouble_why="", there_until=0.0)
        if isinstance(turn.state.stage, Holding):
            # Not in a minute: silence is an answer again, and only to what was asked.
            turn.enter(replace(turn.state.stage, repeat_at=turn.now.mono))


def looked(turn: Turn, look: Looked) -> None:
    """What `/healthz` told of a peer that we cannot talk to, or that is of the first kind."""
    if turn.peer.trouble and (look.boot or look.alive):
        leaves = turn.peer.left and look.boot == turn.peer.boot
        seen = look.boot not in ("", turn.state.boot) and not leaves
        turn.change_peer(there_until=turn.now.mono + SEEN_S if seen else 0.0)
    match turn.state.stage:
        case Standby() as standby if turn.peer.first_kind:
            _looked_at_first_kind(turn, standby, look)
        case Holding() as held if turn.peer.trouble and look.boot not in ("", turn.state.boot):
            if turn.peer.trouble is Trouble.STRANGER:
                turn.send(Request.UPDATE)  # its other answers may be readable, too
            _looked_at_stranger(turn, held, look)


def _looked_at_first_kind(turn: Turn, standby: Standby, look: Looked) -> None:
    failures = 0 if look.alive else standby.failures + 1
    turn.enter(replace(standby, failures=failures, doubt_since=None))
    if failures >= FIRST_KIND_FAILURES:
        make_claim(turn, "the peer of the first kind did not answer three times")


def _looked_at_stranger(turn: Turn, held: Holding, look: Looked) -> None:
    """Stand in for a twin that is there, and not on duty for long: the elder boot first."""
    now = turn.now.mono
    if look.on_duty:
        if held.standing_in:
            turn.note("duty.lost", because="/healthz shows the peer on duty")
            held = replace(held, confirmed=False, standing_in=False, since=now)
        turn.enter(replace(held, off_duty_since=None))
        return
    since = now if held.off_duty_since is None else held.off_duty_since
    turn.enter(replace(held, off_duty_since=since))
    patience_s = STAND_IN_S if turn.state.boot < look.boot else 2 * STAND_IN_S
    if not held.confirmed and now - since >= patience_s:
        turn.enter(replace(held, off_duty_since=since, standing_in=True))
        confirm(turn, "the peer cannot be talked to, and is not on duty")
