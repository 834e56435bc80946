"""`plan`: a month of this configuration on a host, simulated: hours, handovers, slots, savings."""

import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from twin.clock import Clock
from twin.commands.ask import jobs_running
from twin.commands.planned import ArbiterMonth, Plan, Savings, hours_on_duty, way
from twin.commands.say import say
from twin.commands.shown import as_json, text
from twin.core.pair.shift import Shift
from twin.core.pair.strict_timeouts import JOIN_EVERY_S, RENEWS
from twin.core.questions import Load
from twin.core.scaling.timetable import Timetable
from twin.core.schedule.job import Job
from twin.core.zones import zone
from twin.duties import Duties
from twin.hosts import HOSTS, OFFERS, Offer, offer_of
from twin.settings.settings import Settings, read_settings
from twin.settings.targets import ScaleSettings
from twin.sim.budget import HOUR_S, dyno_hours
from twin.sim.month import START, Month, Pair, simulate
from twin.worker.child import without_secrets
from twin.worker.readout import ScriptError, jobs_of

_LOGIN = ("BASIC_AUTH_USERNAME", "BASIC_AUTH_PASSWORD")
_NOT_NEEDED = (*_LOGIN, "SCALE_API_KEY")
"""A plan may be made before the twins are deployed."""
_NAME, _PEER_NAME = "this twin", "its peer"


@dataclass(frozen=True, slots=True)
class Question:
    """The arguments on the command line."""

    host: str | None
    """The key of an offer; None for that of this machine."""
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
        pair = _pair(settings, offer, question, _jobs(settings, environ))
    except ScriptError as error:
        say(str(error), to=sys.stderr)
        return 1
    month = simulate(pair)
    ways = other_ways(pair, zone(settings.timezone))
    told = Plan(
        month=month,
        others=tuple((name, simulate(other)) for name, other in ways),
        savings=savings(settings, month, question.price),
        commands=tuple(command.name for command in settings.commands),
        arbiter=arbiter_month(settings, month),
    )
    say(*(json.dumps(as_json(told), indent=2) if question.as_json else text(told)).split("\n"))
    return 0


def as_on(offer: Offer, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment as it would be there, with values for what a plan does not need.

    What is set stays, so that problems with it are still found.
    """
    signs = {host.sign: "" for host in HOSTS} | {offer.host.sign: "plan"}
    missing = [name for name in _NOT_NEEDED if not environ.get(name, "").strip()]
    filled = {**environ, **dict.fromkeys(missing, "not-needed"), **signs}
    if not filled.get("TWIN_NAME", "").strip() and not filled.get(offer.host.app_name):
        filled["TWIN_NAME"] = _NAME
    return filled


def _jobs(settings: Settings, environ: Mapping[str, str]) -> dict[str, Job]:
    """Of the scripts, from a twin that runs them, else from the scripts themselves."""
    if not settings.jobs:
        return {}
    if all(environ.get(name, "").strip() for name in _LOGIN):
        jobs, url = jobs_running(settings)
        if jobs:
            say(f"the jobs are those that {url} runs", to=sys.stderr)
            return jobs
    say(f"running {', '.join(settings.jobs)} up to its loop, to see its jobs", to=sys.stderr)
    handed_on = without_secrets(os.environ, settings.key_names)
    return jobs_of(settings.jobs, settings.timezone, handed_on)


def _pair(settings: Settings, offer: Offer, question: Question, jobs: dict[str, Job]) -> Pair:
    own = {each.job.name: each.job for each in Duties(settings, Clock()).jobs}
    return Pair(
        names=(settings.name, _PEER_NAME),
        # Without faults, a pair acts and sleeps as long in strict mode as in pair mode.
        rules=replace(settings.rules, lease_s=None),
        sleeps_on_standby=settings.standby_asleep,
        jobs={name: replace(job, asked=False) for name, job in (jobs | own).items()},
        offer=offer,
        days=question.days,
        seed=question.seed,
    )


def other_ways(pair: Pair, where: ZoneInfo) -> list[tuple[str, Pair]]:
    """Alternatives that use fewer hours, by name; none where hours are not counted."""
    if pair.offer.budget_h is None:
        return []
    whole_day = replace(pair.rules, shift=None)
    halves = replace(pair.rules, shift=pair.rules.shift or Shift(0, 12 * 60, where))
    ways = [(replace(pair, sleeps_on_standby=True, rules=rules)) for rules in (whole_day, halves)]
    return [(way(other), other) for other in ways if other != pair]


def arbiter_month(settings: Settings, month: Month) -> ArbiterMonth | None:
    url, lease_s = settings.arbiter_url, settings.rules.lease_s
    if url is None or lease_s is None:
        return None
    on_duty_h = hours_on_duty(month)
    load = Load(
        on_duty_s=on_duty_h * HOUR_S,
        standby_s=max(0.0, month.hours - on_duty_h) * HOUR_S,
        slots=sum(job.run + job.doubled for job in month.jobs),
        renews=RENEWS,
        join_every_s=JOIN_EVERY_S,
    )
    scheme, _, rest = url.partition("://")
    host = re.split("[/?]", rest)[0].rpartition("@")[2].partition(":")[0]
    return ArbiterMonth(load, lease_s, scheme.startswith("redis"), host)


def savings(settings: Settings, month: Month, price: float | None) -> tuple[Savings, ...]:
    """Compared with SCALE_MAX all the time, for each target with a timetable.

    Once the hours are used up nobody scales, and the targets stay as they are.
    """
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
        target=scale.target.name,
        most=scale.rules.max_quantity,
        hours=dyno_hours(timetable, START, left_at) + stays_at * (total_h - scaled_h),
        always_h=scale.rules.max_quantity * total_h,
        stays_at=None if month.dry_after_h is None else stays_at,
        price=price,
    )
