"""The worker's process: runs one script as `python bot.py` would, with its jobs served by the pair.

Started as `python script.py NAME`, where NAME is a file, or a module as `python -m` takes it. Its
twin answers at the Unix socket that `TWIN_SOCKET` names, and further arguments are the script's.
Without a socket there is no twin, and a further argument tells an `Alone` what to do.
"""

import sys
from pathlib import Path

if __name__ == "__main__":  # it was started by its path, and its folder is no place for imports
    sys.path.pop(0)
    sys.path.append(str(Path(__file__).parents[2]))

import atexit
import json
import os
import runpy
import signal
import threading
import traceback
from contextlib import suppress
from types import FrameType, ModuleType
from typing import Any, NoReturn

import schedule as library

from twin.clock import Clock, clock_of
from twin.core.zones import zone
from twin.worker.again import serve_again
from twin.worker.book import Book
from twin.worker.channel import Channel, Told
from twin.worker.functions import Functions
from twin.worker.library import local_time
from twin.worker.marks import marks
from twin.worker.patched import serve_by
from twin.worker.script_names import label_of, path_of

_UNWINDS_WITHIN_S = 1.0
"""A main thread that has not ended so long after SIGTERM is blocked, or takes no notice."""


def main(name: str, *arguments: str) -> None:
    path = os.environ.pop("TWIN_SOCKET", None)
    if path is None:
        from twin.worker.alone import Alone  # not in every worker's memory

        without = Alone(label_of(name), json.loads(arguments[0]), clock_of(os.environ))
        run_script(name)
        without.ready()
        return
    channel = Channel(path)
    served = _Served(channel, label_of(name), clock_of(os.environ))
    channel.listen(served.hear)
    signal.signal(signal.SIGTERM, served.terminate)
    os.register_at_fork(after_in_child=served.forked)
    serve_again(__file__, name, TWIN_SOCKET=path)
    marks.start()
    try:
        run_script(name, *arguments)
        served.go_on()
    except SystemExit:
        if not served.leaving.is_set():
            raise
    except BaseException:
        if not served.leaving.is_set():
            raise
        traceback.print_exc()
    if served.leaving.is_set():
        served.end()


def run_script(name: str, *arguments: str) -> None:
    """As `python NAME`, or `python -m NAME`. Raises what the script raises."""
    try:
        _run_script(name, *arguments)
    except ModuleNotFoundError as error:
        error.add_note("add what provides it to requirements.in, then `make lock`")
        raise


def _run_script(name: str, *arguments: str) -> None:
    path = path_of(name)
    if path is None:
        sys.path.insert(0, str(Path.cwd()))
        sys.argv = [name, *arguments]
        runpy.run_module(name, run_name="__main__", alter_sys=True)
        return
    sys.path.insert(0, str(path.resolve().parent))
    sys.argv = [name if name.endswith(".py") else str(path), *arguments]
    module = ModuleType("__main__")
    module.__dict__.update(__file__=str(path.absolute()), __builtins__=__builtins__)
    sys.modules["__main__"] = module
    code = compile(path.read_bytes(), str(path.absolute()), "exec")
    exec(code, module.__dict__)  # noqa: S102 (what the user wants run)


class _Served:
    """What serves the script beside it."""

    def __init__(self, channel: Channel, label: str, clock: Clock) -> None:
        self.leaving = threading.Event()
        self._clock = clock
        self._looked = threading.Event()
        self._finishing = threading.Lock()
        told = channel.ask("hello")
        where = zone(told["timezone"])
        self._book = Book(channel.ask, label, told, where, clock, self.leaving)
        self._functions = Functions(channel.ask, label, told, clock, self.leaving)
        serve_by(self._book, lambda: local_time(clock.now().wall), self._look)

    def hear(self, told: Told) -> None:
        """What the twin says of itself."""
        match told:
            case {"starts": list(starts)}:
                for job, slot, late_s in starts:
                    if job in self._functions:
                        self._functions.start(job, slot, late_s)
                    else:
                        self._book.run_now(job, slot)
            case {"leave": True}:
                self.leave()

    def leave(self) -> None:
        """No job begins from here on, and what the script cancels is not meant for its peer."""
        self._book.is_leaving = True
        self.leaving.set()
        self._functions.leave()

    def go_on(self) -> None:
        """The script has ended: run its jobs, if it has no loop of its own."""
        self._functions.begin()
        while not self._looked.is_set() and (jobs := self._book.jobs()):
            next_run = min(job.next_run for job in jobs if job.next_run)
            wait_s = self._clock.real_s(next_run.timestamp() - self._clock.now().wall)
            if wait_s <= 0:
                self._run_due(jobs)
            else:
                self._book.changed.wait(wait_s)
                self._book.changed.clear()
        while len(self._functions):
            signal.pause()

    def terminate(self, _number: int, _frame: FrameType | None) -> NoReturn:
        """SIGTERM, unless the script handles it itself: end as at the end of the script, with all
        its `finally`, and also where that is held up."""
        self.leave()
        threading.Thread(target=self._end_in_time, daemon=True).start()
        raise SystemExit(128 + signal.SIGTERM)

    def forked(self) -> None:
        """A child ends as any process does, unless the script says otherwise."""
        if signal.getsignal(signal.SIGTERM) == self.terminate:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)

    def end(self) -> NoReturn:
        """What runs on duty ends, then all that the script has registered with `atexit`."""
        with self._finishing:
            self._functions.wait_for_the_living()
            atexit._run_exitfuncs()
            for stream in (sys.stdout, sys.stderr):
                with suppress(OSError, ValueError, AttributeError):
                    stream.flush()
            os._exit(128 + signal.SIGTERM)

    def _end_in_time(self) -> None:
        main = threading.main_thread()
        main.join(_UNWINDS_WITHIN_S)
        self.end()

    def _run_due(self, jobs: list[library.Job]) -> None:
        wall = self._clock.now().wall
        due: list[Any] = [job for job in jobs if job.next_run and job.next_run.timestamp() <= wall]
        for job in sorted(due):
            try:
                job.scheduler._run_job(job)
            except Exception:  # noqa: BLE001 (there is no loop of the script that it could end)
                traceback.print_exc()
                marks.end()

    def _look(self) -> None:
        marks.end()
        if not self._looked.is_set():
            self._looked.set()
            self._book.changed.set()
            self._functions.begin()


if __name__ == "__main__":
    main(*sys.argv[1:])
