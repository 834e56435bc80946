"""The lines between apps: what becomes of a message on its way."""

from bisect import bisect_right, insort
from dataclasses import dataclass, field
from random import Random

LATE_S = 40.0
"""The latest that a message arrives; a router or a proxy gives up before."""
TOO_LATE_S = 3.0
"""Two ways that take longer together are no round trip that the promises speak of."""


@dataclass
class Quality:
    """How a line is at the moment. Every way there or back draws anew."""

    fastest_s: float = 0.005
    slowest_s: float = 0.06
    lost: float = 0.0
    """The share of messages that are lost."""
    late: float = 0.0
    """The share that takes from `TOO_LATE_S` to `LATE_S`."""
    doubled: float = 0.0


@dataclass
class Lines:
    """All ways between apps, by name. A way to one's own URL is one of them."""

    random: Random
    quality: Quality = field(default_factory=Quality)
    cut: set[tuple[str, str]] = field(default_factory=set)
    garbled: set[tuple[str, str]] = field(default_factory=set)
    """By asker and asked: whose answers arrive unreadable. Calls arrive whole."""
    garbled_at: float = float("-inf")
    """When an answer was last unreadable."""
    hurt_at: float = float("-inf")
    """When a message between two twins was last lost or late: the promises' one excuse."""
    own_hurt_at: float = float("-inf")
    """The same of a message to one's own URL."""
    underway: int = 0
    _late: list[float] = field(default_factory=list)

    @property
    def are_fine(self) -> bool:
        quality = self.quality
        return not (self.cut or self.garbled or quality.lost or quality.late or quality.doubled)

    def way_s(self, source: str, target: str, now: float) -> float | None:
        """How long a message sent now takes; None if it is lost."""
        draw, quality = self.random.random(), self.quality
        if (source, target) in self.cut or draw < quality.lost:
            self._hurt(source, target, now)
            return None
        if draw < quality.lost + quality.late:
            self._hurt(source, target, now)
            late_s = self.random.uniform(TOO_LATE_S, LATE_S)
            insort(self._late, now + late_s)
            return late_s
        return self.random.uniform(quality.fastest_s, quality.slowest_s)

    def is_garbled(self, asker: str, asked: str, now: float) -> bool:
        """Whether an answer that arrives now is unreadable."""
        if (asker, asked) in self.garbled:
            self.garbled_at = now
            return True
        return False

    def late_one_came_at(self, now: float) -> float:
        """When the last late message arrived."""
        came = bisect_right(self._late, now)
        del self._late[: max(came - 1, 0)]
        return self._late[0] if came else float("-inf")

    def is_doubled(self) -> bool:
        return self.quality.doubled > 0 and self.random.random() < self.quality.doubled

    def _hurt(self, source: str, target: str, now: float) -> None:
        if source == target:
            self.own_hurt_at = now
        else:
            self.hurt_at = now
