"""One twin running: a lock around its machine, and handlers that carry out the effects."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from twin.clock import Clock
from twin.core.moment import Moment, iso
from twin.core.pair.arbiter import Question
from twin.core.pair.document import Document
from twin.core.pair.events import (
    AskArbiter,
    Effect,
    Event,
    Heard,
    Note,
    Publish,
    Remember,
    Request,
    RoleChanged,
    Ruled,
    Send,
    Start,
    Tick,
    Watch,
)
from twin.core.pair.machine import Machine, Permission
from twin.core.pair.ruled import start_question
from twin.core.pair.state import State
from twin.core.pair.timeouts import BEAT_S, UNSETTLED_S
from twin.log import Log
from twin.node.history import KeptHistory
from twin.node.shared_jobs import SharedJobs


@dataclass(frozen=True, slots=True)
class Outlets:
    """The handlers of the effects. A handler must not block. It may call back into the node at once
    only to report a run that ended before it began."""

    send: Callable[[Request, str | None], None]
    """The URL is that of `Send`."""
    watch: Callable[[bool], None]
    publish: Callable[[], None]
    start: Callable[[Start, State], None]
    running: Callable[[], tuple[str, ...]]
    catch_up: Callable[[float], None]
    """Asks the peer for the history from this wall time on."""
    role_changed: Callable[[], None] = lambda: None
    ask_for_jobs: Callable[[], None] = lambda: None
    """Ask the peer which jobs it runs."""
    ask_arbiter: Callable[[AskArbiter], None] = lambda _: None
    """The answer is handed to the node."""
    rule: Callable[[Question], Ruled] | None = None
    """Asks the arbiter, and waits for its answer. None without one."""


class Node:
    """Safe to use from every thread. `outlets` must be set before the first event."""

    outlets: Outlets

    def __init__(
        self, state: State, clock: Clock, log: Log, quiet: frozenset[str], release: str = ""
    ) -> None:
        """`quiet`: jobs whose slots are not logged one by one."""
        self.history = KeptHistory()
        self.jobs = SharedJobs(state.jobs)
        self._release = release
        self._clock = clock
        self._machine = Machine(state, clock.now())
        self._log = log
        self._quiet = quiet
        self._changed = threading.Condition()  # its lock guards the node
        self._beats_at = 0.0
        """The time until which the scheduler waits."""
        self.wake_scheduler = threading.Event()

    def handle(self, event: Event) -> None:
        """Step the machine, and carry out its effects."""
        with self._changed:
            now = self._clock.now()
            self._carry_out(self._machine.step(event, now), now)
            early = self._next_beat_at(now) < self._beats_at
        if early:
            self.wake_scheduler.set()
        if isinstance(event, Heard):
            self._follow(event.document, now)

    def look(self) -> State:
        """The state as of now, including a freeze that just ended."""
        with self._changed:
            now = self._clock.now()
            self._carry_out(self._machine.look(now), now)
            return self._machine.state

    def freezes(self) -> int:
        """Number of freezes so far; a change means that one just happened."""
        self.look()
        return self._machine.freezes

    def document(self) -> Document:
        """What this twin tells the other now."""
        jobs = self.jobs.digest(self.look().jobs)
        now = self._clock.now()
        document = self._machine.document(self.outlets.running(), now)
        return replace(document, recent=self.history.recent(now.wall), jobs_digest=jobs)

    def remember(self, key: str, text: str, term: int) -> None:
        """Leave a memo for the next twin on duty; `term` as in `Remember`."""
        self.handle(Remember(key, text, term))

    def recall(self, key: str) -> str | None:
        """The newest memo with this key, from either twin."""
        memo = self.look().knowledge.memos.get(key)
        return None if memo is None else memo.text

    def tick(self) -> float:
        """The scheduler's beat. Returns the seconds until it should beat again."""
        state = self._machine.state
        self.history.lives(state.twin, state.boot, self._clock.now().wall, self._release)
        self.handle(Tick())
        with self._changed:
            now = self._clock.now()
            self._beats_at = self._next_beat_at(now)
        return max(0.0, self._beats_at - now.mono)

    @property
    def ticking(self) -> bool:
        return self._machine.ticks(self._clock.now())

    def may_begin(self, start: Start) -> bool:
        """Whether a run may begin; its thread asks just before. Waits while the twin is in
        doubt, and in strict mode for the arbiter."""
        asked_at, ruled = self._clock.now().mono, None
        while True:
            permission = self._settled(start, asked_at, ruled)
            if permission is not Permission.ASK:
                return permission is Permission.GRANTED
            assert self.outlets.rule is not None, "in strict mode there is an arbiter"  # noqa: S101
            ruled = self.outlets.rule(start_question(self.look(), {start.job: start.slot}))
            self.handle(ruled)

    def _settled(self, start: Start, asked_at: float, ruled: Ruled | None) -> Permission:
        with self._changed:
            while True:
                now = self._clock.now()
                self._carry_out(self._machine.step(Tick(), now), now)
                permission = self._machine.may_begin(start, asked_at, now, ruled)
                if permission is not Permission.UNSETTLED:
                    return permission
                ruled = None
                self._changed.wait(UNSETTLED_S)

    def _follow(self, document: Document, now: Moment) -> None:
        """Take in the history that a message carries, and ask for what is missing."""
        self.history.believe(document.recent, now.wall)
        if document.twin == self._machine.state.twin:
            return
        since = self.history.heard(document.twin, document.boot, now)
        if since is not None:
            self.outlets.catch_up(since)
        if self.jobs.lacks(document, self._machine.state.jobs, now):
            self.outlets.ask_for_jobs()

    def _next_beat_at(self, now: Moment) -> float:
        """The `Moment.mono` of the machine's next timer; at most a beat away."""
        wake = self._machine.next_wake(now)
        slot_at = now.mono + self._clock.real_s(wake.wall - now.wall)
        return min(now.mono + BEAT_S, wake.mono, slot_at)

    def _carry_out(self, effects: tuple[Effect, ...], now: Moment) -> None:
        for effect in effects:
            self._carry_out_one(effect, now)
        self._changed.notify_all()

    def _carry_out_one(self, effect: Effect, now: Moment) -> None:
        state = self._machine.state
        match effect:
            case Send(request=request, url=url):
                self.outlets.send(request, url)
            case AskArbiter():
                self.outlets.ask_arbiter(effect)
            case Publish():
                self.outlets.publish()
            case Watch(open=wanted):
                self.outlets.watch(wanted)
            case Start():
                self.outlets.start(effect, state)
            case RoleChanged(role=role, because=because):
                self.history.changed(state.twin, state.boot, role, because, now.wall)
                self.outlets.role_changed()
            case Note():
                self._note(effect)

    def _note(self, note: Note) -> None:
        values = dict(note.values)
        if values.get("job") in self._quiet:
            return
        tell = self._log.warning if note.warning else self._log.info
        tell(note.event, **{key: _readable(key, value) for key, value in values.items()})


def _readable(key: str, value: object) -> object:
    return iso(value) if key in ("slot", "last") and isinstance(value, int) else value
