"""Signals: some end a twin, the others must not."""

import os
import signal
import socket
from collections.abc import Callable
from types import FrameType

from twin.process.forks import keep_from_children

TYPE_CHECKING = False  # as in __init__.py
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

_LEAVING = ("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGPWR", "SIGXCPU")
"""SIGPWR: the power fails. SIGXCPU: SIGKILL is near."""
_LEFT_ALONE = (
    *("SIGKILL", "SIGSTOP"),  # nobody can handle them
    *("SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGSEGV", "SIGSYS", "SIGTRAP"),  # a crash
    *("SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGCONT"),  # the rules of a freeze hold
    *("SIGCHLD", "SIGURG", "SIGWINCH", "SIGINFO"),  # nothing happens by default
)


class Signals:
    """At first a signal to leave ends the process; others do nothing.

    Not `SIG_IGN`, which processes of jobs would inherit.
    """

    def __init__(self) -> None:
        self._leaving = {*_known(_LEAVING)}
        # The user of `nohup` wants it so.
        if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
            self._leaving.discard(signal.SIGHUP)
        for number in self._leaving:
            signal.signal(number, _end_at_once)
        for number in signal.valid_signals() - {*_known(_LEFT_ALONE)}:
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, _do_nothing)
        os.register_at_fork(after_in_child=_reset)

    def call(self, leave: Callable[[str], None], loop: "AbstractEventLoop") -> None:
        """From now on, call `leave` on that loop with the name of the signal."""
        heard, tells = socket.socketpair()
        heard.setblocking(False)
        tells.setblocking(False)
        keep_from_children(lambda: [heard.fileno(), tells.fileno()])

        def read() -> None:
            for number in heard.recv(100):
                if number in self._leaving:
                    leave(signal.Signals(number).name)

        loop.add_reader(heard, read)
        # asyncio's own handlers end with the loop: a second SIGTERM would kill the twin.
        signal.set_wakeup_fd(tells.fileno(), warn_on_full_buffer=False)
        for number in self._leaving:
            signal.signal(number, _do_nothing)


def _known(names: tuple[str, ...]) -> list[signal.Signals]:
    """Those that this system has."""
    return [getattr(signal, name) for name in names if hasattr(signal, name)]


def _end_at_once(_number: int, _frame: FrameType | None) -> None:
    os._exit(0)  # there is no duty yet


def _do_nothing(_number: int, _frame: FrameType | None) -> None:
    pass


def _reset() -> None:
    """A job's child ends like any process, and does not write to its parent's pipe."""
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals():
        if signal.getsignal(number) in (_end_at_once, _do_nothing):
            is_interrupt = number == signal.SIGINT
            signal.signal(number, signal.default_int_handler if is_interrupt else signal.SIG_DFL)
