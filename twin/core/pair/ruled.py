"""What a twin asks the arbiter, when it may claim, and what the answers change."""

from dataclasses import replace
from math import inf
from typing import Any

from twin.core.pair.arbiter import Answer, Member, Op, Question, Record, Ruling
from twin.core.pair.events import Request, Ruled
from twin.core.pair.knowledge import Claim, Fate, Knowledge
from twin.core.pair.lease import Lease
from twin.core.pair.roles import join
from twin.core.pair.state import Holding, Leaving, Standby, State
from twin.core.pair.step import Step
from twin.core.pair.strict_timeouts import (
    ASK_SILENT_S,
    CLOCKS_APART_S,
    FRONT_STALE_S,
    JITTER_S,
    JOIN_EVERY_S,
    RELEASED_AGAIN_S,
    RENEWS,
    TRUST_MARGIN_S,
)


def lease_of(state: State) -> Lease:
    assert state.lease is not None, "only in strict mode"  # noqa: S101
    return state.lease


def member_of(state: State) -> Member:
    return Member(state.twin, state.boot, state.url)


# ---- questions


def ask(step: Step, op: Op, **fields: Any) -> None:
    """Ask, and await the answer before the next question."""
    lease = lease_of(step.state)
    counted = lease.counted
    if op is not Op.JOIN:
        counted = _both(counted, lease.others(step.state.twin))
    step.change_lease(asking=op, asked_at=step.now.mono, ask_at=inf, counted=counted)
    step.ask_arbiter(_question(step.state, op, **fields))


def start_question(state: State, slots: dict[str, int]) -> Question:
    """Asks to start these slots, by job."""
    return _question(state, Op.START, term=state.knowledge.claim.term, slots=slots)


def _question(state: State, op: Op, **fields: Any) -> Question:
    lease = lease_of(state)
    known = {member.twin: member.boot for member in lease.others(state.twin)}
    length_ms = int(lease.length_s * 1000)
    return Question(op=op, member=member_of(state), lease_ms=length_ms, known=known, **fields)


def ask_when_due(step: Step) -> None:
    """The next question of a twin without a lease."""
    lease, now = lease_of(step.state), step.now.mono
    if lease.asking is not None:
        return
    if now >= claim_from(step.state):
        _claim(step, lease)
    elif now >= lease.ask_at:
        ask(step, Op.JOIN)


def _claim(step: Step, lease: Lease) -> None:
    record, now = lease.record, step.now
    ask(
        step,
        Op.CLAIM,
        term=max(step.state.knowledge.claim.term, 0 if record else int(now.wall * 1000)),
        seen=0 if record is None else record.term,
        patient=now.mono >= _patient_from(step.state),
        floor=int(now.wall + CLOCKS_APART_S),
        members=lease.members if record is None else (),
    )


def renew_when_due(step: Step) -> None:
    lease = lease_of(step.state)
    if lease.asking is None and step.now.mono >= lease.ask_at:
        ask(step, Op.RENEW, term=step.state.knowledge.claim.term)


# ---- when a twin may claim


def claim_from(state: State) -> float:
    """From when (`Moment.mono`) to claim; inf if only an answer of the arbiter can tell."""
    lease = lease_of(state)
    if lease.is_silent or lease.superseded or lease.heard_at is None:
        return inf
    record = lease.record
    if record is None:
        at = max(lease.ends_at, _patient_from(state))
    elif record.released or record.member.boot == state.boot:
        at = lease.yields_until
    elif _is_told_free(state):
        at = lease.ask_at
    elif _hears_holder(state, record):
        return inf
    else:
        at = lease.ends_at + _jitter_s(state)
        if not is_known(state, record):
            at = max(at, _patient_from(state))
    return at if _is_free(state, record) else max(at, lease.promised_until)


def _patient_from(state: State) -> float:
    """R4: from when on no holder can go on that does not know this boot. It would ask at the URL of
    every twin that it knows, and one of them leads here."""
    lease, record = lease_of(state), lease_of(state).record
    if record is not None and state.twin not in {*record.known, record.member.twin}:
        return inf  # of a twin that the holder does not know: it soon will
    if state.url is None:
        return state.woke_at.mono + lease.length_s
    if lease.front_since is None or lease.asked_at > lease.front_at + FRONT_STALE_S:
        return inf
    return max(lease.front_since, state.woke_at.mono) + lease.length_s


def is_known(state: State, record: Record) -> bool:
    """Whether its holder cannot go on without asking this boot."""
    return not record.known or record.known.get(state.twin) == state.boot


def _is_free(state: State, record: Record | None) -> bool:
    """R3: whether the holder to whom this twin gave its word has released the duty, as that one
    said, or as the record says. A record of an older term says nothing of it."""
    promised_to, claim = lease_of(state).promised_to, state.knowledge.claim
    if claim.released and claim.boot == promised_to:
        return True
    if record is None or not record.released or record.term < claim.term:
        return False
    return record.member.boot == promised_to


