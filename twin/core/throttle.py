"""How long somebody with wrong credentials has to wait for the answer.

Whoever tries passwords gets some tens of thousands a day instead of millions. Addresses do not
count: behind a router anybody may claim any. Right credentials never wait.
"""

from dataclasses import dataclass, replace

_FREE = 5
"""A person mistypes some times; a peer with an old password tries once a minute."""
_COOLS_S = 10.0
"""After so long one of the failures is forgotten."""
_FIRST_S = 0.1
_LONGEST_S = 2.0
"""Less than the 3 s that a peer waits for an answer: it has to learn that its password is wrong."""


@dataclass(frozen=True, slots=True)
class Throttle:
    count: int = 0
    """All failures since the boot."""
    heat: float = 0.0
    """Failures that are not forgotten yet, at `at`."""
    at: float = 0.0
    """`Moment.mono` of the last one."""

    def failed(self, mono: float) -> "Throttle":
        left = max(0.0, self.heat - (mono - self.at) / _COOLS_S)
        return replace(self, count=self.count + 1, heat=left + 1, at=mono)

    @property
    def delay_s(self) -> float:
        """For the failure that came last."""
        over = min(self.heat - _FREE, 10)
        return 0.0 if over <= 0 else min(_LONGEST_S, _FIRST_S * 2**over)
