"""One twin as a state machine: what the node and the simulator both run.

Its driver passes every event with the moment at which it came, and carries out the effects in
order. It passes a `Tick` at `next_wake`, and at least every `BEAT_S`. The machine has no clock, no
lock and no socket. The process may freeze at any time: the machine notices.

The rules are in duty.py (the duty) and slots.py (the jobs); docs/protocol.md describes them.
"""

from enum import Enum, auto
from math import inf

from twin.core.moment import Moment
from twin.core.pair import duty, slots
from twin.core.pair.document import Document, Role
from twin.core.pair.events import Effect, Event, Froze, Send, Start, Tick
from twin.core.pair.state import State
from twin.core.pair.timeouts import BEAT_S, FROZEN_S, ROUND_S, STALLED_S, UNSETTLED_S


class Permission(Enum):
    """Whether an announced run may begin."""

    GRANTED = auto()
    REFUSED = auto()
    UNSETTLED = auto()
    """The claim is unconfirmed: ask again after the next step."""


class Machine:
    """One boot, from its start to its end. All `now` come from one clock, and never decrease."""

    def __init__(self, state: State, now: Moment) -> None:
        self.state = state
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
            effects += tuple(map(Send, duty.round_of(self.state)))
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
        timers = (duty.next_timer(state), slots.next_question(state))
        walls = (slots.next_slot(state), duty.next_look_at_the_shift(state, now))
        return Moment(
            wall=min((at for at in walls if at is not None), default=inf),
            mono=min((at for at in timers if at is not None), default=inf),
        )

    def may_begin(self, start: Start, asked_at: float, now: Moment) -> Permission:
        """Whether a run may begin; call it right after a step. `asked_at` (`Moment.mono`): when the
        run asked first; it waits for an unconfirmed claim for `UNSETTLED_S` at most."""
        if self.state.role is Role.CLAIMING and now.mono < asked_at + UNSETTLED_S:
            return Permission.UNSETTLED
        granted = slots.may_begin(self.state, start.job, start.slot)
        return Permission.GRANTED if granted else Permission.REFUSED

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

    def _apply(self, event: Event, now: Moment) -> tuple[Effect, ...]:
        self.state, effects = duty.step(self.state, event, now)
        return effects
