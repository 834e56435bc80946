"""The scripts of `JOBS`, each in a process of its own, and the jobs that they have by now."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from twin.clock import Clock
from twin.core.pair.bounds import JOBS
from twin.core.pair.events import Declared, Ended, Start
from twin.core.pair.knowledge import Fate
from twin.core.schedule.job import Job
from twin.log import Log
from twin.node.node import Node
from twin.worker.outputs import Outputs
from twin.worker.program import Begin, Script

if TYPE_CHECKING:
    from twin.worker.life import Life


class Scripts:
    """Safe to use from every thread. `node`, and the pair's own jobs, are set before it is used."""

    node: Node
    own: Mapping[str, Job]
    announced: Callable[[], None]
    """Returns when all that was published so far is written to every watch."""

    def __init__(self, clock: Clock, log: Log, outputs: Outputs) -> None:
        self.outputs = outputs
        self._clock = clock
        self._log = log
        self._lock = threading.Lock()
        self._lives: dict[str, Life] = {}
        """By the script's name."""
        self._gone: dict[str, Mapping[str, Job]] = {}
        """The jobs of those that do not run, and, by no name, of the peer's. They are shown, but
        nothing of them begins."""

    def begin(self, script: Script) -> Begin:
        """How a process of this script is started."""
        from twin.worker.life import Life  # not in the memory of a twin without scripts

        def begin(
            variables: Mapping[str, str],
            *,
            lease_s: float,
            written: Callable[[str], object],
            ended: Callable[[int], object],
        ) -> Life:
            def over(status: int) -> None:
                self._over(script)
                ended(status)

            return Life(
                script,
                variables,
                self,
                self._clock,
                self._log,
                lease_s=lease_s,
                written=written,
                ended=over,
            )

        return begin

    def running(self) -> tuple[str, ...]:
        """The jobs that run in any of them."""
        return tuple(chain.from_iterable(life.running() for life in self._living()))

    def start(self, start: Start) -> None:
        """The core has started this slot."""
        has_begun = any(start.job in life.jobs and life.start(start) for life in self._living())
        if not has_begun:
            why = "not begun: its script has just ended"
            self.node.handle(Ended(start.job, start.slot, Fate.FAILED, 0.0, why))

    def why_not_run(self, job: str) -> str:
        """Why no run of it can begin; empty if one can."""
        if job in self.own or any(job in life.jobs for life in self._living()):
            return ""
        return f"the script that has {job} does not run now: its own row on the page says why"

    def learn(self, jobs: Mapping[str, Job]) -> None:
        """The peer is on duty, and these are what it runs."""
        if self._living():
            return
        self._gone = {"": {name: job for name, job in jobs.items() if name not in self.own}}
        self.declared({})

    def cut_off(self) -> None:
        """The twin ends, and with it all processes: record the runs that still go on as failed."""
        for life in self._living():
            life.fail_all("cut off: its twin had to end")

    # ---- what a life asks of it

    def begun(self, life: Life) -> None:
        """Its own jobs take the place of those that it had, or that the peer told."""
        self._gone.pop(life.script.name, None)
        self._lives[life.script.name] = life

    def declared(self, counted_from: Mapping[str, float]) -> None:
        with self._lock:
            if any(life.jobs for life in self._living()):
                self._gone.pop("", None)
            jobs = dict(self.own)
            for of_script in (*self._gone.values(), *(life.jobs for life in self._living())):
                jobs.update(of_script)
            self.node.handle(Declared(jobs, counted_from))

    def why_not(self, job: str, jobs: Mapping[str, Job], life: Life) -> str:
        others = [each.jobs for each in self._living() if each is not life]
        if job in self.own or any(job in each for each in others):
            return "another script has a job of that name: give one another name"
        if job not in jobs and len(jobs) + sum(map(len, others)) >= JOBS:
            return f"there are {JOBS} jobs already, and both twins tell each other of every one"
        return ""

    # ---- its own

    def _living(self) -> list[Life]:
        return list(self._lives.values())

    def _over(self, script: Script) -> None:
        life = self._lives.pop(script.name)
        jobs = {name: replace(job, asked=True) for name, job in life.jobs.items()}
        self._gone[script.name] = jobs
        self.declared({})
