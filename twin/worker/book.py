"""The jobs that the script has registered with the `schedule` library, as the twin knows them.

A job goes by its name, which is settled when it is registered. What is new is told to the twin some
milliseconds later, together with what else is new by then, and at the latest before a job begins.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from typing import Any
from zoneinfo import ZoneInfo

import schedule as library

from twin.clock import Clock
from twin.core.pair.bounds import WHY_BYTES, short_name, shortened
from twin.core.schedule.job import GRACE_S
from twin.core.schedule.schedules import Schedule
from twin.core.schedule.written import write
from twin.worker.calls import Call, Calls
from twin.worker.channel import Told
from twin.worker.job_names import Names, function_name
from twin.worker.library import is_rounded, local_time, slots_of, with_deadline, zone_of_process
from twin.worker.marks import marks

_TOGETHER_S = 0.02
_AGAIN_S = 1.0
"""A job that runs on the other twin, or while the duty is in doubt, is asked for again."""


@dataclass(slots=True, eq=False)
class Known:
    """A registered job."""

    name: str
    slots: Schedule
    served: float
    """Slots after this wall time count."""
    is_ended: bool = False
    """It was cancelled in an earlier process, perhaps on the other twin."""
    is_running: bool = False
    is_cancelled: bool = False
    granted: list[int] = field(default_factory=list)
    """Slots that the twin has started by itself, since somebody asked for it."""


class Book:
    """Safe to use from every thread."""

    def __init__(
        self,
        ask: Callable[..., Told],
        label: str,
        told: Told,
        zone: ZoneInfo,
        clock: Clock,
        leaving: threading.Event,
    ) -> None:
        """`told`: what the twin answered when this process began."""
        self.is_leaving = False
        """Whether the process ends: what it cancels on its way is not meant for the other twin."""
        self.changed = threading.Event()
        """Set when some `next_run` may be sooner than before."""
        self._ask = ask
        self._label = label
        self._served: dict[str, int] = told["served"]
        self._ended: dict[str, str] = told["ended"]
        self._zone = zone
        self._clock = clock
        self._calls = Calls(lambda end: ask("end", ends=[end]), clock, leaving)
        self._retries: int = told["retries"]
        self._lock = threading.RLock()
        self._jobs: dict[str, library.Job] = {}
        self._of: dict[int, dict[str, library.Job]] = {}
        """By the scheduler's id."""
        self._names = Names()
        self._seen: set[str] = set()
        self._new: dict[str, float | None] = {}
        self._gone: set[str] = set()
        self._has_news = threading.Event()
        self._teller: threading.Thread | None = None

    def jobs(self) -> list[library.Job]:
        with self._lock:
            return list(self._jobs.values())

    def name_of(self, job: library.Job) -> str:
        return known_of(job).name

    # ---- what the library's methods do

    def schedule_next(self, job: library.Job) -> None:
        """Set `next_run`; register the job if it is new, or was changed."""
        with self._lock:
            now = self._clock.now().wall
            known = self._registered(job, now)
            slot = now if known.is_ended else known.slots.after(known.served)
            assert slot is not None, "the library's jobs have no last slot"  # noqa: S101
            job.next_run = local_time(slot)

    def begin(self, job: library.Job) -> int | None:
        """The slot that the job may run now. If there is none, its `next_run` is another one."""
        known = known_of(job)
        if known.granted:
            return known.granted.pop()
        with self._lock:
            if known.name not in self._jobs:  # somebody put it into its list again
                self._note(known, job, known.served)
        self.tell()
        now = self._clock.now().wall
        is_due = job.next_run is not None and job.next_run.timestamp() <= now
        told = self._ask("begin", job=known.name, due=is_due)
        slot: int | None = told.get("slot")
        if slot is not None:
            known.served = slot
        elif told.get("again"):
            job.next_run = local_time(now + _AGAIN_S)
        else:
            known.is_ended = bool(told.get("ended"))
            known.served = max(known.served, told.get("served") or 0, 0 if is_due else now)
            self.schedule_next(job)
        return slot

    def call(self, job: library.Job, slot: int) -> object:
        """Run it for a slot that was granted. Raises what its function raises."""
        known, function = known_of(job), job.job_func
        assert function is not None  # noqa: S101 - `do` has set it
        following = known.slots.after(max(slot, self._clock.now().wall))
        ends_at = min(slot + GRACE_S, following or inf)
        known.is_running = True
        marks.begin(known.name, slot)
        try:
            is_awaited = type(job.scheduler) is not library.Scheduler
            call = Call(known.name, slot, function, self._retries, ends_at, is_awaited)
            returned = self._calls.run(call)
            marks.end()
            return returned
        finally:
            known.is_running = False
            if known.is_cancelled:
                self._ask("cancel", job=known.name)

    def is_ended(self, job: library.Job) -> bool:
        return known_of(job).is_ended

    def run_now(self, name: str, slot: int) -> None:
        """The twin has started this slot: the next look of the script's loop finds it due."""
        with self._lock:
            job = self._jobs.get(name)
            if job is None:
                why = "not begun: the job is no longer there"
                end = {"job": name, "slot": slot, "state": "failed", "why": why, "seconds": 0.0}
                self._ask("end", ends=[end])
                return
            known = known_of(job)
            known.granted.append(slot)
            known.served = max(known.served, slot)
            job.next_run = local_time(self._clock.now().wall)
            self.changed.set()

    def cancelled(self, job: library.Job) -> None:
        """The script wants it no more. A run of it is ended first."""
        known = known_of(job)
        with self._lock:
            self._forget(known.name, job)
        if self.is_leaving or known.is_ended:
            return
        known.is_cancelled = True
        if not known.is_running:
            self.tell()
            self._ask("cancel", job=known.name)

    def cleared(self, scheduler: library.Scheduler) -> None:
        """Some of its jobs may be gone."""
        with self._lock:
            self._look_through(scheduler)

    def tell(self) -> None:
        """Tell the twin what is new."""
        with self._lock:
            if not (self._new or self._gone):
                return
            there = self._jobs.keys()
            new = [self._told(name, at) for name, at in self._new.items() if name in there]
            gone = sorted(self._gone)
            self._new.clear()
            self._gone.clear()
            self._ask("declare", jobs=new, gone=gone)

    # ---- its own

    def _registered(self, job: library.Job, now: float) -> Known:
        known: Known | None = getattr(job, "_twin", None)
        where = zone_of_process(self._zone, now)
        function = job.job_func
        assert function is not None  # noqa: S101 - `do` has set it
        base = f"{self._label}.{function_name(function)}"
        slots = slots_of(job, where, base)
        if known is not None and known.slots == slots:
            return known
        if known is None and job.scheduler is not None:
            self._look_through(job.scheduler)
        name = known.name if known else self._name(base, slots, now)
        known = Known(name, slots, now)
        job._twin = known  # type: ignore[attr-defined]
        self._continue(known, job, now)
        if is_rounded(job):
            because = f"every({job.interval}).{job.unit} is served as {slots}"
            self._ask("warn", event="jobs.rounded", job=name, because=because)
        return known

    def _name(self, base: str, slots: Schedule, now: float) -> str:
        """A free name; the first job of a function gets another one when there is a second."""
        if self._names.is_first(base, self._jobs):
            return short_name(base)
        first = self._jobs.get(short_name(base))
        if first is not None:
            known = known_of(first)
            self._forget(known.name, first)
            if self._new.pop(known.name, None) is None:
                self._gone.add(known.name)
            known.name = self._names.with_schedule(base, str(known.slots), self._jobs)
            self._continue(known, first, now)
            self.schedule_next(first)
        return self._names.with_schedule(base, str(slots), self._jobs)

    def _continue(self, known: Known, job: library.Job, now: float) -> None:
        """Go on where the ledger stops, unless the name was there before in this process."""
        is_anew = known.name in self._seen
        served = None if is_anew else self._served.get(known.name)
        ended = None if is_anew else self._ended.get(known.name)
        known.served = now if served is None else served
        if ended is not None:
            # Another schedule of that name is another job.
            text = str(with_deadline(known.slots, job, self._zone))
            known.is_ended = ended in ("", shortened(text, WHY_BYTES))
            known.served = now
        self._note(known, job, now if served is None else None)

    def _note(self, known: Known, job: library.Job, since: float | None) -> None:
        name = known.name
        self._seen.add(name)
        self._jobs[name] = job
        self._of.setdefault(id(job.scheduler), {})[name] = job
        self._gone.discard(name)
        self._new[name] = since
        if self._teller is None:
            self._teller = threading.Thread(target=self._keep_telling, name="jobs", daemon=True)
            self._teller.start()
        self._has_news.set()
        self.changed.set()

    def _keep_telling(self) -> None:
        together = threading.Event()
        while self._has_news.wait():
            together.wait(_TOGETHER_S)
            self._has_news.clear()
            try:
                self.tell()
            except OSError:
                return  # the twin is gone, and ends this process

    def _look_through(self, scheduler: library.Scheduler) -> None:
        """Notice what left its list; seen by its length, so that 10,000 jobs are not slow."""
        ours, listed = self._of.get(id(scheduler), {}), scheduler.jobs
        if len(ours) == len(listed):
            return
        there = set(map(id, listed))
        for name, job in list(ours.items()):
            if id(job) not in there:
                self._forget(name, job)
                self._gone.add(name)
                self._has_news.set()

    def _forget(self, name: str, job: library.Job) -> None:
        if self._jobs.get(name) is job:
            del self._jobs[name]
            self._of.get(id(job.scheduler), {}).pop(name, None)

    def _told(self, name: str, since: float | None) -> dict[str, Any]:
        job = self._jobs[name]
        slots = with_deadline(known_of(job).slots, job, self._zone)
        return {"name": name, "schedule": write(slots), "since": since, "options": {"asked": True}}


def known_of(job: library.Job) -> Known:
    known: Known = job._twin  # type: ignore[attr-defined]
    return known
