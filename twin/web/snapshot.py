"""`/status`: the document, and what people and programs ask for beside it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from twin import __version__
from twin.core.moment import Moment, iso
from twin.core.pair.arbiter import Member
from twin.core.pair.bounds import WHY_BYTES, shortened
from twin.core.pair.diagnosis import SILENT_S, diagnose, is_silent
from twin.core.pair.document import Role
from twin.core.pair.history import Change, Life, Record
from twin.core.pair.hours import dry_at, known_since, month_of, used_h
from twin.core.pair.knowledge import Entry, Fate, Memo
from twin.core.pair.slots import next_slot_of
from twin.core.pair.state import State
from twin.core.schedule.job import Job
from twin.hosts import Offer
from twin.node.codec import dump
from twin.node.node import Node
from twin.web.commands import Commands, NoCommands


@dataclass(frozen=True, slots=True)
class About:
    """What `/status` shows that is not in the state."""

    offer: Offer | None = None
    """How the host counts hours; None if the host is unknown."""
    duties: Callable[[float], dict[str, Any]] = lambda _wall: {"targets": []}
    """What the duties show at a time in epoch seconds, by the names of the fields."""
    commands: Commands = field(default_factory=NoCommands)
    runs_of: Callable[[str], list[dict[str, Any]]] = lambda _: []
    """The runs of a job that this twin keeps the output of."""
    why_not_run: Callable[[str], str] = lambda _: ""
    """Why no run of a job can begin on this twin; empty if one can."""
    scripts: Mapping[str, str | None] = field(default_factory=dict)
    """By the name of each script, a digest of its file."""
    timezone: str = "UTC"


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
        twins=[_this(state, kept), *_other(state, now, kept), *_further(state, now, kept)],
        arbiter=_arbiter(state, now),
        wrong=wrong and {name: getattr(wrong, name) for name in wrong.__slots__},
        paused=_paused(state.knowledge.paused),
        jobs=[
            {**_job(job, state, now), "own": node.jobs.is_own(job.name)}
            for job in state.jobs.values()
            if not job.continuous
        ],
        commands=about.commands.status(),
        scripts=about.scripts,
        timezone=about.timezone,
        **about.duties(now.wall),
        hours=_hours(kept.lives, now.wall, about.offer),
    )


# ---- the twins


def peer_role(state: State, now: Moment) -> str:
    """The peer's role, or why it is unknown."""
    peer = state.peer
    if peer.is_there(now.mono):
        return "refused"
    if peer.left:
        return "asleep"
    if peer.refused:
        return "unreachable"
    if peer.heard_at is None or peer.role is None:
        return "unknown"
    if is_silent(peer, now):
        return "unreachable"
    # It may not know yet, if it stood still.
    lost_it = state.lease is not None and state.on_duty and peer.role is Role.ON_DUTY
    return "unknown" if lost_it else peer.role.value


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
        "boot": state.boot,
        "since": iso(state.role_since),
        "release": _release(kept, state.boot),
        "awake": True,
        "heard_at": None,
    }


def _other(state: State, now: Moment, kept: Record) -> list[dict[str, Any]]:
    """The peer; none in strict mode until one is found."""
    peer, boot = _peer(state, now), state.peer.boot
    if state.lease is not None and peer["twin"] is None and peer["url"] is None:
        return []
    awake = {"asleep": False, "unreachable": False, "unknown": None, "refused": None}
    return [
        {
            **{key: peer[key] for key in ("twin", "url", "role", "heard_at")},
            "since": _since(_newest_change(kept, boot)),
            "release": _release(kept, boot),
            "boot": boot or None,
            "awake": awake.get(peer["role"], True),
        }
    ]


def _further(state: State, now: Moment, kept: Record) -> list[dict[str, Any]]:
    """The twins of the arbiter's list that are neither this one nor the peer."""
    if state.lease is None:
        return []
    return [
        _listed(member, state, now, kept)
        for member in state.lease.others(state.twin)
        if member.twin != state.peer.twin and (member.url is None or member.url != state.peer.url)
    ]


def _listed(member: Member, state: State, now: Moment, kept: Record) -> dict[str, Any]:
    """What the arbiter and the history know of a twin that this one may never have heard."""
    life, changed = kept.lives.get(member.boot), _newest_change(kept, member.boot)
    role = _listed_role(
        member, state, life is not None and now.wall - life.until <= SILENT_S, changed
    )
    return {
        "twin": member.twin,
        "url": member.url,
        "role": role,
        "heard_at": iso(life.until) if life else None,
        "since": _since(changed),
        "release": _release(kept, member.boot),
        "boot": member.boot,
        "awake": {"asleep": False, "unknown": None}.get(role, True),
    }


def _listed_role(member: Member, state: State, is_awake: bool, changed: Change | None) -> str:
    if _holder_of(state) == member and not state.on_duty:
        return "on_duty"
    if changed is None or changed.role == "on_duty":
        return "unknown"
    if changed.role == "leaving":
        return "asleep"
    return changed.role if is_awake else "unknown"


def _newest_change(kept: Record, boot: str) -> Change | None:
    return next((each for each in reversed(kept.changes) if each.boot == boot), None)


def _since(changed: Change | None) -> str | None:
    return iso(changed.at_ms / 1000) if changed else None


def _holder_of(state: State) -> Member | None:
    """Who holds the duty, as far as the arbiter last said."""
    record = None if state.lease is None else state.lease.record
    return None if record is None or record.released else record.member


def _arbiter(state: State, now: Moment) -> dict[str, Any] | None:
    """None in pair mode."""
    lease = state.lease
    if lease is None:
        return None
    holder = _holder_of(state)
    return {
        "why_silent": lease.silent_why or None,
        "heard_s": None if lease.heard_at is None else round(now.mono - lease.heard_at, 1),
        "lease_s": lease.length_s,
        "holder": holder and holder.twin,
        "trusted_s": round(max(0.0, lease.trusted_until - now.mono), 1),
        "twins": [member.twin for member in lease.members],
    }


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
        return dict.fromkeys(("slot", "state", "seconds", "late_ms", "why", "twin"))
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
