"""One twin running: one lock, steps the core, hands its effects to those that carry them out.

Every way in looks at the clock first: a process that stood still is told so before anything else,
so that nothing acts on what it believed before.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from twin.clock import Clock
from twin.core.moment import Moment, iso
from twin.core.pair import duty, slots
from twin.core.pair.document import Document, Role
from twin.core.pair.events import (
    Effect,
    Event,
    Froze,
    Heard,
    Note,
    Publish,
    Remember,
    Request,
    Send,
    Start,
    Tick,
    Watch,
)
from twin.core.pair.state import State
from twin.core.pair.timeouts import BEAT_S, FROZEN_S
from twin.log import Log
from twin.node.history import KeptHistory

STALLED_S = 30.0
"""A scheduler that has not ticked for so long is reported as unhealthy to the host."""
_SETTLED_S = 5.0
"""How long a job's thread waits for a doubt to be settled: silence settles it after 3 s."""


@dataclass(frozen=True, slots=True)
class Outlets:
    """Who carries out the effects. None of them may block, or call back into the node at once, but
    to say that a run ended before it could begin."""

    send: Callable[[Request], None]
    watch: Callable[[bool], None]
    publish: Callable[[], None]
    start: Callable[[Start, State], None]
    running: Callable[[], tuple[str, ...]]
    catch_up: Callable[[float], None]
    """Ask the peer for the history from this wall time on."""


class Node:
    """Safe to use from every thread. `outlets` must be set before the first event."""

    outlets: Outlets

    def __init__(
        self, state: State, clock: Clock, log: Log, quiet: frozenset[str], release: str = ""
    ) -> None:
        """`quiet`: jobs whose every slot is not worth a line."""
        self.history = KeptHistory()
        self._release = release
        self._state = state
        self._clock = clock
        self._log = log
        self._quiet = quiet
        self._changed = threading.Condition()  # its lock is the one lock
        self._seen_at = self._ticked_at = clock.now().mono
        self._freezes = 0
        self._beats_at = 0.0
        """Until when the scheduler waits."""
        self.wake_scheduler = threading.Event()

    def handle(self, event: Event) -> None:
        """Tell the core of `event`, and set going what it then wants done."""
        with self._changed:
            now = self._look_at_the_clock()
            self._step(event, now)
            early = self._next_beat_at(now) < self._beats_at
        if early:
            self.wake_scheduler.set()
        if isinstance(event, Heard):
            self._follow(event.document, now)

    def look(self) -> State:
        """The state as of now: a freeze that just ended is already in it."""
        with self._changed:
            self._look_at_the_clock()
            return self._state

    def freezes(self) -> int:
        """How often this process has stood still: who finds one more than before was held up."""
        self.look()
        return self._freezes

    def document(self) -> Document:
        """What this twin tells the other now."""
        state, now = self.look(), self._clock.now()
        ticked_ago_s = round(now.mono - self._ticked_at, 3)
        document = state.document(self.outlets.running(), max(0.0, ticked_ago_s))
        return replace(document, recent=self.history.recent(now.wall))

    def remember(self, key: str, text: str, term: int) -> None:
        """Leave a memo for whoever has the duty next; `term` as in `Remember`."""
        self.handle(Remember(key, text, term))

    def recall(self, key: str) -> str | None:
        """The newest memo with this key, whoever wrote it."""
        memo = self.look().knowledge.memos.get(key)
        return None if memo is None else memo.text

    def tick(self) -> float:
        """The scheduler's beat. Returns the seconds until it should beat again."""
        began = self._clock.now()
        self._ticked_at = began.mono
        self.history.lives(self._state.twin, self._state.boot, began.wall, self._release)
        self.handle(Tick())
        with self._changed:
            now = self._clock.now()
            self._beats_at = self._next_beat_at(now)
        return max(0.0, self._beats_at - now.mono)

    @property
    def ticking(self) -> bool:
        return self._clock.now().mono - self._ticked_at < STALLED_S

    def may_begin(self, start: Start) -> bool:
        """A job's thread looks once more before it begins; waits while a doubt is being settled."""
        with self._changed:
            self._changed.wait_for(self._is_settled, _SETTLED_S)
            self._step(Tick(), self._look_at_the_clock())
            return slots.may_begin(self._state, start.job, start.slot)

    def _follow(self, document: Document, now: Moment) -> None:
        """Take in the history that a message carries, and ask for what is missing before it."""
        self.history.believe(document.recent, now.wall)
        if document.twin == self._state.twin:
            return
        since = self.history.heard(document.twin, document.boot, now)
        if since is not None:
            self.outlets.catch_up(since)

    def _next_beat_at(self, now: Moment) -> float:
        """The `Moment.mono` of the first slot or rule that waits for time; at most a beat away."""
        state = self._state
        timers = (duty.next_timer(state), slots.next_question(state))
        beats = [now.mono + BEAT_S, *(at for at in timers if at is not None)]
        slot = slots.next_slot(state)
        if slot is not None:
            beats.append(now.mono + self._clock.real_s(slot - now.wall))
        return min(beats)

    def _is_settled(self) -> bool:
        self._look_at_the_clock()
        return self._state.role is not Role.CLAIMING

    def _look_at_the_clock(self) -> Moment:
        now = self._clock.now()
        gap_s = now.mono - self._seen_at
        self._seen_at = now.mono
        if gap_s > BEAT_S + FROZEN_S:
            self._freezes += 1
            self._step(Froze(gap_s), now)
        return now

    def _step(self, event: Event, now: Moment) -> None:
        before = self._state
        self._state, effects = duty.step(before, event, now)
        if self._state.role is not before.role:
            self._record_role(effects, now)
        for effect in effects:
            self._carry_out(effect)
        self._changed.notify_all()

    def _record_role(self, effects: tuple[Effect, ...], now: Moment) -> None:
        reasons = [dict(note.values).get("because") for note in effects if isinstance(note, Note)]
        because = str(next((why for why in reversed(reasons) if why), ""))
        state = self._state
        self.history.changed(state.twin, state.boot, state.role, because, now.wall)

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Send(request=request):
                self.outlets.send(request)
            case Publish():
                self.outlets.publish()
            case Watch(open=wanted):
                self.outlets.watch(wanted)
            case Start():
                self.outlets.start(effect, self._state)
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
