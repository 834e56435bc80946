"""A script without a twin: up to where its loop begins, to see its jobs, or to run one of them."""

import atexit
import json
import os
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import suppress
from types import FrameType
from typing import Any, NoReturn

from twin.clock import Clock
from twin.core.zones import zone
from twin.worker.book import Book
from twin.worker.channel import Told
from twin.worker.functions import Functions
from twin.worker.library import local_time
from twin.worker.patched import serve_by

READY_AFTER_S = 5.0
"""A script that blocks does not come to a loop."""
NO_SUCH_JOB = 3
"""The exit status."""
_IDLE_S = 0.5
"""A thread that waits for work so long has none."""
_BUSY_S = 10.0
"""A thread that the script had before, and that never waits for work, perhaps polls for ever."""


class Alone:
    """Ends the process once the script is ready."""

    def __init__(self, label: str, told: Told, clock: Clock) -> None:
        """`told`: as a twin's answer to `hello`, the job to be run (if any), and the descriptor to
        which go a line that holds all jobs, and one that tells how the job ended."""
        self._job: str | None = told["job"]
        self._answer: int = told["answer"]
        self._clock = clock
        self._jobs: dict[str, Told] = {}
        self._state = ""
        self._owner = 0
        """The thread that came first."""
        self._lock = threading.Lock()
        leaving = threading.Event()
        self._book = Book(self._ask, label, told, zone(told["timezone"]), clock, leaving)
        self._functions = Functions(self._ask, label, told, clock, leaving)
        serve_by(self._book, lambda: local_time(clock.now().wall), self.ready)
        timer = threading.Timer(READY_AFTER_S, self.ready)
        timer.daemon = True
        timer.start()

    def ready(self) -> None:
        """The script begins to loop, has ended, or blocks: the first thread that comes here does
        what is left to do, and others go no further."""
        me = threading.get_ident()
        with self._lock:
            is_first = not self._owner
            self._owner = self._owner or me
        if is_first:
            self._finish()
        elif self._owner != me:  # else the job itself asks whether some job is due
            threading.Event().wait()

    def _finish(self) -> NoReturn:
        self._functions.begin()
        self._book.tell()
        self._write(list(self._jobs.values()))
        if self._job is None:
            _end(0)
        if self._job not in self._jobs:
            _end(NO_SUCH_JOB)
        before = set(threading.enumerate())
        self._run(self._job)
        _wait_for_threads(before)
        atexit._run_exitfuncs()
        _end(0 if self._state != "failed" else 1)

    def _run(self, name: str) -> None:
        slot = int(self._clock.now().wall)
        if name in self._functions:
            self._functions.run(name, slot, 0.0)
            return
        (job,) = (job for job in self._book.jobs() if self._book.name_of(job) == name)
        try:
            self._book.call(job, slot)
        except SystemExit:
            pass
        except BaseException:  # noqa: BLE001 (as around any job)
            traceback.print_exc()

    def _ask(self, do: str, **fields: Any) -> Told:
        match do:
            case "declare":
                self._jobs.update({job["name"]: job for job in fields["jobs"]})
                for name in fields["gone"]:
                    self._jobs.pop(name, None)
            case "begin":
                return {"again": True}  # nothing is run but what was asked for
            case "peer":
                return {"heard_at": None}
            case "end":
                (end,) = fields["ends"]
                self._state = end["state"]
                self._write(end)
        return {}

    def _write(self, told: object) -> None:
        with os.fdopen(self._answer, "w", closefd=False) as answer:
            answer.write(json.dumps(told) + "\n")


def _end(status: int) -> NoReturn:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(status)


def _wait_for_threads(before: set[threading.Thread]) -> None:
    """As Python does at its end; but a thread that serves a queue would never end."""
    ours = (threading.current_thread(), threading.main_thread())
    for thread in threading.enumerate():
        if thread.daemon or thread in ours:
            continue
        if thread not in before:
            thread.join()
            continue
        idle_s = waited_s = 0.0
        while thread.is_alive() and idle_s < _IDLE_S and waited_s < _BUSY_S:
            thread.join(0.1)
            waited_s += 0.1
            idle_s = idle_s + 0.1 if _waits_for_work(thread) else 0.0


def _waits_for_work(thread: threading.Thread) -> bool:
    frame = sys._current_frames().get(thread.ident or 0)
    innermost = next((f for f in _outwards(frame) if not _is_of(f, "threading.py")), None)
    return innermost is not None and _is_of(innermost, "queue.py", "concurrent/futures/thread.py")


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _is_of(frame: FrameType, *files: str) -> bool:
    return frame.f_code.co_filename.endswith(files)
