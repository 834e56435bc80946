"""Which slots are run, which are skipped, and which must wait for a run that is going.

A slot starts when this twin is on duty, the slot is newer than the job's entry in the ledger, and
no run of the job is going, here or there. When several slots of a job have passed unserved, the
newest is run once if it is at most `grace` late, and the others are recorded as skipped.

While the duty is paused every slot is skipped; what a person asks for is run all the same.

A run that has passed its job's time limit is written off: the next slot is served, though a thread
that hangs cannot be ended.
"""

from dataclasses import replace

from twin.core.pair.events import Ended, Request
from twin.core.pair.knowledge import Entry, Fate
from twin.core.pair.state import State
from twin.core.pair.step import Step
from twin.core.pair.timeouts import ASK_RUNS_EVERY_S, CLOCK_AHEAD_S, LEAVING_S, PROMPT_S
from twin.core.schedule.job import Job

_BOOTS_KEPT = 8
_NEVER = 1 << 62


def next_slot(state: State) -> float | None:
    """The wall time of the next slot that this twin will serve; None if it is not on duty."""
    return state.due_at if state.on_duty else None


def next_slot_of(state: State, job: Job, wall: float) -> int | None:
    """The job's first slot after `wall`, as far as can be told; None if there will be none."""
    entry = state.knowledge.ledger.get(job.name)
    if entry is not None and entry.fate is Fate.CANCELLED:
        return None
    slot = state.upcoming.get(job.name) if state.on_duty else None
    return slot if slot is not None and wall < slot < _NEVER else job.schedule.after(wall)


def next_question(state: State) -> float | None:
    """The `Moment.mono` at which to look again for the end of a run; None if none is waited for."""
    return state.ask_runs_at if state.on_duty and state.overdue else None


def mind_the_clock(step: Step) -> None:
    """When the clock was set back, forget what lies too far ahead: it would stop every job."""
    now, state = step.now.wall, step.state
    if now < state.wall - 1:
        step.warn("clock.set_back", seconds=round(state.wall - now, 1))
        step.change(knowledge=state.knowledge.until(now + CLOCK_AHEAD_S))
        if state.on_duty:
            _count_anew(step)


def serve(step: Step, just_taken: bool) -> None:
    """Start or skip every slot that is due. To be called only on duty, at the end of a step."""
    now, state = step.now.wall, step.state
    news = state.knowledge is not step.before.knowledge
    if just_taken:
        _count_anew(step)
    elif news:
        _follow_the_ledger(step)
    if not (just_taken or news or state.overdue or now >= state.due_at):
        return
    for name in [name for name, slot in step.upcoming.items() if slot <= now]:
        if not _is_running(step, name):
            _serve(step, step.state.jobs[name])
    ahead = min((slot for slot in step.upcoming.values() if slot > now), default=_NEVER)
    overdue = any(slot <= now for slot in step.upcoming.values())
    step.change(due_at=float(ahead), overdue=overdue)


def why_not_now(state: State, name: str) -> str:
    """Why the job cannot be run beside its slots at this moment; nothing if it can."""
    if name not in state.jobs:
        return f"there is no job {name}"
    if not state.on_duty:
        return "this twin is not on duty"
    entry = state.knowledge.ledger.get(name)
    if entry is not None and entry.fate is Fate.RUNNING:
        return f"{name} is running"
    slot = state.upcoming.get(name, _NEVER)
    if slot <= state.wall or (entry is not None and entry.slot >= int(state.wall)):
        return f"a slot of {name} is due at this moment: try again in a few seconds"
    return ""


def run_now(step: Step, name: str) -> None:
    """Start the job as if the present second were a slot of it; nothing if it cannot be."""
    if not why_not_now(replace(step.state, wall=step.now.wall), name):
        _start(step, name, int(step.now.wall), because="somebody asked for it")


def may_begin(state: State, job: str, slot: int) -> bool:
    """Whether the thread of a run that was announced may begin it, asked right after a step.

    While we were not frozen in between, whoever took the duty from us was told of the run; after a
    freeze only a twin that is on duty again knows that nobody else has it.
    """
    entry = state.knowledge.ledger.get(job)
    if entry is None or (entry.slot, entry.boot) != (slot, state.boot):
        return False
    prompt = state.wall < entry.began_at + PROMPT_S
    return entry.fate is Fate.RUNNING and (state.on_duty or prompt)


def ended(step: Step, event: Ended) -> None:
    """A run on this twin is over; on standby too, after a handover."""
    entry = step.entry(event.job)
    seconds = round(event.seconds, 3)
    # Else the job went on without waiting for this run: it hung, or its twin froze.
    if entry is not None and entry.slot == event.slot:
        step.record(event.job, replace(entry, fate=event.fate, seconds=seconds, why=event.why))
        if event.fate is Fate.CANCELLED:
            step.upcoming[event.job] = _NEVER
    tell = step.warn if event.fate is Fate.FAILED else step.note
    because = {"because": event.why} if event.why else {}
    tell("slot.ended", job=event.job, slot=event.slot, state=event.fate, seconds=seconds, **because)


