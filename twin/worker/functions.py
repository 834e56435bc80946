"""The decorated functions of a script: jobs whose slots the twin starts, each on a thread of its
own, and functions that run as long as the duty lasts."""

import inspect
import queue
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Any

import schedule as library

from twin.clock import Clock
from twin.core.pair.bounds import short_name
from twin.core.schedule.job import Job, Run
from twin.core.schedule.written import write
from twin.worker.calls import Call, Calls, reason
from twin.worker.channel import Told
from twin.worker.declarations import Declared, DutyRun, declarations
from twin.worker.job_names import Names, function_name
from twin.worker.marks import marks

_READY_AFTER_S = 2.0
"""Functions may run once all that follows them in the script is there: when it has ended, begins to
loop, or nothing was declared for so long."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 60.0


@dataclass(frozen=True, slots=True)
class _Function:
    job: Job
    call: Callable[[Any], object]
    retries: int


class Functions:
    """Safe to use from every thread."""

    def __init__(
        self,
        ask: Callable[..., Told],
        label: str,
        told: Told,
        clock: Clock,
        leaving: threading.Event,
    ) -> None:
        self._ask = ask
        self._label = label
        self._timezone: str = told["timezone"]
        self._term: int = told["term"]
        self._retries: int = told["retries"]
        self._clock = clock
        self._calls = Calls(self._ended, clock, leaving)
        self._leaving = leaving
        self._ends: queue.SimpleQueue[Told] = queue.SimpleQueue()
        self._teller: threading.Thread | None = None
        self._lock = threading.Lock()
        self._names = Names()
        self._functions: dict[str, _Function] = {}
        self._on_duty = 0
        self._living: list[threading.Thread] = []
        self._cancels: list[Callable[[], object]] = []
        self._timer: threading.Timer | None = None
        declarations.heard = self._heard

    def __len__(self) -> int:
        return len(self._functions) + self._on_duty

    def __contains__(self, name: str) -> bool:
        return name in self._functions

    def begin(self) -> None:
        """Have all that were declared so far be run."""
        with self._lock:
            new = declarations.jobs[len(self._functions) :]
            bases = Counter(map(self._base, declarations.jobs))
            made = [self._made(each, bases[self._base(each)] == 1) for each in new]
            if made:
                self._ask("declare", jobs=[_told(each.job) for each in made], gone=[])
            for function, call in declarations.on_duty[self._on_duty :]:
                self._on_duty += 1
                name = function_name(function)
                living = threading.Thread(target=self._live, args=(name, call), name=name)
                self._living.append(living)
                living.start()

    def start(self, name: str, slot: int, late_s: float) -> None:
        """Run a slot that the twin has started."""
        if self._teller is None:
            self._teller = threading.Thread(target=self._tell_ends, name="ends", daemon=True)
            self._teller.start()
        args = (name, slot, late_s)
        thread = threading.Thread(target=self.run, args=args, name=f"job {name}", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # hosts limit the threads of an app: Heroku to 256
            why = f"not begun: {error}: have fewer jobs run at the same time"
            self._ended({"job": name, "slot": slot, "state": "failed", "why": why, "seconds": 0.0})

    def leave(self) -> None:
        """The duty goes; `_leaving` is set."""
        for cancel in self._cancels:
            cancel()

    def wait_for_the_living(self) -> None:
        for each in self._living:
            each.join()

    def _ended(self, end: Told) -> None:
        if self._teller is None:
            self._ask("end", ends=[end])
        else:
            self._ends.put(end)

    def _tell_ends(self) -> None:
        """As many at once as there are by then: each question takes both processes' turn."""
        with suppress(OSError):  # the twin is gone
            while True:
                ends = [self._ends.get()]
                while not self._ends.empty():
                    ends.append(self._ends.get())
                self._ask("end", ends=ends)

    def _heard(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(_READY_AFTER_S, self.begin)
        self._timer.daemon = True
        self._timer.start()

    def _base(self, declared: Declared) -> str:
        return declared.name or f"{self._label}.{function_name(declared.function)}"

    def _made(self, declared: Declared, is_only: bool) -> _Function:
        schedule, name = declared.schedule(self._timezone), short_name(self._base(declared))
        if not is_only:
            name = self._names.with_schedule(name, str(schedule), self._functions)
        job = Job(name, schedule, **declared.options)
        retries = self._retries if declared.retries is None else declared.retries
        made = self._functions[job.name] = _Function(job, declared.call, retries)
        return made

    def run(self, name: str, slot: int, late_s: float) -> None:
        """The same, on this thread."""
        function = self._functions[name]
        job = function.job
        due, late = datetime.fromtimestamp(slot, UTC), timedelta(seconds=late_s)
        run = Run(job, due, self._term, late, self._peer_heard_at)
        ends_at = min(slot + job.grace_s, job.schedule.after(slot) or inf)
        call = Call(job.name, slot, lambda: function.call(run), function.retries, ends_at)
        marks.begin(name, slot)
        try:
            self._calls.run(call, is_end)
        except SystemExit:
            pass
        except BaseException:  # noqa: BLE001 (the one broad one: around a job)
            traceback.print_exc()
        marks.end()

    def _peer_heard_at(self) -> datetime | None:
        heard_at = self._ask("peer")["heard_at"]
        return None if heard_at is None else datetime.fromtimestamp(heard_at, UTC)

    # ---- on duty

    def _live(self, name: str, call: Callable[[Any], object]) -> None:
        pause_s = _FIRST_PAUSE_S
        while not self._leaving.is_set():
            began = self._clock.now().mono
            try:
                self._live_once(call)
                because = "it returned"
            except BaseException as error:  # noqa: BLE001 (as around a job)
                if self._leaving.is_set():
                    return
                traceback.print_exc()
                because = reason(error)
            if self._clock.now().mono - began > _LONGEST_PAUSE_S:
                pause_s = _FIRST_PAUSE_S
            if not self._leaving.is_set():
                with suppress(OSError):
                    self._ask("warn", event="on_duty.ended", function=name, because=because)
            self._leaving.wait(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    def _live_once(self, call: Callable[[Any], object]) -> None:
        returned = call(DutyRun(self._term, self._leaving))
        if inspect.iscoroutine(returned):
            import asyncio  # 5 MB, which most scripts need not have

            asyncio.run(self._cancellable(returned))

    async def _cancellable(self, work: Coroutine[Any, Any, object]) -> None:
        import asyncio

        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None  # noqa: S101 - this runs in one

        def cancel() -> None:
            with suppress(RuntimeError):  # the loop is closed: it ended by itself
                loop.call_soon_threadsafe(task.cancel)

        self._cancels.append(cancel)
        await work


def is_end(returned: object) -> bool:
    """Whether what a job returned asks to run it no more (`schedule.CancelJob`)."""
    return returned is library.CancelJob or isinstance(returned, library.CancelJob)


def _told(job: Job) -> Told:
    options = {name: getattr(job, name) for name in ("grace_s", "catch_up", "timeout_s")}
    return {"name": job.name, "schedule": write(job.schedule), "since": None, "options": options}
