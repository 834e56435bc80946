"""The pair's own duties as jobs: each target is scaled by one of its own, so none delays another.

A target's slots are irregular, so that it is not asked at the beat of something else: at most a
second less than PROBE_EVERY apart, as it takes a moment to begin, or up to a quarter of it less.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from zlib import crc32

from twin.clock import Clock
from twin.core.pair.absence import Patience
from twin.core.pair.history import Record
from twin.core.scaling.observation import Rules
from twin.core.schedule.job import Job, Run
from twin.core.schedule.schedules import Grid
from twin.core.schedule.steps import Steps
from twin.hosts import Offer
from twin.log import Log
from twin.node.node import Node
from twin.notify.notifier import Notifier
from twin.notify.outbox import Outbox
from twin.notify.peer_watch import PeerWatch
from twin.scaling.duty import Scaling
from twin.scaling.memo import key_of
from twin.scaling.platforms.registry import make_target
from twin.scaling.report import Report
from twin.scaling.status import shown
from twin.settings.settings import Settings
from twin.settings.targets import ScaleSettings
from twin.worker.jobsfile import Scheduled

if TYPE_CHECKING:  # what fetches is imported where it is used: most twins need not wait for it
    from twin.scaling.probe import Prober

SCALE_JOB = "twin.scale."
"""Its target's name follows."""

_GONE_AFTER_S = 600.0
"""A deploy or a restart takes some minutes at most, wherever the other twin runs."""
_BOOTS = 10
"""Or so many of the longest boots of the host, which may fail and be tried again."""
_READ_S = 9.0
"""The quantity is read in so much, or is not, while the target is probed."""
_LINE_S = 3.0
"""Our own URL answers in much less, or the line is as good as none."""
_WRITE_S = 22.0
"""Writing takes three requests a try, 17 s in all; the rest is for a machine that is busy."""
_CLOSED_S = 4.0
"""And so long, whether a maintenance page is shown."""


