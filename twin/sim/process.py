"""One boot: the real node's machine, its clocks, and its effects in the simulated world."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Protocol

from twin.core.moment import Moment
from twin.core.pair.arbiter import Answer, Question
from twin.core.pair.document import Document
from twin.core.pair.events import (
    AskArbiter,
    Effect,
    Ended,
    Event,
    Failed,
    Failure,
    Heard,
    Leave,
    Looked,
    Note,
    Publish,
    Request,
    Ruled,
    Send,
    Start,
    TakeDuty,
    Tick,
    Via,
    Watch,
    Watchers,
)
from twin.core.pair.knowledge import Fate
from twin.core.pair.machine import Machine, Permission
from twin.core.pair.ruled import start_question
from twin.core.pair.state import Rules, Standby, State
from twin.core.pair.timeouts import BEAT_S, CLOCK_AHEAD_S, ROUND_S, SILENCE_S
from twin.hosts import GRACE_S
from twin.sim.parts import App, Asked, Boot
from twin.sim.stream import Stream

if TYPE_CHECKING:
    from twin.sim.parts import Line
    from twin.sim.world import Routine, World

LATENCY_S = 0.001
"""How late a thread wakes."""
_LOOKS_AGAIN_S = 0.05
"""How often a run that waits in doubt asks again; in the real node each step rouses it."""
UNREADABLE = "it answers with a page that is no twin's"


class Home(App, Protocol):
    """The app of a process."""

    peer: str | None
    rules: Rules
    knows_its_url: bool

    def exited(self, process: Process) -> None: ...


class Process:
    def __init__(self, world: World, host: Home) -> None:
        self.host = host
        self.world = world
        self.frozen = False
        self.dead = False
        self.streams: list[Line] = []
        """The open watch that it reads."""
        self.watch: Stream | None = None
        self._mono_off = world.random.uniform(-1e9, 0)  # no two boots count from the same point
        self._inbox: list[Callable[[], None]] = []
        self._tick_at = inf
        self.awake_since = self.born_at = world.now
        self.is_misnamed = abs(host.clock_off_s) > CLOCK_AHEAD_S
        """Whether its name lies about its age."""
        self.reached_at = inf
        self._round: Routine | None = None
        self._running: dict[tuple[str, int], float] = {}
        now = self.now
        boot = f"{int(now.wall * 1000)}-{world.random.randrange(16**4):04x}"
        url = host.name if host.knows_its_url else None
        state = State.at_wake(host.name, boot, url, host.peer, host.rules, world.jobs, now)
        self.machine = Machine(state, now)

    @property
    def state(self) -> State:
        return self.machine.state

    @property
    def boot(self) -> str:
        return self.state.boot

    @property
    def now(self) -> Moment:
        true = self.world.now
        return Moment(true + self.host.clock_off_s, true + self._mono_off)

    @property
    def acts(self) -> bool:
        return not (self.dead or self.frozen)

    @property
    def is_calm(self) -> bool:
        """Whether its routines have nothing to do."""
        if self.frozen or self._inbox or self.state.peer.trouble or self.state.peer.legacy:
            return False
        match self.state.stage:
            case Standby(watching=True, doubt_since=None):
                return True
            case _:
                return self.state.on_duty

    def document(self) -> Document:
        self.look()
        return self.machine.document(tuple(job for job, _ in self._running), self.now)

    # ---- living

    def begin(self) -> None:
        self._tell("boots")
        self._schedule_tick()

    def when_awake(self, act: Callable[[], None]) -> None:
        """Call now; for a frozen process once it thaws, for a dead one never."""
        if self.frozen:
            self._inbox.append(act)
        elif not self.dead:
            act()

    def step(self, event: Event) -> None:
        if not self.dead:
            self._skip_what_rested()
            self._drive(lambda: self.machine.step(event, self.now))

    def look(self) -> State:
        """The state as of now, including a freeze that just ended."""
        self._skip_what_rested()
        self._drive(lambda: self.machine.look(self.now))
        return self.state

    def _drive(self, move: Callable[[], tuple[Effect, ...]]) -> None:
        before = self.state
        effects = move()
        if self.state is before and not effects:
            return
        if before.role is not self.state.role:
            self._tell(f"is {self.state.role}")
        self.world.observer.stepped(self, before)
        for effect in effects:
            self._carry_out(effect)
        self._schedule_tick()
        self.world.observer.look()

    def _skip_what_rested(self) -> None:
        """Idle beats are not played; rounds are played only while something is amiss."""
        self.machine.skip_beats(self.now.mono - (self.world.now - self.awake_since) % BEAT_S)
        if self._round is not None:
            self.machine.skip_rounds(self._round.next_at + self._mono_off - ROUND_S / 2)

    def freeze(self) -> None:
        self._tell("freezes")
        self.world.observer.stopped(self)
        self._skip_what_rested()
        self.frozen = True
        for stream in self.streams:
            stream.stall()
        self.world.observer.look()

    def thaw(self) -> None:
        if self.dead or not self.frozen:
            return
        self._tell("thaws")
        self.frozen = False
        self._drive(lambda: self.machine.look(self.now))
        self.awake_since = self.world.now
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
                stream.stall(gone=True)
            else:
                stream.end()
        self.world.observer.look()

    def terminate(self, because: str) -> None:
        self.when_awake(partial(self._leave, because))

    def _leave(self, because: str) -> None:
        self._tell("gets SIGTERM", because)
        self.step(Leave(because))
        left_at = self.world.now
        self.world.after(0.2, partial(self._exit_when_done, left_at))

    def _exit_when_done(self, left_at: float) -> None:
        if self.dead:
            return
        if self.frozen or (self._running and self.world.now - left_at < GRACE_S):
            self.world.after(0.5, partial(self._exit_when_done, left_at))
            return
        if self.state.peer.url is not None:
            self._request(Request.DOWN)
        self.host.exited(self)

    # ---- time

    def _schedule_tick(self) -> None:
        """Beat at the first moment for which a rule waits; other beats change nothing."""
        now, wake = self.now, self.machine.next_rule(self.now)
        in_s = max(min(wake.mono - now.mono, wake.wall - now.wall), 0.0)
        at = self.world.now + in_s + LATENCY_S
        if at != self._tick_at:
            self._tick_at = at
            if in_s < inf:
                self.world.after(in_s + LATENCY_S, partial(self._tick, at))
        self._schedule_round()

    def _schedule_round(self) -> None:
        at = self.machine.round_at - self._mono_off + LATENCY_S
        if self._round is None or abs(self._round.next_at - at) > LATENCY_S:
            self._round = self.world.every(ROUND_S, self._go_round, first_at=at)

    def rest(self) -> None:
        """Ignore the clocks until the next step: the slots of that time are counted elsewhere."""
        self._tick_at = inf

    def _tick(self, at: float) -> None:
        if at == self._tick_at:
            self._tick_at = inf
            self._beat()

    def beat(self) -> None:
        """Beat once at the next beat's time, because the wall clock changed."""
        self.world.after(BEAT_S, self._beat)

    def _go_round(self) -> bool:
        self._beat()
        return False

    def _beat(self) -> None:
        self.when_awake(partial(self.step, Tick()))

    # ---- effects

    def _carry_out(self, effect: Effect) -> None:
        self.world.observer.saw(self, effect)
        match effect:
            case Send(request=request, url=url):
                self._request(request, url)
            case AskArbiter(question=question, asked_at=asked_at):
                self._ask_arbiter(question, asked_at)
            case Publish():
                document = self.document()
                for stream in self.streams:
                    stream.write(document)
            case Watch(open=wanted):
                self._open_watch(wanted)
            case Start():
                late_s = self.world.random.uniform(0.0005, 0.02)
                self.world.after(late_s, partial(self.when_awake, partial(self._begin, effect)))
            case Note():
                values = " ".join(f"{name}={value}" for name, value in effect.values)
                self._tell(effect.event, values)

    def _open_watch(self, wanted: bool) -> None:
        if self.watch is not None:
            self.watch.close()
        self.watch = Stream(self.world, self, self._peer_url) if wanted else None

    def read_by(self, stream: Line) -> None:
        self.streams.append(stream)
        self._count_watchers()

    def read_no_more_by(self, stream: Line) -> None:
        if stream in self.streams:
            self.streams.remove(stream)
            self.when_awake(self._count_watchers)

    def _count_watchers(self) -> None:
        self.step(Watchers(len(self.streams)))

    def _ask_arbiter(
        self,
        question: Question,
        asked_at: float,
        then: Callable[[Ruled], None] = lambda _: None,
    ) -> None:
        def answered(answer: Answer | None) -> None:
            ruled = Ruled(question, asked_at, answer, "" if answer else "no answer in time")
            self.step(ruled)
            then(ruled)

        arbiter = self.world.arbiter
        assert arbiter is not None, "only a twin in strict mode asks"  # noqa: S101
        arbiter.ask(self, question, answered)

    def _begin(
        self, start: Start, asked_at: float | None = None, ruled: Ruled | None = None
    ) -> None:
        job, slot = start.job, start.slot
        asked_at = self.now.mono if asked_at is None else asked_at
        self.step(Tick())
        match self.machine.may_begin(start, asked_at, self.now, ruled):
            case Permission.ASK:
                question = start_question(self.state, {job: slot})
                self._ask_arbiter(
                    question, self.now.mono, lambda ruled: self._begin(start, asked_at, ruled)
                )
            case Permission.UNSETTLED:
                again = partial(self._begin, start, asked_at)
                self.world.after(_LOOKS_AGAIN_S, partial(self.when_awake, again))
            case Permission.REFUSED:
                why = "not begun: no longer in its place"
                self.step(Ended(job, slot, Fate.FAILED, 0.0, why))
            case Permission.GRANTED:
                self.world.observer.started(self, job, slot)
                self._running[job, slot] = self.world.now
                end = partial(self.when_awake, partial(self._end, job, slot))
                self.world.after(self.world.run_s(job), end)

    def _end(self, job: str, slot: int) -> None:
        seconds = self.world.now - self._running.pop((job, slot), self.world.now)
        self.step(Ended(job, slot, Fate.DONE, seconds))

    # ---- requests

    @property
    def _peer_url(self) -> str:
        url = self.state.peer.url
        assert url is not None, "the core asks only whom it can reach"  # noqa: S101
        return url

    def _request(self, kind: Request, url: str | None = None) -> None:
        to = url or (self.host.name if kind is Request.OWN else self._peer_url)
        carries = kind in (Request.UPDATE, Request.DOWN, Request.OWN)
        asked = Asked(self, kind, self.document() if carries else None, self.now.mono)
        for _ in range(1 + self.world.lines.is_doubled()):
            way = self.world.lines.way_s(self.host.name, to, self.world.now)
            if way is not None:
                self.world.send(way, partial(self._arrive, asked, to))

    def _arrive(self, asked: Asked, to: str) -> None:
        self.world.hosts[to].lead(partial(self._reach, asked, to))

    def _reach(self, asked: Asked, to: str, process: Boot | None) -> None:
        event: Event | None
        if process is None:
            event = self._refusal(asked, self.world.hosts[to].pages)
        elif asked.kind is Request.LOOK:
            event = Looked(process.look().on_duty, process.boot, alive=True)
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
            self.world.send(way, partial(self.when_awake, partial(self.step, event)))

    @staticmethod
    def _refusal(asked: Asked, pages: bool) -> Event | None:
        if asked.kind is Request.LOOK:
            return Looked(on_duty=False, boot="", alive=pages)
        if asked.kind is Request.OWN:
            return None
        if pages:
            return Failed(Failure.STRANGER, UNREADABLE, asked.at)
        return Failed(Failure.REFUSED, "connection refused", asked.at)

    def answer(self, asked: Asked) -> Event | None:
        """The answer: the document, with the request's document merged in."""
        if asked.kind is Request.TAKE:
            self.step(TakeDuty("the holder hands it over"))
            return None
        if asked.document is not None:
            self.step(Heard(asked.document, _CAME[asked.kind]))
        via = Via.OWN if asked.kind is Request.OWN else Via.ANSWER
        return Heard(self.document(), via, asked.at)

    def _tell(self, what: str, why: str = "") -> None:
        self.world.story.tell(self.world.now, f"{self.host.name} {self.boot[-4:]}", what, why)


_NOBODY = Looked(on_duty=False, boot="", alive=False)
_CAME = {Request.UPDATE: Via.UPDATE, Request.OWN: Via.UPDATE, Request.DOWN: Via.DOWN}
