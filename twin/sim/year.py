"""A year of a pair as a user meets it, with nothing excused: `python -m twin.sim.year`.

The real machines live on the hosts of hosts.py, which restart them daily, start them when they are
asked for, and put an idle standby to sleep. Each twin is deployed once a day and crashes once a
week, and once a month the line between the two is cut for five minutes. Quiet hours are counted as
in month.py. The hours of a budget are not: `plan` counts those.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from heapq import heappop, heappush
from itertools import count
from math import inf
from random import Random

from twin.core.pair.events import Effect, Note
from twin.core.pair.state import Rules
from twin.core.schedule.job import Job
from twin.core.schedule.schedules import every
from twin.hosts import OFFERS
from twin.sim.counters import Counters
from twin.sim.metered_host import MeteredHost
from twin.sim.month import DAY_S, START, Pair, Playing, count_slots
from twin.sim.observer import HEALING_S
from twin.sim.parts import Boot
from twin.sim.pool import each
from twin.sim.process import Process
from twin.sim.world import World

CUT_S = 300.0
_MONTH_S = 30 * DAY_S
_WEEK_S = 7 * DAY_S
_APART_S = 1800.0
"""At least so long lies between two deploys that are not at once."""
_SILENT = 0.5
"""The share of crashes that close no connection, as when a machine dies."""
_SERVES_S = 0.1
"""A new process serves, and then its URL leads to it."""
_AGAIN_S = 60.0
"""A fault that meets an app which is starting comes so much later."""

JOBS = {name: Job(name, every(name, None, "UTC"), timeout_s=600) for name in ("1m", "10m")}
_OFFERS = {"Heroku": OFFERS[0], "Render": OFFERS[2]}


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table."""

    host: str
    asleep: bool
    """Whether the standby sleeps when it is idle."""
    at_once: bool
    """Whether both twins are deployed at the same moment."""

    def __str__(self) -> str:
        standby = "asleep" if self.asleep else "awake"
        return f"{self.host}, {standby}, {'at once' if self.at_once else 'apart'}"


SETTINGS = [
    Setting(host, asleep, at_once)
    for asleep in (False, True)
    for host in _OFFERS
    for at_once in (False, True)
]


@dataclass(frozen=True, slots=True)
class Year:
    setting: Setting
    faults: int
    """Restarts, deploys, crashes and cuts."""
    handovers: int
    slots: int
    doubled: int
    doubled_in_cuts: int
    skipped: int
    unknown: int
    """Slots that did not run, just before a twin took the duty without a record, and said so."""
    unrecorded: int
    """Slots that did not run, and no line of a log says so."""
    nobody_s: float
    """How long no twin was on duty."""
    longest_s: float


def live(lot: tuple[Setting, int, int]) -> Year:
    """The days of one setting, by seed."""
    setting, days, seed = lot
    offer = replace(_OFFERS[setting.host], budget_h=None)
    pair = Pair(("a", "b"), Rules(), setting.asleep, JOBS, offer, days, seed)
    playing = _Playing(pair, setting)
    playing.until(START)
    playing.begin()
    playing.until(START + days * DAY_S)
    return playing.year()


