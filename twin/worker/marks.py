"""Marks in what a script writes, by which its twin knows which run wrote it.

They are escape sequences of the kind that terminals ignore. All output between the begin and the
end of a run is that run's, whichever thread or program wrote it. While several runs go on at the
same time, only what Python writes in a run's own thread is known to be that run's: each such piece
is marked then. What other threads and programs write meanwhile belongs to no run.

What the script says of a run that failed is the run's too, until its thread looks for the next one.
"""

import os
import re
import sys
import threading
from collections.abc import Callable
from itertools import count

_LONGEST_REST = 10_000
_MARK = re.compile(
    r"\x1b_twin (?P<of>[\d.]*)\x1b\\"
    r"|\x1b_twin \+(?P<begun>\S+) (?P<slot>\d+) (?P<job>.*?)\x1b\\\n"
    r"|\x1b_twin -(?P<ended>\S+)\x1b\\\n"
)


class Marks:
    """In the script's process. They are written from `start` on."""

    def __init__(self) -> None:
        self._descriptor: int | None = None
        self._numbers = count(1)
        self.forget()
        os.register_at_fork(after_in_child=self.forget)

    def start(self) -> None:
        self._descriptor = os.dup(1)  # the script may put another file there
        for stream in (sys.stdout, sys.stderr):
            stream.write = self._marking(stream.write)  # type: ignore[method-assign]

    def forget(self) -> None:
        """A forked process has no part in the runs of its parent."""
        self._going: set[str] = set()
        self._of_thread = threading.local()

    def begin(self, job: str, slot: int) -> None:
        """This thread runs that slot from here on."""
        self.end()
        run = self._of_thread.run = f"{os.getpid()}.{next(self._numbers)}"
        self._going.add(run)
        self._write(f"\x1b_twin +{run} {slot} {job}\x1b\\\n")

    def end(self) -> None:
        """This thread does nothing more for its run, if it has one."""
        run = getattr(self._of_thread, "run", None)
        if run is not None:
            self._of_thread.run = None
            self._write(f"\x1b_twin -{run}\x1b\\\n")
            self._going.discard(run)  # up to here others mark what they write

    def _write(self, mark: str) -> None:
        if self._descriptor is not None:
            os.write(self._descriptor, mark.encode(errors="backslashreplace"))

    def _marking(self, write: Callable[[str], int]) -> Callable[[str], int]:
        def marked(text: str) -> int:
            run = getattr(self._of_thread, "run", None)
            if run is None or len(self._going) < 2 or not isinstance(text, str):
                return write(text)
            write(f"\x1b_twin {run}\x1b\\{text}\x1b_twin \x1b\\")
            return len(text)

        return marked


marks = Marks()


class Unmarked:
    """In the twin: takes the marks out again. Used by one thread."""

    def __init__(self, wrote: Callable[[str, int, str], object]) -> None:
        """`wrote` takes each piece that a run wrote: its job, its slot and the text."""
        self._wrote = wrote
        self._going: dict[str, tuple[str, int]] = {}
        self._of = ""
        self._rest = ""

    def read(self, marked: str) -> str:
        """The whole lines of it, without marks."""
        plain, at = [self._rest], 0
        for mark in _MARK.finditer(marked):
            plain.append(self._told(marked[at : mark.start()]))
            at = mark.end()
            self._heed(mark)
        plain.append(self._told(marked[at:]))
        text = "".join(plain)
        end = text.rfind("\n") + 1
        if len(text) - end > _LONGEST_REST:
            end = len(text)
        self._rest = text[end:]
        return text[:end]

    def rest(self) -> str:
        """What follows the last line."""
        return self._rest and self._rest + "\n"

    def _heed(self, mark: re.Match[str]) -> None:
        if mark["begun"]:
            self._going[mark["begun"]] = (mark["job"], int(mark["slot"]))
        elif mark["ended"]:
            self._going.pop(mark["ended"], None)
        else:
            self._of = mark["of"]

    def _told(self, text: str) -> str:
        going = self._going
        runs = [going[self._of]] if self._of in going else [] if self._of else [*going.values()]
        if text and len(runs) == 1:
            self._wrote(*runs[0], text)
        return text
