"""What `plan` found, in tables, in sentences and as JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import Any

from twin.core.durations import format_duration
from twin.core.shift import Shift
from twin.sim.month import JobMonth, Month, Pair, other_half

_WIDTH = 100
_LONGEST_NAME = 40


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
    """How many there are once the twins' hours are used up and nobody scales; None if they last."""
    price: float | None
    """Dollars for one dyno-hour, if it was told."""

    @property
    def saved_h(self) -> float:
        return self.always_h - self.hours


@dataclass(frozen=True, slots=True)
class Plan:
    month: Month
    others: tuple[tuple[str, Month], ...]
    """What else could be done, by name, and the month that it makes."""
    savings: tuple[Savings, ...]
    """One for each target that has a timetable."""


# ---- for people


def text(plan: Plan) -> str:
    pair = plan.month.pair
    head = f"{pair.offer.title}, {pair.days} days: {way(pair)} (seed {pair.seed})"
    tables = [_twins(plan.month), _jobs(plan.month.jobs), *map(_savings, plan.savings), _ways(plan)]
    advice = "\n".join(fill(f"- {one}", _WIDTH, subsequent_indent="  ") for one in sentences(plan))
    return "\n\n".join([head, *filter(None, tables), advice])


def _twins(month: Month) -> str:
    budget_h = month.pair.offer.budget_h

    def used(hours: float) -> tuple[str, ...]:
        return (f"{hours:.1f}", f"{hours / budget_h:.0%}") if budget_h else (f"{hours:.1f}",)

    head = ("HOURS", f"OF {budget_h:g}") if budget_h else ("HOURS",)
    rows: list[tuple[str, ...]] = [("TWIN", *head, "SLEEPS", "WAKES", "RESTARTS")]
    for twin in month.twins:
        counts = (twin.sleeps, twin.wakes, twin.restarts)
        rows.append((_short(twin.name), *used(twin.hours), *map(str, counts)))
    columns = zip(*((one.sleeps, one.wakes, one.restarts) for one in month.twins), strict=True)
    rows.append(("the pair", *used(month.hours), *(str(sum(counts)) for counts in columns)))
    return _table(rows)


def _jobs(jobs: Sequence[JobMonth]) -> str:
    if not jobs:
        return ""
    rows = [("JOB", "SCHEDULE", "SLOTS", "RUN", "SKIPPED", "TWICE")]
    for job in jobs:
        counts = (job.due, job.run, job.skipped, job.doubled)
        rows.append((_short(job.name), _short(job.schedule), *(f"{one:,}" for one in counts)))  # type: ignore[arg-type]  # as many as the head
    return _table(rows, left=2)


def _savings(savings: Savings) -> str:
    priced = savings.price is not None
    rows: list[tuple[str, ...]] = [
        (f"DYNOS OF {_short(savings.target)}", "DYNO-HOURS", *(["COST"] if priced else []))
    ]
    for what, hours in (
        ("by the timetable", savings.hours),
        (f"always {savings.most}", savings.always_h),
        ("saved", savings.saved_h),
    ):
        cost = [] if savings.price is None else [f"${hours * savings.price:,.2f}"]
        rows.append((what, f"{hours:,.0f}", *cost))
    return _table(rows)


def _ways(plan: Plan) -> str:
    """This configuration, and beside it what else could be done about the hours."""
    rows = [("", "HOURS", "DRY", "HANDOVERS", "NOBODY ON DUTY", "LONGEST", "SKIPPED", "TWICE")]
    rows += [_way(name, month) for name, month in (("as it is", plan.month), *plan.others)]
    return _table(rows)


def _way(name: str, month: Month) -> tuple[str, str, str, str, str, str, str, str]:
    return (
        name,
        f"{month.hours:.0f}",
        "never" if month.dry_after_h is None else f"day {_day(month)}",
        str(month.handovers),
        f"{month.gap_s:,.0f} s",
        f"{month.longest_gap_s:.1f} s",
        f"{sum(job.skipped for job in month.jobs):,}",
        f"{sum(job.doubled for job in month.jobs):,}",
    )


def way(pair: Pair) -> str:
    """What the pair does about its hours, as one would set it."""
    asleep = "STANDBY=asleep" if pair.sleeps_on_standby else "STANDBY=awake"
    shift = pair.rules.shift
    return f"{asleep} SHIFT={_hours(shift)}" if shift else asleep