class Duties:
    """Made before the node, which has to know the jobs; `node` is set as soon as it is there.

    Where no node runs, as for a single `run`, memos are for this process alone.
    """

    def __init__(self, settings: Settings, clock: Clock, log: Log) -> None:
        self.node: Node | None = None
        self._settings = settings
        self._clock = clock
        self._log = log
        self._memos: dict[str, str] = {}
        self._stopped = threading.Event()
        usual = Outbox()
        outbox = Outbox(clock.real_s(usual.every_s), clock.real_s(usual.again_s))
        self._notifier = Notifier(settings.notify_urls, clock, log, outbox=outbox)
        self._peer_watch = PeerWatch(
            Patience(gone_after_s(settings.offer) / clock.real_s(1), settings.standby_asleep),
            notebook=self,
            tell=self._notifier.tell,
            log=log,
        )
        self.jobs = [self._scaling(scale) for scale in settings.targets]
        if settings.deadman_url is not None:
            from twin.notify.deadman import deadman_job

            self.jobs.append(deadman_job(settings.deadman_url, clock, log))

    @property
    def quiet(self) -> frozenset[str]:
        """The names of those whose every slot is not worth a line: they log what changes."""
        return frozenset(each.job.name for each in self.jobs)

    def shown(self, wall: float) -> list[dict[str, Any]]:
        """Each target as `/status` tells of it, at `wall`, in epoch seconds."""
        return [self._shown(scale, wall) for scale in self._settings.targets]

    def _shown(self, scale: ScaleSettings, wall: float) -> dict[str, Any]:
        name = str(scale.target)
        look = self.node.history.newest_look(name) if self.node else None
        return shown(scale, self.recall(key_of(name)), look, wall)

    def watch_the_peer(self) -> None:
        """To be called every few seconds."""
        if self.node is not None:
            self._peer_watch.look(self.node.look(), self._clock.now())

    def stop(self) -> None:
        """What runs ends as soon as it can: it waits for no platform any more. Meanwhile people are
        told what there is to tell."""
        self._stopped.set()
        self._notifier.hurry()

    def close(self, within_s: float) -> None:
        """What there is to tell is told, or given up."""
        self._notifier.close(within_s)

    # ---- the notebook

    def remember(self, key: str, text: str, term: int) -> None:
        if self.node is None:
            self._memos[key] = text
        else:
            self.node.remember(key, text, term)

    def recall(self, key: str) -> str | None:
        return self._memos.get(key) if self.node is None else self.node.recall(key)

    def record(self, record: Record) -> None:
        if self.node is not None:
            self.node.history.record(record)

    # ---- scaling

    def _scaling(self, scale: ScaleSettings) -> Scheduled:
        clock, name = self._clock, str(scale.target)
        duty = Scaling(
            target=make_target(scale.target, scale.access, clock, self._stopped),
            probe=self._prober(scale),
            line_doubt=self._line_of(scale),
            freezes=lambda: 0 if self.node is None else self.node.freezes(),
            timetable=scale.timetable,
            rules=scale.rules,
            dry_run=scale.dry_run,
            notebook=self,
            report=Report(self._settings.name, name, self, self._notifier.tell, self._log),
        )
        job = Job(
            SCALE_JOB + name,
            slots(scale.probe_every_s, name),
            grace_s=2 * scale.probe_every_s,
            catch_up=True,  # so that a twin that takes the duty looks at once
            timeout_s=round(_longest_s(scale.rules) / clock.real_s(1)),
        )

        def step(run: Run) -> None:
            duty.step(clock.now().wall, run.term)

        return Scheduled(job, step)

    def _prober(self, scale: ScaleSettings) -> "Prober | None":
        if scale.probe_url is None:
            return None
        from twin.scaling.probe import Prober

        return Prober(scale.probe_url, scale.rules.slow_s, scale.rules.fast_s, self._clock)

    def _line_of(self, scale: ScaleSettings) -> Callable[[bool], str]:
        """Our line works if anybody beyond this machine is a witness: a platform that has just
        answered, or whoever answers now at our own public URL or at the peer's."""

        def doubt(was_read: bool) -> str:
            return "" if was_read and scale.is_beyond else self._doubt(self._witnesses())

        return doubt

    def _witnesses(self) -> list[str]:
        if self.node is None:
            return witnesses(self._settings.self_url, self._settings.peer_url, False)
        state = self.node.look()
        return witnesses(state.url, state.peer.url, state.peer.left)

    def _doubt(self, urls: Sequence[str]) -> str:
        if not urls:
            return "nobody else can be asked: set SELF_URL, or deploy the other twin"
        with ThreadPoolExecutor(len(urls)) as asking:
            if any(asking.map(self._answers, urls)):
                return ""
        asked = " nor ".join(urls)
        return f"neither {asked} answers" if len(urls) > 1 else f"{asked} does not answer either"

    def _answers(self, url: str) -> bool:
        from twin.scaling.probe import Prober

        probe = Prober(f"{url}/healthz", _LINE_S, _LINE_S, self._clock).once()
        return probe.status is not None


def witnesses(own_url: str | None, peer_url: str | None, peer_sleeps: bool) -> list[str]:
    """Whom to ask whether our line works. A peer that sleeps, and would wake, only if need be."""
    if own_url is not None and peer_sleeps:
        peer_url = None
    return [url for url in (own_url, peer_url) if url is not None]


def gone_after_s(offer: Offer | None) -> float:
    return max(_GONE_AFTER_S, _BOOTS * offer.boots_in_s[1] if offer else 0.0)


def _longest_s(rules: Rules) -> float:
    """How long a step takes at most, in real time. The other twin waits so long for the step of one
    that is frozen."""
    return max(rules.slow_s, _READ_S) + max(_LINE_S, _CLOSED_S) + _WRITE_S


def slots(every_s: int, name: str) -> Grid:
    """A second, for what it takes to begin, before `every_s` is over, and at times sooner."""
    longest_s = max(1, every_s - 1)
    steps = Steps.between(longest_s - longest_s // 4, longest_s, name)
    # Each target has its own place among the seconds, so that they do not all come in two of them.
    return Grid(steps, phase_s=crc32(name.encode()) % steps.period)
