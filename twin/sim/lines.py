"""The lines between apps: they deliver, delay, lose and double messages."""

from bisect import bisect_right, insort
from dataclasses import dataclass, field
from random import Random

from twin.sim.spells import Spells

LATE_S = 40.0
"""The longest delay of a message that arrives; a router or a proxy gives up earlier."""
TOO_LATE_S = 3.0
"""The promises cover round trips up to this long."""


@dataclass
class Quality:
    """The current state of a line. Every message, request or answer, draws its own delay."""

    fastest_s: float = 0.005
    slowest_s: float = 0.06
    lost: float = 0.0
    """The share of lost messages."""
    late: float = 0.0
    """The share of messages that take from `TOO_LATE_S` to `LATE_S`."""
    doubled: float = 0.0


@dataclass
class Lines:
    """All lines between apps, by name, including each app's line to its own URL."""

    random: Random
    quality: Quality = field(default_factory=Quality)
    cut: set[tuple[str, str]] = field(default_factory=set)
    garbled: set[tuple[str, str]] = field(default_factory=set)
    """The pairs (asker, asked) whose answers arrive unreadable. Requests arrive intact."""
    unreadable: Spells = field(default_factory=Spells)
    """When answers were unreadable."""
    hurt: Spells = field(default_factory=Spells)
    """When messages between two twins were lost or late: the one excuse of the promises."""
    own_hurt: Spells = field(default_factory=Spells)
    """The same for messages to an app's own URL."""
    underway: int = 0
    _late: list[float] = field(default_factory=list)

    @property
    def are_fine(self) -> bool:
        quality = self.quality
        return not (self.cut or self.garbled or quality.lost or quality.late or quality.doubled)

    def way_s(self, source: str, target: str, now: float) -> float | None:
        """How long a message sent now takes; None if it gets lost."""
        draw, quality = self.random.random(), self.quality
        if (source, target) in self.cut or draw < quality.lost:
            self._hurt(source, target, now)
            return None
        if draw < quality.lost + quality.late:
            self._hurt(source, target, now)
            late_s = self.random.uniform(TOO_LATE_S, LATE_S)
            self.come_late(now + late_s)
            return late_s
        return self.random.uniform(quality.fastest_s, quality.slowest_s)

    def is_garbled(self, asker: str, asked: str, now: float) -> bool:
        """Whether an answer that arrives now is unreadable."""
        if (asker, asked) in self.garbled:
            self.unreadable.note(now)
            return True
        return False

    def come_late(self, at: float) -> None:
        """Record when a message arrives: until then the pair may act on it."""
        insort(self._late, at)

    def late_one_came_at(self, now: float) -> float:
        """When the last late message arrived."""
        came = bisect_right(self._late, now)
        del self._late[: max(came - 1, 0)]
        return self._late[0] if came else float("-inf")

    def is_doubled(self) -> bool:
        return self.quality.doubled > 0 and self.random.random() < self.quality.doubled

    def _hurt(self, source: str, target: str, now: float) -> None:
        spells = self.own_hurt if source == target else self.hurt
        spells.note(now)