def _table(rows: Sequence[tuple[str, ...]], left: int = 1) -> str:
    """Aligned; the first `left` columns are words, the others numbers."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if number < left else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"


# ---- what follows from it


def sentences(plan: Plan) -> list[str]:
    """The advice, most important first."""
    return [
        *_about_hours(plan),
        *(one for savings in plan.savings for one in _about_savings(savings)),
        *_about_gaps(plan),
        *_about_doubles([plan.month, *(month for _, month in plan.others)]),
        *_about_the_other_twin(plan.month.pair),
        *_about_what_is_not_in_it(plan.month.pair),
    ]


def _about_hours(plan: Plan) -> Iterator[str]:
    month, offer = plan.month, plan.month.pair.offer
    if offer.budget_h is None:
        yield f"{offer.title} never sleeps and counts no hours. A month costs {offer.costs}."
    elif month.dry_after_h is None:
        left_h = offer.budget_h - month.hours
        yield (
            f"It fits: {left_h:.0f} of the {offer.budget_h:g} h that {offer.shared_by} share are "
            f"left. A month costs {offer.costs}."
        )
    else:
        a_day = f"{month.hours / month.dry_after_h * 24:.1f}".removesuffix(".0")
        days = month.dry_after_h / 24
        yield (
            f"It does not fit: {a_day} h a day use up the {offer.budget_h:g} h that "
            f"{offer.shared_by} share on day {_day(month)} ({offer.budget_h:g} / {a_day} = "
            f"{days:.1f} days). From then on they all sleep until the month ends, and nobody is "
            "on duty."
        )
        yield from _what_fits(plan)


def _what_fits(plan: Plan) -> Iterator[str]:
    pair = plan.month.pair
    fitting = [month for _, month in plan.others if month.dry_after_h is None]
    if fitting:
        best = min(fitting, key=lambda month: month.gap_s)
        yield (
            f"{_way_of_both(best.pair)} fits, with {best.hours:.0f} h: one twin awake at a time "
            f"needs {pair.days * 24} h, and both are awake for a while after each handover."
        )
    yield f"What needs none of this, and never sleeps: {pair.offer.without_budget}."


def _about_savings(savings: Savings) -> Iterator[str]:
    if savings.stays_at is not None:
        yield (
            f"Nobody scales once the hours are used up: {_short(savings.target)} then stays at "
            f"{savings.stays_at}, and the timetable saves less."
        )


def _about_gaps(plan: Plan) -> Iterator[str]:
    month = plan.month
    better = [
        other
        for _, other in plan.others
        if other.dry_after_h is None and other.gap_s < month.gap_s / 10
    ]
    if month.dry_after_h is None and better:
        yield (
            f"The host starts every app anew once a day. If the other one sleeps then, nobody is "
            f"on duty until one of the two has started, {month.gap_s:.0f} s in all, and what was "
            "known of the slots may be lost with it: one may be skipped. "
            f"With {_way_of_both(better[0].pair)} it is "
            f"{better[0].gap_s:.0f} s: no twin is up for long enough to be started anew."
        )


def _about_doubles(months: Sequence[Month]) -> Iterator[str]:
    if any(job.doubled for month in months for job in month.jobs):
        yield (
            "TWICE is by design: when the host starts one twin anew while the other one sleeps, "
            "neither knows whether the newest slot ran, and a job with catch_up, as those that "
            "scale have it, runs it again."
        )


def _about_the_other_twin(pair: Pair) -> Iterator[str]:
    if pair.rules.shift is not None:
        other = _hours(other_half(pair.rules.shift))
        yield f"The other twin has the rest of the day: SHIFT={other} there, all else the same."


def _about_what_is_not_in_it(pair: Pair) -> Iterator[str]:
    after_s = pair.offer.sleeps_after_s
    if pair.sleeps_on_standby and after_s is not None:
        yield (
            "Faults, deploys and visitors are not in it. Each visit to a sleeping twin wakes it "
            f"for {format_duration(int(after_s))}."
        )
    else:
        yield "Faults and deploys are not in it."


def _way_of_both(pair: Pair) -> str:
    shift = pair.rules.shift
    others = f" (SHIFT={_hours(other_half(shift))} on the other twin)" if shift else ""
    return way(pair) + others


def _hours(shift: Shift) -> str:
    return "-".join(f"{at // 60:02}:{at % 60:02}" for at in (shift.start, shift.end))


def _day(month: Month) -> int:
    """The day of the month on which the hours are used up."""
    assert month.dry_after_h is not None, "asked only of a month that runs dry"  # noqa: S101
    return int(month.dry_after_h // 24) + 1


# ---- for programs


def as_json(plan: Plan) -> dict[str, Any]:
    pair = plan.month.pair
    return {
        "host": pair.offer.key,
        "days": pair.days,
        "seed": pair.seed,
        "budget_hours": pair.offer.budget_h,
        **_month(plan.month),
        "scaling": [_scaling(savings) for savings in plan.savings],
        "other_ways": {name: _month(month) for name, month in plan.others},
        "advice": sentences(plan),
    }


def _month(month: Month) -> dict[str, Any]:
    return {
        "settings": way(month.pair),
        "hours": round(month.hours, 1),
        "dry_on_day": None if month.dry_after_h is None else _day(month),
        "handovers": month.handovers,
        "seconds_without_holder": round(month.gap_s, 1),
        "longest_seconds_without_holder": round(month.longest_gap_s, 2),
        "twins": [
            {
                "twin": twin.name,
                "hours": round(twin.hours, 1),
                "sleeps": twin.sleeps,
                "wakes": twin.wakes,
                "restarts": twin.restarts,
            }
            for twin in month.twins
        ],
        "jobs": [
            {
                "name": job.name,
                "schedule": job.schedule,
                "slots": job.due,
                "run": job.run,
                "skipped": job.skipped,
                "doubled": job.doubled,
            }
            for job in month.jobs
        ],
    }


def _scaling(savings: Savings) -> dict[str, Any]:
    price = savings.price
    return {
        "target": savings.target,
        "dyno_hours": round(savings.hours, 1),
        "dyno_hours_always_at_most": round(savings.always_h, 1),
        "dyno_hours_saved": round(savings.saved_h, 1),
        "dollars_saved": None if price is None else round(savings.saved_h * price, 2),
    }
