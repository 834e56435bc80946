"""One process of a script, from its start to its end: what it may begin, and how that ended."""

import queue
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Protocol

from twin.clock import Clock
from twin.core.pair.bounds import WHY_BYTES, shortened
from twin.core.pair.events import Asked, Cancelled, Ended, RunNow, Start
from twin.core.pair.knowledge import Fate
from twin.core.pair.slots import is_cancelled
from twin.core.schedule.job import Job
from twin.core.schedule.written import read
from twin.log import Log
from twin.node.node import Node
from twin.worker.channel import Told
from twin.worker.child import Child, how
from twin.worker.marks import Unmarked
from twin.worker.outputs import Outputs
from twin.worker.program import Script
from twin.worker.questions import Questions

SCRIPT = str(Path(__file__).with_name("script.py"))
_ENVIRON = {"PYTHONIOENCODING": "utf-8:backslashreplace"}
"""A pipe is read as UTF-8, whatever the locale; the twin's own output escapes what it lacks."""
_UNSURE = "not begun: this twin could no longer be sure to be on duty"
_NOT_IN_TIME = "it was killed, since it did not end in time"
_LOOK_S = 0.25
"""How soon a run is found to be past its time limit."""
_ENDS_S = 2.0
"""How long after its last word a process is found to have ended."""
_KEPT_CANCELLED = 100
"""Jobs that were cancelled are still shown, but a script may make and cancel them without end."""


class Owner(Protocol):
    """Who keeps the jobs of all scripts."""

    node: Node
    outputs: Outputs
    announced: Callable[[], None]
    """Returns when all that was published so far is written to every watch."""

    def begun(self, life: "Life") -> None:
        """This one now speaks for its script."""

    def declared(self, counted_from: Mapping[str, float]) -> None:
        """The jobs of a script have changed; `counted_from` as in `Declared`."""

    def why_not(self, job: str, jobs: Mapping[str, Job], life: "Life") -> str:
        """Why this life, which has `jobs`, cannot have that one as well; empty if it can."""


@dataclass(slots=True)
class _Going:
    """A run in the process."""

    start: Start
    began_mono: float
    is_late: bool = False
    """It is past its time limit, and written off."""


@dataclass(slots=True)
class _Asking:
    start: Start | None = None