def gone(step: Step, boot: str, said_so: bool) -> None:
    """A boot of the peer is no more: its runs are over, now or when its host has killed it."""
    at = step.now.mono + (LEAVING_S if said_so else 0.0)
    known = dict(step.state.over_from)
    known[boot] = min(at, known.get(boot, at))
    newest = sorted(known)[-_BOOTS_KEPT:]
    step.change(over_from={boot: known[boot] for boot in newest})


# ---- one job


def _serve(step: Step, job: Job) -> None:
    slot = job.schedule.latest(step.now.wall)
    entry = step.entry(job.name)
    served = entry.slot if entry else None
    assert slot is not None, "a slot that is due is none that never was"  # noqa: S101
    late = step.now.wall - slot
    if served is not None:
        _tell_skipped(step, job, served, slot - 1, "a newer slot of the job takes their place")
    why = _why_skipped(step.state, job, late)
    if not why:
        _start(step, job.name, slot, late_ms=int(late * 1000))
    else:
        step.record(job.name, _entry(step, slot, Fate.SKIPPED, why=why))
        _tell_skipped(step, job, slot - 1, slot, why)
    _look_ahead(step, job, slot)


def _why_skipped(state: State, job: Job, late: float) -> str:
    paused = state.knowledge.paused
    if paused is not None and job.pausable:
        return f"the duty is paused: {paused.text}"
    if late > job.grace_s:
        return f"nobody ran it in time: it is {late:.0f} s late, and its grace is {job.grace_s} s"
    return ""


def _start(step: Step, name: str, slot: int, late_ms: int = 0, **why: str) -> None:
    step.record(name, _entry(step, slot, Fate.RUNNING, late_ms=late_ms))
    step.note("slot.started", job=name, slot=slot, late_ms=late_ms, **why)
    step.start(name, slot)


def _tell_skipped(step: Step, job: Job, after: float, until: float, why: str) -> None:
    """Log the slots in (after, until] as skipped, in one line."""
    first = job.schedule.after(after)
    if first is not None and first <= until:
        count = job.schedule.count(after, until)
        last = job.schedule.latest(until)
        step.note("slot.skipped", job=job.name, slot=first, last=last, count=count, because=why)


def _entry(step: Step, slot: int, fate: Fate, late_ms: int = 0, why: str = "") -> Entry:
    return Entry(slot, fate, step.state.twin, step.state.boot, late_ms=late_ms, why=why)


def _look_ahead(step: Step, job: Job, served: float) -> None:
    entry = step.entry(job.name)
    following = None if entry and entry.fate is Fate.CANCELLED else job.schedule.after(served)
    step.upcoming[job.name] = _NEVER if following is None else following


# ---- whether a job is running


def _is_running(step: Step, name: str) -> bool:
    """Whether to wait for a run of the job; writes off one that is over, or past its time limit."""
    entry = step.entry(name)
    if entry is None or entry.fate is not Fate.RUNNING:
        return False
    limit = step.state.jobs[name].timeout_s
    ours = entry.boot == step.state.boot
    if step.now.wall >= entry.began_at + limit:
        why = f"still running after {limit} s, its time limit"
    elif not ours and _is_over(step.state, entry, step.now.mono):
        why = f"its twin {entry.twin} is gone; started or not, it is not repeated"
    else:
        if step.now.mono >= step.state.ask_runs_at:
            step.change(ask_runs_at=step.now.mono + ASK_RUNS_EVERY_S)
            if not ours:
                step.send(Request.STATUS)
        return True
    fate = Fate.FAILED if ours else Fate.UNKNOWN
    step.record(name, replace(entry, fate=fate, why=why))
    step.warn("slot.ended", job=name, slot=entry.slot, state=fate, because=why)
    return False


def _is_over(state: State, entry: Entry, now: float) -> bool:
    over_from = state.over_from.get(entry.boot)
    if over_from is None and (entry.twin == state.twin or entry.boot < state.peer.boot):
        over_from = state.woke_at.mono + LEAVING_S  # it ended before we woke; nobody told us how
    return over_from is not None and now >= over_from


# ---- where counting begins


def _count_anew(step: Step) -> None:
    """On taking duty: from the ledger where there is one, else from now on."""
    step.upcoming.clear()
    for job in step.state.jobs.values():
        entry = step.entry(job.name)
        if entry is None:
            _begin_counting(step, job)
        else:
            _look_ahead(step, job, entry.slot)


def _begin_counting(step: Step, job: Job) -> None:
    newest = job.schedule.latest(step.now.wall)
    if newest is None:
        _look_ahead(step, job, step.now.wall)
    elif job.catch_up:
        _look_ahead(step, job, newest - 1)
    else:
        why = "not counted: the pair had just started, or this job is new"
        step.record(job.name, _entry(step, newest, Fate.SKIPPED, why=why))
        _tell_skipped(step, job, step.state.woke_at.wall, newest, why)
        _look_ahead(step, job, newest)


def _follow_the_ledger(step: Step) -> None:
    """On duty, a message told of newer slots: go on from there."""
    before = step.before.knowledge.ledger
    for name, entry in step.state.knowledge.ledger.items():
        if name in step.state.jobs and before.get(name) is not entry:
            _look_ahead(step, step.state.jobs[name], entry.slot)
