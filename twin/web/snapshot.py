"""`/status`: the document, and beside it what people and programs ask about."""

from typing import Any

from twin import __version__
from twin.core.jobs import Job
from twin.core.knowledge import Entry, Fate
from twin.core.messages import Document
from twin.core.moment import Moment, iso
from twin.core.state import State
from twin.wire import dump

_SILENT_S = 40.0
"""A standby tells the holder every 15 s that it is there; two of these may be lost."""


def snapshot(state: State, document: Document, now: Moment) -> dict[str, Any]:
    return dump(
        document,
        term=state.knowledge.claim.term,
        since=iso(state.role_since),
        watchers=state.watchers,
        version=__version__,
        peer=_peer(state, now),
        jobs=[_job(job, state, now) for job in state.jobs.values()],
    )


def peer_role(state: State, now: Moment) -> str:
    """What can be said of the peer: its role, or why it cannot be told."""
    peer = state.peer
    if peer.trouble:
        return "refused"
    if peer.left:
        return "asleep"
    if peer.refused:
        return "unreachable"
    if peer.heard_at is None or peer.role is None:
        return "unknown"
    return "unreachable" if now.mono - peer.heard_at.mono > _SILENT_S else peer.role.value


def _peer(state: State, now: Moment) -> dict[str, Any]:
    peer = state.peer
    heard_at = peer.heard_at
    return {
        "twin": peer.twin or None,
        "url": peer.url,
        "role": peer_role(state, now),
        "heard_at": iso(heard_at.wall) if heard_at else None,
        "wrong": peer.trouble_why or None,
    }


def _job(job: Job, state: State, now: Moment) -> dict[str, Any]:
    entry = state.knowledge.ledger.get(job.name)
    is_over = entry is not None and entry.fate is Fate.CANCELLED
    upcoming = None if is_over else job.schedule.after(now.wall)
    return {
        "name": job.name,
        "schedule": str(job.schedule),
        **_slot(entry),
        "next": iso(upcoming) if upcoming is not None else None,
    }


_ENDED = (Fate.DONE, Fate.FAILED, Fate.CANCELLED)


def _slot(entry: Entry | None) -> dict[str, Any]:
    if entry is None:
        return {"slot": None, "state": None, "seconds": None, "late_ms": None, "why": None}
    return {
        "slot": iso(entry.slot),
        "state": entry.fate.value,
        "seconds": entry.seconds if entry.fate in _ENDED else None,
        "late_ms": entry.late_ms,
        "why": entry.why or None,
    }
