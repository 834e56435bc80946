"""A command that runs as long as the duty, and when it is started again."""

from dataclasses import dataclass, field, replace
from enum import StrEnum

RUN_JOB = "twin.run."
"""The name of a command's job; the command's name follows."""
SOON_S = 60.0
"""A command that ends within a minute of its start stumbles over the same thing each time."""
GIVES_UP_AFTER = 5
"""So many such ends in a row, and perhaps it is this machine: the other twin may try."""
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 60.0


class Restart(StrEnum):
    ALWAYS = "always"
    ON_FAILURE = "on-failure"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Command:
    name: str
    line: str = field(repr=False)
    """What a shell runs. It may hold a secret."""
    stop_within_s: int
    restart: Restart
    probe_url: str | None
    """A page of its own that tells whether it works; `$PORT` stands for its port."""
    env: tuple[str, ...]
    """Secrets of the twin that it is given all the same."""


@dataclass(frozen=True, slots=True)
class Lives:
    """The lives of one command while one twin has the duty. Times are `Moment.mono`."""

    started_at: float = 0.0
    starts: int = 0
    again_at: float | None = 0.0
    """When to start it; None while it runs, and when it is not to be started again."""
    failures: int = 0
    """How often in a row it ended soon after its start."""

    def started(self, now: float) -> "Lives":
        return replace(self, started_at=now, starts=self.starts + 1, again_at=None)

    def ended(self, status: int, restart: Restart, now: float) -> "Lives":
        if restart is Restart.NEVER or (restart is Restart.ON_FAILURE and status == 0):
            return replace(self, failures=0)
        failures = self.failures + 1 if now < self.started_at + SOON_S else 0
        pause_s = min(_FIRST_PAUSE_S * 2 ** min(max(0, failures - 1), 6), _LONGEST_PAUSE_S)
        return replace(self, failures=failures, again_at=now + pause_s)

    def asked_for(self, now: float) -> "Lives":
        """Somebody wants it started anew."""
        return replace(self, failures=0, again_at=now)

    def is_steady(self, now: float) -> bool:
        """Whether it has run for longer than one that fails."""
        return self.again_at is None and self.starts > 0 and now >= self.started_at + SOON_S
