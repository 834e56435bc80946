"""When each twin was on duty, awake and watched, by the collected log.

A claim's term identifies its holder, which distinguishes two boots of one app. A frozen twin's log
shows nothing: the fault reports a freeze to `froze`, and the thaw to `thawed`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from twin.lab.collected import Line

_SOURCE = re.compile(r"(?P<app>[\w-]+)\[(?P<part>[a-z]+)")
_PAIR = re.compile(r'(\w+)=("[^"]*"|\S+)')

_ENDLESS = float("inf")


class Span(NamedTuple):
    since: float
    until: float

    @property
    def seconds(self) -> float:
        return self.until - self.since


class Moment(NamedTuple):
    """Holds from `at` until the next one."""

    at: float
    holders: int
    """Twins on duty that are neither dead nor frozen."""
    awake: int
    """Processes that listen, have no SIGTERM, and are not frozen."""
    knowing: int
    """Apps with an unfrozen process that knows the ledger."""


@dataclass
class Witness:
    """Subscribe `read` to the log of one platform."""

    moments: list[Moment] = field(default_factory=lambda: [Moment(0.0, 0, 0, 0)])
    disturbed_at: list[float] = field(default_factory=list)
    """Events that restart the count of the time until a twin is on duty."""
    watches: list[tuple[str, Span]] = field(default_factory=list)
    """By the watched app; added at the end of a watch."""
    moved_at: float = 0.0
    """When a process was last up or gone."""
    holding: dict[int, str] = field(default_factory=dict)
    """The app on duty, by term."""
    _up: dict[str, tuple[str, float]] = field(default_factory=dict)
    """(app, since when it listens), by process."""
    _leaving: set[str] = field(default_factory=set)
    _knows_since: dict[str, float] = field(default_factory=dict)
    _frozen: set[str] = field(default_factory=set)

    def read(self, line: Line) -> None:
        source = _SOURCE.match(line.source)
        if source is None:
            return
        told = dict(_PAIR.findall(line.text))
        handle = _HANDLERS.get((source["part"], told.get("event", "")))
        if handle is not None:
            handle(self, source["app"], line.at, told)
            self._look(line.at)
        elif source["part"] == "router" and told.get("path") == '"/watch"':
            seconds = int(told["service"].removesuffix("ms")) / 1000
            self.watches.append((source["app"], Span(line.at - seconds, line.at)))

    def froze(self, app: str, at: float) -> None:
        self._frozen.add(app)
        self.disturbed(at)

    def thawed(self, app: str, at: float) -> None:
        self._frozen.discard(app)
        self.disturbed(at)

    def disturbed(self, at: float) -> None:
        self.disturbed_at.append(at)
        self._look(at)

    # ---- questions

    @property
    def holders(self) -> list[str]:
        return [app for app in self.holding.values() if app not in self._frozen]

    def vacancies(self, since: float, until: float) -> list[Span]:
        """When no twin was on duty."""
        return self._spans(since, until, lambda moment: moment.holders == 0)

    def unserved(self, since: float, until: float) -> list[Span]:
        """When no twin was on duty although one was awake, counted from the last disturbance."""
        spans = self._spans(since, until, lambda moment: moment.awake > 0 and moment.holders == 0)
        return [
            Span(max(start, *(at for at in [start, *self.disturbed_at] if at < end)), end)
            for start, end in spans
        ]

    def shared(self, since: float, until: float) -> list[Span]:
        """When two were on duty."""
        return self._spans(since, until, lambda moment: moment.holders > 1)

    def forgotten(self, since: float, until: float) -> list[Span]:
        """When no process knew the ledger."""
        return self._spans(since, until, lambda moment: moment.knowing == 0)

    def was_watched(self, app: str, at: float) -> bool:
        """Whether a watch of `app` was open then, for long enough to be read."""
        return any(
            name == app and span.since + 0.1 < at < span.until + 0.1 for name, span in self.watches
        )

    def _spans(self, since: float, until: float, wanted: Callable[[Moment], bool]) -> list[Span]:
        ends = [moment.at for moment in self.moments[1:]] + [float("inf")]
        found: list[Span] = []
        for moment, end in zip(self.moments, ends, strict=True):
            span = Span(max(moment.at, since), min(end, until))
            if not wanted(moment) or span.seconds <= 0:
                continue
            if found and found[-1].until == span.since:
                span = Span(found.pop().since, span.until)
            found.append(span)
        return found

    # ---- the meaning of the lines

    def _look(self, at: float) -> None:
        serving = [app for pid, (app, _) in self._up.items() if pid not in self._leaving]
        awake = [app for app in serving if app not in self._frozen]
        knowing = [app for app in self._knows_since if app not in self._frozen]
        moment = Moment(at, len(self.holders), len(awake), len(knowing))
        if moment[1:] != self.moments[-1][1:]:
            self.moments.append(moment)

    def _taken(self, app: str, at: float, told: dict[str, str]) -> None:
        self.holding[int(told["term"])] = app
        self._joined(app, at, told)

    def _lost(self, app: str, _: float, told: dict[str, str]) -> None:
        self._end_terms(app, below=float(told.get("term", "inf")))

    def _released(self, app: str, _: float, told: dict[str, str]) -> None:
        self._end_terms(app, below=int(told["term"]) + 1)

    def _unsure(self, app: str, _at: float, _told: dict[str, str]) -> None:
        self._end_terms(app)

    def _end_terms(self, app: str, since: float = 0.0, below: float = _ENDLESS) -> None:
        self.holding = {
            term: holder
            for term, holder in self.holding.items()
            if holder != app or not since <= term < below
        }

    def _joined(self, app: str, at: float, _: dict[str, str]) -> None:
        self._knows_since[app] = at

    def _came_up(self, app: str, at: float, told: dict[str, str]) -> None:
        self._up[told["pid"]] = app, at
        self.moved_at = at
        self.disturbed_at.append(at)

    def _told_to_leave(self, _app: str, at: float, told: dict[str, str]) -> None:
        self._leaving.add(told["pid"])
        self.disturbed_at.append(at)

    def _exited(self, app: str, at: float, told: dict[str, str]) -> None:
        _, up_at = self._up.pop(told["pid"], (app, at))
        self._leaving.discard(told["pid"])
        self.moved_at = at
        self.disturbed_at.append(at)
        others = [since for name, since in self._up.values() if name == app]
        # Terms are times: the newer of two boots makes the later claims.
        if not others:
            self._end_terms(app)
        elif max(others) > up_at:
            self._end_terms(app, below=max(others) * 1000)
        else:
            self._end_terms(app, since=up_at * 1000)
        if not others or self._knows_since.get(app, 0.0) < max(others):
            self._knows_since.pop(app, None)


_HANDLERS: dict[tuple[str, str], Callable[[Witness, str, float, dict[str, str]], None]] = {
    ("web", "duty.taken"): Witness._taken,
    ("web", "duty.lost"): Witness._lost,
    ("web", "duty.released"): Witness._released,
    ("web", "clock.froze"): Witness._unsure,
    ("web", "standby.joined"): Witness._joined,
    ("manager", "dyno.up"): Witness._came_up,
    ("manager", "dyno.stopping"): Witness._told_to_leave,
    ("manager", "dyno.exited"): Witness._exited,
}
