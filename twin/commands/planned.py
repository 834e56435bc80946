"""The result of `plan`."""

from dataclasses import dataclass

from twin.core.pair.shift import Shift
from twin.core.questions import Load, Questions
from twin.sim.month import Month, Pair, other_half


@dataclass(frozen=True, slots=True)
class Savings:
    """Dyno-hours of what is scaled."""

    target: str
    most: int
    hours: float
    """By the timetable."""
    always_h: float
    """With SCALE_MAX all the time."""
    stays_at: int | None
    """The quantity once the twins' hours are used up and nobody scales; None if they last."""
    price: float | None
    """Dollars for one dyno-hour, if given."""

    @property
    def saved_h(self) -> float:
        return self.always_h - self.hours


@dataclass(frozen=True, slots=True)
class ArbiterMonth:
    """What the arbiter of a pair in strict mode has to answer."""

    load: Load
    lease_s: float
    is_redis: bool
    host: str

    @property
    def questions(self) -> Questions:
        return self.load.questions(self.lease_s)


@dataclass(frozen=True, slots=True)
class Plan:
    month: Month
    others: tuple[tuple[str, Month], ...]
    """Alternatives by name, and the month of each."""
    savings: tuple[Savings, ...]
    """One for each target that has a timetable."""
    commands: tuple[str, ...] = ()
    """Which run on whichever twin is on duty."""
    arbiter: ArbiterMonth | None = None
    """None in pair mode."""


def way(pair: Pair) -> str:
    """How the pair saves hours, as settings."""
    asleep = "STANDBY=asleep" if pair.sleeps_on_standby else "STANDBY=awake"
    shift = pair.rules.shift
    return f"{asleep} SHIFT={hours_of(shift)}" if shift else asleep


def way_of_both(pair: Pair) -> str:
    """With those of the other twin, if they differ."""
    shift = pair.rules.shift
    others = f" (SHIFT={hours_of(other_half(shift))} on the other twin)" if shift else ""
    return way(pair) + others


def hours_of(shift: Shift) -> str:
    return "-".join(f"{at // 60:02}:{at % 60:02}" for at in (shift.start, shift.end))


def day_dry(month: Month) -> int:
    """The day of the month on which the hours are used up."""
    assert month.dry_after_h is not None, "asked only of a month that runs dry"  # noqa: S101
    return int(month.dry_after_h // 24) + 1


def hours_on_duty(month: Month) -> float:
    """How long some twin is on duty, and so a command runs."""
    total_h = month.pair.days * 24.0 if month.dry_after_h is None else month.dry_after_h
    return total_h - month.gap_s / 3_600
