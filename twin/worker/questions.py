"""The twin's end of the line to a worker: a Unix socket whose every line is answered by one."""

import json
import os
import socket
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from twin.worker.channel import Told

_HEARD_WITHIN_S = 1.0


class Questions:
    """Answers one worker, each of its connections on a thread of its own. Safe to use from every
    thread."""

    def __init__(self, answer: Callable[[Told], Told], gone: Callable[[], object]) -> None:
        """`gone` is called when the process that listens has ended, or became another program."""
        self._answer = answer
        self._gone = gone
        self._folder = Path(tempfile.mkdtemp(prefix="twin-"))  # none but this user can look into it
        self.path = str(self._folder / "worker")
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(self.path)
        self._socket.listen(128)
        self._listener: socket.socket | None = None
        self._lock = threading.Lock()
        self._attending: set[threading.Thread] = set()
        threading.Thread(target=self._accept, name="worker", daemon=True).start()

    @property
    def is_heard(self) -> bool:
        """Whether a worker listens."""
        return self._listener is not None

    def tell(self, **told: Any) -> bool:
        """Whether the worker may hear it."""
        with self._lock, suppress(OSError):
            if self._listener is not None:
                self._listener.sendall(json.dumps(told).encode() + b"\n")
                return True
        return False

    def hear_out(self) -> None:
        """Return when all is answered that ended processes have said."""
        for each in list(self._attending):
            each.join(_HEARD_WITHIN_S)

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # `accept` returns
        self._socket.close()
        with suppress(FileNotFoundError):
            os.unlink(self.path)  # noqa: PTH108 (a socket)
            self._folder.rmdir()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                line, _ = self._socket.accept()
                each = threading.Thread(
                    target=self._attend, args=(line,), name="worker", daemon=True
                )
                self._attending.add(each)
                each.start()

    def _attend(self, line: socket.socket) -> None:
        with line, line.makefile("rb") as questions, suppress(OSError, ValueError):
            self._answer_all(line, questions)
        if line is self._listener:
            self._listener = None
            self._gone()
        self._attending.discard(threading.current_thread())

    def _answer_all(self, line: socket.socket, questions: IO[bytes]) -> None:
        for question in questions:
            asked = json.loads(question)
            listens = asked["do"] == "listen"
            answer = {} if listens else self._answer(asked)
            line.sendall(json.dumps(answer).encode() + b"\n")
            if listens:
                self._listener = line
