"""Wrong credentials: counted, told in the log, and answered ever more slowly."""

import asyncio

from twin.clock import Clock
from twin.core.throttle import Throttle
from twin.log import Log

_TELL_EVERY_S = 60.0
_MOST_WAITING = 50
"""Each holds a connection; beyond these there is no answer worth waiting for."""


class Refusals:
    """Lives on one event loop."""

    def __init__(self, clock: Clock, log: Log) -> None:
        self._clock = clock
        self._log = log
        self._throttle = Throttle()
        self._told_at = float("-inf")
        self._waiting = 0

    @property
    def count(self) -> int:
        """Since the boot."""
        return self._throttle.count

    async def slow_down(self) -> bool:
        """Wait as long as who presented wrong credentials has to; at once False if too many do."""
        mono = self._clock.now().mono
        self._throttle = self._throttle.failed(mono)
        self._tell(mono)
        if self._waiting >= _MOST_WAITING:
            return False
        self._waiting += 1
        try:
            await asyncio.sleep(self._throttle.delay_s)
        finally:
            self._waiting -= 1
        return True

    def _tell(self, mono: float) -> None:
        if mono >= self._told_at + _TELL_EVERY_S:
            self._told_at = mono
            why = "wrong credentials: if it is the other twin, set BASIC_AUTH_* alike on both"
            self._log.warning("login.failed", count=self.count, because=why)
