"""One twin running: one lock, steps the core, hands its effects to those that carry them out.

Every way in looks at the clock first: a process that stood still is told so before anything else,
so that nothing acts on what it believed before.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from twin.clock import Clock
from twin.core import agenda, duty
from twin.core.events import (
    Effect,
    Event,
    Froze,
    Note,
    Publish,
    Request,
    Send,
    Start,
    Tick,
    Watch,
)
from twin.core.limits import BEAT_S, FROZEN_S
from twin.core.messages import Document, Role
from twin.core.moment import Moment, iso
from twin.core.state import State
from twin.log import Log

STALLED_S = 30.0
"""A scheduler that has not ticked for so long is reported as unhealthy to the host."""
_SETTLED_S = 5.0
"""How long a job's thread waits for a doubt to be settled: silence settles it after 3 s."""


@dataclass(frozen=True, slots=True)
class Outlets:
    """Who carries out the effects. None of them may block, or call back into the node at once."""

    send: Callable[[Request], None]
    watch: Callable[[bool], None]
    publish: Callable[[], None]
    start: Callable[[Start, State], None]
    running: Callable[[], tuple[str, ...]]


class Node:
    """Safe to use from every thread. `outlets` must be set before the first event."""

    outlets: Outlets

    def __init__(self, state: State, clock: Clock, log: Log, quiet: frozenset[str]) -> None:
        """`quiet`: jobs whose every slot is not worth a line."""
        self._state = state
        self._clock = clock
        self._log = log
        self._quiet = quiet
        self._changed = threading.Condition()  # its lock is the one lock
        self._seen_at = self._ticked_at = clock.now().mono
        self.wake_scheduler = threading.Event()

    def handle(self, event: Event) -> None:
        """Tell the core of `event`, and set going what it then wants done."""
        with self._changed:
            self._step(event, self._look_at_the_clock())
        if not isinstance(event, Tick):
            self.wake_scheduler.set()

    def look(self) -> State:
        """The state as of now: a freeze that just ended is already in it."""
        with self._changed:
            self._look_at_the_clock()
            return self._state

    def document(self) -> Document:
        """What this twin tells the other now."""
        state = self.look()
        ticked_ago_s = round(self._clock.now().mono - self._ticked_at, 3)
        return state.document(self.outlets.running(), max(0.0, ticked_ago_s))

    def tick(self) -> float:
        """The scheduler's beat. Returns the seconds until it should beat again."""
        self._ticked_at = self._clock.now().mono
        self.handle(Tick())
        with self._changed:
            now, state = self._clock.now(), self._state
        timers = (duty.next_timer(state), agenda.next_question(state))
        waits = [BEAT_S, *(at - now.mono for at in timers if at is not None)]
        slot = agenda.next_slot(state)
        if slot is not None:
            waits.append(self._clock.real_s(slot - now.wall))
        return max(0.0, min(waits))

    @property
    def ticking(self) -> bool:
        return self._clock.now().mono - self._ticked_at < STALLED_S

    def may_begin(self, start: Start) -> bool:
        """A job's thread looks once more before it begins; waits while a doubt is being settled."""
        with self._changed:
            self._changed.wait_for(self._is_settled, _SETTLED_S)
            self._step(Tick(), self._look_at_the_clock())
            return agenda.may_begin(self._state, start.job, start.slot)

    def _is_settled(self) -> bool:
        self._look_at_the_clock()
        return self._state.role is not Role.CLAIMING

    def _look_at_the_clock(self) -> Moment:
        now = self._clock.now()
        gap_s = now.mono - self._seen_at
        self._seen_at = now.mono
        if gap_s > BEAT_S + FROZEN_S:
            self._step(Froze(gap_s), now)
        return now

    def _step(self, event: Event, now: Moment) -> None:
        self._state, effects = duty.step(self._state, event, now)
        for effect in effects:
            self._carry_out(effect)
        self._changed.notify_all()

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