def _hears_holder(state: State, record: Record) -> bool:
    """Whether this standby watches the holder: when that one releases or falls silent, it asks."""
    stage = state.stage
    watches = isinstance(stage, Standby) and stage.watching and stage.doubt_since is None
    return watches and record.member.boot == state.peer.boot and is_known(state, record)


def _is_told_free(state: State) -> bool:
    """Whether the twin in the record said that it releases; the arbiter may not know yet."""
    record, claim = lease_of(state).record, state.knowledge.claim
    return record is not None and claim.released and claim.boot == record.member.boot


def _jitter_s(state: State) -> float:
    """Of several standbys each waits another while; two twins need none."""
    if len(lease_of(state).members) <= 2:
        return 0.0
    return int.from_bytes(state.boot.encode()) % 1009 / 1009 * JITTER_S


# ---- answers


def receive(step: Step, event: Ruled) -> None:
    op, lease = event.question.op, lease_of(step.state)
    if event.question.member.boot != step.state.boot:
        return
    if op is Op.START:
        _hear_start(step, event)
    elif (op, event.asked_at) == (lease.asking, lease.asked_at):
        step.change_lease(asking=None)
        if event.answer is None:
            fall_silent(step, event.why)
        else:
            _hear(step, event.answer, lease.asked_at)
            _follow(step, event.question, event.answer, lease)


def _follow(step: Step, question: Question, answer: Answer, lease: Lease) -> None:
    """`lease`: as it was before the answer."""
    op = question.op
    if op in (Op.RENEW, Op.RESTORE) and not _is_of_its_claim(step.state, question):
        return
    if answer.ruling is Ruling.GRANTED:
        counted = tuple(one for one in lease.counted if one.twin in question.known)
        step.change_lease(counted=counted)
    match op, answer.ruling:
        case Op.CLAIM, Ruling.GRANTED:
            _take(step, answer, lease)
        case ((Op.RENEW | Op.RESTORE), Ruling.GRANTED):
            _trust(step, answer, lease.asked_at)
            _enter(step)
        case Op.RENEW, Ruling.EMPTY:
            _restore(step)
        case ((Op.RENEW | Op.RESTORE), _):
            lose(step, "the arbiter gave it to another, or forgot it")


def _is_of_its_claim(state: State, question: Question) -> bool:
    """False once this twin has lost the duty for which it asked, even if it has it again."""
    return state.claim_is_ours and question.term == state.knowledge.claim.term


def _hear_start(step: Step, event: Ruled) -> None:
    answer = event.answer
    if not _is_of_its_claim(step.state, event.question):
        return
    if answer is None:
        fall_silent(step, event.why)
    elif answer.ruling is Ruling.EMPTY:
        step.change_lease(ask_at=step.now.mono)  # it has lost its memory: restore it
    elif answer.ruling is not Ruling.GRANTED:
        lose(step, "the arbiter says that the lease is over")
    elif lease_of(step.state).entering == event.asked_at:
        step.change_lease(unentered=False)


def _hear(step: Step, answer: Answer, asked_at: float) -> None:
    lease, now, record = lease_of(step.state), step.now.mono, answer.record
    if lease.is_silent:
        step.note("arbiter.back")
    # R5: an empty arbiter does not know whether somebody has a lease.
    lost_ms = answer.began_ms + int(lease.length_s * 1000)
    left_ms = max(0, (lost_ms if record is None else record.expires_ms) - answer.now_ms)
    superseded = answer.ruling is Ruling.SUPERSEDED
    if superseded and not lease.superseded:
        step.warn("twin.superseded", because="a newer boot of this app is in the arbiter's list")
    step.change_lease(
        record=record,
        members=answer.members if record is not None else _both(lease.members, answer.members),
        ends_at=now + left_ms / 1000,
        heard_at=asked_at,
        superseded=superseded,
        silent_why="",
        told_at={},
        plead_at=inf,
        ask_at=now + _pause_s(step.state, answer),
    )


def _both(known: tuple[Member, ...], told: tuple[Member, ...]) -> tuple[Member, ...]:
    """An empty arbiter has lost members that are still there."""
    newest = {member.twin: member for member in sorted((*known, *told), key=lambda one: one.boot)}
    return tuple(newest[twin] for twin in sorted(newest))


def _pause_s(state: State, answer: Answer) -> float:
    """Until this twin, without a lease, looks at the record again."""
    if _is_told_free(state):
        return RELEASED_AGAIN_S
    if answer.record is not None and _hears_holder(state, answer.record):
        return JOIN_EVERY_S
    return lease_of(state).length_s / RENEWS


