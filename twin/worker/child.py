"""A process of the user's, in the care of a `keeper.py`: nothing of it is left behind."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import cast

_KEEPER = str(Path(__file__).with_name("keeper.py"))
_MARK = "TWIN_KEPT"
"""A variable by which to find what a keeper that was killed has left, in whatever session."""
_SWEEPS = 3
"""A process may fork while others are killed."""
_CHUNK_BYTES = 65_536
_LINE_BYTES = 10_000
"""Platforms split longer lines."""
_SECRETS = ("BASIC_AUTH_", "PEER_", "SCALE_API_KEY", "NOTIFY_URLS", "DEADMAN_URL")
"""Settings of the twin that begin so are nobody else's business."""


class Child:
    """A running command, in a process group of its own. Safe to use from every thread."""

    def __init__(
        self,
        command: Sequence[str],
        environ: Mapping[str, str],
        *,
        stop_within_s: float,
        written: Callable[[str], object],
        ended: Callable[[int], object],
        lease_s: float = 0.0,
    ) -> None:
        """Start it. Raises OSError if there can be no more processes.

        `written` gets the lines of its stdout and stderr, several at once, and must not block.
        `ended` gets the exit status, negative for a signal, when all processes are gone and all
        output is read. Each is called on a thread of its own. With a lease, the command is killed
        when `beat` was not called for so long.
        """
        self._mark = secrets.token_hex(8)
        reads, writes = os.pipe()
        arguments = (_KEEPER, writes, stop_within_s, lease_s)
        try:
            self._keeper = subprocess.Popen(  # noqa: S603 (what the user wants run)
                [sys.executable, "-I", "-S", *map(str, arguments), *command],
                env={"PYTHONUNBUFFERED": "1", **environ, _MARK: self._mark},
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(writes,),
                start_new_session=True,
            )
        except BaseException:
            os.close(reads)
            raise
        finally:
            os.close(writes)
        self._control, output = cast(FileIO, self._keeper.stdin), cast(FileIO, self._keeper.stdout)
        os.set_blocking(self._control.fileno(), False)
        self._lock = threading.Lock()
        """Held to use or to close `_control`: its number may be another file's afterwards."""
        reading = threading.Thread(target=_read, args=(output, written), daemon=True)
        reading.start()
        threading.Thread(target=self._attend, args=(reads, reading, ended), daemon=True).start()

    def beat(self) -> None:
        """Say that the twin lives."""
        self._say(b".")

    def stop(self) -> None:
        """End it by SIGTERM, and by SIGKILL after `stop_within_s`. Returns at once."""
        self._say(b"t")

    def _say(self, word: bytes) -> None:
        with self._lock, suppress(OSError, ValueError):  # it has ended, and this is closed
            self._control.write(word)

    def _attend(
        self, reads: int, reading: threading.Thread, ended: Callable[[int], object]
    ) -> None:
        with os.fdopen(reads) as told:
            numbers = [int(line) for line in told]  # the group, and the exit status
        with self._lock:
            self._control.close()
        if self._keeper.wait() and numbers:  # somebody killed it
            with suppress(ProcessLookupError):
                os.killpg(numbers[0], signal.SIGKILL)
            for _ in range(_SWEEPS):
                _kill_marked(f"{_MARK}={self._mark}".encode())
        reading.join()
        ended(numbers[1] if len(numbers) > 1 else -signal.SIGKILL)


def _kill_marked(mark: bytes) -> None:
    """Kill every process with this in its environment."""
    for file in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):  # of another user, or gone
            if mark in file.read_bytes().split(b"\0"):
                os.kill(int(file.parent.name), signal.SIGKILL)


def _read(output: FileIO, written: Callable[[str], object]) -> None:
    rest = b""
    with output:
        while chunk := output.read(_CHUNK_BYTES):
            lines, rest = whole_lines(rest + chunk)
            if lines:
                written(lines.decode(errors="backslashreplace"))
    if rest:
        written(rest.decode(errors="backslashreplace") + "\n")


def whole_lines(data: bytes) -> tuple[bytes, bytes]:
    """Split off what follows the last line; but a line without end is cut."""
    end = data.rfind(b"\n") + 1
    if len(data) - end >= _LINE_BYTES:
        return data + b"\n", b""
    return data[:end], data[end:]


def environment(
    environ: Mapping[str, str], *, twin: str, term: int, url: str | None
) -> dict[str, str]:
    """What a command finds in its environment: this one, and a free port, since two programs cannot
    share one."""
    its_own = {"PORT": str(free_port()), "TWIN_NAME": twin, "TWIN_TERM": str(term)}
    return {**environ, **its_own, **({} if url is None else {"TWIN_URL": url})}


def without_secrets(
    environ: Mapping[str, str], keys: Collection[str], named: Collection[str] = ()
) -> dict[str, str]:
    """What programs of the user may know: no secret of the twin, nor one of these keys, unless it
    is `named`."""
    return {
        name: value
        for name, value in environ.items()
        if name in named or not (name in keys or name.startswith(_SECRETS))
    }


def free_port() -> int:
    """A port that no program listens on at this moment."""
    with socket.socket() as free:
        free.bind(("", 0))
        return int(free.getsockname()[1])


def how(status: int) -> str:
    """How a command ended, for people. A signal is negative, or what a shell makes of it."""
    number = status - 128 if status > 128 else -status
    if number not in set(signal.Signals):
        return f"it ended with status {status}"
    hint = ": perhaps memory ran out" if number == signal.SIGKILL else ""
    return f"{signal.Signals(number).name} ended it{hint}"
