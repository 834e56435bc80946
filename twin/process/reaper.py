"""The first process of a container: its signals have no default action, and it gets all orphans.

The twin runs in a child: reaping there would take the exit statuses that jobs wait for.
"""

import os
import signal
from contextlib import suppress


def go_on_in_a_child() -> None:
    """Return in a child. This process forwards signals to it, reaps orphans, and ends with it."""
    every = signal.valid_signals()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, every)
    child = os.fork()
    if child:
        os._exit(_attend(child, every))
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _attend(child: int, every: set[signal.Signals]) -> int:
    """Returns the child's exit status, as a shell would."""
    while True:
        number = signal.sigwait(every)
        if number != signal.SIGCHLD:
            os.kill(child, number)
            continue
        status = _reap(child)
        if status is not None:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def _reap(child: int) -> int | None:
    """The wait status of the child, if it has ended."""
    found = None
    with suppress(ChildProcessError):  # none is left
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == child:
                found = status
            if not pid:
                break
    return found
