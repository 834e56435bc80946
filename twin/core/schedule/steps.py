"""An endless row of whole numbers at regular or irregular distances."""

from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True, slots=True)
class Steps:
    """Number n is `n * period`, plus up to `spread` that only `seed` and n decide.

    Irregular steps are no matter of chance here: both twins must find the same ones. `spread` must
    be less than `period`, so that every step is greater than the one before.
    """

    period: int
    spread: int = 0
    seed: str = ""

    @classmethod
    def between(cls, shortest: int, longest: int, seed: str) -> "Steps":
        """Steps of which each is `shortest` to `longest` from the one before."""
        if not 1 <= shortest <= longest:
            raise ValueError(
                f"every {shortest} to {longest} is empty: the first must be 1 or more, "
                "and the second no less than the first"
            )
        period = (shortest + longest) // 2
        # The odd half is left out: with it a distance could be one more or less than promised.
        return cls(period, period - shortest, seed)

    def after(self, number: int) -> int:
        """The first step that is greater."""
        nth = number // self.period
        step = self._step(nth)
        return step if step > number else self._step(nth + 1)

    def latest(self, number: int) -> int:
        """The last step that is not greater."""
        return self._step(self._index(number))

    def count(self, after: int, until: int) -> int:
        """How many steps lie in (after, until]."""
        return max(0, self._index(until) - self._index(after))

    def _index(self, number: int) -> int:
        nth = number // self.period
        return nth if self._step(nth) <= number else nth - 1

    def _step(self, nth: int) -> int:
        if not self.spread:
            return nth * self.period
        drawn = int.from_bytes(sha256(f"{self.seed} {nth}".encode()).digest()[:8])
        return nth * self.period + drawn % (self.spread + 1)
