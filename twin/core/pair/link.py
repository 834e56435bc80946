"""Trouble on the line to the peer: it broke, nobody serves there, the two are misconfigured."""

from dataclasses import replace

from twin.core.pair import slots
from twin.core.pair.events import Failed, Failure, Looked, Request
from twin.core.pair.roles import confirm, make_claim
from twin.core.pair.state import Holding, Standby, Trouble
from twin.core.pair.step import Step
from twin.core.pair.timeouts import (
    LASTING_S,
    LEAVING_S,
    LEGACY_FAILURES,
    MOST_REOPEN_S,
    REFUSED_AGAIN_S,
    REOPEN_S,
    SEEN_S,
    STAND_IN_S,
    WRONG_RETRY_S,
)


def watch_lost(step: Step, why: str, refused: bool) -> None:
    standby = step.state.stage
    if not isinstance(standby, Standby):
        return
    now = step.now.mono
    lasted_s = now - standby.opened_at
    pause_s = min(2 * standby.pause_s, MOST_REOPEN_S) if lasted_s < LASTING_S else REOPEN_S
    if standby.doubt_since is None:
        if pause_s != standby.pause_s or lasted_s >= LASTING_S:  # otherwise the log repeats itself
            step.warn("watch.lost", peer=step.peer.twin, because=why)
        standby = replace(standby, doubt_since=now, ask_at=now, asks_in_vain=True)
    reopen_at = standby.opened_at + pause_s
    step.enter(replace(standby, watching=False, pause_s=pause_s, reopen_at=reopen_at))
    if refused and step.is_fresh(standby.opened_at):
        _refused(step, why)


def _refused(step: Step, why: str) -> None:
    if isinstance(step.state.stage, Holding):
        _end_its_runs(step)
    step.change_peer(refused=True)
    if step.state.reached is False:
        return  # the older boot at our URL got its last word, which is yet to be heard
    step.change(thawed_at=None)
    match step.state.stage:
        case Holding(confirmed=False):
            confirm(step, f"nobody serves at the peer's URL: {why}")
        case Standby(doubt_since=doubt, refused_at=None) as standby if doubt is not None:
            again_at = min(standby.ask_at, step.now.mono + REFUSED_AGAIN_S)
            step.enter(replace(standby, refused_at=step.now.mono, ask_at=again_at))
        case Standby(refused_at=float() as first):
            if step.now.mono - first >= REFUSED_AGAIN_S / 2:
                _end_its_runs(step)
                make_claim(step, f"nobody serves at the peer's URL: {why}", confirmed=True)


def _end_its_runs(step: Step) -> None:
    """A peer that left has left its router, too, and may still run jobs."""
    if step.peer.boot:
        slots.gone(step, step.peer.boot, LEAVING_S if step.peer.left else 0.0)


def failed(step: Step, event: Failed) -> None:
    if step.is_fresh(event.asked_at):
        _FAILED[event.failure](step, event.why)


def _denied(step: Step, why: str) -> None:
    misconfigured(step, Trouble.DENIED, why)


def _strange(step: Step, why: str) -> None:
    peer = step.peer
    if peer.told_url not in (None, peer.url):
        remedy = f"set PEER_URL to {peer.told_url}, which the peer says is its URL"
    elif peer.boot:
        remedy = f"see whether the host of {peer.twin}, which answered there before, still runs it"
    else:
        remedy = "set PEER_URL to the URL of the other twin"
    misconfigured(step, Trouble.STRANGER, f"{why}: {remedy}")


def _perhaps_legacy(step: Step, why: str) -> None:
    claim = step.state.knowledge.claim
    if step.peer.legacy or (claim.term and not claim.boot):
        step.change_peer(legacy=True, refused=False)
    else:
        _strange(step, why)


_FAILED = {
    Failure.REFUSED: _refused,
    Failure.DENIED: _denied,
    Failure.STRANGER: _strange,
    Failure.LEGACY: _perhaps_legacy,
}


def misconfigured(step: Step, trouble: Trouble, why: str) -> None:
    if step.peer.trouble_why != why:
        step.warn("peer.misconfigured", because=why)
    if trouble is Trouble.DENIED is not step.peer.trouble:
        step.change_peer(there_until=step.now.mono + SEEN_S)  # most likely a twin denies access
    step.change_peer(trouble=trouble, trouble_why=why, refused=False)
    match step.state.stage:
        case Holding() as held if trouble is not Trouble.STRANGER:
            step.enter(replace(held, repeat_at=step.now.mono + WRONG_RETRY_S))
        case Standby() as standby:
            step.enter(replace(standby, asks_in_vain=True))


def configured(step: Step) -> None:
    """An answer of the peer was readable."""
    if isinstance(step.state.stage, Standby):
        step.enter(replace(step.state.stage, asks_in_vain=False))
    if step.peer.trouble:
        step.note("peer.configured")
        step.change_peer(trouble=Trouble.NONE, trouble_why="", there_until=0.0)
        if isinstance(step.state.stage, Holding):
            # Call now, not in a minute: silence confirms again, but only after a question.
            step.enter(replace(step.state.stage, repeat_at=step.now.mono))


def looked(step: Step, look: Looked) -> None:
    """A look at a peer that cannot be talked to, or that is legacy."""
    if step.peer.trouble and (look.boot or look.alive):
        leaves = step.peer.left and look.boot == step.peer.boot
        seen = look.boot not in ("", step.state.boot) and not leaves
        step.change_peer(there_until=step.now.mono + SEEN_S if seen else 0.0)
    match step.state.stage:
        case Standby() as standby if step.peer.legacy:
            _looked_at_legacy(step, standby, look)
        case Holding() as held if step.peer.trouble and look.boot not in ("", step.state.boot):
            if step.peer.trouble is Trouble.STRANGER:
                step.send(Request.UPDATE)  # its other answers may be readable, too
            _looked_at_stranger(step, held, look)


def _looked_at_legacy(step: Step, standby: Standby, look: Looked) -> None:
    failures = 0 if look.alive else standby.failures + 1
    step.enter(replace(standby, failures=failures, doubt_since=None))
    if failures >= LEGACY_FAILURES:
        make_claim(step, "the legacy peer did not answer three times")


def _looked_at_stranger(step: Step, held: Holding, look: Looked) -> None:
    """Stand in for a twin that is there, but not on duty for some time: the older boot first."""
    now = step.now.mono
    if look.on_duty:
        if held.standing_in:
            step.note("duty.lost", because="/healthz shows the peer on duty")
            held = replace(held, confirmed=False, standing_in=False, since=now)
        step.enter(replace(held, off_duty_since=None))
        return
    since = now if held.off_duty_since is None else held.off_duty_since
    step.enter(replace(held, off_duty_since=since))
    patience_s = STAND_IN_S if step.state.boot < look.boot else 2 * STAND_IN_S
    if not held.confirmed and now - since >= patience_s:
        step.enter(replace(held, off_duty_since=since, standing_in=True))
        confirm(step, "the peer cannot be talked to, and is not on duty")
