"""Periods in which a condition held, such as lost messages."""

APART_S = 8.0
"""A condition that returns sooner never healed."""


class Spells:
    """Grows at its end only: times are added in order."""

    def __init__(self) -> None:
        self._spells: list[tuple[float, float]] = []

    def note(self, now: float) -> None:
        """The condition holds now."""
        if self._spells and now - self.ended_at <= APART_S:
            now, since = max(now, self.ended_at), self._spells.pop()[0]
            self._spells.append((since, now))
        else:
            self._spells.append((now, now))

    @property
    def ended_at(self) -> float:
        """When the condition last held."""
        return self._spells[-1][1] if self._spells else float("-inf")

    def within(self, seconds: float, at: float) -> bool:
        """Whether the condition held within this time before or after `at`."""
        return any(
            since - seconds <= at <= until + seconds for since, until in reversed(self._spells)
        )
