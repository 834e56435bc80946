"""When to alert people that the other twin is away: gone, or out of reach.

- The holder alerts once when its peer has been away for longer than a host takes to start it again,
  and once when it is back. A peer that was asked to wake and does not is away, too. A peer that
  sleeps, as STANDBY=asleep allows, is not.
- A peer is back once it has been there for a minute: one that keeps crashing stays away.
- The alert is remembered for the next holder, which may be the twin that was away.
- Time counts from the first look at which the peer is away: a twin that froze, or has just taken
  the duty, does not know the time before.
- A twin that restarts while its peer is away has lost this memory, and alerts again.
"""

from dataclasses import dataclass, replace

from twin.core.alert import Alert, Severity, since, utc
from twin.core.moment import Moment
from twin.core.pair.diagnosis import is_silent
from twin.core.pair.state import Holding, Peer, State

BACK_FOR_S = 60.0


@dataclass(frozen=True, slots=True)
class Absence:
    """The pair's memory. Times in epoch seconds."""

    twin: str = ""
    """The name of the twin that is away, or its URL if the name is unknown; empty if none is."""

    since: float = 0.0
    told: bool = False
    back_since: float | None = None


NOBODY_AWAY = Absence()


@dataclass(frozen=True, slots=True)
class Patience:
    """What counts as away."""

    limit_s: float
    """Longer than a host takes to start an app again."""

    may_sleep: bool
    """Whether a standby that left counts as asleep."""


def observe(
    state: State, before: Absence, patience: Patience, now: Moment
) -> tuple[Absence, Alert | None]:
    """What to remember next, and the alert to send, if any. Only a holder does either."""
    held = state.stage
    if not isinstance(held, Holding) or not held.confirmed:
        return before, None
    severity = _ailment(state, held, patience, now)
    if severity is None:
        return _well(state, before, now)
    if before.twin in ("", state.twin):
        return Absence(_name(state.peer), now.wall), _back(state, before, now)
    after = replace(before, since=min(before.since, now.wall), back_since=None)
    # By both clocks: many wall clocks are set soon after a boot.
    lasted_s = min(now.wall - after.since, now.mono - state.woke_at.mono)
    if before.told or lasted_s < patience.limit_s:
        return after, None
    return replace(after, told=True), _gone(state, after, severity, now)


def _ailment(state: State, held: Holding, patience: Patience, now: Moment) -> Severity | None:
    """How grave it is: a failure if the peer is gone, a warning if the two cannot talk."""
    peer = state.peer
    if peer.trouble and (peer.is_there(now.mono) or not is_silent(peer, now)):
        return Severity.WARNING
    sleeps = peer.left and patience.may_sleep and held.ask_at is None
    if sleeps or state.alone or peer.legacy or not is_silent(peer, now):
        return None
    return Severity.FAILURE


def _well(state: State, before: Absence, now: Moment) -> tuple[Absence, Alert | None]:
    if not before.twin:
        return before, None
    if before.back_since is None:
        return replace(before, back_since=now.wall), None
    if 0 <= now.wall - before.back_since < BACK_FOR_S:
        return before, None
    return NOBODY_AWAY, _back(state, before, now)


def _name(peer: Peer) -> str:
    return peer.twin or peer.url or "other"


def _gone(state: State, absence: Absence, severity: Severity, now: Moment) -> Alert:
    lasts = since(absence.since, now.wall)
    if severity is Severity.FAILURE:
        title, what = "is gone", f"The twin {absence.twin} has been gone {lasts}."
    else:
        title, what = "cannot be talked to", f"The twins have not talked to each other {lasts}."
    why = state.peer.trouble_why or _why_silent(state.peer)
    done = f"nothing: {state.twin} is on duty, and nobody takes over if it fails"
    body = f"{what}\nWhy: {why}.\nDone: {done}."
    return Alert(f"The twin {absence.twin} {title}", body, severity, absence.twin)


def _why_silent(peer: Peer) -> str:
    if peer.left:
        return "it said that it leaves, and does not come back: see in its host's log why"
    if peer.refused:
        return f"nobody serves at {peer.url}: see in its host's log why it ended"
    if peer.heard_at is None:
        return f"it has never been heard: see whether it runs, and that it is at {peer.url}"
    return (
        "it does not answer: see whether its host runs it. If it does, the line between the two is "
        "cut, and both are on duty"
    )


def _back(state: State, absence: Absence, now: Moment) -> Alert | None:
    if not absence.told:
        return None
    body = (
        f"The twin {absence.twin} has been back since {utc(now.wall)}. It was away "
        f"{since(absence.since, now.wall)}.\nWhy: the two twins talk to each other again.\n"
        f"Done: nothing: {state.twin} is on duty."
    )
    return Alert(f"The twin {absence.twin} is back", body, Severity.SUCCESS, absence.twin)
