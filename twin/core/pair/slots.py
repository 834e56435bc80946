"""Which slots run, which are skipped, and which wait for a run to end.

A slot starts when this twin is on duty, the slot is newer than the job's entry in the ledger, and
no run of the job is going, here or there. If several slots of a job have passed unserved, the
newest runs if it is at most `grace` late, and the others are recorded as skipped.

While the duty is paused, every slot is skipped, but a person can still run a job.

A run that has passed its job's time limit is written off, and the next slot is served, though a
thread that hangs cannot be ended.

A continuous job has one run as long as the duty. It begins when its run on the other twin has
ended: the ledger says so, that twin is gone or silent, or has had its time to end it.
"""

from collections.abc import Mapping
from dataclasses import replace
from math import inf

from twin.core.moment import Moment
from twin.core.pair.bounds import ENTRIES, WHY_BYTES, newest, shortened
from twin.core.pair.events import Ended, Request
from twin.core.pair.knowledge import Entry, Fate
from twin.core.pair.state import Holding, State
from twin.core.pair.step import Step
from twin.core.pair.timeouts import (
    ASK_RUNS_EVERY_S,
    CLOCK_AHEAD_S,
    CONTINUOUS_OVER_S,
    LEAVING_S,
    PROMPT_S,
)
from twin.core.schedule.job import Job

_BOOTS_KEPT = 8
_NEVER = 1 << 62
_NOT_COUNTED = "not counted: no twin that answers has a record of this job"
_UNKNOWN = "not counted: no twin that answers has a record of earlier slots, as at a first start"
_FOUND = "the record that was found ends before them, and counting began after them"


def next_slot(state: State) -> float | None:
    """The wall time of the next slot that this twin serves; None if it is not on duty."""
    return state.due_at if state.on_duty else None


def next_slot_of(state: State, job: Job, wall: float) -> int | None:
    """The job's first slot after `wall`, as far as it is known; None if there is none."""
    if is_cancelled(job, state.knowledge.ledger.get(job.name)):
        return None
    slot = state.upcoming.get(job.name) if state.on_duty else None
    return slot if slot is not None and wall < slot < _NEVER else job.schedule.after(wall)


def is_cancelled(job: Job, entry: Entry | None) -> bool:
    """Whether this is the end of the job: another schedule of its name is another job."""
    if entry is None or entry.fate is not Fate.CANCELLED:
        return False
    return entry.why in ("", _ended_schedule(job))  # without a reason it is of an older release


def _ended_schedule(job: Job | None) -> str:
    return "" if job is None else shortened(str(job.schedule), WHY_BYTES)


def next_question(state: State) -> float | None:
    """The `Moment.mono` at which to look again for the end of a run; None if none is awaited."""
    awaited = [at for at in state.over_from.values() if at > -inf]
    if state.on_duty and state.overdue:
        awaited.append(state.ask_runs_at)
    return min(awaited, default=None)


def mind_the_clock(step: Step) -> None:
    """When the clock was set back, forget slots too far ahead: they would stop every job."""
    now, state = step.now.wall, step.state
    if now < state.wall - 1:
        step.warn("clock.set_back", seconds=round(state.wall - now, 1))
        knowledge = state.knowledge.until(now + CLOCK_AHEAD_S)
        step.change(knowledge=knowledge, no_record_until=None)
        if state.on_duty:
            _count_anew(step)


def serve(step: Step, just_taken: bool) -> None:
    """Start or skip every slot that is due. Call it on duty only, at the end of a step."""
    now, state = step.now.wall, step.state
    news = state.knowledge is not step.before.knowledge
    if just_taken:
        if not state.knowledge.ledger:
            step.change(no_record_until=state.woke_at.wall)
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
    """Why the job cannot run beside its slots now; empty if it can."""
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
    """Start the job as if this second were a slot of it, unless it cannot run now."""
    if not why_not_now(replace(step.state, wall=step.now.wall), name):
        _start(step, name, int(step.now.wall), because="somebody asked for it")


def may_begin(state: State, job: str, slot: int) -> bool:
    """Whether the thread of an announced run may begin it; call it right after a step.

    Without a freeze in between, a successor has been told of the run. After a freeze only a twin
    that is on duty again knows that no other is.
    """
    entry = state.knowledge.ledger.get(job)
    if entry is None or (entry.slot, entry.boot) != (slot, state.boot):
        return False
    prompt = state.wall < entry.began_at + PROMPT_S
    return entry.fate is Fate.RUNNING and (state.on_duty or prompt)


