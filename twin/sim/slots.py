"""The fate of every slot, by the documents and runs of the twins."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from twin.core.pair.events import Effect, Finished, Skipped, Start
from twin.core.pair.knowledge import Fate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from twin.core.schedule.job import Job
    from twin.sim.parts import Boot

_CLOCKS_APART_S = 3.0
"""Both twins may be 1.5 s off."""


class Slots:
    def __init__(self) -> None:
        self.skipped = 0
        self.not_begun = 0
        """Announced, and given up before they began: the twin froze or lost the duty."""
        self._announced: dict[tuple[str, int], list[Boot]] = defaultdict(list)
        self._begun: dict[tuple[str, int], tuple[float, Boot]] = {}
        self._ended: set[tuple[str, int]] = set()
        self._skipped: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self._nobodys: dict[str, list[tuple[float, float]]] = defaultdict(list)

    def saw(self, process: Boot, effect: Effect) -> None:
        match effect:
            case Start(job=job, slot=slot):
                self._announced[job, slot].append(process)
            case Skipped(job=job, first=first, last=last, count=count):
                self.skipped += count
                self._skipped[job].append((first, last))
            case Finished(job=job, slot=slot, fate=fate) if fate is not Fate.UNKNOWN:
                self.not_begun += (job, slot) not in self._begun
                self._ended.add((job, slot))

    def begun(self, job: str, slot: int, at: float, by: Boot) -> tuple[float, Boot]:
        """When and by which boot the slot first began."""
        return self._begun.setdefault((job, slot), (at, by))

    def is_skipped(self, job: str, slot: int) -> bool:
        """Whether the ledger or the log says that it did not run."""
        skipped = any(first <= slot <= last for first, last in self._skipped[job])
        return skipped or (job, slot) in self._ended

    def are_nobodys(self, jobs: Iterable[str], until: float) -> None:
        """A twin starts counting at `until`: no process with a ledger is left."""
        for job in jobs:
            served = (slot for name, slot in self._announced if name == job and slot <= until)
            self._nobodys[job].append((max(served, default=0), until))

    def lost(self, jobs: Iterable[Job], since: float, until: float) -> str:
        """The first slot between that neither ran nor was recorded, and why it counts as lost."""
        for job in jobs:
            slot = job.schedule.after(since)
            while slot is not None and slot <= until:
                if why := self._why_lost(job.name, slot):
                    return f"{job.name} {slot}: {why}"
                slot = job.schedule.after(slot)
        return ""

    def _why_lost(self, job: str, slot: int) -> str:
        key = (job, slot)
        if key in self._begun or self.is_skipped(job, slot):
            return ""
        if key in self._announced:
            # A twin killed between the two leaves a slot of unknown fate.
            died = any(process.dead for process in self._announced[key])
            return "" if died else "announced, then neither begun nor recorded"
        apart = _CLOCKS_APART_S
        if any(first - apart <= slot <= last + apart for first, last in self._nobodys[job]):
            return ""
        return "neither announced nor skipped"