def fall_silent(step: Step, why: str) -> None:
    lease, now = lease_of(step.state), step.now.mono
    if not lease.is_silent:
        step.warn("arbiter.silent", because=why)
        # Runs that wait for its answer are in the ledger, and so in the pleas from now on.
        told_at = dict.fromkeys(_started(step.state), now)
        step.change_lease(plead_at=now, told_at=told_at, unentered=True)
    step.change_lease(silent_why=why, ask_at=now + ASK_SILENT_S)


def _trust(step: Step, answer: Answer, asked_at: float) -> None:
    """R1: from the sending of the question on, less than the lease."""
    lease, record = lease_of(step.state), answer.record
    assert record is not None, "what was granted is in the record"  # noqa: S101
    step.change_lease(
        trusted_until=max(lease.trusted_until, asked_at + lease.length_s - TRUST_MARGIN_S),
        expires_ms=record.expires_ms,
        floor=record.floor,
        ask_at=asked_at + lease.length_s / RENEWS,
    )


def _restore(step: Step) -> None:
    lease, state = lease_of(step.state), step.state
    ask(
        step,
        Op.RESTORE,
        term=state.knowledge.claim.term,
        until_ms=lease.expires_ms,
        floor=lease.floor,
        members=lease.members,
        slots=_started(state),
    )


def _enter(step: Step) -> None:
    """Tell the arbiter what was started without asking it."""
    if lease_of(step.state).unentered:
        step.change_lease(entering=step.now.mono)
        step.ask_arbiter(start_question(step.state, _started(step.state)))


def _started(state: State) -> dict[str, int]:
    """By job, the newest slot that was started, as far as this twin knows."""
    return {
        job: entry.slot
        for job, entry in state.knowledge.ledger.items()
        if entry.fate is not Fate.SKIPPED
    }


# ---- the duty comes and goes


def take_unasked(step: Step, because: str) -> None:
    """`ARBITER_DOWN=pair`: act without a lease."""
    term = max(step.state.knowledge.claim.term, int(step.now.wall * 1000)) + 1
    step.learn(Knowledge(Claim(term, step.state.twin, step.state.boot)))
    _hold(step, because)


def _hold(step: Step, because: str) -> None:
    step.enter(Holding(step.now.mono, confirmed=True), because)
    step.watch(False)
    step.note("duty.taken", term=step.state.knowledge.claim.term, because=because)


def _take(step: Step, answer: Answer, before: Lease) -> None:
    """`before`: with the record as it was when this twin claimed."""
    state, now, record = step.state, step.now, answer.record
    assert record is not None, "what was granted is in the record"  # noqa: S101
    promised = now.mono < before.promised_until and not _is_free(state, before.record)
    step.learn(Knowledge(Claim(record.term, state.twin, state.boot)))
    if promised or isinstance(state.stage, Leaving):
        release(step, "this twin gave its word to a holder, or leaves")
        return
    _trust(step, answer, before.asked_at)
    step.change(told=True)
    released = _was_released(before, answer)
    step.change_lease(follows_expired=not released, lets_end=False)
    if not released:
        step.change_lease(unentered=True)
        _enter(step)
    _hold(step, _why_taken(before, released))


def _was_released(before: Lease, answer: Answer) -> bool:
    """A lease that was granted before the last one was over was released."""
    record = before.record
    return record is not None and (record.released or answer.now_ms < record.expires_ms)


def _why_taken(before: Lease, released: bool) -> str:
    record = before.record
    if record is None:
        return "the arbiter has had no holder for one lease"
    if released:
        return f"{record.member.twin} released it"
    return f"the lease of {record.member.twin} is over"


def lose(step: Step, because: str) -> None:
    """Stop acting: the lease is over, or another's."""
    step.note("duty.lost", term=step.state.knowledge.claim.term, because=because)
    _give_up(step)
    stand_by(step, because)


def stand_by(step: Step, because: str) -> None:
    join(step, because)
    step.change_lease(plead_at=inf)


def release(step: Step, because: str) -> None:
    """Give the duty away, if this twin has it, and tell all."""
    if step.state.claim_is_ours:
        step.note("duty.released", term=step.state.knowledge.claim.term, because=because)
    _give_up(step)


def _give_up(step: Step) -> None:
    claim = step.state.knowledge.claim
    if step.state.claim_is_ours:
        step.learn(Knowledge(replace(claim, released=True)))
    slots = _started(step.state) if lease_of(step.state).unentered else {}
    step.ask_arbiter(_question(step.state, Op.RELEASE, term=claim.term, slots=slots))
    lets_end = lease_of(step.state).is_trusted(step.now.mono)
    step.change_lease(trusted_until=-inf, lets_end=lets_end)
    tell_all(step, Request.DOWN)


def tell_all(step: Step, request: Request) -> None:
    """Send a request to every other twin of the list."""
    state = step.state
    for member in lease_of(state).others(state.twin):
        if member.url is not None:
            step.send(request, None if member.url == state.peer.url else member.url)