class _Counters(Counters):
    """Counts what happens, and excuses nothing."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.doubled_in_cuts = 0
        self._unknown_until: list[float] = []

    def _broken(self, promise: str, how: str) -> None:
        """It is counted."""

    def started(self, process: Boot, job: str, slot: int) -> None:
        before = self.doubles.total()
        super().started(process, job, slot)
        if self.world.lines.hurt.within(HEALING_S, slot):
            self.doubled_in_cuts += self.doubles.total() - before

    def saw(self, process: Boot, effect: Effect) -> None:
        super().saw(process, effect)
        match effect:
            case Note(event="slots.unknown", values=values):
                found = dict(values).get("until")
                if isinstance(found, int):
                    self._unknown_until.append(found)

    def is_unknown(self, job: Job, slot: int, not_run: set[int]) -> bool:
        """Whether nothing of the job is recorded between this slot and the start of a count."""
        until = next((until for until in self._unknown_until if until >= slot), inf)
        between = job.schedule.latest(until) if until - slot < _WEEK_S else None
        while between is not None and between > slot:
            if between not in not_run:
                return False
            between = job.schedule.latest(between - 1)
        return between == slot

    def not_run(self, job: Job, since: float, until: float) -> Iterator[int]:
        """The slots of the job in [since, until) that no twin started."""
        quiet, slot = iter([*self.quiet, (inf, inf)]), job.schedule.after(since - 1)
        begin, end = next(quiet)
        while slot is not None and slot < until:
            while slot > end:
                begin, end = next(quiet)
            if slot <= begin and (job.name, slot) not in self._ran:
                yield slot
            slot = job.schedule.after(slot)


class _Playing(Playing):
    def __init__(self, pair: Pair, setting: Setting) -> None:
        self._coming: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()
        super().__init__(pair, skips=True, counters=_Counters)
        self._setting = setting
        self._faults = 0
        # Its own generator: a changed rule still meets the same faults.
        self._random = Random(f"{pair.seed} year")  # noqa: S311 - a fault is no secret
        end = START + pair.days * DAY_S
        for host in self._hosts:
            self._every(_WEEK_S, end, partial(self._crash, host))
        self._every(_MONTH_S, end, self._cut)
        self._plan_deploys(end)

    # ---- when faults come

    def _plan(self, at: float, act: Callable[[], None]) -> None:
        heappush(self._coming, (at, next(self._numbers), act))

    def _every(self, span_s: float, end: float, act: Callable[[], None]) -> None:
        """Once in each span, at a random moment."""
        begin = START
        while begin < end:
            self._plan(begin + self._random.uniform(0, span_s), act)
            begin += span_s

    def _plan_deploys(self, end: float) -> None:
        one, other = self._hosts
        day = START
        while day < end:
            at = day + self._random.uniform(0, DAY_S - 2 * _APART_S)
            later = self._random.uniform(_APART_S, day + DAY_S - at)
            self._plan(at, partial(self._deploy, one))
            self._plan(at + (0 if self._setting.at_once else later), partial(self._deploy, other))
            day += DAY_S

    def _next_at(self) -> float:
        return min(super()._next_at(), self._coming[0][0] if self._coming else inf)

    def _do_what_is_due(self) -> None:
        super()._do_what_is_due()
        while self._coming and self._coming[0][0] <= self._world.now:
            heappop(self._coming)[2]()

    # ---- the faults

    def _crash(self, host: MeteredHost) -> None:
        front = host.front
        if front is None:
            if not host.asleep:
                self._plan(self._world.now + _AGAIN_S, partial(self._crash, host))
            return
        self._faults += 1
        host.kill(front, silently=self._random.random() < _SILENT)
        if not (host.alive or host.boots):
            host.boot()

    def _deploy(self, host: MeteredHost) -> None:
        old, now = host.front, self._world.now
        if host.boots:
            self._plan(now + _AGAIN_S, partial(self._deploy, host))
            return
        self._faults += 1
        overlaps_s = self._pair.offer.overlaps_s
        if old is None:
            host.boot()
        elif overlaps_s:
            host.boot(to_front=False)
            serves_at = now + host.boot_s + _SERVES_S
            self._plan(serves_at, partial(self._move, host))
            self._plan(serves_at + overlaps_s, partial(self._end, host, old))
        else:
            host.terminate(old, "a deploy")
            host.boot()

    def _move(self, host: MeteredHost) -> None:
        if host.alive and host.alive[-1] is not host.front:
            host.lead_to(host.alive[-1])

    def _end(self, host: MeteredHost, old: Process) -> None:
        if old in host.alive and old is not host.front:
            host.terminate(old, "a deploy")

    def _cut(self) -> None:
        one, other = (host.name for host in self._hosts)
        self._faults += 1
        self._world.lines.cut |= {(one, other), (other, one)}
        self._plan(self._world.now + CUT_S, self._world.lines.cut.clear)

    # ---- results

    def year(self) -> Year:
        seen, end = self._counters, START + self._pair.days * DAY_S
        assert isinstance(seen, _Counters)  # noqa: S101
        seen.end()
        skipped = unknown = unrecorded = 0
        for job in JOBS.values():
            not_run = set(seen.not_run(job, START, end))
            left = {slot for slot in not_run if not seen.slots.is_skipped(job.name, slot)}
            found = sum(seen.is_unknown(job, slot, left) for slot in left)
            skipped += len(not_run) - len(left)
            unknown += found
            unrecorded += len(left) - found
        return Year(
            setting=self._setting,
            faults=self._faults + sum(host.restarts for host in self._hosts),
            handovers=seen.handovers,
            slots=sum(count_slots(job.schedule, START - 1, end - 1) for job in JOBS.values()),
            doubled=seen.doubles.total() - seen.doubled_in_cuts,
            doubled_in_cuts=seen.doubled_in_cuts,
            skipped=skipped,
            unknown=unknown,
            unrecorded=unrecorded,
            nobody_s=seen.gap_s,
            longest_s=seen.longest_gap_s,
        )


# ---- the command


_HEAD = (
    "| host, standby, deploys | faults, handovers | doubled; in cuts | skipped | unknown | "
    "unrecorded | nobody on duty, longest |"
)


def row(year: Year) -> str:
    cells = (
        str(year.setting),
        f"{year.faults:,}, {year.handovers:,}",
        f"{year.doubled:,}; {year.doubled_in_cuts:,}",
        f"{year.skipped:,}",
        f"{year.unknown:,}",
        f"{year.unrecorded:,}",
        f"{year.nobody_s:,.0f} s, {year.longest_s:.1f} s",
    )
    return f"| {' | '.join(cells)} |"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser("python -m twin.sim.year", description=__doc__)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    lots = [(setting, asked.days, asked.seed) for setting in SETTINGS]
    with closing(each(live, lots)) as found:
        years = sorted(found, key=lambda year: SETTINGS.index(year.setting))
    print(_HEAD, "|---" * _HEAD.count(" | ") + "|---|", *map(row, years), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