def ended(step: Step, event: Ended) -> None:
    """Record the end of a run on this twin; on standby too, after a handover."""
    entry = step.entry(event.job)
    seconds = round(event.seconds, 3)
    # Otherwise the job went on without this run: it hung, or its twin froze.
    if entry is not None and entry.slot == event.slot:
        step.record(event.job, replace(entry, fate=event.fate, seconds=seconds, why=event.why))
        if event.fate is Fate.CANCELLED:
            cancel(step, event.job)
        job = step.state.jobs.get(event.job)
        if job is not None and job.continuous:
            _look_ahead(step, job, step.now.wall)
            step.change(overdue=True)  # `due_at` knows nothing of it yet
    over = Entry(event.slot, event.fate, step.state.twin, step.state.boot, why=event.why)
    step.finish(event.job, over, seconds=seconds)


def declare(step: Step, jobs: Mapping[str, Job], counted_from: Mapping[str, float]) -> None:
    """Have these jobs from now on, and none beside them."""
    known, knowledge = step.state.jobs, step.state.knowledge
    # A script may make jobs of ever new names.
    kept = newest(knowledge.ledger, ENTRIES - len(jobs), jobs)
    if kept is not knowledge.ledger:
        step.change(knowledge=replace(knowledge, ledger=kept))
    step.change(jobs=jobs)
    if not step.state.on_duty:
        return
    for name in known.keys() - jobs.keys():
        step.upcoming.pop(name, None)
    unknown = 0
    for name, job in jobs.items():
        entry = step.entry(name)
        ends_another = entry and entry.fate is Fate.CANCELLED and not is_cancelled(job, entry)
        if entry is None or ends_another or name in counted_from:
            at = counted_from.get(name, step.now.wall)
            is_first = step.state.no_record_until is not None and name not in known
            told_from = step.state.woke_at.wall if is_first else at
            left_out = _begin_counting(step, job, at, told_from)
            unknown += left_out and name not in counted_from
        elif job is not known.get(name):
            _look_ahead(step, job, entry.slot)
    _tell_unknown(step, unknown)
    step.change(due_at=step.now.wall)  # so that `serve` looks at all of them


def serve_asked(step: Step, name: str) -> None:
    """Start the newest slot of the job, if one is due, and no run of it is going."""
    job, entry = step.state.jobs.get(name), step.entry(name)
    if job is None or entry is None or not step.state.on_duty or is_cancelled(job, entry):
        return  # on duty each job that has a past has an entry
    following = job.schedule.after(entry.slot)
    if following is not None and following <= step.now.wall and not _is_running(step, name):
        _serve(step, job)


def cancel(step: Step, name: str) -> None:
    """The job has no more slots."""
    job, entry = step.state.jobs.get(name), step.entry(name)
    if job is None:
        return
    step.note("job.cancelled", job=name, schedule=str(job.schedule))
    ended = entry or _entry(step, int(step.now.wall), Fate.CANCELLED)
    step.record(name, replace(ended, fate=Fate.CANCELLED, why=_ended_schedule(job)))
    _look_ahead(step, job, ended.slot)


def gone(step: Step, boot: str, in_s: float = LEAVING_S) -> None:
    """A boot has ended, or will have by then, unless it speaks: its runs are over."""
    at = step.now.mono + in_s
    _are_over(step, boot, min(at, step.state.over_from.get(boot, at)))


def alive(step: Step, boot: str) -> None:
    """An older boot spoke: its host may kill it at any time, and gives its runs time to end."""
    now = step.now.mono
    if step.state.over_from.get(boot, now) >= now:
        _are_over(step, boot, now + LEAVING_S)


def write_off(step: Step) -> None:
    """Record the runs of boots that are gone by now: the other twin may wait for them, too."""
    over_from, now = step.state.over_from, step.now.mono
    ended = [boot for boot, at in over_from.items() if -inf < at <= now]
    if not ended:
        return
    step.change(over_from={**over_from, **dict.fromkeys(ended, -inf)})
    for name, entry in step.state.knowledge.ledger.items():
        if entry.boot in ended and entry.fate is Fate.RUNNING:
            _write_off(step, name, entry, Fate.UNKNOWN, _its_twin_is_gone(entry))


def _are_over(step: Step, boot: str, at: float) -> None:
    known = {**step.state.over_from, boot: at}
    step.change(over_from={boot: known[boot] for boot in sorted(known)[-_BOOTS_KEPT:]})


def _write_off(step: Step, name: str, entry: Entry, fate: Fate, why: str) -> None:
    over = replace(entry, fate=fate, why=why)
    step.record(name, over)
    step.finish(name, over)


# ---- one job


