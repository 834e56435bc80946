"""A plan as text, in tables and sentences, and as JSON."""

from collections.abc import Sequence
from textwrap import fill
from typing import Any

from twin.commands.advice import advice
from twin.commands.planned import ArbiterMonth, Plan, Savings, day_dry, hours_on_duty, way
from twin.commands.say import table
from twin.sim.month import JobMonth, Month

_WIDTH = 100
_LONGEST_NAME = 40


# ---- for people


def text(plan: Plan) -> str:
    pair = plan.month.pair
    head = f"{pair.offer.title}, {pair.days} days: {way(pair)} (seed {pair.seed})"
    tables = [
        _twins(plan.month),
        _jobs(plan.month.jobs),
        _commands(plan),
        *map(_savings, plan.savings),
        _ways(plan),
    ]
    so = "\n".join(fill(f"- {one}", _WIDTH, subsequent_indent="  ") for one in advice(plan))
    return "\n\n".join([head, *filter(None, tables), so])


def _twins(month: Month) -> str:
    budget_h = month.pair.offer.budget_h

    def used(hours: float) -> tuple[str, ...]:
        return (f"{hours:.1f}", f"{hours / budget_h:.0%}") if budget_h else (f"{hours:.1f}",)

    head = ("HOURS", f"OF {budget_h:g}") if budget_h else ("HOURS",)
    rows = [("TWIN", *head, "SLEEPS", "WAKES", "RESTARTS")]
    counts = [(twin.sleeps, twin.wakes, twin.restarts) for twin in month.twins]
    for twin, its in zip(month.twins, counts, strict=True):
        rows.append((_short(twin.name), *used(twin.hours), *map(str, its)))
    sums = map(sum, zip(*counts, strict=True))
    rows.append(("the pair", *used(month.hours), *map(str, sums)))
    return "\n".join(table(rows, 1))


def _jobs(jobs: Sequence[JobMonth]) -> str:
    if not jobs:
        return ""
    rows = [["JOB", "SCHEDULE", "SLOTS", "RUN", "SKIPPED", "TWICE"]]
    for job in jobs:
        counts = (job.due, job.run, job.skipped, job.doubled)
        rows.append([_short(job.name), _short(job.schedule), *(f"{one:,}" for one in counts)])
    return "\n".join(table(rows, 2))


def _commands(plan: Plan) -> str:
    if not plan.commands:
        return ""
    ran = [f"{hours_on_duty(plan.month):.1f}", str(plan.month.handovers)]
    rows = [["COMMAND", "HOURS", "MOVES"], *([_short(each), *ran] for each in plan.commands)]
    return "\n".join(table(rows, 1))


def _savings(savings: Savings) -> str:
    priced = savings.price is not None
    rows = [[f"DYNOS OF {_short(savings.target)}", "DYNO-HOURS", *(["COST"] if priced else [])]]
    for what, hours in (
        ("by the timetable", savings.hours),
        (f"always {savings.most}", savings.always_h),
        ("saved", savings.saved_h),
    ):
        cost = [] if savings.price is None else [f"${hours * savings.price:,.2f}"]
        rows.append([what, f"{hours:,.0f}", *cost])
    return "\n".join(table(rows, 1))


def _ways(plan: Plan) -> str:
    """This configuration, and alternatives that use fewer hours."""
    rows = [["", "HOURS", "DRY", "HANDOVERS", "NOBODY ON DUTY", "LONGEST", "SKIPPED", "TWICE"]]
    rows += [_way(name, month) for name, month in (("as it is", plan.month), *plan.others)]
    return "\n".join(table(rows, 1))


def _way(name: str, month: Month) -> list[str]:
    dry = "never" if month.dry_after_h is None else f"day {day_dry(month)}"
    gaps = (f"{month.gap_s:,.0f} s", f"{month.longest_gap_s:.1f} s")
    skipped, doubled = (
        f"{sum(getattr(job, what) for job in month.jobs):,}" for what in ("skipped", "doubled")
    )
    return [name, f"{month.hours:.0f}", dry, str(month.handovers), *gaps, skipped, doubled]


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"


# ---- for programs


def as_json(plan: Plan) -> dict[str, Any]:
    pair = plan.month.pair
    return {
        "host": pair.offer.key,
        "days": pair.days,
        "seed": pair.seed,
        "budget_hours": pair.offer.budget_h,
        **_month(plan.month),
        "commands": list(plan.commands),
        "arbiter": None if plan.arbiter is None else _arbiter(plan.arbiter),
        "scaling": [_scaling(savings) for savings in plan.savings],
        "other_ways": {name: _month(month) for name, month in plan.others},
        "advice": advice(plan),
    }


def _arbiter(month: ArbiterMonth) -> dict[str, Any]:
    asked = month.questions
    return {
        "lease_seconds": month.lease_s,
        "questions": asked.total,
        "renewals": asked.renewals,
        "joins": asked.joins,
        "starts": asked.starts,
    }


def _month(month: Month) -> dict[str, Any]:
    return {
        "settings": way(month.pair),
        "hours": round(month.hours, 1),
        "dry_on_day": None if month.dry_after_h is None else day_dry(month),
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
