"""One boot: a core, its clocks, and its effects carried out as the real node does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from twin.core.moment import Moment
from twin.core.pair import duty, slots
from twin.core.pair.document import Document
from twin.core.pair.events import (
    Effect,
    Ended,
    Event,
    Failed,
    Failure,
    Froze,
    Heard,
    Leave,
    Looked,
    Note,
    Publish,
    Request,
    Send,
    Start,
    Tick,
    Via,
    Watch,
    Watchers,
)
from twin.core.pair.knowledge import Fate
from twin.core.pair.state import Holding, Standby, State
from twin.core.pair.timeouts import BEAT_S, CLOCK_AHEAD_S, FROZEN_S, ROUND_S, SILENCE_S
from twin.hosts import GRACE_S
from twin.sim.stream import Stream

if TYPE_CHECKING:
    from twin.sim.host import Host

LATENCY_S = 0.001
"""How much later than asked for a thread wakes."""
UNREADABLE = "it answers with a page that is no twin's"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request on its way."""

    by: Process
    kind: Request
    document: Document | None
    at: float
    """By the asker's `Moment.mono`."""


class Process:
    def __init__(self, host: Host) -> None:
        self.host = host
        self.world = world = host.world
        self.frozen = False
        self.dead = False
        self.streams: list[Stream] = []
        """What is read from here."""
        self.watch: Stream | None = None
        self._mono_off = world.random.uniform(-1e9, 0)  # no two boots count from the same point
        self._inbox: list[Callable[[], None]] = []
        self._tick_at = float("inf")
        self._beat_at = self.awake_since = self.born_at = world.now
        self.is_misnamed = abs(host.clock_off_s) > CLOCK_AHEAD_S
        """Whether its name lies about its age."""
        self.reached_at = float("inf")
        """Since when its URL leads to it."""
        self._running: dict[tuple[str, int], float] = {}
        now = self.now
        boot = f"{int(now.wall * 1000)}-{world.random.randrange(16**4):04x}"
        self.state = State.at_wake(
            host.name,
            boot,
            host.name if host.knows_its_url else None,
            host.peer,
            host.rules,
            world.jobs,
            now,
        )

    @property
    def boot(self) -> str:
        return self.state.boot

    @property
    def reached_since(self) -> float:
        return self.reached_at if self.host.front is self else float("inf")

    @property
    def now(self) -> Moment:
        true = self.world.now
        return Moment(true + self.host.clock_off_s, true + self._mono_off)

    @property
    def acts(self) -> bool:
        return not (self.dead or self.frozen)

    @property
    def is_calm(self) -> bool:
        """Whether it will find nothing new in what recurs."""
        if self.frozen or self._inbox or self.state.peer.trouble or self.state.peer.legacy:
            return False
        match self.state.stage:
            case Standby(watching=True, doubt_since=None):
                return True
            case _:
                return self.state.on_duty

    def document(self) -> Document:
        jobs = tuple(job for job, _ in self._running)
        return self.state.document(jobs, self.world.now - self._last_beat())

    # ---- living

    def begin(self) -> None:
        self.world.every(ROUND_S, self._touch)
        self._tell("boots")
        self._schedule_tick()

    def when_awake(self, act: Callable[[], None]) -> None:
        """Now; for a frozen process once it thaws; for a dead one never."""
        if self.frozen:
            self._inbox.append(act)
        elif not self.dead:
            act()

    def step(self, event: Event) -> None:
        if self.dead:
            return
        before = self.state
        self.state, effects = duty.step(before, event, self.now)
        if before.role is not self.state.role:
            self._tell(f"is {self.state.role}")
        self.world.observer.stepped(self, before)
        for effect in effects:
            self._carry_out(effect)
        self._schedule_tick()
        self.world.observer.look()

    def freeze(self) -> None:
        self._tell("freezes")
        self.world.observer.stopped(self)
        self._beat_at = self._last_beat()
        self.frozen = True
        for stream in self.streams:
            stream.stall()
        self.world.observer.look()

    def thaw(self) -> None:
        if self.dead or not self.frozen:
            return
        gap_s = self.world.now - self._beat_at
        self._tell("thaws", f"{gap_s:.1f} s after its last beat")
        self.frozen = False
        self.awake_since = self._beat_at = self.world.now
        if gap_s > BEAT_S + FROZEN_S:
            self.step(Froze(gap_s - BEAT_S))
        self.world.observer.disturbed()
        inbox, self._inbox = self._inbox, []
        self.world.random.shuffle(inbox)
        for act in inbox:
            self.when_awake(act)
        self._schedule_tick()

    def die(self, silently: bool) -> None:
        self.dead = True
        self.frozen = False
        if self.watch is not None:
            self.watch.close()
        for stream in list(self.streams):
            if silently:
                stream.writer = None
                stream.flows = False
                stream.stall()
            else:
                stream.end()
        self.world.observer.look()

    def terminate(self, because: str) -> None:
        self.when_awake(lambda: self._leave(because))

    def _leave(self, because: str) -> None:
        self._tell("gets SIGTERM", because)
        self.step(Leave(because))
        left_at = self.world.now
        self.world.after(0.2, lambda: self._exit_when_done(left_at))

    def _exit_when_done(self, left_at: float) -> None:
        if self.dead:
            return
        if self.frozen or (self._running and self.world.now - left_at < GRACE_S):
            self.world.after(0.5, lambda: self._exit_when_done(left_at))
            return
        self._request(Request.DOWN)
        self.host.exited(self)

    # ---- time

    def _last_beat(self) -> float:
        if self.frozen:
            return self._beat_at
        return self.world.now - (self.world.now - self.awake_since) % BEAT_S

    def _schedule_tick(self) -> None:
        """At the first moment for which a rule waits; at other beats nothing can change."""
        state, now = self.state, self.now
        waits = []
        if (timer := duty.next_timer(state)) is not None:
            waits.append(timer - now.mono)
        if (question := slots.next_question(state)) is not None:
            waits.append(question - now.mono)
        if (slot := slots.next_slot(state)) is not None:
            waits.append(slot - now.wall)
        if state.rules.shift is not None:
            waits.append(60 - now.wall % 60)
        at = self.world.now + max(min(waits, default=3600.0), 0.0) + LATENCY_S
        if at != self._tick_at:
            self._tick_at = at
            self.world.after(at - self.world.now, lambda: self._tick(at))

    def rest(self) -> None:
        """Look at no clock until the next step: what is due meanwhile is counted elsewhere."""
        self._tick_at = float("inf")

    def _tick(self, at: float) -> None:
        if at == self._tick_at:
            self._tick_at = float("inf")
            self.when_awake(lambda: self.step(Tick()))

    def beat(self) -> None:
        """Once, at the next beat: its wall clock was changed."""
        self.world.after(BEAT_S, lambda: self.when_awake(lambda: self.step(Tick())))

    def _touch(self) -> bool:
        if self.acts:
            waits = isinstance(self.state.stage, Standby)
            holds = isinstance(self.state.stage, Holding)
            if holds or (waits and not self.state.reached):
                self._request(Request.OWN)
            if waits and self.watch is not None:
                self._request(Request.UPDATE)
        return not self.dead

    # ---- effects

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Send(request=request):
                self._request(request)
            case Publish():
                document = self.document()
                for stream in self.streams:
                    stream.write(document)
            case Watch(open=wanted):
                if self.watch is not None:
                    self.watch.close()
                self.watch = Stream(self, self._peer_url) if wanted else None
            case Start(job=job, slot=slot):
                late_s = self.world.random.uniform(0.0005, 0.02)
                self.world.after(late_s, lambda: self.when_awake(lambda: self._run(job, slot)))
            case Note():
                self.world.observer.noted(self, effect)
                values = " ".join(f"{name}={value}" for name, value in effect.values)
                self._tell(effect.event, values)

    def count_watchers(self) -> None:
        self.step(Watchers(len(self.streams)))

    def _run(self, job: str, slot: int) -> None:
        self.step(Tick())
        if not slots.may_begin(self.state, job, slot):
            self.step(Ended(job, slot, Fate.FAILED, 0.0, "not begun: no longer in its place"))
            return
        self.world.observer.started(self, job, slot)
        self._running[job, slot] = self.world.now
        seconds = self.world.run_s(job)
        self.world.after(seconds, lambda: self.when_awake(lambda: self._end(job, slot)))

    def _end(self, job: str, slot: int) -> None:
        seconds = self.world.now - self._running.pop((job, slot), self.world.now)
        self.step(Ended(job, slot, Fate.DONE, seconds))

    # ---- requests

    @property
    def _peer_url(self) -> str:
        url = self.state.peer.url
        assert url is not None, "the core asks only whom it can reach"  # noqa: S101
        return url

    def _request(self, kind: Request) -> None:
        to = self.host.name if kind is Request.OWN else self._peer_url
        carries = kind in (Request.UPDATE, Request.DOWN, Request.OWN)
        asked = Asked(self, kind, self.document() if carries else None, self.now.mono)
        for _ in range(1 + self.world.lines.is_doubled()):
            way = self.world.lines.way_s(self.host.name, to, self.world.now)
            if way is not None:
                self.world.send(way, lambda: self._arrive(asked, to))

    def _arrive(self, asked: Asked, to: str) -> None:
        self.world.hosts[to].lead(lambda process: self._reach(asked, to, process))

    def _reach(self, asked: Asked, to: str, process: Process | None) -> None:
        event: Event | None
        if process is None:
            event = self._refusal(asked, self.world.hosts[to].pages)
        elif asked.kind is Request.LOOK:
            event = Looked(process.state.on_duty, process.boot, alive=True)
        elif process.host.password != self.host.password:
            event = Failed(Failure.DENIED, "401: set TWIN_PASSWORD to one value on both", asked.at)
        else:
            event = process.answer(asked)
        if self.world.lines.is_garbled(self.host.name, to, self.world.now):
            event = self._refusal(asked, pages=True)
        way = self.world.lines.way_s(to, self.host.name, self.world.now)
        if way is None:
            return
        if self.now.mono + way - asked.at > SILENCE_S:
            event = _NOBODY if asked.kind is Request.LOOK else None
        if event is not None:
            self.world.send(way, lambda: self.when_awake(lambda: self.step(event)))

    @staticmethod
    def _refusal(asked: Asked, pages: bool) -> Event | None:
        if asked.kind is Request.LOOK:
            return Looked(on_duty=False, boot="", alive=pages)
        if asked.kind is Request.OWN:
            return None
        if pages:
            return Failed(Failure.STRANGER, UNREADABLE, asked.at)
        return Failed(Failure.REFUSED, "connection refused", asked.at)

    def answer(self, asked: Asked) -> Event:
        """What the asker hears: the document as it is once the request's was merged."""
        if asked.document is not None:
            self.step(Heard(asked.document, _CAME[asked.kind]))
        via = Via.OWN if asked.kind is Request.OWN else Via.ANSWER
        return Heard(self.document(), via, asked.at)

    def _tell(self, what: str, why: str = "") -> None:
        self.world.story.tell(self.world.now, f"{self.host.name} {self.boot[-4:]}", what, why)


_NOBODY = Looked(on_duty=False, boot="", alive=False)
_CAME = {Request.UPDATE: Via.UPDATE, Request.OWN: Via.UPDATE, Request.DOWN: Via.DOWN}