class Life:
    """Safe to use from every thread."""

    def __init__(
        self,
        script: Script,
        variables: Mapping[str, str],
        owner: Owner,
        clock: Clock,
        log: Log,
        *,
        lease_s: float,
        written: Callable[[str], object],
        ended: Callable[[int], object],
    ) -> None:
        """Start it, as a `Child` with its arguments. Raises OSError."""
        self.jobs: dict[str, Job] = {}
        self.script = script
        self._owner = owner
        self._clock = clock
        self._log = log
        self._written = written
        self._ended = ended
        self._unmarked = Unmarked(owner.outputs.wrote)
        self._is_leaving = False
        self._is_over = False
        self._going: dict[str, _Going] = {}
        self._asking: dict[str, _Asking] = {}
        self._changed = threading.Condition()
        self._starts: queue.SimpleQueue[Start | None] = queue.SimpleQueue()
        self._questions = Questions(self._answer, self._lost)
        owner.begun(self)
        self._child = Child(
            [sys.executable, "-u", SCRIPT, script.name],
            {"TZ": script.timezone, **variables, **_ENVIRON, "TWIN_SOCKET": self._questions.path},
            stop_within_s=script.stop_within_s,
            lease_s=lease_s,
            written=self._has_written,
            ended=self._has_ended,
        )
        for work in (self._start_all, self._watch):
            threading.Thread(target=work, name=f"worker {script.name}", daemon=True).start()

    def running(self) -> tuple[str, ...]:
        """The jobs that run, but for those that were written off."""
        with self._changed:
            return tuple(job for job, going in self._going.items() if not going.is_late)

    def start(self, start: Start) -> bool:
        """The core has started this slot. Whether the process is still there."""
        with self._changed:
            if self._is_over:
                return False
            asking = self._asking.get(start.job)
            if asking is not None:
                asking.start = start
                return True
            if not self._going:
                self._changed.notify_all()
            self._going[start.job] = _Going(start, self._clock.now().mono)
        self._starts.put(start)
        return True

    def beat(self) -> None:
        """Say that the twin lives."""
        self._child.beat()

    def stop(self) -> None:
        """Have no job begin from here on, and end the process once none runs, or `grace_s` later.
        Returns at once."""
        with self._changed:
            self._is_leaving = True
            self._changed.notify_all()
        self._starts.put(None)

    def fail_all(self, why: str) -> None:
        """What runs has failed."""
        with self._changed:
            going = [each for each in self._going.values() if not each.is_late]
            self._going.clear()
            self._changed.notify_all()
        for each in going:
            self._finish(each, why)

    # ---- what the process asks

    def _answer(self, told: Told) -> Told:  # noqa: C901 (one line a case)
        match told:
            case {"do": "hello"}:
                return self._hello()
            case {"do": "declare", "jobs": list(jobs), "gone": list(gone)}:
                return self._declare(jobs, gone)
            case {"do": "begin", "job": str(job), "due": bool(due)}:
                return self._begin(job, due)
            case {"do": "end", "ends": list(ends)}:
                for end in ends:
                    self._end(**end)
            case {"do": "cancel", "job": str(job)}:
                self._owner.node.handle(Cancelled(job))
            case {"do": "peer"}:
                heard_at = self._owner.node.look().peer.heard_at
                return {"heard_at": None if heard_at is None else heard_at.wall}
            case {"do": "warn", "event": str(event)}:
                values = {key: told[key] for key in told if key not in ("do", "event")}
                self._log.warning(event, **values)
        return {}

    def _hello(self) -> Told:
        if self.jobs:  # the same process, which runs the script from its beginning
            self.fail_all("its script has started itself anew")
            self.jobs = {}
            self._owner.declared({})
        knowledge = self._owner.node.look().knowledge
        ledger = knowledge.ledger
        return {
            "served": {job: entry.slot for job, entry in ledger.items()},
            "ended": {
                job: entry.why for job, entry in ledger.items() if entry.fate is Fate.CANCELLED
            },
            "term": knowledge.claim.term,
            "timezone": self.script.timezone,
            "retries": self.script.retries,
        }

    def _declare(self, new: list[Told], gone: list[str]) -> Told:
        jobs, counted_from = dict(self.jobs), {}
        for name in gone:
            jobs.pop(name, None)
        for each in new:
            name = each["name"]
            why = self._owner.why_not(name, jobs, self)
            if why:
                self._log.error("jobs.refused", job=name, because=why)
                continue
            jobs[name] = Job(name, read(each["schedule"]), **each["options"])
            if each["since"] is not None:
                counted_from[name] = each["since"]
        self.jobs = self._with_few_cancelled(jobs)
        self._owner.declared(counted_from)
        return {}

    def _with_few_cancelled(self, jobs: dict[str, Job]) -> dict[str, Job]:
        ledger = self._owner.node.look().knowledge.ledger
        ended = [name for name, job in jobs.items() if is_cancelled(job, ledger.get(name))]
        for name in ended[:-_KEPT_CANCELLED]:
            del jobs[name]
        return jobs

    def _begin(self, name: str, is_due: bool) -> Told:
        if self._is_leaving or name not in self.jobs:
            return {"again": True}
        node, asking = self._owner.node, _Asking()
        with self._changed:
            self._asking[name] = asking
        try:
            if is_due:
                node.handle(Asked(name))
            elif node.look().knowledge.paused is None:
                node.handle(RunNow(name))
        finally:
            with self._changed:
                del self._asking[name]
        if asking.start is not None:
            return self._granted(asking.start)
        state = node.look()
        entry = state.knowledge.ledger.get(name)
        if not state.on_duty or (entry is not None and entry.fate is Fate.RUNNING):
            return {"again": True}
        ended = is_cancelled(self.jobs[name], entry)
        return {"served": entry.slot if entry else None, "ended": ended}

    def _granted(self, start: Start) -> Told:
        going = _Going(start, self._clock.now().mono)
        with self._changed:
            self._going[start.job] = going
        self._owner.announced()
        if self._owner.node.may_begin(start):
            return {"slot": start.slot}
        self._finish(going, _UNSURE)
        return {"served": start.slot}

    def _end(self, job: str, slot: int, state: str, why: str, seconds: float) -> None:
        self._tell_end(Ended(job, slot, Fate(state), seconds, shortened(why, WHY_BYTES)))
        with self._changed:
            going = self._going.get(job)
            if going is not None and going.start.slot == slot:
                self._forget(going)

    # ---- what the twin starts

    def _start_all(self) -> None:
        while not self._is_over:
            starts = [self._starts.get()]
            while not self._starts.empty():
                starts.append(self._starts.get())
            self._owner.announced()
            going = [each for start in starts if start and (each := self._may_begin(start))]
            now = self._clock.now().wall
            told = [(g.start.job, g.start.slot, max(0.0, now - g.start.slot)) for g in going]
            if told and not self._questions.tell(starts=told):
                for each in going:
                    self._finish(each, "not begun: its script has ended")
            if None in starts:
                self._questions.tell(leave=True)

    def _may_begin(self, start: Start) -> _Going | None:
        going = self._going.get(start.job)
        if going is None or going.start is not start:
            return None
        if self._is_leaving:
            self._finish(going, "not begun: its script ends")
        elif not self._owner.node.may_begin(start):
            self._finish(going, _UNSURE)
        else:
            return going
        return None

    # ---- the end

    def _watch(self) -> None:
        """End the process: when the duty goes, or when a run hangs, as no thread can be ended."""
        with self._changed:
            while not (self._is_leaving or self._is_over or self._late()):
                self._changed.wait(_LOOK_S if self._going else None)
            late = self._late()
            for going in late:
                going.is_late = True
        for going in late:
            limit_s = self.jobs[going.start.job].timeout_s
            self._tell_failed(going, f"still running after {limit_s} s, its time limit")
        self.stop()
        with self._changed:
            self._changed.wait_for(lambda: self._is_over or not self.running(), self.script.grace_s)
        self._child.stop()

    def _late(self) -> list[_Going]:
        now = self._clock.now().mono
        return [going for going in self._going.values() if now >= self._limit_at(going)]

    def _limit_at(self, going: _Going) -> float:
        """A job that runs in the script's own thread is the script's affair."""
        job = self.jobs.get(going.start.job)
        if job is None or job.asked:
            return inf
        return going.began_mono + self._clock.real_s(job.timeout_s)

    def _lost(self) -> None:
        """What ran is over, also where the process lives on, as another program."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_over, _ENDS_S)
        if not (self._is_over or self._questions.is_heard):
            self.fail_all("its process has become another program")

    def _has_written(self, marked: str) -> None:
        lines = self._unmarked.read(marked)
        if lines:
            self._written(lines)

    def _has_ended(self, status: int) -> None:
        rest = self._unmarked.rest()
        if rest:
            self._written(rest)
        with self._changed:
            is_ours = self._is_leaving and status == -signal.SIGKILL
            self._is_over = True
            self._changed.notify_all()
            has_hung = any(going.is_late for going in self._going.values())
        self._questions.hear_out()
        self.fail_all(f"its process is gone: {_NOT_IN_TIME if is_ours else how(status)}")
        self._starts.put(None)
        self._questions.close()
        self._ended(status or int(has_hung))

    def _finish(self, going: _Going, why: str) -> None:
        """A run is over, and the process did not report its end."""
        self._tell_failed(going, why)
        self._forget(going)

    def _tell_failed(self, going: _Going, why: str) -> None:
        seconds = self._clock.now().mono - going.began_mono
        self._tell_end(Ended(going.start.job, going.start.slot, Fate.FAILED, seconds, why))

    def _tell_end(self, end: Ended) -> None:
        self._owner.outputs.ended(end.job, end.slot, end.fate.value, end.seconds, end.why)
        self._owner.node.handle(end)

    def _forget(self, going: _Going) -> None:
        with self._changed:
            if self._going.get(going.start.job) is going:
                del self._going[going.start.job]
            if self._is_leaving or not self._going:
                self._changed.notify_all()
