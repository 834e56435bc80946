"""How long the platform waits, as Heroku documents it."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Limits:
    """The first group is about real processes and connections; the second is about the lab's day,
    and is divided by its speed."""

    boot_s: float = 60.0
    """R10: a web process must listen on `$PORT` within it, or is killed."""
    stop_s: float = 30.0
    """R12: from SIGTERM to SIGKILL."""
    first_byte_s: float = 30.0
    """H12: from passing a request on to the first byte of its answer."""
    next_byte_s: float = 55.0
    """H15: between two bytes of an answer."""
    queue_s: float = 75.0
    """H20: how long a request waits for a dyno that starts."""
    calm_s: float = 60.0
    """A dyno that runs longer ends a row of crashes."""

    idle_s: float = 30 * 60.0
    """A sleeping app goes to sleep after this long without a request."""
    cycle_s: float = 24 * 3600.0
    """Every dyno is replaced after this long"""
    cycle_spread_s: float = 216 * 60.0
    """and up to this much, at random, so that not all dynos of an app are replaced at once."""
    backoff_s: float = 10.0
    """The wait before the second restart in a row; doubled for each more. The first is at once."""
    backoff_most_s: float = 20 * 60.0
    """The longest wait before a restart."""

    def at_speed(self, speed: float) -> "Limits":
        """These limits where a day passes `speed` times as fast."""
        of_the_day = ("idle_s", "cycle_s", "cycle_spread_s", "backoff_s", "backoff_most_s")
        return replace(self, **{name: getattr(self, name) / speed for name in of_the_day})
