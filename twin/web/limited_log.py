"""Log lines that anybody can cause by what they send: some at once, then three a minute.

What is left out is counted in the next line.
"""

import traceback

from twin.clock import Clock
from twin.log import Log
from twin.web.throttle import Throttle

_FREE = 3
_EACH_S = 20.0


class LimitedLog:
    """Lives on one event loop."""

    def __init__(self, clock: Clock, log: Log) -> None:
        self._clock = clock
        self._log = log
        self._throttle = Throttle(_FREE, _EACH_S)
        self._left_out = 0

    def tell(self, event: str, because: str, error: BaseException | None) -> None:
        mono = self._clock.now().mono
        if self._throttle.wait_s(mono) > 0:
            self._left_out += 1
            return
        self._throttle = self._throttle.happened(mono)
        values: dict[str, object] = {"because": because}
        if self._left_out:
            values["left_out"] = self._left_out
            self._left_out = 0
        if error is not None:
            values["traceback"] = "".join(traceback.format_exception(error))
        self._log.error(event, **values)
