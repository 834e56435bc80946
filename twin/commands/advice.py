"""Advice on a plan, in sentences."""

from collections.abc import Iterator, Sequence

from twin.arbiter.pool import CONNECTIONS
from twin.commands.planned import ArbiterMonth, Plan, Savings, day_dry, hours_of, way_of_both
from twin.core import questions
from twin.core.durations import format_duration
from twin.core.questions import Questions, Service
from twin.sim.month import Month, Pair, other_half

_BOOTS = 4
"""In a deploy of both twins, each has two."""


def advice(plan: Plan) -> list[str]:
    """The most important first."""
    return [
        *_about_hours(plan),
        *_about_the_arbiter(plan),
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


def _about_the_arbiter(plan: Plan) -> Iterator[str]:
    month = plan.arbiter
    if month is None:
        return
    asked = month.questions
    yield (
        f"The arbiter answers {asked.total:,} questions: {asked.renewals:,} renew the lease, "
        f"{asked.joins:,} are of the standby, which looks once a minute, and {asked.starts:,} "
        "start slots. The few of each handover are not in it."
    )
    for service in questions.services_for(month.is_redis, month.host):
        yield from _about_service(service, month)
    pair = plan.month.pair
    if pair.sleeps_on_standby and pair.offer.sleeps:
        yield (
            "A sleeping standby confirms nobody. While the other twin sleeps, the one on duty "
            "stops when the arbiter is silent: the arbiter has to be up."
        )


def _about_service(service: Service, month: ArbiterMonth) -> Iterator[str]:
    if service.commands is not None:
        yield _about_commands(service.name, service.commands, month)
    if service.connections is not None:
        most = _BOOTS * CONNECTIONS
        yield (
            f"{service.name} allows {service.connections} connections: two twins have "
            f"{most} at most, while both are deployed."
        )
    if service.hours is not None and (day := questions.day_dry(month.load, service.hours)):
        yield (
            f"{service.name} has {service.hours:g} hours of the smallest database. One whose lease "
            f"is renewed never suspends, and is dry on day {day}: from then on it is silent."
        )


def _about_commands(name: str, most: int, month: ArbiterMonth) -> str:
    commands = month.questions.commands
    if commands <= most:
        return f"{name} allows {most:,} commands a month: {commands:,} fit."
    lease_s = questions.lease_for(month.load, most, lambda asked: asked.commands)
    if lease_s is not None:
        return f"{name} allows {most:,} commands a month: set ARBITER_LEASE={lease_s}s on both."
    told = (
        f"{name} allows {most:,} commands a month. By its documentation those within a script "
        f"count, which makes {commands:,}: no ARBITER_LEASE fits."
    )
    lease_s = questions.lease_for(month.load, most, _as_one_command_each)
    if lease_s is None:
        return told
    return f"{told} Should a question count as one command, ARBITER_LEASE={lease_s}s fits."


def _as_one_command_each(asked: Questions) -> int:
    return asked.total


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
