"""The worker's end of its line to the twin: one line of JSON asks, one line answers."""

import json
import os
import socket
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from typing import Any

Told = dict[str, Any]

_NEWS = ("end", "warn")
"""What has no answer worth waiting for: with 10,000 jobs the script would mostly wait."""
_OWED_MOST = 50
"""Answers that may be left unread, for the twin not to wait either."""


class Channel:
    """Safe to use from every thread, from a handler of signals, and in a forked child, which
    speaks over a connection of its own. Raises OSError once the twin is gone."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._asking = 0
        """The thread that asks, if one does."""
        self._line: _Line | None = None
        self._begin_anew()
        os.register_at_fork(after_in_child=self._begin_anew)

    def ask(self, do: str, **fields: Any) -> Told:
        """What the twin answers; empty if there is nothing to say. The twin hears all questions in
        order, and also if this process ends at once."""
        if self._asking == threading.get_ident():  # by a handler, in the middle of another question
            with closing(_Line(self._path)) as line:
                return line.ask({"do": do, **fields})
        with self._lock:
            self._asking = threading.get_ident()
            try:
                self._line = self._line or _Line(self._path)
                return self._line.ask({"do": do, **fields})
            except BaseException:  # a handler may raise while the answer is on its way
                if self._line:
                    self._line.close()
                self._line = None
                raise
            finally:
                self._asking = 0

    def listen(self, hear: Callable[[Told], object]) -> None:
        """Call `hear` with all that the twin says of itself, on a thread of its own."""
        line = _Line(self._path)
        line.ask({"do": "listen"})

        def listening() -> None:
            with suppress(OSError):
                while True:
                    hear(line.read())

        threading.Thread(target=listening, name="twin", daemon=True).start()

    def _begin_anew(self) -> None:
        self._lock = threading.Lock()
        self._asking = 0
        self._line = None


class _Line:
    """One connection."""

    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(path)
        self._file = self._socket.makefile("rb")
        self._owed = 0
        """Answers that are still to be read."""

    def ask(self, question: Told) -> Told:
        self._socket.sendall(json.dumps(question).encode() + b"\n")
        self._owed += 1
        if question["do"] in _NEWS and self._owed < _OWED_MOST:
            return {}
        for _ in range(self._owed):
            answer = self.read()
        self._owed = 0
        return answer

    def read(self) -> Told:
        line = self._file.readline()
        if not line:
            raise ConnectionError("the twin is gone")
        told: Told = json.loads(line)
        return told

    def close(self) -> None:
        self._file.close()
        self._socket.close()
