"""When a target's platform may be asked again.

- If repeating may help, a request is repeated twice at once, and then ever more seldom.
- If not, it is repeated when something else is wanted, and otherwise ever more seldom, too, down to
  every ten minutes: somebody may have paid, or deployed the missing process type.
- The first refusal by a platform that did the same a moment ago counts as one that may heal.
- Nothing is asked before the time that the platform named, up to an hour.
- When few of the platform's requests are left, a reading stands for longer.

Times are the wall's, in epoch seconds, like a timetable's: a clock that is set can end a pause
early, and never makes one longer. `chance` is a random number from 0 to 1, so that many targets do
not ask in step.
"""

from dataclasses import dataclass, replace
from math import inf

from twin.core.scaling.target import TargetError

_QUICKLY_S = (0.5, 1.5)
_FIRST_S = 15.0
"""As often as targets are probed by default."""
_MOST_S = 300.0
_UNHEALED_MOST_S = 600.0
_DOUBLINGS = 6
_RECENTLY_S = 600.0
"""A platform that worked so short a time ago may just have stumbled."""
_RETRY_AFTER_MOST_S = 3600.0
"""A proxy's mistake must not silence the duty for a day."""
_FEW_REQUESTS = 300
"""Of Heroku's 4500, refilled at 75 a minute: other tools of the account need some, too."""
_FEW_EVERY_S = 60.0


def quick_pause_s(error: TargetError, tries: int, chance: float) -> float | None:
    """How long to wait before the next try in the same step; None: do not try."""
    if not error.heals or error.stands is not None or tries > len(_QUICKLY_S):
        return None  # what was accepted, and not done, needs time or a person
    pause_s = max(_shortened(_QUICKLY_S[tries - 1], chance), error.retry_after_s)
    return pause_s if pause_s <= _QUICKLY_S[-1] else None


def stands_s(requests_left: int | None) -> float:
    """How long what was read stands: a minute when few requests are left, five when almost none."""
    if requests_left is None or requests_left >= _FEW_REQUESTS:
        return 0.0
    return min(_FEW_EVERY_S * _FEW_REQUESTS / max(requests_left, 1), _MOST_S)


@dataclass(frozen=True, slots=True)
class Backoff:
    """What the failures of one kind of request leave behind; by default there were none."""

    error: TargetError | None = None
    """The last one."""
    wanted: int | None = None
    """The quantity that was asked for; None in a read."""
    failures: int = 0
    """Number of failures in a row."""
    wall: float = 0.0
    pause_s: float = 0.0
    worked_at: float = -inf
    """When a request of this kind last succeeded."""

    def stops(self, wall: float, wanted: int | None = None) -> TargetError | None:
        """The error that makes a request useless now; None if it may go."""
        if self.error is None or not 0 <= wall - self.wall < self.pause_s:
            return None
        return self.error if self.error.heals or wanted == self.wanted else None

    def after(
        self, error: TargetError, wall: float, chance: float, wanted: int | None = None
    ) -> "Backoff":
        """With one failure more; after a success, begin with `Backoff(worked_at=...)`."""
        failures = self.failures + 1
        worked_recently = 0 <= wall - self.worked_at < _RECENTLY_S
        if failures == 1 and worked_recently and error.limit is None:
            error = _doubted(error)
        pause_s = _pause_s(error, failures, chance)
        return replace(
            self, error=error, wanted=wanted, failures=failures, wall=wall, pause_s=pause_s
        )


def _doubted(error: TargetError) -> TargetError:
    """The same error, as one that may yet heal."""
    return TargetError(
        str(error), heals=True, retry_after_s=error.retry_after_s, stands=error.stands
    )


def _pause_s(error: TargetError, failures: int, chance: float) -> float:
    most_s = _MOST_S if error.heals else _UNHEALED_MOST_S
    grown_s = min(_FIRST_S * 2 ** min(failures - 1, _DOUBLINGS), most_s)
    return max(_shortened(grown_s, chance), min(error.retry_after_s, _RETRY_AFTER_MOST_S))


def _shortened(seconds: float, chance: float) -> float:
    """By up to a quarter. Never longer: the next step would then only come a step later."""
    return seconds * (1 - chance / 4)
