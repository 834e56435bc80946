"""`plan`: a month of this configuration on a host, simulated: hours, handovers, slots, savings."""

import contextlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from twin.assemble import load_jobs
from twin.clock import Clock
from twin.commands.planned import Plan, Savings, way
from twin.commands.say import say
from twin.commands.shown import as_json, text
from twin.core.pair.shift import Shift
from twin.core.scaling.timetable import Timetable
from twin.core.zones import zone
from twin.hosts import HOSTS, OFFERS, Offer, offer_of
from twin.log import Log
from twin.scaling.duty_jobs import Duties
from twin.settings.settings import Settings, read_settings
from twin.settings.targets import ScaleSettings
from twin.sim.budget import HOUR_S, dyno_hours
from twin.sim.month import START, Month, Pair, simulate
from twin.worker.jobsfile import JobsError

_NOT_NEEDED = ("BASIC_AUTH_USERNAME", "BASIC_AUTH_PASSWORD", "SCALE_API_KEY")
"""A plan is made before the twins are deployed, and talks to nobody."""
_NAME, _PEER_NAME = "this twin", "its peer"


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked on the command line."""

    host: str | None
    """The key of an offer; None for the host that this runs on."""
    days: int
    seed: int
    price: float | None
    """Dollars for an hour of one of the target's dynos."""
    as_json: bool


def plan(question: Question, environ: Mapping[str, str]) -> int:
    """Exit status 1 if the jobs cannot be read. Raises SettingsError."""
    offers = {offer.key: offer for offer in OFFERS}
    offer = offers[question.host] if question.host else offer_of(environ)
    settings = read_settings(as_on(offer, environ))
    try:
        pair = _pair(settings, offer, question)
    except JobsError as error:
        say(*error.problems, to=sys.stderr)
        return 1
    month = simulate(pair)
    ways = other_ways(pair, zone(settings.timezone))
    told = Plan(
        month=month,
        others=tuple((name, simulate(other)) for name, other in ways),
        savings=savings(settings, month, question.price),
    )
    say(*(json.dumps(as_json(told), indent=2) if question.as_json else text(told)).split("\n"))
    return 0


def as_on(offer: Offer, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment as it would be there, with something in place of what a plan has no use for.

    What is set stays as it is, so that what is wrong with it is still found.
    """
    signs = {host.sign: "" for host in HOSTS} | {offer.host.sign: "plan"}
    missing = [name for name in _NOT_NEEDED if not environ.get(name, "").strip()]
    filled = {**environ, **dict.fromkeys(missing, "not-needed"), **signs}
    if not filled.get("TWIN_NAME", "").strip() and not filled.get(offer.host.app_name):
        filled["TWIN_NAME"] = _NAME
    return filled


def _pair(settings: Settings, offer: Offer, question: Question) -> Pair:
    log = Log(settings.name, sys.stderr)
    # What a jobs file prints while it is read must not stand among the answer.
    with contextlib.redirect_stdout(sys.stderr):
        scheduled = load_jobs(settings, Duties(settings, Clock(), log), log)
    return Pair(
        names=(settings.name, _PEER_NAME),
        rules=settings.rules,
        sleeps_on_standby=settings.standby_asleep,
        jobs={name: each.job for name, each in scheduled.items()},
        offer=offer,
        days=question.days,
        seed=question.seed,
    )


def other_ways(pair: Pair, where: ZoneInfo) -> list[tuple[str, Pair]]:
    """What else the pair could do about its hours, where they are counted; with their names."""
    if pair.offer.budget_h is None:
        return []
    whole_day = replace(pair.rules, shift=None)
    halves = replace(pair.rules, shift=pair.rules.shift or Shift(0, 12 * 60, where))
    ways = [(replace(pair, sleeps_on_standby=True, rules=rules)) for rules in (whole_day, halves)]
    return [(way(other), other) for other in ways if other != pair]


def savings(settings: Settings, month: Month, price: float | None) -> tuple[Savings, ...]:
    """Against SCALE_MAX all the time, for each target with a timetable. Once the hours are used up
    nobody scales, and the targets stay as they are."""
    return tuple(
        _savings(scale, scale.timetable, month, price)
        for scale in settings.targets
        if scale.timetable is not None
    )


def _savings(
    scale: ScaleSettings, timetable: Timetable, month: Month, price: float | None
) -> Savings:
    total_h = month.pair.days * 24.0
    scaled_h = total_h if month.dry_after_h is None else month.dry_after_h
    left_at = START + scaled_h * HOUR_S
    stays_at = timetable.level(left_at)
    return Savings(
        target=str(scale.target),
        most=scale.rules.max_quantity,
        hours=dyno_hours(timetable, START, left_at) + stays_at * (total_h - scaled_h),
        always_h=scale.rules.max_quantity * total_h,
        stays_at=None if month.dry_after_h is None else stays_at,
        price=price,
    )
