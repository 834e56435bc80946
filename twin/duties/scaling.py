"""The duty that scales: one job for each target, so that none delays another.

A target's slots are irregular, so that probes do not fall in step with anything else: at most a
second less than PROBE_EVERY apart, as a look takes a moment to begin, and at least three quarters
of that.
"""

import threading
from functools import partial
from typing import Any
from zlib import crc32

from twin.clock import Clock
from twin.core.scaling.observation import Rules
from twin.core.scaling.state import key_of
from twin.core.schedule.job import Job, Run
from twin.core.schedule.schedules import Grid
from twin.core.schedule.steps import Steps
from twin.duties.duty import Duty
from twin.node.context import Context
from twin.node.runner import Scheduled
from twin.scaling.retry import Retrying
from twin.scaling.status import shown
from twin.scaling.step import Scaling
from twin.settings.settings import Settings
from twin.settings.targets import ScaleSettings

SCALE_JOB = "twin.scale."
"""Its target's name follows."""

_READ_S = 9.0
"""The quantity is read within this time while the target is probed, or not at all."""
_DOUBTS_S = 4.0
"""To ask whether our own connection works, or whether a maintenance page is shown."""
_WRITE_S = 22.0
"""Writing takes three requests a try, 17 s in all; the rest is for a machine that is busy."""


class ScalingDuty(Duty):
    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._targets = {each.target.name: each for each in settings.targets}
        self._scalings: dict[str, Scaling] = {}
        self._stopped = threading.Event()
        self.jobs = [self._scheduled(name, each, clock) for name, each in self._targets.items()]

    def start(self, context: Context) -> None:
        self.context = context
        for name, settings in self._targets.items():
            self._scalings[name] = self._scaling(settings, context)

    def status(self, wall: float) -> dict[str, Any]:
        pair = self.context.pair
        return {
            "targets": [
                shown(each, pair.recall(key_of(name)), pair.history.newest_look(name), wall)
                for name, each in self._targets.items()
            ]
        }

    def stop(self) -> None:
        self._stopped.set()  # nothing waits for a platform any more

    def _scaling(self, settings: ScaleSettings, context: Context) -> Scaling:
        clock, url = context.clock, settings.probe_url
        target = Retrying(settings.target.connect(), clock, self._stopped)
        if url is None:
            return Scaling(settings, target, context)
        # Imported only if something is probed: an HTTP client takes long to import.
        from twin.scaling.line import line_doubt
        from twin.scaling.probe import Prober

        probe = Prober(url, settings.rules.slow_s, settings.rules.fast_s, clock)
        doubt = partial(line_doubt, context.pair, clock)
        return Scaling(settings, target, context, probe, doubt)

    def _scheduled(self, name: str, settings: ScaleSettings, clock: Clock) -> Scheduled:
        def step(run: Run) -> None:
            self._scalings[name].step(clock.now().wall, run.term)

        job = Job(
            SCALE_JOB + name,
            slots(settings.probe_every_s, name),
            grace_s=2 * settings.probe_every_s,
            catch_up=True,  # so that a twin that takes the duty looks at once
            timeout_s=round(_longest_s(settings.rules) / clock.real_s(1)),
        )
        return Scheduled(job, step)


def _longest_s(rules: Rules) -> float:
    """How long a step takes at most, in real time: the other twin waits so long for the step of a
    frozen one."""
    return max(rules.slow_s, _READ_S) + _DOUBTS_S + _WRITE_S


def slots(every_s: int, name: str) -> Grid:
    longest_s = max(1, every_s - 1)
    steps = Steps.between(longest_s - longest_s // 4, longest_s, name)
    # Each target has its own place among the seconds, so that they do not all come in two of them.
    return Grid(steps, phase_s=crc32(name.encode()) % steps.period)