def _serve(step: Step, job: Job) -> None:
    slot = job.schedule.latest(step.now.wall)
    entry = step.entry(job.name)
    served = entry.slot if entry else None
    assert slot is not None, "a slot that is due is none that never was"  # noqa: S101
    late = step.now.wall - slot
    if served is not None:
        _tell_skipped(step, job, served, slot - 1, "a newer slot of the job takes their place")
    why = _why_skipped(step.state, job, slot, known=served is not None)
    if not why:
        _start(step, job.name, slot, late_ms=int(late * 1000))
    else:
        step.record(job.name, _entry(step, slot, Fate.SKIPPED, why=why))
        _tell_skipped(step, job, slot - 1, slot, why)
    _look_ahead(step, job, slot)


def _why_skipped(state: State, job: Job, slot: int, known: bool) -> str:
    """`known`: whether an earlier slot of the job is in the ledger."""
    paused, late = state.knowledge.paused, state.wall - slot
    if paused is not None and job.pausable:
        return f"the duty is paused: {paused.text}"
    if state.lease is not None and slot <= state.lease.floor:
        return "it was due before this twin took the duty, and another may have started it unheard"
    if known and not state.told and slot <= _perhaps_run_until(state):
        return "it was due before this twin woke or thawed, and nobody says whether it ran"
    if late > job.grace_s:
        return f"nobody ran it in time: it is {late:.0f} s late, and its grace is {job.grace_s} s"
    return ""


def _perhaps_run_until(state: State) -> float:
    """Until when the peer may have been on duty, though it says nothing."""
    asleep = state.peer.left and not state.peer.trouble
    is_there = not (asleep or state.peer.refused)
    return max(state.woke_at.wall, state.froze_until if is_there else 0.0)


def _start(step: Step, name: str, slot: int, late_ms: int = 0, **why: str) -> None:
    step.record(name, _entry(step, slot, Fate.RUNNING, late_ms=late_ms))
    step.note("slot.started", job=name, slot=slot, late_ms=late_ms, **why)
    step.start(name, slot)


def _tell_skipped(step: Step, job: Job, after: float, until: float, why: str) -> None:
    """Log the slots in (after, until] as skipped, in one line."""
    if job.continuous:
        return
    first = job.schedule.after(after)
    if first is not None and first <= until:
        count = job.schedule.count(after, until)
        last = job.schedule.latest(until)
        assert last is not None, "a first slot that has passed has a last one"  # noqa: S101
        step.skip(job.name, first, last, count, why)


def _entry(step: Step, slot: int, fate: Fate, late_ms: int = 0, why: str = "") -> Entry:
    return Entry(slot, fate, step.state.twin, step.state.boot, late_ms=late_ms, why=why)


def _look_ahead(step: Step, job: Job, served: float) -> None:
    entry = step.entry(job.name)
    if job.asked:
        step.upcoming.pop(job.name, None)
        return
    none = is_cancelled(job, entry) or (
        job.continuous
        and entry is not None
        and entry.fate is Fate.RUNNING
        and entry.boot == step.state.boot
    )
    following = None if none else job.schedule.after(served)
    step.upcoming[job.name] = _NEVER if following is None else following


# ---- whether a job is running


def _is_running(step: Step, name: str) -> bool:
    """Whether to wait for a run of the job; writes off a run that is over, or past its limit."""
    entry = step.entry(name)
    if entry is None or entry.fate is not Fate.RUNNING:
        return False
    ours = entry.boot == step.state.boot
    why = _why_over(step.state, step.state.jobs[name], entry, step.now)
    if not why:
        if step.now.mono >= step.state.ask_runs_at:
            step.change(ask_runs_at=step.now.mono + ASK_RUNS_EVERY_S)
            if not ours:
                step.send(Request.STATUS)
        return True
    _write_off(step, name, entry, Fate.FAILED if ours else Fate.UNKNOWN, why)
    return False


def _why_over(state: State, job: Job, entry: Entry, now: Moment) -> str:
    """Why a run that nobody ended is over all the same; empty if it is not."""
    ours = entry.boot == state.boot
    if not job.continuous and now.wall >= entry.began_at + job.timeout_s:
        return f"still running after {job.timeout_s} s, its time limit"
    if not ours and _is_over(state, entry, now.mono):
        return _its_twin_is_gone(entry)
    if not ours and job.continuous and _has_had_its_time(state, job, entry, now.mono):
        return f"its twin {entry.twin} is silent, or had {job.timeout_s} s to end it"
    return ""


def _its_twin_is_gone(entry: Entry) -> str:
    return f"its twin {entry.twin} is gone; started or not, it is not repeated"


