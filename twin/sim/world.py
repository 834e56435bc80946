"""Time, and what happens in it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from heapq import heappop, heappush
from random import Random

from twin.core.schedule.job import Job
from twin.sim.host import Host
from twin.sim.lines import Lines
from twin.sim.observer import Observer
from twin.sim.story import Story

START = 1_780_000_000.0
"""A day in 2026. Any would do; the slots of a run are easier to read when it is always the same."""


@dataclass(slots=True, eq=False)
class Routine:
    """What recurs, and matters only while something is amiss: a heartbeat, a look at one's URL."""

    act: Callable[[], bool]
    """Says whether to go on."""
    every_s: float
    next_at: float


class World:
    """Everything there is. `now` is true time; every process has clocks of its own."""

    def __init__(self, seed: int, jobs: Mapping[str, Job]) -> None:
        self.seed = seed
        self.random = Random(seed)  # noqa: S311 - a fault is no secret
        self.jobs = jobs
        self.now = START
        self.lines = Lines(self.random)
        self.hosts: dict[str, Host] = {}
        self.story = Story()
        self.observer = Observer(self)
        self._heap: list[tuple[float, int, Callable[[], None] | Routine]] = []
        self._count = 0
        self._resting: list[Routine] = []

    def add(self, host: Host) -> Host:
        self.hosts[host.name] = host
        return host

    # ---- what will happen

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        self._push(self.now + seconds, act)

    def every(self, seconds: float, act: Callable[[], bool]) -> Routine:
        routine = Routine(act, seconds, self.now + seconds)
        self._push(routine.next_at, routine)
        return routine

    def send(self, seconds: float, arrive: Callable[[], None]) -> None:
        """Let something be underway for so long."""
        self.lines.underway += 1
        self.after(seconds, lambda: self._arrive(arrive))

    def _arrive(self, arrive: Callable[[], None]) -> None:
        self.lines.underway -= 1
        arrive()

    def run_s(self, job: str) -> float:
        """How long a run of the job takes: mostly a moment; the slow ones much longer."""
        if job.startswith("slow"):
            return self.random.uniform(5.0, 100.0)
        return self.random.uniform(0.01, 2.0)

    def _push(self, at: float, what: Callable[[], None] | Routine) -> None:
        self._count += 1
        heappush(self._heap, (at, self._count, what))

    # ---- letting it happen

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while self._heap and self._heap[0][0] <= end:
            at, _, what = heappop(self._heap)
            if isinstance(what, Routine):
                self._perform(what, at)
            else:
                self._rouse(at)
                self.now = at
                what()
        self._rouse(end)
        self.now = end
        self.observer.look()

    def _perform(self, routine: Routine, at: float) -> None:
        # While all is well a routine changes nothing: it rests until something else happens.
        if self.is_calm():
            routine.next_at = at
            self._resting.append(routine)
            return
        self.now = at
        if routine.act():
            routine.next_at = at + routine.every_s
            self._push(routine.next_at, routine)

    def _rouse(self, at: float) -> None:
        """Wake the routines that rest, each at the moment when it would have come next."""
        for routine in self._resting:
            if routine.next_at < at:
                missed = (at - routine.next_at) // routine.every_s + 1
                routine.next_at += missed * routine.every_s
            self._push(routine.next_at, routine)
        self._resting.clear()

    def is_calm(self) -> bool:
        """Whether a routine would find nothing to do: all is said, heard and agreed."""
        return (
            self.lines.underway == 0
            and self.lines.are_fine
            and all(host.is_calm for host in self.hosts.values())
            and self._agree()
        )

    def _agree(self) -> bool:
        states = [process.state for host in self.hosts.values() for process in host.alive]
        return all(
            one.knowledge == states[0].knowledge
            and all(one is other or one.peer.boot == other.boot for other in states)
            for one in states
        )
