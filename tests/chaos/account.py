"""The fate of every slot, and the protocol's excuses for lost or doubled ones."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from math import inf

from faults import FOLLOWED_S, Fault, Stop
from real_pair import Pair, Ran
from witness import Witness

from twin.lab.collected import Line

_UNTOLD_S = 3.0
"""How far back the runs of a dead twin may be unknown if no standby watched it."""


@dataclass
class Struck:
    """One fault and its effects."""

    number: int
    pair: int
    fault: Fault
    target: str
    at: float
    was_whole: bool
    """Whether the pair was whole when the fault hit: otherwise a standby may have been waking."""
    healed_at: float = inf
    """When the fault was undone."""
    one_s: float = inf
    """The time from the undoing, with all processes up, until exactly one twin was on duty."""
    whole_at: float = inf
    """When the holder also had a watcher, and both had the same knowledge."""
    awaited: bool = False
    """Whether the next fault waited until the pair was whole again."""

    @property
    def excuse(self) -> str:
        """Why both may be on duty during the fault; empty if they may not."""
        if self.fault.is_cut:
            return "cut off"
        crossing = not (self.was_whole and self.fault.is_alone)
        return "boots crossed" if self.fault.overlaps and crossing else ""


@dataclass
class Slots:
    ran: int = 0
    skipped: int = 0
    unknown: int = 0
    """Announced and perhaps begun by a twin that died: logged as such, and not repeated."""
    lost: list[int] = field(default_factory=list)
    doubled: list[int] = field(default_factory=list)
    excused: Counter[str] = field(default_factory=Counter)
    """Lost or doubled where the protocol promises nothing, by reason."""


@dataclass
class Account:
    """The evidence about one pair's slots."""

    pair: Pair
    witness: Witness
    stops: list[Stop]
    strikes: list[Struck]

    def by_strike(self) -> dict[int, Slots]:
        """Judge the slots by the fault whose time they lie in; 0 before the first."""
        runs: dict[int, list[Ran]] = {}
        for run in self.pair.runs():
            runs.setdefault(run.slot, []).append(run)
        skipped, unknown = _told(self.pair.platform.log.matching(r"event=slot\.(skipped|ended) "))
        found: dict[int, Slots] = {}
        # A slot after the last run may still run.
        for slot in range(min(runs, default=0), max(runs, default=-1) + 1):
            slots = found.setdefault(self._number(slot), Slots())
            if slot in runs:
                slots.ran += 1
                if len(runs[slot]) > 1:
                    _put(slots, slots.doubled, slot, self._why_doubled(runs[slot]))
            elif slot in skipped:
                slots.skipped += 1
            elif slot in unknown:
                slots.unknown += 1
            else:
                _put(slots, slots.lost, slot, self._why_lost(slot))
        return found

    def _number(self, slot: int) -> int:
        """A fault may hit a slot due within the second before it."""
        return max((s.number for s in self.strikes if s.at - 1 <= slot), default=0)

    def _why_doubled(self, runs: list[Ran]) -> str:
        first, second = runs[0], runs[1]
        if excuse := self.excuse(second.slot):
            return excuse
        for stop in self._stops_of(first.pid):
            unwatched = not self.witness.was_watched(stop.app, stop.at)
            if unwatched and -0.1 <= stop.at - first.slot < _UNTOLD_S:
                return "unwatched"
        return ""

    def _why_lost(self, slot: int) -> str:
        # A script that begins on a twin that knows nothing of its jobs counts them from then on.
        times = [at for at, _ in self._served]
        for gap in self.witness.forgotten(0, inf):
            since = max((at for at in times if at <= gap.since), default=gap.since)
            until = min((at for at in times if at >= gap.until), default=inf)
            if since - 1 <= slot <= until + 1:
                return "both gone"
        at, app = max((each for each in self._served if each[0] <= slot), default=(0.0, ""))
        deaths = [stop for stop in self.stops if stop.app == app and at - 1 <= stop.at <= slot + 1]
        unwatched = any(not self.witness.was_watched(app, stop.at) for stop in deaths)
        return "unwatched" if unwatched else ""

    @cached_property
    def _served(self) -> list[tuple[float, str]]:
        """When a slot was served, and by which app."""
        lines = self.pair.platform.log.matching(r"event=slot\.\w+ ")
        return [(line.at, line.source.partition("[")[0]) for line in lines]

    def _stops_of(self, pid: int) -> Iterator[Stop]:
        return (stop for stop in self.stops if stop.pid == pid)

    def excuse(self, at: float) -> str:
        """Why both may be on duty at this time: during a fault, and while it heals."""
        for strike in self.strikes:
            healed_at = min(strike.healed_at + FOLLOWED_S, strike.whole_at)
            if strike.excuse and strike.at - 1 <= at <= healed_at:
                return strike.excuse
        return ""


def _put(slots: Slots, broken: list[int], slot: int, excuse: str) -> None:
    if excuse:
        slots.excused[excuse] += 1
    else:
        broken.append(slot)


def _told(lines: Iterable[Line]) -> tuple[set[int], set[int]]:
    """The skipped slots, and the slots of unknown fate, by the twins' logs."""
    skipped: set[int] = set()
    unknown: set[int] = set()
    for line in lines:
        told = dict(re.findall(r'(\w+)=("[^"]*"|\S+)', line.text))
        slot = _second(told["slot"])
        if told["event"] == "slot.skipped":
            skipped.update(range(slot, _second(told["last"]) + 1))
        elif told["state"] in ("unknown", "failed"):
            unknown.add(slot)
    return skipped, unknown


def _second(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())
