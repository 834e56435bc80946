"""When to alert people that the other twin is away: gone, or out of reach.

- The twin on duty tells, once, when its peer has been away for longer than a host takes to start it
  again; and once when it is back. A peer that was asked to wake and does not is away, too; one that
  its host has put to sleep, as STANDBY=asleep wants, is not.
- A peer is back when it has been there for a minute: one that crashes time and again stays away.
- What was told is remembered for whoever has the duty next. That may be the twin that was away.
- Time counts from the first look at which the peer is away: a twin that stood still, or has just
  taken the duty, does not know of the time before.
- A twin that starts anew while its peer is away has lost that memory, and tells again.
"""

from dataclasses import dataclass, replace

from twin.core.alert import Kind, News
from twin.core.moment import Moment
from twin.core.pair.diagnosis import is_silent
from twin.core.pair.state import Holding, Peer, State

BACK_FOR_S = 60.0


@dataclass(frozen=True, slots=True)
class Absence:
    """The pair's memory. Times in epoch seconds."""

    twin: str = ""
    """Who is away: its name, or its URL while nobody knows its name; empty if nobody is."""

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
    """Whether a standby that said it leaves is taken to sleep."""


def observe(
    state: State, before: Absence, patience: Patience, now: Moment
) -> tuple[Absence, News | None]:
    """What to remember next, and what to tell people. A twin that is not on duty does neither."""
    held = state.stage
    if not isinstance(held, Holding) or not held.confirmed:
        return before, None
    kind = _ailment(state, held, patience, now)
    if kind is None:
        return _well(state, before, now)
    if before.twin in ("", state.twin):
        return Absence(_name(state.peer), now.wall), _back(state, before, now)
    after = replace(before, since=min(before.since, now.wall), back_since=None)
    # By both clocks: many a wall clock is set soon after a boot.
    lasted_s = min(now.wall - after.since, now.mono - state.woke_at.mono)
    if before.told or lasted_s < patience.limit_s:
        return after, None
    return replace(after, told=True), _gone(state, after, kind, now)


def _ailment(state: State, held: Holding, patience: Patience, now: Moment) -> Kind | None:
    peer = state.peer
    if peer.trouble and (peer.is_there(now.mono) or not is_silent(peer, now)):
        return Kind.PEER_MISCONFIGURED
    sleeps = peer.left and patience.may_sleep and held.ask_at is None
    if sleeps or state.alone or peer.legacy or not is_silent(peer, now):
        return None
    return Kind.PEER_GONE


def _well(state: State, before: Absence, now: Moment) -> tuple[Absence, News | None]:
    if not before.twin:
        return before, None
    if before.back_since is None:
        return replace(before, back_since=now.wall), None
    if 0 <= now.wall - before.back_since < BACK_FOR_S:
        return before, None
    return NOBODY_AWAY, _back(state, before, now)


def _name(peer: Peer) -> str:
    return peer.twin or peer.url or "other"


def _gone(state: State, absence: Absence, kind: Kind, now: Moment) -> News:
    done = f"nothing: {state.twin} is on duty, and nobody takes over if it fails"
    because = state.peer.trouble_why or _why_silent(state.peer)
    return News(kind, absence.twin, state.twin, now.wall, absence.since, because, done)


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


def _back(state: State, absence: Absence, now: Moment) -> News | None:
    if not absence.told:
        return None
    done = f"nothing: {state.twin} is on duty"
    because = "the two twins talk to each other again"
    return News(Kind.PEER_BACK, absence.twin, state.twin, now.wall, absence.since, because, done)
