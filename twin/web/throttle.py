"""How often something may happen that anybody can cause: some times at once, then at a fixed rate.

Addresses do not count: behind a router anybody may claim any.
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Throttle:
    free: int
    """So many may come at once."""
    each_s: float
    """After so long one of them is forgotten."""
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
