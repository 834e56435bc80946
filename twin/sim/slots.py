"""What became of every slot, by what the twins told and did."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from twin.core.pair.events import Note
from twin.core.pair.knowledge import Fate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from twin.core.schedule.job import Job
    from twin.sim.process import Process

_CLOCKS_APART_S = 3.0
"""Both twins may be 1.5 s off."""


class Slots:
    def __init__(self) -> None:
        self.skipped = 0
        self.not_begun = 0
        """Announced, and given up before they began: the twin had frozen, or lost the duty."""
        self._announced: dict[tuple[str, int], list[Process]] = defaultdict(list)
        self._begun: dict[tuple[str, int], tuple[float, Process]] = {}
        self._ended: set[tuple[str, int]] = set()
        self._skipped: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self._nobodys: dict[str, list[tuple[float, float]]] = defaultdict(list)

    def noted(self, process: Process, note: Note) -> None:
        values = dict(note.values)
        job, slot = str(values.get("job")), int(str(values.get("slot", 0)))
        if note.event == "slot.started":
            self._announced[job, slot].append(process)
        elif note.event == "slot.skipped":
            self.skipped += int(str(values["count"]))
            self._skipped[job].append((slot, int(str(values["last"]))))
        elif note.event == "slot.ended" and values["state"] is not Fate.UNKNOWN:
            self.not_begun += (job, slot) not in self._begun
            self._ended.add((job, slot))

    def begun(self, job: str, slot: int, at: float, by: Process) -> tuple[float, Process]:
        """When and by whom the slot was begun first."""
        return self._begun.setdefault((job, slot), (at, by))

    def are_nobodys(self, jobs: Iterable[str], until: float) -> None:
        """A twin begins to count at `until`: nobody who has a ledger is left."""
        for job in jobs:
            served = (slot for name, slot in self._announced if name == job and slot <= until)
            self._nobodys[job].append((max(served, default=0), until))

    def lost(self, jobs: Iterable[Job], since: float, until: float) -> str:
        """The first slot between that was neither run nor recorded, and why it counts as lost."""
        for job in jobs:
            slot = job.schedule.after(since)
            while slot is not None and slot <= until:
                if why := self._why_lost(job.name, slot):
                    return f"{job.name} {slot}: {why}"
                slot = job.schedule.after(slot)
        return ""

    def _why_lost(self, job: str, slot: int) -> str:
        key = (job, slot)
        if key in self._begun or key in self._ended:
            return ""
        if any(first <= slot <= last for first, last in self._skipped[job]):
            return ""
        if key in self._announced:
            # Whoever is killed between the two leaves a slot of which nobody knows more.
            died = any(process.dead for process in self._announced[key])
            return "" if died else "announced, then neither begun nor recorded"
        apart = _CLOCKS_APART_S
        if any(first - apart <= slot <= last + apart for first, last in self._nobodys[job]):
            return ""
        return "neither announced nor skipped"
