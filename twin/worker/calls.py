"""Calls a job's function, once or until it succeeds, and tells the twin how that ended."""

import inspect
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from twin.clock import Clock
from twin.core.pair.bounds import WHY_BYTES, shortened
from twin.worker.channel import Told

_FIRST_RETRY_S, _LONGEST_RETRY_S = 1.0, 60.0


@dataclass(frozen=True, slots=True)
class Call:
    """A run that the twin has granted."""

    job: str
    slot: int
    function: Callable[[], object]
    retries: int
    ends_at: float
    """Wall time: a retry that would begin later is left out."""
    is_awaited: bool = False
    """Whether its caller may run what it returns."""


class Calls:
    """Safe to use from every thread."""

    def __init__(
        self, end: Callable[[Told], object], clock: Clock, leaving: threading.Event
    ) -> None:
        """`end` tells the twin how a run ended."""
        self._tell_end = end
        self._clock = clock
        self._leaving = leaving

    def run(self, call: Call, is_end: Callable[[object], bool] = lambda _: False) -> object:
        """What the function returned. `is_end`: of that, whether the job wants no more slots.

        Raises what the function raised at last, once the twin knows of it.
        """
        began = self._clock.now().mono
        try:
            returned = self._tried(call)
        except BaseException as error:
            is_well = isinstance(error, SystemExit) and not error.code
            self._end(
                call, "done" if is_well else "failed", "" if is_well else reason(error), began
            )
            raise
        why = "" if call.is_awaited else why_not_run(returned)
        state = "failed" if why else "cancelled" if is_end(returned) else "done"
        self._end(call, state, why, began)
        return returned

    def _tried(self, call: Call) -> object:
        pause_s = _FIRST_RETRY_S
        for _ in range(call.retries):
            try:
                return call.function()
            except Exception as error:
                too_late = self._clock.now().wall + pause_s >= call.ends_at
                if too_late or self._leaving.wait(self._clock.real_s(pause_s)):
                    raise
                traceback.print_exception(error)
                pause_s = min(2 * pause_s, _LONGEST_RETRY_S)
        return call.function()

    def _end(self, call: Call, state: str, why: str, began: float) -> None:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError, AttributeError):  # closed, or replaced
                stream.flush()
        seconds = self._clock.now().mono - began
        told = {"job": call.job, "slot": call.slot, "state": state, "why": why}
        self._tell_end({**told, "seconds": seconds})


def reason(error: BaseException) -> str:
    text = "".join(traceback.format_exception_only(error)).strip()
    return shortened(text, WHY_BYTES)


def why_not_run(returned: Any) -> str:
    """Why the call did nothing, if all that it returned is code that waits to be run."""
    if inspect.iscoroutine(returned):
        return "it returned a coroutine, which nobody runs: call asyncio.run in the job"
    if inspect.isgenerator(returned) or inspect.isasyncgen(returned):
        return "it is a generator, which nobody runs: remove the yield, or loop over it in the job"
    return ""
