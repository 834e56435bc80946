"""What became of every slot, and what the protocol says of those that were lost or doubled."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from faults import FOLLOWED_S, Blow, Fault
from real_pair import Pair, Ran
from witness import Witness

from twin.lab.collected import Line

_UNTOLD_S = 3.0
"""What a twin ran so shortly before it was gone may be known to nobody, if nobody watched it."""


@dataclass
class Struck:
    """One fault, as it went."""

    number: int
    pair: int
    fault: Fault
    target: str
    at: float
    was_whole: bool
    """Whether the pair was whole when it hit: else a standby may have been just waking."""
    healed_at: float = float("inf")
    """When it was undone."""
    one_s: float = float("inf")
    """How long after it was undone, and all processes were up, exactly one was on duty."""
    whole_at: float = float("inf")
    """When the holder was watched too, and both knew the same."""
    awaited: bool = False
    """Whether the next fault waited until the pair was whole, and saw it."""

    @property
    def excuse(self) -> str:
        """Why both may be on duty in its course, if they may."""
        if self.fault.is_cut:
            return "cut off"
        crossing = not (self.was_whole and self.fault.is_alone)
        return "boots crossed" if self.fault.overlaps and crossing else ""


@dataclass
class Slots:
    ran: int = 0
    skipped: int = 0
    unknown: int = 0
    """Announced and perhaps begun by a twin that died: told so, and not repeated."""
    lost: list[int] = field(default_factory=list)
    doubled: list[int] = field(default_factory=list)
    excused: Counter[str] = field(default_factory=Counter)
    """Lost or doubled, where the protocol says that it cannot be promised; by why."""


@dataclass
class Account:
    """Everything that is known of one pair's slots."""

    pair: Pair
    witness: Witness
    blows: list[Blow]
    strikes: list[Struck]

    def by_strike(self) -> dict[int, Slots]:
        """By the number of the fault in whose time the slot lies; 0 before the first."""
        runs: dict[int, list[Ran]] = {}
        for run in self.pair.runs():
            runs.setdefault(run.slot, []).append(run)
        skipped, unknown = _told(self.pair.platform.log.matching(r"event=slot\.(skipped|ended) "))
        found: dict[int, Slots] = {}
        # A slot after the last that ran may still run.
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
        """A slot that is due within the second before a fault may be hit by it."""
        return max((s.number for s in self.strikes if s.at - 1 <= slot), default=0)

    def _why_doubled(self, runs: list[Ran]) -> str:
        first, second = runs[0], runs[1]
        if excuse := self.excuse(second.slot):
            return excuse
        for blow in self._blows_on(first.pid):
            unwatched = not self.witness.was_watched(blow.app, blow.at)
            if unwatched and -0.1 <= blow.at - first.slot < _UNTOLD_S:
                return "unwatched"
        return ""

    def _why_lost(self, slot: int) -> str:
        for gap in self.witness.forgotten(0, float("inf")):
            # What was due since the last holder was for the next one, who never came.
            since = self.witness.vacant_since(gap.since)
            if since - 1 <= slot <= self.witness.first_holder_after(gap.until) + 1:
                return "both gone"
        return ""

    def _blows_on(self, pid: int) -> Iterator[Blow]:
        return (blow for blow in self.blows if blow.pid == pid)

    def excuse(self, at: float) -> str:
        """Why both may be on duty at this time: a fault's course, and what healing may take."""
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
    """The slots that were skipped, and those whose fate is unknown, by what the twins logged."""
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
