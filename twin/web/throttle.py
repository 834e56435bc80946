"""What anybody can cause: some times at once, then at a fixed rate.

Addresses do not count: behind a router anybody may claim any.
"""

import traceback
from dataclasses import dataclass, replace

from twin.clock import Clock
from twin.log import Log


@dataclass(frozen=True, slots=True)
class Throttle:
    free: int
    """How many may come at once."""
    each_s: float
    """After this long, one of them is forgotten."""
    count: int = 0
    """All since the boot."""
    heat: float = 0.0
    """Those that are not forgotten yet, at `at`."""
    at: float = 0.0
    """`Moment.mono` of the last one."""

    def happened(self, mono: float) -> "Throttle":
        return replace(self, count=self.count + 1, heat=self._left(mono) + 1, at=mono)

    def wait_s(self, mono: float) -> float:
        """Until the next one may happen; 0 if it may now."""
        return max(0.0, self._left(mono) - self.free + 1) * self.each_s

    def _left(self, mono: float) -> float:
        return max(0.0, self.heat - (mono - self.at) / self.each_s)


class LimitedLog:
    """Leaves out lines that come too often, and counts them in the next line."""

    def __init__(self, clock: Clock, log: Log, throttle: Throttle) -> None:
        self._clock = clock
        self._log = log
        self._throttle = throttle
        self._left_out = 0

    def warning(self, event: str, **values: object) -> None:
        if self._may_write(values):
            self._log.warning(event, **values)

    def error(self, event: str, because: str, error: BaseException | None) -> None:
        values: dict[str, object] = {"because": because}
        if self._may_write(values):
            if error is not None:
                values["traceback"] = "".join(traceback.format_exception(error))
            self._log.error(event, **values)

    def _may_write(self, values: dict[str, object]) -> bool:
        mono = self._clock.now().mono
        if self._throttle.wait_s(mono) > 0:
            self._left_out += 1
            return False
        self._throttle = self._throttle.happened(mono)
        if self._left_out:
            values["left_out"] = self._left_out
            self._left_out = 0
        return True
