"""Advice on a plan, in sentences."""

from collections.abc import Iterator, Sequence

from twin.commands.planned import Plan, Savings, day_dry, hours_of, way_of_both
from twin.core.durations import format_duration
from twin.sim.month import Month, Pair, other_half


def advice(plan: Plan) -> list[str]:
    """The most important first."""
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
            f"{offer.shared_by} share on day {day_dry(month)} ({offer.budget_h:g} / {a_day} = "
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
            f"{way_of_both(best.pair)} fits, with {best.hours:.0f} h: one twin awake at a time "
            f"needs {pair.days * 24} h, and both are awake for a while after each handover."
        )
    yield f"What needs none of this, and never sleeps: {pair.offer.without_budget}."


def _about_savings(savings: Savings) -> Iterator[str]:
    if savings.stays_at is not None:
        yield (
            f"Nobody scales once the hours are used up: {savings.target} then stays at "
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
            f"With {way_of_both(better[0].pair)} it is "
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
        other = hours_of(other_half(pair.rules.shift))
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
