"""Messages with the right credentials that cannot be a twin's: told in the log."""

from twin.clock import Clock
from twin.log import Log

_TELL_EVERY_S = 60.0


class Strangers:
    """Tells of the first, and then of one a minute at most, however many come."""

    def __init__(self, clock: Clock, log: Log) -> None:
        self._clock = clock
        self._log = log
        self._told_at = float("-inf")

    def refused(self, why: str) -> None:
        mono = self._clock.now().mono
        if mono >= self._told_at + _TELL_EVERY_S:
            self._told_at = mono
            self._log.warning("document.refused", because=why)
