"""What each run wrote last: of a script's job, and of each start of a command.

It stays on the twin that ran it. The ledger, which both twins carry, has no room for it.
"""

import threading
from collections import OrderedDict, defaultdict, deque
from dataclasses import dataclass
from typing import Any

from twin.core.moment import iso

KEPT_CHARACTERS = 10_000
"""Of the newest output: a screen or two, with a traceback."""
_RUNS = 5
"""Of one job: a job of every second must not push out what a daily one wrote."""
_MOST_CHARACTERS = 1_000_000
"""Of all runs together."""
_OVERHEAD = 200
"""A run that wrote nothing takes memory as well, about as much as so many characters."""


@dataclass(slots=True)
class _Kept:
    state: str = "running"
    seconds: float | None = None
    """How long it took; None while it goes on."""
    why: str = ""
    text: str = ""


class Outputs:
    """Safe to use from every thread. A run is known by its job and the moment at which it was due
    or began. The oldest runs make room for new ones."""

    def __init__(self, most_characters: int = _MOST_CHARACTERS) -> None:
        self._most = most_characters
        self._size = 0
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, float], _Kept] = OrderedDict()
        self._runs: defaultdict[str, deque[float]] = defaultdict(deque)

    def wrote(self, job: str, at: float, lines: str) -> None:
        """A run has written this, or begins with nothing."""
        with self._lock:
            run = self._run(job, at)
            before = len(run.text)
            run.text = newest(run.text, lines)
            self._size += len(run.text) - before
            self._make_room()

    def ended(self, job: str, at: float, state: str, seconds: float, why: str) -> None:
        with self._lock:
            run = self._run(job, at)
            run.state, run.seconds, run.why = state, seconds, why
            self._make_room()

    def last_of(self, job: str) -> str:
        """What the newest run wrote."""
        with self._lock:
            runs = self._runs.get(job)
            return self._kept[job, runs[-1]].text if runs else ""

    def told(self, job: str) -> list[dict[str, Any]]:
        """The runs that are kept, as values for JSON, the newest first."""
        with self._lock:
            runs = [(at, self._kept[job, at]) for at in reversed(self._runs.get(job, ()))]
            return [
                {
                    "at": iso(at),
                    "state": run.state,
                    "seconds": run.seconds,
                    "why": run.why or None,
                    "output": run.text,
                }
                for at, run in runs
            ]

    def _run(self, job: str, at: float) -> _Kept:
        run = self._kept.get((job, at))
        if run is None:
            run = self._kept[job, at] = _Kept()
            self._runs[job].append(at)
            self._size += _OVERHEAD
            if len(self._runs[job]) > _RUNS:
                self._forget(job)
        return run

    def _make_room(self) -> None:
        while self._size > self._most:
            self._forget(next(iter(self._kept))[0])

    def _forget(self, job: str) -> None:
        """The oldest run of this job."""
        runs = self._runs[job]
        self._size -= _OVERHEAD + len(self._kept.pop((job, runs.popleft())).text)
        if not runs:
            del self._runs[job]


def newest(kept: str, lines: str) -> str:
    """The end of the output, from the beginning of a line if it has one."""
    text = kept + lines
    if len(text) <= KEPT_CHARACTERS:
        return text
    text = text[-KEPT_CHARACTERS:]
    return text[text.find("\n") + 1 :]
