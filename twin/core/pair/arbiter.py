"""What twins ask an arbiter, a database that they share, and what it answers.

The arbiter keeps three things: the record of who holds the duty, the list of twins, and by job the
newest slot that was started. Each question is one atomic operation. `decide` is their meaning: the
simulator runs it, and each adapter is tested against it.

Only the arbiter's clock counts here, in milliseconds; its zero does not matter.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import reduce

MEMBER_FOR_MS = 3_600_000
"""A twin unseen for so long leaves the list."""


@dataclass(frozen=True, slots=True)
class Member:
    """A twin in the list: its newest boot that has asked."""

    twin: str
    boot: str
    url: str | None


@dataclass(frozen=True, slots=True)
class Record:
    """Who holds the duty, or held it last."""

    member: Member
    term: int
    expires_ms: int
    released: bool = False
    known: Mapping[str, str] = field(default_factory=dict)
    """By other twin that the holder has in its list, its boot: the holder asks them all before it
    goes on without the arbiter."""
    floor: int = 0
    """Slots up to this time (epoch seconds) may have been started though the arbiter does not know
    it: none of them starts again."""


class Op(StrEnum):
    JOIN = "join"
    """Enter the list, and look at the record."""
    CLAIM = "claim"
    RENEW = "renew"
    RESTORE = "restore"
    """Write again what an arbiter without a memory has lost."""
    RELEASE = "release"
    START = "start"
    """Start slots."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question of `member`. Which further fields count depends on `op`."""

    op: Op
    member: Member
    lease_ms: int = 0
    term: int = 0
    """CLAIM: the highest that the asker knows. Otherwise the asker's own."""
    known: Mapping[str, str] = field(default_factory=dict)
    """As in `Record`. CLAIM, RENEW, RESTORE."""
    patient: bool = False
    """CLAIM: the asker has waited so long that a holder that does not know it cannot go on."""
    seen: int = 0
    """CLAIM: the term of the record that the asker saw; 0 if it saw none."""
    floor: int = 0
    """CLAIM: `Record.floor` if the claim is granted, and the arbiter and the asker together may not
    know all that was started. RESTORE: that of the lost record."""
    until_ms: int = 0
    """RESTORE: when the lost record would have expired."""
    members: tuple[Member, ...] = ()
    """The lost list: RESTORE, and CLAIM where there is no record. A holder asks all of it before it
    goes on without the arbiter; a twin that it forgot would not know that it does."""
    slots: Mapping[str, int] = field(default_factory=dict)
    """By job: the slots to start; RESTORE and RELEASE: slots that were started without asking."""