def _has_had_its_time(state: State, job: Job, entry: Entry, now: float) -> bool:
    held, peer = state.stage, state.peer
    if isinstance(held, Holding) and now >= held.since + job.timeout_s:
        return True
    if state.lease is not None:
        return state.lease.follows_expired
    # One that leaves has left its router, too, and may be unable to say anything.
    if entry.boot != peer.boot or peer.left or peer.heard_at is None:
        return False
    return now >= peer.heard_at.mono + CONTINUOUS_OVER_S


def _is_over(state: State, entry: Entry, now: float) -> bool:
    over_from = state.over_from.get(entry.boot)
    if over_from is None and (entry.twin == state.twin or entry.boot < state.peer.boot):
        over_from = state.woke_at.mono + LEAVING_S  # it ended before this boot woke, unheard
    return over_from is not None and now >= over_from


# ---- where counting begins


def _count_anew(step: Step) -> None:
    """On taking the duty: from the job's entry in the ledger, else from now."""
    step.upcoming.clear()
    new = [job for job in step.state.jobs.values() if step.entry(job.name) is None]
    for job in step.state.jobs.values():
        entry = step.entry(job.name)
        if entry is not None:
            _look_ahead(step, job, entry.slot)
    now, woke_at = step.now.wall, step.state.woke_at.wall
    uncounted = sum([_begin_counting(step, job, now, woke_at) for job in new])
    if uncounted and step.state.no_record_until is None:
        step.note("slots.not_counted", jobs=uncounted, because=_NOT_COUNTED)
    _tell_unknown(step, uncounted)


def _tell_unknown(step: Step, jobs: int) -> None:
    until = step.state.no_record_until
    if jobs and until is not None:
        step.note("slots.unknown", jobs=jobs, until=int(until), because=_UNKNOWN)


def find_gaps(step: Step, ours: Mapping[str, Entry], told: Mapping[str, Entry]) -> None:
    """After a message: if this twin or its sender began without a record, and the other one has it,
    log the slots between the two."""
    state = step.state
    if state.no_record_until is None and state.knowledge.ledger is ours:
        return
    found = []
    for name, entry in told.items():  # perhaps 10,000, of which most are the same
        mine = ours.get(name)
        if mine is None or entry is mine or not (entry.is_unrecorded or entry.slot < mine.slot):
            continue
        if (job := state.jobs.get(name)) and (gap := _gap(state, job, mine, entry)):
            found.append((job.schedule, *gap))
    count = sum(schedule.count(after, until) for schedule, after, until in found)
    if count:
        first = min(schedule.after(after) or _NEVER for schedule, after, _ in found)
        last = max(schedule.latest(until) or 0 for schedule, _, until in found)
        step.change(no_record_until=None)
        step.warn(
            "slots.unknown", jobs=len(found), count=count, slot=first, last=last, because=_FOUND
        )


def _gap(state: State, job: Job, mine: Entry, told: Entry) -> tuple[float, float] | None:
    """The span (after, until] of the job that neither ledger knows; None if there is none."""
    until = state.no_record_until
    if job.continuous:
        return None
    if told.is_unrecorded:
        accepted = state.knowledge.ledger.get(job.name) is told
        return (mine.slot, told.slot) if accepted else None
    return None if until is None or told.slot >= until else (told.slot, until)


def _begin_counting(step: Step, job: Job, at: float, told_from: float) -> bool:
    """Slots after `at` count; the log has those from `told_from` to it as skipped. Returns whether
    slots of the past are left out."""
    newest, entry = job.schedule.latest(at), step.entry(job.name)
    if entry is not None and newest is not None and newest <= entry.slot:
        newest = entry.slot + (entry.fate is Fate.CANCELLED)  # what is there anew is not ended
    if newest is None:
        _look_ahead(step, job, at)
    elif entry is not None and newest == entry.slot:
        _look_ahead(step, job, newest)
    elif job.catch_up:
        _look_ahead(step, job, newest - 1)
    elif newest <= (step.state.no_record_until or 0.0):
        step.record(job.name, Entry(newest, Fate.UNKNOWN, twin="", boot="", why=_UNKNOWN))
        _look_ahead(step, job, newest)
        return True
    else:
        step.record(job.name, _entry(step, newest, Fate.SKIPPED, why=_NOT_COUNTED))
        _tell_skipped(step, job, told_from, newest, _NOT_COUNTED)
        _look_ahead(step, job, newest)
        return True
    return False


def _follow_the_ledger(step: Step) -> None:
    """On duty, a message brought newer slots: go on from there."""
    before = step.before.knowledge.ledger
    for name, entry in step.state.knowledge.ledger.items():
        if name in step.state.jobs and before.get(name) is not entry:
            _look_ahead(step, step.state.jobs[name], entry.slot)
