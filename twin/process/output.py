"""A stdout that neither blocks nor raises, whatever its reader does."""

import os
import select
import sys
import threading

from twin.log import pairs

_MOST_BYTES = 4_000_000
"""Waiting lines: what 10,000 jobs write in a minute, and little of a host's 512 MB."""
LAST_S = 1.0
"""How long the end waits for lines to be written: nobody may be reading them."""


class Output:
    """Takes lines from every thread; a thread of its own writes them in order.

    It owns a duplicate of the descriptor: a job may close or replace `sys.stdout`. Lines without
    room, or that cannot be written, are dropped, and a later line has their number.
    """

    def __init__(
        self, twin: str, descriptor: int = 1, encoding: str = "", most_bytes: int = _MOST_BYTES
    ) -> None:
        """`encoding`: that of `sys.stdout` if not given. Raises OSError for a bad descriptor."""
        self.encoding: str = encoding or getattr(sys.stdout, "encoding", None) or "utf-8"
        self._twin = twin
        self._descriptor = os.dup(descriptor)
        self._most_bytes = most_bytes
        self._failed = 0
        """Dropped lines; used by the writing thread alone."""
        self._is_cut = False
        """Whether the last dropped line was partly written."""
        self._is_forked = False
        self._empty()
        os.register_at_fork(after_in_child=self._after_fork)
        threading.Thread(target=self._write_all, name="output", daemon=True).start()

    def write(self, text: str) -> None:
        """Take a line. Characters that the encoding lacks are escaped."""
        line = text.encode(self.encoding, "backslashreplace")
        if self._is_forked:
            self._put(line)
            return
        with self._changed:
            if len(self._waiting) + len(line) > self._most_bytes:
                self._refused += 1
            else:
                self._waiting += line
                self._changed.notify_all()

    def flush(self) -> None:
        """Lines are written without it."""

    def drain(self, within_s: float) -> bool:
        """Whether all lines were written or dropped in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not (self._waiting or self._writing), within_s)

    def _empty(self) -> None:
        # Its lock is reentrant: the garbage collector may log an error while a line is taken.
        self._changed = threading.Condition()
        self._waiting = bytearray()
        self._refused = 0
        self._writing = False

    def _after_fork(self) -> None:
        """A forked child has no writing thread, and another thread may have held the lock."""
        self._is_forked = True
        self._empty()

    def _write_all(self) -> None:
        while True:
            with self._changed:
                self._writing = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._waiting)
                self._writing = True
                lines, self._waiting = bytes(self._waiting), bytearray()
                refused, self._refused = self._refused, 0
            self._log_failed()
            self._write_lines(lines)
            # These came later than the lines.
            self._failed += refused
            if refused:
                self._log_failed()

    def _write_lines(self, lines: bytes) -> None:
        rest = self._put(lines)
        self._failed += rest.count(b"\n")
        if rest:
            written = lines[: -len(rest)]
            self._is_cut = self._is_cut if not written else not written.endswith(b"\n")

    def _log_failed(self) -> None:
        if not self._failed:
            return
        values = {"at": "warning", "event": "log.dropped", "twin": self._twin}
        line = pairs({**values, "lines": self._failed}) + "\n"
        if self._is_cut:
            line = "\n" + line
        if not self._put(line.encode(self.encoding, "backslashreplace")):
            self._failed, self._is_cut = 0, False

    def _put(self, data: bytes) -> bytes:
        """Write. Returns what could not be written."""
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(self._descriptor, rest) :]
            except BlockingIOError:  # another process made the pipe non-blocking
                select.select([], [self._descriptor], [])
            except OSError:  # a full disk, or no reader: the next line may succeed
                break
        return bytes(rest)
