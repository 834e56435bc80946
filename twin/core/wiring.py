"""The line to the peer: that it broke, that nobody serves there, that the two are wired wrongly."""

from dataclasses import replace

from twin.core import agenda
from twin.core.events import Failed, Failure, Looked
from twin.core.limits import FIRST_KIND_FAILURES, REFUSED_AGAIN_S, STAND_IN_S, WRONG_RETRY_S
from twin.core.roles import confirm, make_claim
from twin.core.state import Holding, Standby, Trouble
from twin.core.turn import Turn


def watch_lost(turn: Turn, why: str, refused: bool) -> None:
    standby = turn.state.stage
    if not isinstance(standby, Standby):
        return
    now = turn.now.mono
    if standby.doubt_since is None:
        turn.warn("watch.lost", peer=turn.peer.twin, because=why)
        standby = replace(standby, doubt_since=now, ask_at=now)
    turn.enter(replace(standby, watching=False))
    if refused:
        _refused(turn, why)


def _refused(turn: Turn, why: str) -> None:
    if turn.peer.boot and not turn.peer.refused:
        agenda.gone(turn, turn.peer.boot, said_so=turn.peer.left)
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
    told = turn.peer.told_url
    if told is not None and told != turn.peer.url:
        turn.warn("peer.url_corrected", because=f"{why}; the peer itself says {told}")
        turn.change_peer(url=told)
    else:
        wrong(turn, Trouble.STRANGER, why)


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
    turn.change_peer(trouble=trouble, trouble_why=why, refused=False)
    if isinstance(turn.state.stage, Holding):
        held = replace(turn.state.stage, repeat_at=turn.now.mono + WRONG_RETRY_S)
        turn.enter(held)


def right(turn: Turn) -> None:
    if turn.peer.trouble:
        turn.note("peer.wired_rightly")
        turn.change_peer(trouble=Trouble.NONE, trouble_why="")
        if isinstance(turn.state.stage, Holding):
            # Not in a minute: silence is an answer again, and only to what was asked.
            turn.enter(replace(turn.state.stage, repeat_at=turn.now.mono))


def looked(turn: Turn, look: Looked) -> None:
    """What `/healthz` told of a peer that we cannot talk to, or that is of the first kind."""
    now = turn.now.mono
    match turn.state.stage:
        case Standby() as standby if turn.peer.first_kind:
            failures = 0 if look.alive else standby.failures + 1
            turn.enter(replace(standby, failures=failures, doubt_since=None))
            if failures >= FIRST_KIND_FAILURES:
                make_claim(turn, "the peer of the first kind did not answer three times")
        case Holding() as held if turn.peer.trouble:
            if look.on_duty:
                if held.standing_in:
                    turn.note("duty.lost", because="/healthz shows the peer on duty")
                    held = replace(held, confirmed=False, standing_in=False, since=now)
                turn.enter(replace(held, off_duty_since=None))
                return
            since = now if held.off_duty_since is None else held.off_duty_since
            turn.enter(replace(held, off_duty_since=since))
            patience = STAND_IN_S if turn.state.boot < look.boot else 2 * STAND_IN_S
            if not held.confirmed and now - since >= (patience if look.boot else STAND_IN_S):
                turn.enter(replace(held, off_duty_since=since, standing_in=True))
                confirm(turn, "the peer cannot be talked to, and is not on duty")
