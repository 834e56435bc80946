"""The alerts that wait for one address, and when they leave.

- An alert after a quiet minute leaves at once. What follows within the minute waits for its end,
  and leaves as one letter.
- A letter that was sent, but not acknowledged, has perhaps arrived. Its alerts are sent once more,
  marked as such, with the first letter that leaves five minutes later or after, unless a newer
  alert about the same target arrived meanwhile.

Times are `Moment.mono`.
"""

from dataclasses import dataclass, replace
from math import inf

from twin.core.alert import Alert
from twin.notify.letter import Letter


@dataclass(frozen=True, slots=True)
class Outbox:
    every_s: float = 60.0
    again_s: float = 300.0
    waiting: tuple[Alert, ...] = ()
    doubtful: tuple[Alert, ...] = ()
    """Sent once, and perhaps not arrived."""
    doubted_at: float = 0.0
    left_at: float = -inf
    """When the last letter left."""

    def with_alert(self, alert: Alert) -> "Outbox":
        return replace(self, waiting=(*self.waiting, alert))

    def without_oldest(self) -> tuple[Alert, "Outbox"]:
        return self.waiting[0], replace(self, waiting=self.waiting[1:])

    def due_at(self) -> float | None:
        """When the next letter leaves; None if there is nothing to tell."""
        if self.waiting:
            return self.left_at + self.every_s
        return max(self.left_at + self.every_s, self._again_at) if self.doubtful else None

    def taken(self, now: float) -> tuple[Letter, "Outbox"]:
        """The next letter, and what is left: to be called when one is due, or as this twin ends."""
        again = self.doubtful if now >= self._again_at else ()
        doubtful = () if again else self.doubtful
        return Letter(self.waiting, again), replace(self, waiting=(), doubtful=doubtful)

    def acknowledged(self, letter: Letter, now: float) -> "Outbox":
        newer = {alert.about for alert in letter.alerts if alert.about}
        doubtful = tuple(alert for alert in self.doubtful if alert.about not in newer)
        return replace(self, doubtful=doubtful, left_at=now)

    def unacknowledged(self, letter: Letter, now: float) -> "Outbox":
        """What was sent twice is not sent again."""
        doubtful = (*self.doubtful, *letter.alerts)
        doubted_at = self.doubted_at if self.doubtful else now
        return replace(self, doubtful=doubtful, doubted_at=doubted_at, left_at=now)

    def returned(self, letter: Letter) -> "Outbox":
        """It has not arrived after all."""
        doubtful = tuple(alert for alert in self.doubtful if alert not in letter.alerts)
        return replace(self, waiting=(*letter.alerts, *self.waiting), doubtful=doubtful)

    @property
    def _again_at(self) -> float:
        return self.doubted_at + self.again_s
