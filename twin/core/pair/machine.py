"""One twin as a state machine: what the node and the simulator both run.

Its driver passes every event with the moment at which it came, and carries out the effects in
order. It passes a `Tick` at `next_wake`, and at least every `BEAT_S`. The machine has no clock, no
lock and no socket. The process may freeze at any time: the machine notices.

The rules are in duty.py (the duty) and slots.py (the jobs); docs/protocol.md describes them.
"""

from collections.abc import Iterator
from enum import Enum, auto
from math import inf

from twin.core.moment import Moment
from twin.core.pair import duty, pleas, slots, strict
from twin.core.pair.arbiter import Ruling
from twin.core.pair.document import Document, Role
from twin.core.pair.events import Effect, Event, Froze, Request, Ruled, Send, Start, Tick
from twin.core.pair.state import State
from twin.core.pair.timeouts import BEAT_S, FROZEN_S, ROUND_S, STALLED_S, UNSETTLED_S


class Permission(Enum):
    """Whether an announced run may begin."""

    GRANTED = auto()
    REFUSED = auto()
    UNSETTLED = auto()
    """The claim is unconfirmed, or not every twin has heard of the run: ask again after the next
    step."""
    ASK = auto()
    """In strict mode: ask the arbiter to start this slot, then ask again with its answer."""


class Machine:
    """One boot, from its start to its end. All `now` come from one clock, and never decrease."""

    def __init__(self, state: State, now: Moment) -> None:
        self.state = state
        self._is_strict = state.lease is not None
        self.freezes = 0
        """Number of freezes so far; a change means that one just happened."""
        self._looked_at = self._ticked_at = now.mono
        self.round_at = now.mono + ROUND_S
        """The `Moment.mono` of its next round of questions."""

    def step(self, event: Event, now: Moment) -> tuple[Effect, ...]:
        """Process `event`; returns the effects to carry out, in order."""
        effects = self.look(now) + self._apply(event, now)
        if isinstance(event, Tick):
            self._ticked_at = now.mono
        if now.mono >= self.round_at:
            self.round_at = now.mono + ROUND_S
            effects += tuple(map(Send, self._round()))
        return effects

    def look(self, now: Moment) -> tuple[Effect, ...]:
        """Look at the clock. Call it before you read `state`, which then shows a freeze that just
        ended."""
        gap_s = now.mono - self._looked_at
        self._looked_at = now.mono
        if gap_s <= BEAT_S + FROZEN_S:
            return ()
        self.freezes += 1
        return self._apply(Froze(gap_s), now)

    def next_wake(self, now: Moment) -> Moment:
        """When to step it next, by whichever clock gets there first."""
        rule = self.next_rule(now)
        return Moment(rule.wall, min(rule.mono, self.round_at))

    def next_rule(self, now: Moment) -> Moment:
        """What the rules wait for first: by `mono` a timer, by `wall` a slot or a shift."""
        state = self.state
        rule_at = strict.next_timer(state) if self._is_strict else duty.next_timer(state)
        timers = (rule_at, slots.next_question(state))
        walls = (slots.next_slot(state), duty.next_look_at_the_shift(state, now))
        return Moment(
            wall=min((at for at in walls if at is not None), default=inf),
            mono=min((at for at in timers if at is not None), default=inf),
        )

    def may_begin(
        self, start: Start, asked_at: float, now: Moment, ruled: Ruled | None = None
    ) -> Permission:
        """Whether a run may begin; call it right after a step. `asked_at` (`Moment.mono`): when the
        run asked first; it waits for `UNSETTLED_S` at most. `ruled`: the arbiter's word on it."""
        if self.state.lease is not None:
            return self._may_begin_strictly(start, now.mono >= asked_at + UNSETTLED_S, ruled)
        if self.state.role is Role.CLAIMING and now.mono < asked_at + UNSETTLED_S:
            return Permission.UNSETTLED
        granted = slots.may_begin(self.state, start.job, start.slot)
        return Permission.GRANTED if granted else Permission.REFUSED

    def _may_begin_strictly(self, start: Start, late: bool, ruled: Ruled | None) -> Permission:
        state, lease = self.state, self.state.lease
        if lease is None or not state.on_duty or not slots.may_begin(state, start.job, start.slot):
            return Permission.REFUSED
        if ruled is None and not lease.is_silent:
            return Permission.ASK
        answer = None if ruled is None else ruled.answer
        if answer is not None and answer.ruling is not Ruling.EMPTY:
            free = answer.ruling is Ruling.GRANTED and start.job not in answer.taken
            return Permission.GRANTED if free else Permission.REFUSED
        if answer is None and (lease.goes_on or pleas.all_know(state, start)):
            return Permission.GRANTED
        return Permission.REFUSED if late else Permission.UNSETTLED

    def document(self, running: tuple[str, ...], now: Moment) -> Document:
        """This twin's document; `running`: the jobs that run on it."""
        ticked_ago_s = max(0.0, round(now.mono - self._ticked_at, 3))
        return self.state.document(running, ticked_ago_s)

    def ticks(self, now: Moment) -> bool:
        """Whether the driver's scheduler still ticks."""
        return now.mono - self._ticked_at < STALLED_S

    # ---- for a simulator, which leaves out steps that change nothing

    def skip_beats(self, until: float) -> None:
        """Act as if all beats until then (`Moment.mono`) came, and nothing was due."""
        self._looked_at = max(self._looked_at, until)
        self._ticked_at = max(self._ticked_at, until)

    def skip_rounds(self, until: float) -> None:
        """Act as if all rounds until then (`Moment.mono`) came, without news for anybody."""
        if until > self.round_at:
            self.round_at += (until - self.round_at) // ROUND_S * ROUND_S + ROUND_S

    # ---- its own

    def _round(self) -> Iterator[Request]:
        return strict.round_of(self.state) if self._is_strict else duty.round_of(self.state)

    def _apply(self, event: Event, now: Moment) -> tuple[Effect, ...]:
        step = strict.step if self._is_strict else duty.step
        self.state, effects = step(self.state, event, now)
        return effects
