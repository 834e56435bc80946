"""The only module that reads time."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from twin.core.moment import Moment

# CLOCK_MONOTONIC stands still while a machine is suspended, and a freeze would go unnoticed.
_MONO = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


@dataclass(frozen=True)
class Clock:
    """The clocks of this machine; in the lab, with a wall clock of its own start and rate.

    `mono` always runs at its real rate: the pair's time limits are about real networks and real
    processes, however fast the day goes by.
    """

    origin_wall: float = 0.0
    origin_mono: float = 0.0
    rate: float = 1.0

    def now(self) -> Moment:
        mono = time.clock_gettime(_MONO)
        if self == Clock():
            return Moment(time.clock_gettime(time.CLOCK_REALTIME), mono)
        return Moment(self.origin_wall + (mono - self.origin_mono) * self.rate, mono)

    def real_s(self, seconds: float) -> float:
        """How many real seconds pass while the wall clock passes `seconds`."""
        return seconds / self.rate

    def setting(self) -> str:
        """This clock as the value of `TWIN_CLOCK`, for a process that shall share it."""
        return f"{self.origin_wall!r},{self.origin_mono!r},{self.rate!r}"


def clock_of(environ: Mapping[str, str]) -> Clock:
    """The clock that the lab set in `TWIN_CLOCK`, else the machine's own."""
    value = environ.get("TWIN_CLOCK")
    return Clock(*map(float, value.split(","))) if value else Clock()


def shifted(wall: float, rate: float) -> Clock:
    """A clock that shows `wall` now and runs at `rate`."""
    return Clock(wall, time.clock_gettime(_MONO), rate)
