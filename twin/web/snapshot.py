"""`/status`: the document, and beside it what people and programs ask about."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from twin import __version__
from twin.core.moment import Moment, iso
from twin.core.pair.bounds import WHY_BYTES, shortened
from twin.core.pair.diagnosis import diagnose, is_silent
from twin.core.pair.history import Change, Life, Record
from twin.core.pair.hours import dry_at, known_since, month_of, used_h
from twin.core.pair.knowledge import Entry, Fate, Memo
from twin.core.pair.slots import next_slot_of
from twin.core.pair.state import State
from twin.core.schedule.job import Job
from twin.hosts import Offer
from twin.node.codec import dump
from twin.node.node import Node


@dataclass(frozen=True, slots=True)
class About:
    """What a twin tells of itself that its state does not hold."""

    offer: Offer | None = None
    """What its host counts the hours by; None if the host is not known."""
    targets: Callable[[float], list[dict[str, Any]]] = lambda _wall: []
    """What is scaled, as it stands at a time in epoch seconds."""


def snapshot(node: Node, now: Moment, about: About) -> dict[str, Any]:
    state, kept = node.look(), node.history.twins()
    wrong = diagnose(state, node.ticking, now)
    return dump(
        node.document(),
        now=now.wall,
        term=state.knowledge.claim.term,
        since=iso(state.role_since),
        watchers=state.watchers,
        version=__version__,
        peer=_peer(state, now),
        twins=[_this(state, kept), _other(state, now, kept)],
        wrong=wrong and {name: getattr(wrong, name) for name in wrong.__slots__},
        paused=_paused(state.knowledge.paused),
        jobs=[_job(job, state, now) for job in state.jobs.values()],
        targets=about.targets(now.wall),
        hours=_hours(kept.lives, now.wall, about.offer),
    )


# ---- the twins


def peer_role(state: State, now: Moment) -> str:
    """What can be said of the peer: its role, or why it cannot be told."""
    peer = state.peer
    if peer.is_there(now.mono):
        return "refused"
    if peer.left:
        return "asleep"
    if peer.refused:
        return "unreachable"
    if peer.heard_at is None or peer.role is None:
        return "unknown"
    return "unreachable" if is_silent(peer, now) else peer.role.value


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


def _this(state: State, kept: Record) -> dict[str, Any]:
    return {
        "twin": state.twin,
        "url": state.url,
        "role": state.role,
        "since": iso(state.role_since),
        "release": _release(kept, state.boot),
        "boot": state.boot,
        "awake": True,
        "heard_at": None,
    }


def _other(state: State, now: Moment, kept: Record) -> dict[str, Any]:
    told, boot = _peer(state, now), state.peer.boot
    awake = {"asleep": False, "unreachable": False, "unknown": None, "refused": None}
    changed = _last_change(kept.changes, boot)
    return {
        "twin": told["twin"],
        "url": told["url"],
        "role": told["role"],
        "since": iso(changed.at_ms / 1000) if changed else None,
        "release": _release(kept, boot),
        "boot": boot or None,
        "awake": awake.get(told["role"], True),
        "heard_at": told["heard_at"],
    }


def _last_change(changes: tuple[Change, ...], boot: str) -> Change | None:
    return next((change for change in reversed(changes) if change.boot == boot), None)


def _release(kept: Record, boot: str) -> str | None:
    life = kept.lives.get(boot)
    return life.release or None if life else None


def _paused(memo: Memo | None) -> dict[str, Any] | None:
    if memo is None:
        return None
    return {"by": memo.twin, "at": iso(memo.at_ms / 1000), "because": memo.text}


# ---- the jobs


def _job(job: Job, state: State, now: Moment) -> dict[str, Any]:
    upcoming = next_slot_of(state, job, now.wall)
    return {
        "name": job.name,
        "schedule": shortened(str(job.schedule), WHY_BYTES),
        **_slot(state.knowledge.ledger.get(job.name)),
        "next": iso(upcoming) if upcoming is not None else None,
    }


_ENDED = (Fate.DONE, Fate.FAILED, Fate.CANCELLED)


def _slot(entry: Entry | None) -> dict[str, Any]:
    if entry is None:
        told = ("slot", "state", "seconds", "late_ms", "why", "twin")
        return dict.fromkeys(told)
    return {
        "slot": iso(entry.slot),
        "state": entry.fate.value,
        "seconds": entry.seconds if entry.fate in _ENDED else None,
        "late_ms": entry.late_ms,
        "why": entry.why or None,
        "twin": entry.twin,
    }


# ---- the hours


def _hours(lives: Mapping[str, Life], wall: float, offer: Offer | None) -> dict[str, Any] | None:
    if offer is None:
        return None
    used, since = used_h(lives.values(), wall), known_since(lives.values(), wall)
    budget_h = offer.budget_h
    dry = None if budget_h is None else dry_at(used, since, wall, budget_h)
    return {
        "host": offer.title,
        "budget": budget_h,
        "month": month_of(wall),
        "used": {twin: round(hours, 2) for twin, hours in sorted(used.items())},
        "known_since": iso(since),
        "dry_on": None if dry is None else iso(dry)[:10],
    }
