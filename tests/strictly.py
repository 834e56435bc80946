"""A twin in strict mode under test, with a real arbiter that answers at once, or not at all."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from stepping import A_URL, B_URL, NOON

from twin.core.moment import Moment
from twin.core.pair.arbiter import Answer, Member, Op, Question, Record, Store, decide
from twin.core.pair.document import Document, Role
from twin.core.pair.events import (
    AskArbiter,
    Effect,
    Event,
    Heard,
    Request,
    Ruled,
    Send,
    Start,
    Tick,
    Via,
    Watch,
    WatchLost,
)
from twin.core.pair.knowledge import Claim
from twin.core.pair.lease import Lease
from twin.core.pair.machine import Machine, Permission
from twin.core.pair.ruled import member_of, start_question
from twin.core.pair.state import Rules, State, boot_name
from twin.core.schedule.job import Job
from twin.core.schedule.schedules import every

LEASE_S = 10.0
LEASE_MS = 10_000
POST = {"post": Job("post", every("10s", None, "UTC"))}
B = Member("b", "1780055000000-b", B_URL)
C = Member("c", "1780055000000-c", "https://c.example")
NEWER_A = Member("a", "1790000000000-x", A_URL)


class Arbiter:
    def __init__(self) -> None:
        self.store = Store()
        self.holder: Member | None = None
        """Another twin that holds the duty, and renews its lease in time."""

    @property
    def record(self) -> Record:
        assert self.store.record is not None
        return self.store.record

    def ask(self, op: Op, member: Member, mono: float, **fields: Any) -> Answer:
        """Another twin asks."""
        return self._decide(Question(op=op, member=member, lease_ms=LEASE_MS, **fields), mono)

    def answer(self, question: Question, mono: float) -> Answer:
        """The twin under test asks."""
        if self.holder is not None:
            self.renew(self.holder, mono)
        return self._decide(question, mono)

    def renew(self, holder: Member, mono: float) -> None:
        known = {one.twin: one.boot for one in self.store.members if one.boot != holder.boot}
        self.ask(Op.RENEW, holder, mono, term=self.record.term, known=known)

    def forget(self, member: Member) -> None:
        """It was unseen for an hour."""
        seen = {twin: one for twin, one in self.store.seen.items() if twin != member.twin}
        self.store = replace(self.store, seen=seen)

    def flush(self) -> None:
        self.store = Store()

    def _decide(self, question: Question, mono: float) -> Answer:
        self.store, answer = decide(self.store, question, int(mono * 1000))
        return answer


class StrictTwin:
    """Twin `a`; every `tell` and `wait` returns the resulting effects."""

    def __init__(
        self,
        jobs: Mapping[str, Job] | None = None,
        url: str | None = A_URL,
        wall: float = NOON,
        **rules: Any,
    ) -> None:
        self.wall, self.mono = wall, 1_000.0
        self.arbiter = Arbiter()
        self.is_cut_off = False
        """Whether the arbiter does not answer this twin."""
        self.is_late = False
        """Whether the answers are on their way: `arrive` brings them."""
        self.is_fronted = True
        """Whether its URL leads to it."""
        self.asked: list[Question] = []
        self._underway: list[AskArbiter] = []
        state = State.at_wake(
            "a",
            boot_name(int(wall * 1000), "a"),
            url,
            None,
            Rules(**{"lease_s": LEASE_S, "takes_on_wake": False, **rules}),
            jobs or {},
            self.now,
        )
        self.machine = Machine(state, self.now)

    @property
    def now(self) -> Moment:
        return Moment(self.wall, self.mono)

    @property
    def state(self) -> State:
        return self.machine.state

    @property
    def lease(self) -> Lease:
        assert self.state.lease is not None
        return self.state.lease

    def role(self) -> Role:
        return self.state.role

    @property
    def acts(self) -> bool:
        return self.state.on_duty and self.lease.is_trusted(self.mono)

    # ---- what happens to it

    def tell(self, event: Event) -> tuple[Effect, ...]:
        effects = self.machine.step(event, self.now)
        for effect in effects:
            match effect:
                case AskArbiter(question=question, asked_at=asked_at):
                    self.asked.append(question)
                    if self.is_late:
                        self._underway.append(effect)
                        continue
                    effects += self.tell(self.ruled(question, asked_at))
                case Send(request=Request.OWN) if self.is_fronted:
                    effects += self.tell(Heard(self.state.document(), Via.OWN, self.mono))
        return effects

    def ruled(self, question: Question, asked_at: float) -> Ruled:
        if self.is_cut_off:
            return Ruled(question, asked_at, None, "connection refused")
        return Ruled(question, asked_at, self.arbiter.answer(question, self.mono))

    def arrive(self, number: int = 0) -> tuple[Effect, ...]:
        """The arbiter gets one of the questions that are underway, and answers."""
        one = self._underway.pop(number)
        return self.tell(self.ruled(one.question, one.asked_at))

    def wait(self, seconds: float) -> tuple[Effect, ...]:
        """Let time pass, with a tick at every timer of a rule, and at the end."""
        end = self.mono + seconds
        effects: tuple[Effect, ...] = ()
        while (at := self._next_tick()) < end:
            self._pass(max(at - self.mono, 0.001))
            effects += self.tell(Tick())
        self._pass(max(end - self.mono, 0.0))
        return effects + self.tell(Tick())

    def freeze(self, seconds: float) -> tuple[Effect, ...]:
        self.wall += seconds
        self.mono += seconds
        return self.tell(Tick())

    def _next_tick(self) -> float:
        rule = self.machine.next_rule(self.now)
        return min(rule.mono, self.mono + rule.wall - self.wall)

    def _pass(self, seconds: float) -> None:
        self.wall += seconds
        self.mono += seconds
        self.machine.skip_beats(self.mono)
        self.machine.skip_rounds(self.mono)

    def begin(
        self, start: Start, ruled: Ruled | None = None, asked_ago_s: float = 0.0
    ) -> Permission:
        """Ask whether an announced run may begin, now and by the arbiter."""
        self.tell(Tick())
        permission = self.machine.may_begin(start, self.mono - asked_ago_s, self.now, ruled)
        if permission is not Permission.ASK:
            return permission
        ruled = self.ruled(start_question(self.state, {start.job: start.slot}), self.mono)
        self.tell(ruled)
        return self.begin(start, ruled)

    def starts(self, seconds: float) -> list[Start]:
        """The runs that it announces while this time passes."""
        return [effect for effect in self.wait(seconds) if isinstance(effect, Start)]

    def start_question(self, job: str, slot: int) -> Question:
        return start_question(self.state, {job: slot})

    # ---- the other twins

    def meet(self, *members: Member) -> "StrictTwin":
        """The arbiter has these in its list, too."""
        for member in members:
            self.arbiter.ask(Op.JOIN, member, self.mono)
        return self

    def hear(
        self,
        member: Member = B,
        via: Via = Via.ANSWER,
        role: Role = Role.STANDBY,
        claim: Claim | None = None,
        asked_ago_s: float = 0.0,
        **fields: Any,
    ) -> tuple[Effect, ...]:
        """Hear from another twin, which knows the claim that this one knows."""
        document = Document(
            twin=member.twin,
            boot=member.boot,
            url=member.url,
            role=role,
            claim=self.state.knowledge.claim if claim is None else claim,
            **{"ledger": {}, **fields},
        )
        return self.tell(Heard(document, via, self.mono - asked_ago_s))

    def confirm(self, *members: Member, asked_ago_s: float = 0.0) -> tuple[Effect, ...]:
        """These answer that they claim nothing for one lease."""
        effects: tuple[Effect, ...] = ()
        for member in members:
            effects += self.hear(member, asked_ago_s=asked_ago_s, confirms=self.state.boot)
        return effects

    def claim_of(self, member: Member, above: int = 0) -> Claim:
        return Claim(self.state.knowledge.claim.term + above, member.twin, member.boot)

    def go_on(self, seconds: float, *members: Member) -> tuple[Effect, ...]:
        """Let time pass while these confirm every other second."""
        effects: tuple[Effect, ...] = ()
        for _ in range(int(seconds / 2)):
            effects += self.confirm(*members) + self.wait(2)
        return effects

    def plead(self, member: Member = B, above: int = 0, **fields: Any) -> tuple[Effect, ...]:
        """The holder asks this twin to claim nothing for one lease."""
        claim = Claim(self.arbiter.record.term + above, member.twin, member.boot)
        fields = {"pleads": True, "claim": claim, "role": Role.ON_DUTY, **fields}
        return self.hear(member, Via.UPDATE, **fields)

    def wish(self, member: Member = B, **fields: Any) -> tuple[Effect, ...]:
        """Another twin asks this one for the duty."""
        return self.hear(member, Via.UPDATE, Role.CLAIMING, **fields)

    # ---- common starting points

    def take(self, *others: Member) -> "StrictTwin":
        """It is on duty, and the arbiter knows that it knows these."""
        self.meet(*others)
        self.wait(LEASE_S + 0.01)
        self.wait(LEASE_S / 3 + 0.01)
        assert self.acts
        return self

    def stand_by(self, *others: Member) -> "StrictTwin":
        """The first of these is on duty, renews its lease, and knows all; it is watched."""
        holder = others[0]
        self.meet(*others)
        self.find_holder(holder)
        record = self.arbiter.record
        self.wait(1.01)
        self.hear(holder, Via.LINE, Role.ON_DUTY, Claim(record.term, holder.twin, holder.boot))
        assert self.role() is Role.STANDBY
        return self

    def find_holder(self, holder: Member) -> None:
        """From now on this one is on duty by the arbiter, and knows all others."""
        self.meet(member_of(self.state), holder)
        before = self.arbiter.store.record
        term = int(NOON * 1000) if before is None else before.term + 1
        known = {one.twin: one.boot for one in self.arbiter.store.members if one != holder}
        record = Record(holder, term, int(self.mono * 1000) + LEASE_MS, known=known)
        self.arbiter.store = replace(self.arbiter.store, record=record)
        self.arbiter.holder = holder

    def tick_beats(self, seconds: int) -> list[str]:
        """Let time pass beat by beat; returns the requests."""
        sent: list[str] = []
        for _ in range(seconds):
            self.wall += 1
            self.mono += 1
            sent += [one.request.name for one in self.tell(Tick()) if isinstance(one, Send)]
        return sent

    def die(self) -> None:
        """The holder does, and its watch closes."""
        self.arbiter.holder = None
        self.tell(WatchLost("closed"))


def opened(effects: tuple[Effect, ...]) -> list[bool]:
    """Whether the watch is opened or closed, in order."""
    return [effect.open for effect in effects if isinstance(effect, Watch)]


def ops(effects: tuple[Effect, ...]) -> list[Op]:
    """The questions to the arbiter among effects, in order."""
    return [effect.question.op for effect in effects if isinstance(effect, AskArbiter)]


def requests(effects: tuple[Effect, ...]) -> list[tuple[str, str | None]]:
    """The requests to other twins: their name, and their URL if it is not that of the peer."""
    return [
        (effect.request.name, effect.url)
        for effect in effects
        if isinstance(effect, Send) and effect.request is not Request.OWN
    ]