class Ruling(StrEnum):
    GRANTED = "granted"
    TAKEN = "taken"
    """Another holds the duty, or the lease is over."""
    EMPTY = "empty"
    """There is no record."""
    SUPERSEDED = "superseded"
    """A newer boot of the asker's twin is in the list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    ruling: Ruling
    now_ms: int
    record: Record | None
    members: tuple[Member, ...]
    """Sorted by twin."""
    began_ms: int
    """As in `Store`."""
    taken: Mapping[str, str] = field(default_factory=dict)
    """START: by job that may not start, the twin that started this slot or a later one; empty if
    that is not known."""


@dataclass(frozen=True, slots=True)
class Started:
    slot: int
    member: Member
    term: int


@dataclass(frozen=True, slots=True)
class Store:
    """All that an arbiter remembers."""

    began_ms: int | None = None
    """When it was first asked, since it last lost its memory."""
    record: Record | None = None
    seen: Mapping[str, tuple[Member, int]] = field(default_factory=dict)
    """By twin: its newest boot, and when it last asked."""
    started: Mapping[str, Started] = field(default_factory=dict)

    @property
    def members(self) -> tuple[Member, ...]:
        return tuple(self.seen[twin][0] for twin in sorted(self.seen))


def decide(store: Store, asked: Question, now_ms: int) -> tuple[Store, Answer]:
    """The store afterwards, and the answer."""
    store = store if store.began_ms is not None else replace(store, began_ms=now_ms)
    store = _joined(store, asked.member, now_ms)
    match asked.op:
        case Op.JOIN:
            ruling = _superseded(store, asked) or _taken_or_empty(store)
        case Op.CLAIM:
            store, ruling = _claim(store, asked, now_ms)
        case Op.RENEW:
            store, ruling = _renew(store, asked, now_ms)
        case Op.RESTORE:
            store, ruling = _restore(store, asked, now_ms)
        case Op.RELEASE:
            store, ruling = _release(store, asked, now_ms)
        case Op.START:  # pragma: no branch (it is the last kind of question)
            return _start(store, asked, now_ms)
    return store, _answer(store, ruling, now_ms)


def _joined(store: Store, member: Member, now_ms: int) -> Store:
    known = store.seen.get(member.twin)
    if known is not None and known[0].boot > member.boot:
        return store
    return replace(store, seen={**store.seen, member.twin: (member, now_ms)})


def _listed(store: Store, members: tuple[Member, ...], now_ms: int) -> Store:
    return reduce(lambda known, member: _joined(known, member, now_ms), members, store)


def _superseded(store: Store, asked: Question) -> Ruling | None:
    newest, _ = store.seen[asked.member.twin]
    return Ruling.SUPERSEDED if newest.boot != asked.member.boot else None


def _taken_or_empty(store: Store) -> Ruling:
    return Ruling.EMPTY if store.record is None else Ruling.TAKEN


def _claim(store: Store, asked: Question, now_ms: int) -> tuple[Store, Ruling]:
    record = store.record
    if superseded := _superseded(store, asked):
        return store, superseded
    if record is None:
        # It does not know whether somebody has a lease from before it lost its memory.
        if not asked.patient or now_ms < (store.began_ms or 0) + asked.lease_ms:
            return store, Ruling.EMPTY
        store = _listed(store, asked.members, now_ms)
        return _held(store, asked, asked.term + 1, asked.floor, now_ms), Ruling.GRANTED
    # A holder that knows no other twin cannot go on without the arbiter.
    known = not record.known or record.known.get(asked.member.twin) == asked.member.boot
    saw_it = asked.seen == record.term
    may_follow = known or (asked.patient and saw_it)
    passed_on = record.released or record.member.boot == asked.member.boot
    if not passed_on and not (may_follow and now_ms >= record.expires_ms):
        return store, Ruling.TAKEN
    # Without the arbiter, a holder starts only what those that it knows have heard.
    complete = saw_it and (passed_on or known)
    floor = record.floor if complete else max(record.floor, asked.floor)
    term = max(record.term, asked.term) + 1
    return _held(store, asked, term, floor, now_ms), Ruling.GRANTED


def _renew(store: Store, asked: Question, now_ms: int) -> tuple[Store, Ruling]:
    record = _held_by(store, asked)
    if record is None:
        return store, _taken_or_empty(store)
    since_ms = now_ms - MEMBER_FOR_MS
    seen = {twin: one for twin, one in store.seen.items() if one[1] >= since_ms}
    store = replace(store, seen=seen)
    return _held(store, asked, asked.term, record.floor, now_ms), Ruling.GRANTED


def _restore(store: Store, asked: Question, now_ms: int) -> tuple[Store, Ruling]:
    if store.record is not None or now_ms >= asked.until_ms:
        return store, _taken_or_empty(store)
    store = _listed(store, asked.members, now_ms)
    store = _entered(store, asked)
    return _held(store, asked, asked.term, asked.floor, now_ms), Ruling.GRANTED


def _release(store: Store, asked: Question, now_ms: int) -> tuple[Store, Ruling]:
    if record := _held_by(store, asked):
        released = replace(record, released=True, expires_ms=now_ms)
        store = replace(_entered(store, asked), record=released)
    return store, Ruling.GRANTED


def _start(store: Store, asked: Question, now_ms: int) -> tuple[Store, Answer]:
    record = _held_by(store, asked)
    if record is None or now_ms >= record.expires_ms:
        return store, _answer(store, _taken_or_empty(store), now_ms)
    taken = {
        job: had.member.twin
        for job, slot in asked.slots.items()
        if (had := store.started.get(job)) is not None
        and had.slot >= slot
        and (had.slot, had.member.boot, had.term) != (slot, asked.member.boot, asked.term)
    }
    taken |= {job: "" for job, slot in asked.slots.items() if slot <= record.floor}
    free = {job: slot for job, slot in asked.slots.items() if job not in taken}
    store = _entered(store, replace(asked, slots=free))
    return store, replace(_answer(store, Ruling.GRANTED, now_ms), taken=taken)


def _held_by(store: Store, asked: Question) -> Record | None:
    """The record, if it is the asker's."""
    record = store.record
    if record is None or record.released:
        return None
    is_its = (record.member.boot, record.term) == (asked.member.boot, asked.term)
    return record if is_its else None


def _held(store: Store, asked: Question, term: int, floor: int, now_ms: int) -> Store:
    ends_ms = now_ms + asked.lease_ms
    record = Record(asked.member, term, ends_ms, known=asked.known, floor=floor)
    return replace(store, record=record)


def _entered(store: Store, asked: Question) -> Store:
    """With these slots as started by the asker, unless a later one is known."""
    new = {
        job: Started(slot, asked.member, asked.term)
        for job, slot in asked.slots.items()
        if job not in store.started or store.started[job].slot < slot
    }
    return replace(store, started={**store.started, **new})


def _answer(store: Store, ruling: Ruling, now_ms: int) -> Answer:
    return Answer(
        ruling=ruling,
        now_ms=now_ms,
        record=store.record,
        members=store.members,
        began_ms=store.began_ms or now_ms,
    )
