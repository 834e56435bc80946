"""An endless sequence of whole numbers at regular or irregular distances."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Steps:
    """Each step is `shortest` to `shortest + more` from the one before.

    Irregular steps are no matter of chance here: both twins must find the same ones. So every
    second step is on a grid, and only `seed` and its place decide where the one in between is.
    """

    shortest: int
    more: int = 0
    seed: str = ""

    @classmethod
    def between(cls, shortest: int, longest: int, seed: str) -> "Steps":
        """Raises `ValueError` if there is nothing between the two."""
        if not 1 <= shortest <= longest:
            raise ValueError(
                f"every {shortest} to {longest} is empty: the first must be 1 or more, "
                "and the second no less than the first"
            )
        return cls(shortest, longest - shortest, seed)

    @property
    def longest(self) -> int:
        return self.shortest + self.more

    @property
    def period(self) -> int:
        """How far every second step is from the one before it."""
        return self.shortest + self.longest

    def after(self, number: int) -> int:
        """The first step that is greater."""
        return self._step(self._index(number) + 1)

    def latest(self, number: int) -> int:
        """The last step not greater than the number."""
        return self._step(self._index(number))

    def count(self, after: int, until: int) -> int:
        """The number of steps in (after, until]."""
        return max(0, self._index(until) - self._index(after))

    def _index(self, number: int) -> int:
        nth = 2 * (number // self.period)
        return nth + (self._step(nth + 1) <= number)

    def _step(self, nth: int) -> int:
        pair, second = divmod(nth, 2)
        step = pair * self.period + second * self.shortest
        if not (second and self.more):
            return step
        from hashlib import sha256  # brings OpenSSL along, 4 MB in each worker

        drawn = int.from_bytes(sha256(f"{self.seed} {pair}".encode()).digest()[:8])
        return step + drawn % (self.more + 1)
