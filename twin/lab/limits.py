"""How long the platform waits for what, as Heroku documents it."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Limits:
    """The platform's durations, in seconds.

    The first group is about real processes and real connections and is never divided by the speed
    of the lab's day; the second is about the day, and is.
    """

    boot_s: float = 60.0
    """R10: a web process must listen on `$PORT` within it, or is killed."""
    stop_s: float = 30.0
    """R12: from SIGTERM to SIGKILL."""
    first_byte_s: float = 30.0
    """H12: from passing a request on to the first byte of its answer."""
    next_byte_s: float = 55.0
    """H15: from one byte of an answer to the next."""
    queue_s: float = 75.0
    """H20: how long a request is held for a dyno that starts."""
    calm_s: float = 60.0
    """A life longer than this ends a row of crashes."""

    idle_s: float = 30 * 60.0
    """A sleeping app goes to sleep after this long without a request."""
    cycle_s: float = 24 * 3600.0
    """Every dyno is replaced after this long,"""
    cycle_spread_s: float = 216 * 60.0
    """and at most this much later, at random, so that an app's dynos do not go all at once."""
    backoff_s: float = 10.0
    """The wait before the second restart in a row; doubled for each more. The first is at once."""
    backoff_most_s: float = 20 * 60.0
    """The longest wait before a restart."""

    def at_speed(self, speed: float) -> "Limits":
        """These limits where a day passes `speed` times as fast."""
        return replace(
            self,
            idle_s=self.idle_s / speed,
            cycle_s=self.cycle_s / speed,
            cycle_spread_s=self.cycle_spread_s / speed,
            backoff_s=self.backoff_s / speed,
            backoff_most_s=self.backoff_most_s / speed,
        )
