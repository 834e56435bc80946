"""A twin under test: a real core that gets events at chosen moments."""

from collections.abc import Mapping
from typing import Any

from twin.core.moment import Moment
from twin.core.pair import duty, slots
from twin.core.pair.document import Document, Role
from twin.core.pair.events import Effect, Event, Heard, Note, Send, Start, Tick, Via
from twin.core.pair.knowledge import NOBODY, Claim, Entry
from twin.core.pair.state import Rules, State
from twin.core.schedule.job import Job

NOON = 1_780_056_000.0
"""A whole minute, and hour; `mono` begins at 1,000."""
A_URL, B_URL = "https://a.example", "https://b.example"
B_BOOT = "1780055000000-b"


class Twin:
    """Twin `a`; every `tell` and `wait` returns the resulting effects."""

    def __init__(
        self,
        peer_url: str | None = B_URL,
        rules: Rules | None = None,
        jobs: Mapping[str, Job] | None = None,
        url: str | None = A_URL,
        wall: float = NOON,
    ) -> None:
        self.wall, self.mono = wall, 1_000.0
        boot = f"{int(wall * 1000)}-a"
        rules = rules or Rules()
        self.state = State.at_wake("a", boot, url, peer_url, rules, jobs or {}, self.now)

    @property
    def now(self) -> Moment:
        return Moment(self.wall, self.mono)

    def role(self) -> Role:
        return self.state.role

    def tell(self, event: Event) -> tuple[Effect, ...]:
        self.state, effects = duty.step(self.state, event, self.now)
        return effects

    def wait(self, seconds: float) -> tuple[Effect, ...]:
        """Let time pass, with a tick at every timer of a rule, and at the end."""
        end = self.mono + seconds
        effects: list[Effect] = []
        while (at := self._next_tick()) < end:
            self._pass(max(at - self.mono, 0.001))
            effects += self.tell(Tick())
        self._pass(max(end - self.mono, 0.0))
        effects += self.tell(Tick())
        return tuple(effects)

    def _next_tick(self) -> float:
        waits = [duty.next_timer(self.state), slots.next_question(self.state)]
        slot = slots.next_slot(self.state)
        if slot is not None:
            waits.append(self.mono + slot - self.wall)
        return min((at for at in waits if at is not None), default=float("inf"))

    def _pass(self, seconds: float) -> None:
        self.wall += seconds
        self.mono += seconds

    # ---- common starting points

    def wake(self) -> "Twin":
        """It has its URL and has settled."""
        self._find_its_url()
        self.wait(1.01)
        return self

    def take(self) -> "Twin":
        """It is on duty, and its peer has confirmed the claim."""
        self.wake()
        if self.state.peer.url is not None:
            self.hear(Role.STANDBY, self.state.knowledge.claim, via=Via.ANSWER)
        return self

    def stand_by(self) -> "Twin":
        """Twin `b` is on duty, and is watched."""
        self._find_its_url()
        self.hear(Role.ON_DUTY, self.claim_of_b(), via=Via.UPDATE)
        self.wait(1.01)
        self.hear(Role.ON_DUTY, self.claim_of_b())
        return self

    def _find_its_url(self) -> None:
        self.tell(Tick())
        if self.state.url is not None:
            self.tell(Heard(self.state.document(), Via.OWN))

    # ---- documents of twin `b`

    def claim_of_b(self, above: int = 0, released: bool = False, boot: str = B_BOOT) -> Claim:
        return Claim(int(NOON * 1000) + above, "b", boot, released)

    def hear(
        self,
        role: Role,
        claim: Claim = NOBODY,
        via: Via = Via.LINE,
        boot: str = B_BOOT,
        url: str | None = B_URL,
        twin: str = "b",
        ledger: Mapping[str, Entry] | None = None,
        ticked_ago_s: float = 0.0,
        asked_ago_s: float = 0.0,
        retired: bool = False,
        vouches: bool = False,
        doubts: bool = False,
    ) -> tuple[Effect, ...]:
        document = Document(
            twin=twin,
            boot=boot,
            url=url,
            role=role,
            claim=claim,
            ledger=ledger or {},
            leaving=role is Role.LEAVING and not retired,
            retired=retired,
            vouches=vouches,
            doubts=doubts,
            ticked_ago_s=ticked_ago_s,
        )
        return self.tell(Heard(document, via, self.mono - asked_ago_s))

    def hear_retired(
        self, claim: Claim = NOBODY, via: Via = Via.LINE, **more: Any
    ) -> tuple[Effect, ...]:
        """Hear from a boot of `b` that made way for a newer one."""
        return self.hear(Role.LEAVING, claim, via, retired=True, **more)

    def hear_vouching(
        self, claim: Claim = NOBODY, via: Via = Via.LINE, **more: Any
    ) -> tuple[Effect, ...]:
        """Hear from such a boot that has also just heard the newer one."""
        return self.hear(Role.LEAVING, claim, via, retired=True, vouches=True, **more)


def sent(effects: tuple[Effect, ...]) -> list[str]:
    """The names of the requests among effects, in order."""
    return [effect.request.name for effect in effects if isinstance(effect, Send)]


def started(effects: tuple[Effect, ...]) -> list[tuple[str, int]]:
    return [(effect.job, effect.slot) for effect in effects if isinstance(effect, Start)]


def noted(effects: tuple[Effect, ...], event: str) -> list[dict[str, object]]:
    """The fields of the log lines with this event."""
    return [
        dict(effect.values)
        for effect in effects
        if isinstance(effect, Note) and effect.event == event
    ]
