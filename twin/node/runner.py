"""Runs the pair's own jobs, each on a thread of its own: one that fails or hangs harms no other."""

import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from twin.clock import Clock
from twin.core.pair.bounds import WHY_BYTES, shortened
from twin.core.pair.events import Ended, Start
from twin.core.pair.knowledge import Fate
from twin.core.pair.state import State
from twin.core.schedule.job import AlreadyTold, Job, Run
from twin.log import Log
from twin.node.node import Node


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A job of the pair's own, and its function."""

    job: Job
    call: Callable[[Run], object]


class Runner:
    def __init__(
        self,
        jobs: Mapping[str, Scheduled],
        node: Node,
        clock: Clock,
        log: Log,
        announced: Callable[[], None],
    ) -> None:
        """`announced` returns once everything published so far is written to every watch."""
        self._jobs = jobs
        self._node = node
        self._clock = clock
        self._log = log
        self._announced = announced
        self._running: dict[Start, None] = {}
        self._called: set[str] = set()
        """Jobs whose function has not returned, including runs past their time limit."""
        self._change = threading.Condition()

    def running(self) -> tuple[str, ...]:
        return tuple(start.job for start in self._runs())

    def start(self, start: Start, state: State) -> None:
        with self._change:
            self._running[start] = None
        term = state.knowledge.claim.term
        # A daemon: a job that hangs must not keep the process from ending.
        thread = threading.Thread(
            target=self._run, args=(start, term), name=f"job {start.job}", daemon=True
        )
        try:
            thread.start()
        except RuntimeError as error:  # hosts limit the threads of an app: Heroku to 256
            why = f"not begun: {error}: have fewer jobs run at the same time"
            self._node.handle(Ended(start.job, start.slot, Fate.FAILED, 0.0, why))
            self._forget(start)

    def wait_until_idle(self, timeout_s: float) -> bool:
        """Whether every run ended in time."""
        with self._change:
            return self._change.wait_for(lambda: not self._running, timeout_s)

    def cut_off(self) -> None:
        """The process ends: report the running jobs as failed."""
        for start in self._runs():
            why = "cut off: its twin had to end"
            self._node.handle(Ended(start.job, start.slot, Fate.FAILED, 0.0, why))

    def _runs(self) -> tuple[Start, ...]:
        with self._change:
            return tuple(self._running)

    def _run(self, start: Start, term: int) -> None:
        try:
            self._announced()
            # It counts as running until the ledger has its end, so a twin that waits for it may
            # then leave.
            self._node.handle(self._run_once(start, term))
        finally:
            self._forget(start)

    def _forget(self, start: Start) -> None:
        with self._change:
            del self._running[start]
            self._change.notify_all()

    def _run_once(self, start: Start, term: int) -> Ended:
        why = ""
        if start.job in self._called:
            why = "not begun: an earlier run, past its time limit, has not ended yet"
        elif not self._node.may_begin(start):
            why = "not begun: this twin could no longer be sure to be on duty"
        return (
            Ended(start.job, start.slot, Fate.FAILED, 0.0, why) if why else self._call(start, term)
        )

    def _call(self, start: Start, term: int) -> Ended:
        scheduled = self._jobs[start.job]
        began = self._clock.now()
        run = Run(
            job=scheduled.job,
            slot=datetime.fromtimestamp(start.slot, UTC),
            term=term,
            late=timedelta(seconds=began.wall - start.slot),
            ask_peer_heard_at=self._peer_heard_at,
        )
        self._called.add(start.job)
        fate, why = outcome(scheduled, run, self._log)
        self._called.discard(start.job)
        return Ended(start.job, start.slot, fate, self._clock.now().mono - began.mono, why)

    def _peer_heard_at(self) -> datetime | None:
        heard_at = self._node.look().peer.heard_at
        return None if heard_at is None else datetime.fromtimestamp(heard_at.wall, UTC)


def outcome(scheduled: Scheduled, run: Run, log: Log) -> tuple[Fate, str]:
    """Call the job. Returns its fate, and the reason of a failure; the log has the traceback."""
    try:
        scheduled.call(run)
    except AlreadyTold as error:  # its duty has logged that, once and not at every slot
        return Fate.FAILED, shortened(str(error), WHY_BYTES)
    except BaseException as error:  # noqa: BLE001 (the one broad one: around a job)
        where = "".join(traceback.format_exception(error))
        log.error("job.raised", job=scheduled.job.name, traceback=where)
        return Fate.FAILED, _why(error)
    return Fate.DONE, ""


def _why(error: BaseException) -> str:
    """The reason for the ledger, cut short because every message carries it; the log has all of
    it."""
    return shortened("".join(traceback.format_exception_only(error)).strip(), WHY_BYTES)
