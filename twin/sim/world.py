"""Time and its events."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from heapq import heappop, heappush
from random import Random

from twin.core.schedule.job import Job
from twin.sim.lines import Lines
from twin.sim.parts import App, Arbiter, Witness
from twin.sim.story import Story

START = 1_780_000_000.0
"""A day in 2026. Any day would do; a fixed one makes the slots of a run easier to read."""


@dataclass(slots=True, eq=False)
class Routine:
    """A recurring event that matters only while something is amiss: a heartbeat, a look at the own
    URL."""

    act: Callable[[], bool]
    """Returns whether it recurs after `every_s`."""
    every_s: float
    next_at: float


class World:
    """The simulated world. `now` is true time; every process has its own clocks.

    `observer` must be set before anything happens.
    """

    observer: Witness

    def __init__(self, seed: int, jobs: Mapping[str, Job]) -> None:
        self.seed = seed
        self.random = Random(seed)  # noqa: S311 - a fault is no secret
        self.jobs = jobs
        self.now = START
        self.lines = Lines(self.random)
        self._apps: dict[str, App] = {}
        self.story = Story()
        self._heap: list[tuple[float, int, Callable[[], None] | Routine]] = []
        self._count = 0
        self._resting: list[Routine] = []
        self.arbiter: Arbiter | None = None

    @property
    def hosts(self) -> Mapping[str, App]:
        return self._apps

    def add(self, host: App) -> None:
        self._apps[host.name] = host

    # ---- scheduling events

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        self._push(self.now + seconds, act)

    def every(
        self, seconds: float, act: Callable[[], bool], first_at: float | None = None
    ) -> Routine:
        """Add a routine, from `first_at` on; without it, after one interval."""
        routine = Routine(act, seconds, self.now + seconds if first_at is None else first_at)
        self._push(routine.next_at, routine)
        return routine

    def send(self, seconds: float, arrive: Callable[[], None]) -> None:
        """Deliver something after a delay."""
        self.lines.underway += 1
        self.after(seconds, partial(self._arrive, arrive))

    def _arrive(self, arrive: Callable[[], None]) -> None:
        self.lines.underway -= 1
        arrive()

    def run_s(self, job: str) -> float:
        """How long a run of the job takes: mostly a moment, much longer for slow jobs."""
        if job.startswith("slow"):
            return self.random.uniform(5.0, 100.0)
        return self.random.uniform(0.01, 2.0)

    def _push(self, at: float, what: Callable[[], None] | Routine) -> None:
        self._count += 1
        heappush(self._heap, (at, self._count, what))

    # ---- playing events

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while self._heap and self._heap[0][0] <= end:
            self.happen()
        self._rouse(end)
        self.now = end
        self.observer.look()

    def happen(self) -> None:
        """Play the next event. There always is one."""
        at, _, what = heappop(self._heap)
        if isinstance(what, Routine):
            self._perform(what, at)
        else:
            self._rouse(at)
            self.now = at
            what()

    def _perform(self, routine: Routine, at: float) -> None:
        # While all is well a routine changes nothing: it rests until the next other event.
        if self.is_calm():
            routine.next_at = at
            self._resting.append(routine)
            return
        self.now = at
        if routine.act():
            routine.next_at = at + routine.every_s
            self._push(routine.next_at, routine)

    def _rouse(self, at: float) -> None:
        """Wake the resting routines, each at its next regular moment."""
        for routine in self._resting:
            if routine.next_at < at:
                missed = (at - routine.next_at) // routine.every_s + 1
                routine.next_at += missed * routine.every_s
            self._push(routine.next_at, routine)
        self._resting.clear()

    def is_calm(self) -> bool:
        """Whether routines have nothing to do: all messages have arrived, and all agree."""
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
