"""What is wrong with the pair, as one twin sees it, and the remedy: a sentence each."""

from dataclasses import dataclass

from twin.core.moment import Moment, iso
from twin.core.pair.lease import Lease
from twin.core.pair.state import Holding, Peer, Standby, State

SILENT_S = 40.0
"""A standby calls the holder every 5 s; some of these calls may be lost."""
_VACANT_S = 10.0
"""A failover takes at most 8 s from the last message."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    what: str
    remedy: str
    both_on_duty: bool = False
    """Whether both twins may start jobs now."""


def diagnose(state: State, ticking: bool, now: Moment) -> Diagnosis | None:
    """The gravest trouble; None if all is well. `ticking`: whether the scheduler still ticks."""
    peer = state.peer
    if not ticking:
        return Diagnosis(
            "The scheduler of this twin stands still: it starts no job.",
            "Restart this app. The other twin takes the duty meanwhile.",
        )
    if state.lease is not None:
        return _strictly(state, state.lease, now)
    if peer.trouble:
        return _troubled(state, now)
    if state.alone:
        return Diagnosis(
            "This twin is alone: when it is away, nobody runs the jobs.",
            f"Deploy the other one, with PEER_URL={state.url or 'the URL of this one'}.",
        )
    if _nobody_holds(state, now):
        return Diagnosis(
            "Nobody is on duty.", "It is being settled. If it lasts, restart this app."
        )
    return _unheard(state, now)


def _strictly(state: State, lease: Lease, now: Moment) -> Diagnosis | None:
    if lease.is_silent:
        goes_on = "This twin goes on as long as every other one agrees."
        stops = "No twin takes the duty until it answers."
        return Diagnosis(
            f"The arbiter is silent: {lease.silent_why}. {goes_on if state.on_duty else stops}",
            "See whether the database of ARBITER_URL runs, and whether this host reaches it.",
        )
    if lease.superseded:
        return Diagnosis(
            "A newer boot of this app is there: this one takes no duty.",
            "If the newer one failed, this one follows it once the app's URL leads here.",
        )
    peer = state.peer
    if len(lease.members) < 2 and peer.url is None:
        return Diagnosis(
            "This twin is alone: when it is away, nobody runs the jobs.",
            "Deploy another one with the same ARBITER_URL.",
        )
    if peer.heard_at is None or not is_silent(peer, now) or peer.left:
        return None
    return Diagnosis(
        f"{peer.twin} has not been heard since {iso(peer.heard_at.wall)}. The arbiter decides who "
        "is on duty.",
        "See whether its host runs it, and whether the line between the two hosts is cut.",
    )


def _troubled(state: State, now: Moment) -> Diagnosis:
    peer, stage = state.peer, state.stage
    if peer.is_there(now.mono):
        may_hold = isinstance(stage, Holding) and stage.confirmed and stage.off_duty_since is None
        return Diagnosis("The two twins cannot talk to each other.", peer.trouble_why, may_hold)
    if is_silent(peer, now):
        return Diagnosis(f"No twin answers at {peer.url}.", peer.trouble_why)
    return Diagnosis(f"{peer.twin} calls, but its answers cannot be read.", peer.trouble_why)


def is_silent(peer: Peer, now: Moment) -> bool:
    return peer.heard_at is None or now.mono - peer.heard_at.mono > SILENT_S


def _nobody_holds(state: State, now: Moment) -> bool:
    stage = state.stage
    since = stage.doubt_since if isinstance(stage, Standby) else None
    return since is not None and now.mono - since > _VACANT_S and not state.peer.legacy


def _unheard(state: State, now: Moment) -> Diagnosis | None:
    peer = state.peer
    name = peer.twin or "The other twin"
    if peer.left or peer.legacy or not is_silent(peer, now):
        return None
    if peer.refused:
        return Diagnosis(
            f"{name} is gone: nobody serves at {peer.url}.", "See in its host's log why it ended."
        )
    if peer.heard_at is None:
        return Diagnosis(
            f"{name} has never been heard.", f"See whether it runs, and that it is at {peer.url}."
        )
    return Diagnosis(
        f"{name} has not been heard since {iso(peer.heard_at.wall)}. "
        "If it lives, both are on duty, since each must take the other for gone.",
        "See whether its host runs it. If it does, the line between the two hosts is cut.",
        both_on_duty=state.on_duty,
    )
