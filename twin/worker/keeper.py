"""Runs one command and leaves nothing of it behind. A script, in a session of its own.

Its standard input is a pipe whose other end only the twin holds:

- `.` says that the twin lives. With a lease, the command is killed when none came for so long: a
  twin that stands still may lose the duty meanwhile.
- `t` ends the command: SIGTERM to its first process, which tells its own; when that has ended, or
  `stop_within` is over, the same or SIGKILL to all that is left.
- The end of the stream means that the twin is gone, however it ended: all is killed at once.

A second pipe tells the twin the command's process group, and the exit status of its first process
(negative: the signal that ended it), a line each. What that process leaves behind is ended like the
rest. When this script ends, all is gone.

*All* is every descendant, also outside the process group: this process adopts the orphans among
them. If it is itself killed, the kernel kills the command's first process. It imports nothing of
the twin, since it takes memory as long as the command runs.
"""

import ctypes
import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from math import inf

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""The former also counts while a machine is suspended."""
_RESCAN_S = 0.01
"""Before a look for what a kill missed: a process may fork while others are killed."""
_STDIN = 0
_NOT_STARTED = 127
"""The exit status with which a shell says so."""


def main(answers: int, stop_within_s: float, lease_s: float, command: list[str]) -> None:
    """`answers`: the second pipe. `lease_s`: 0 for none."""
    os.set_inheritable(answers, False)
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    # A host may signal every process of a container, but the twin decides when this one ends.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    woken, wakes = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(wakes, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
    # A signal that comes before the command has its own handlers waits for them.
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    leader = os.fork()
    if not leader:
        _become(command)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 1)  # the pipe of the output shall end with the last that writes to it
    os.dup2(null, 2)
    _Keeper(leader, woken, answers, stop_within_s, lease_s or inf).keep()


def _become(command: list[str]) -> None:
    """In the child: turn into the command."""
    status = _NOT_STARTED
    try:
        keeper = os.getppid()
        os.setsid()
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != keeper:  # killed before the kernel knew
            os._exit(status)
        with suppress(OSError):  # when memory runs out, it goes before the twin does
            os.write(os.open("/proc/self/oom_score_adj", os.O_WRONLY | os.O_CLOEXEC), b"1000")
        signal.set_wakeup_fd(-1)
        for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
            with suppress(OSError):
                signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.dup2(os.open(os.devnull, os.O_RDWR), 0)
        os.execvp(command[0], command)  # noqa: S606 (what the user wants run)
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
    finally:
        os._exit(status)


class _Keeper:
    def __init__(
        self, leader: int, woken: int, answers: int, stop_within_s: float, lease_s: float
    ) -> None:
        self._leader = leader
        self._answers = answers
        self._sources = [woken, _STDIN]
        self._stop_within_s = stop_within_s
        self._lease_s = lease_s
        self._heard_at = _now()
        self._kill_at = inf
        """From when on all is killed; inf until it is to end."""

    def keep(self) -> None:
        """Return when the command and all that it started are gone."""
        self._tell(self._leader)
        while self._is_any_left():
            self._wait()
            if _now() >= self._next_at():  # looked at before a word that comes too late
                self._kill_at = -inf
                self._signal(signal.SIGKILL)

    def _next_at(self) -> float:
        return min(self._kill_at, self._heard_at + self._lease_s)

    def _wait(self) -> None:
        wait_s = max(self._next_at() - _now(), _RESCAN_S)
        ready, _, _ = select.select(self._sources, [], [], None if wait_s == inf else wait_s)
        if _now() < self._next_at():
            for source in ready:
                self._hear(source)

    def _hear(self, source: int) -> None:
        said = os.read(source, 4096)
        if source == _STDIN and not said:
            self._sources.remove(_STDIN)
            self._kill_at = -inf
        elif source == _STDIN:
            self._heard_at = _now()
            if b"t" in said and self._kill_at == inf:
                self._kill_at = _now() + self._stop_within_s
                os.kill(self._leader, signal.SIGTERM)
                os.kill(self._leader, signal.SIGCONT)  # a stopped process hears nothing else

    def _end_the_rest(self) -> None:
        self._kill_at = min(self._kill_at, _now() + self._stop_within_s)
        self._signal(signal.SIGTERM)
        self._signal(signal.SIGCONT)

    def _is_any_left(self) -> bool:
        with suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    return True
                if pid == self._leader:
                    self._tell(os.waitstatus_to_exitcode(status))
                    self._end_the_rest()
        return False

    def _tell(self, number: int) -> None:
        with suppress(OSError):  # the twin is gone, as stdin will tell
            os.write(self._answers, b"%d\n" % number)

    def _signal(self, number: int) -> None:
        """To the whole group at once, and to each process that left it."""
        leader, found = self._leader, _descendants(os.getpid())
        for target in {-leader if group == leader else pid for pid, group in found}:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(target, number)


def _descendants(ancestor: int) -> Iterator[tuple[int, int]]:
    """The process and the group of each."""
    children: dict[int, list[tuple[int, int]]] = {}
    for name in filter(str.isdigit, os.listdir("/proc")):  # noqa: PTH208 (pathlib takes memory)
        with suppress(OSError):
            # A command's name, in brackets, may hold anything.
            stat = _read(f"/proc/{name}/stat").rpartition(b")")[2]
            parent, group = map(int, stat.split()[1:3])
            children.setdefault(parent, []).append((int(name), group))
    found = [ancestor]
    for parent in found:
        yield from children.get(parent, ())
        found += [pid for pid, _ in children.get(parent, ())]


def _read(path: str) -> bytes:
    file = os.open(path, os.O_RDONLY)
    try:
        return os.read(file, 4096)
    finally:
        os.close(file)


def _prctl(option: int, value: int) -> None:
    with suppress(AttributeError):  # not on this system
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _now() -> float:
    return time.clock_gettime(_CLOCK)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]), sys.argv[4:])
