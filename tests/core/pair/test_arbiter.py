"""What an arbiter grants: one holder at a time, and each slot once."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.core.pair.arbiter import (
    MEMBER_FOR_MS,
    Answer,
    Member,
    Op,
    Question,
    Record,
    Ruling,
    Started,
    Store,
    decide,
)

LEASE_MS = 10_000
A_OLD, A = Member("a", "1-a", "https://a.example"), Member("a", "2-a", "https://a.example")
B, C = Member("b", "1-b", "https://b.example"), Member("c", "1-c", None)
NOW = 1_000_000


def ask(store: Store, op: Op, member: Member, at_ms: int = NOW, **fields: Any) -> Answer:
    """The answer alone."""
    return asked(store, op, member, at_ms, **fields)[1]


def asked(
    store: Store, op: Op, member: Member, at_ms: int = NOW, **fields: Any
) -> tuple[Store, Answer]:
    question = Question(op=op, member=member, lease_ms=LEASE_MS)
    return decide(store, replace(question, **fields), at_ms)


def held(
    by: Member = B,
    ends_ms: int = NOW + 1,
    released: bool = False,
    floor: int = 0,
    **known: str,
) -> Store:
    """Term 7 is held, and all three twins are in the list."""
    record = Record(by, 7, ends_ms, released, known, floor)
    seen = {member.twin: (member, NOW) for member in (A, B, C)}
    return Store(began_ms=0, record=record, seen=seen)


# ---- claims


@dataclass(frozen=True)
class Claimed:
    """A claim of `a`, and the ruling."""

    story: str
    store: Store
    ruling: Ruling
    patient: bool = False
    seen: int = 7


CLAIMS = [
    Claimed("a live lease is its holder's", held(a=A.boot), Ruling.TAKEN, patient=True),
    Claimed("to the millisecond", held(ends_ms=NOW + 1, a=A.boot), Ruling.TAKEN),
    Claimed(
        "an expired one goes to a twin that it knows", held(ends_ms=NOW, a=A.boot), Ruling.GRANTED
    ),
    Claimed("whatever record that one saw", held(ends_ms=NOW, a=A.boot), Ruling.GRANTED, seen=3),
    Claimed("not to a boot that it does not know", held(ends_ms=NOW, a=A_OLD.boot), Ruling.TAKEN),
    Claimed("nor to a twin that it does not know", held(ends_ms=NOW, c=C.boot), Ruling.TAKEN),
    Claimed(
        "but to one that has waited",
        held(ends_ms=NOW, c=C.boot),
        Ruling.GRANTED,
        patient=True,
    ),
    Claimed(
        "if it has waited for this holder",
        held(ends_ms=NOW, c=C.boot),
        Ruling.TAKEN,
        patient=True,
        seen=6,
    ),
    Claimed("a holder without others cannot go on", held(ends_ms=NOW), Ruling.GRANTED, seen=0),
    Claimed("a released one is free", held(released=True, c=C.boot), Ruling.GRANTED, seen=0),
    Claimed("one's own is, too", held(by=A, c=C.boot), Ruling.GRANTED, seen=0),
    Claimed("not that of one's older boot", held(by=A_OLD, c=C.boot), Ruling.TAKEN, patient=True),
]


@pytest.mark.parametrize("row", CLAIMS, ids=[row.story for row in CLAIMS])
def test_a_claim_is_granted_only_if_nobody_can_act(row: Claimed) -> None:
    answer = ask(row.store, Op.CLAIM, A, patient=row.patient, seen=row.seen, term=3)
    assert answer.ruling is row.ruling
    assert answer.record is not None
    assert (answer.record.member == A and answer.record.term == 8) is (row.ruling is Ruling.GRANTED)


def test_a_granted_claim_has_a_higher_term_than_any_twin_knows() -> None:
    answer = ask(held(released=True), Op.CLAIM, A, term=40)
    assert answer.record == Record(A, 41, NOW + LEASE_MS)


def test_an_empty_arbiter_grants_nobody_for_one_lease() -> None:
    store, answer = asked(Store(), Op.JOIN, B)
    assert (answer.ruling, answer.began_ms) == (Ruling.EMPTY, NOW)
    early = ask(store, Op.CLAIM, A, NOW + LEASE_MS - 1, patient=True)
    assert (early.ruling, early.record) == (Ruling.EMPTY, None)
    late = ask(store, Op.CLAIM, A, NOW + LEASE_MS, patient=True, term=5)
    assert late.record is not None
    assert (late.ruling, late.record.term) == (Ruling.GRANTED, 6)
    hasty = ask(store, Op.CLAIM, A, NOW + LEASE_MS)
    assert hasty.ruling is Ruling.EMPTY


def test_its_first_question_ever_is_not_granted_even_if_its_clock_begins_at_zero() -> None:
    store, answer = asked(Store(), Op.CLAIM, A, 0, patient=True)
    assert (answer.ruling, answer.began_ms) == (Ruling.EMPTY, 0)
    assert asked(store, Op.CLAIM, A, LEASE_MS, patient=True)[1].ruling is Ruling.GRANTED


def test_a_claim_gives_an_empty_arbiter_its_list_back() -> None:
    store, _ = asked(Store(), Op.JOIN, A)
    late = ask(store, Op.CLAIM, A, NOW + LEASE_MS, patient=True, members=(A_OLD, B, C))
    assert late.members == (A, B, C)
    assert ask(held(released=True), Op.CLAIM, A, members=(replace(B, twin="d"),)).members == (
        A,
        B,
        C,
    )


# ---- renewals


@pytest.mark.parametrize(
    ("store", "member", "term", "ruling"),
    [
        (held(by=A), A, 7, Ruling.GRANTED),
        (held(by=A, ends_ms=NOW - 60_000), A, 7, Ruling.GRANTED),
        (held(by=A, released=True), A, 7, Ruling.TAKEN),
        (held(by=A), A, 6, Ruling.TAKEN),
        (held(by=A_OLD), A, 7, Ruling.TAKEN),
        (held(by=B), A, 7, Ruling.TAKEN),
        (Store(), A, 7, Ruling.EMPTY),
    ],
    ids=["its own", "expired, and nobody's", "released", "older", "older boot's", "b's", "lost"],
)
def test_only_its_holder_renews_a_lease(
    store: Store, member: Member, term: int, ruling: Ruling
) -> None:
    answer = ask(store, Op.RENEW, member, term=term)
    assert answer.ruling is ruling
    if ruling is Ruling.GRANTED:
        assert answer.record is not None
        assert answer.record.expires_ms == NOW + LEASE_MS
    else:
        assert answer.record == store.record


def test_a_renewal_tells_whom_the_holder_knows() -> None:
    answer = ask(held(by=A, c=C.boot), Op.RENEW, A, term=7, known={"b": B.boot})
    assert answer.record is not None
    assert answer.record.known == {"b": B.boot}


def test_a_twin_unseen_for_an_hour_leaves_the_list_when_the_lease_is_renewed() -> None:
    store = held(by=A)
    hour = asked(store, Op.RENEW, A, NOW + MEMBER_FOR_MS, term=7)[1]
    assert hour.members == (A, B, C)
    store, _ = asked(store, Op.JOIN, B, NOW + 60_000)
    assert asked(store, Op.JOIN, B, NOW + 2 * MEMBER_FOR_MS)[1].members == (A, B, C)
    assert asked(store, Op.RENEW, A, NOW + MEMBER_FOR_MS + 1, term=7)[1].members == (A, B)


# ---- what an arbiter has lost


def test_a_holder_restores_its_lease_the_list_and_the_slots_it_started() -> None:
    fields: dict[str, Any] = {
        "term": 7,
        "until_ms": NOW + 1,
        "members": (A, B),
        "slots": {"post": 60},
        "floor": 30,
    }
    store, answer = asked(Store(), Op.RESTORE, A, **fields)
    assert answer.ruling is Ruling.GRANTED
    assert answer.record == Record(A, 7, NOW + LEASE_MS, floor=30)
    assert answer.members == (A, B)
    assert store.started == {"post": Started(60, A, 7)}


def test_a_lease_is_restored_only_before_it_would_have_ended() -> None:
    answer = ask(Store(), Op.RESTORE, A, term=7, until_ms=NOW)
    assert (answer.ruling, answer.record) == (Ruling.EMPTY, None)


def test_what_is_there_is_not_overwritten() -> None:
    answer = ask(held(by=B), Op.RESTORE, A, term=9, until_ms=NOW + 1)
    assert answer.ruling is Ruling.TAKEN
    assert answer.record == held(by=B).record


def test_a_restored_list_does_not_bring_an_older_boot_back() -> None:
    store, _ = asked(Store(), Op.JOIN, A)
    answer = ask(store, Op.RESTORE, B, term=7, until_ms=NOW + 1, members=(A_OLD,))
    assert answer.members == (A, B)


# ---- releases


def test_a_release_frees_the_duty_and_says_what_was_started_unheard() -> None:
    store, _ = asked(held(by=A, ends_ms=NOW + 9), Op.RELEASE, A, term=7, slots={"post": 60})
    assert store.record == Record(A, 7, NOW, released=True)
    store, answer = asked(store, Op.CLAIM, B)
    assert answer.ruling is Ruling.GRANTED
    taken = ask(store, Op.START, B, term=8, slots={"post": 60}).taken
    assert taken == {"post": "a"}


@pytest.mark.parametrize("store", [held(by=B), held(by=A, released=True), Store()])
def test_nobody_releases_what_is_not_its_own(store: Store) -> None:
    released, answer = asked(store, Op.RELEASE, A, term=7, slots={"post": 60})
    assert answer.ruling is Ruling.GRANTED
    assert (released.record, released.started) == (store.record, {})


# ---- slots


def test_a_slot_starts_once_and_the_answer_to_it_may_be_lost() -> None:
    store, first = asked(held(by=A), Op.START, A, term=7, slots={"post": 60, "fetch": 90})
    again = ask(store, Op.START, A, term=7, slots={"post": 60})
    for answer in (first, again):
        assert (answer.ruling, answer.taken) == (Ruling.GRANTED, {})


@pytest.mark.parametrize(
    ("slot", "by", "term", "taken"),
    [
        (60, A, 8, {"post": "a"}),
        (59, A, 7, {"post": "a"}),
        (60, B, 8, {"post": "a"}),
        (61, B, 8, {}),
    ],
    ids=["in a later term", "an older one", "by another", "the next one"],
)
def test_a_slot_that_was_started_does_not_start_again(
    slot: int, by: Member, term: int, taken: dict[str, str]
) -> None:
    record = Record(by, term, NOW + 1)
    store = replace(held(), record=record, started={"post": Started(60, A, 7)})
    answer = ask(store, Op.START, by, term=term, slots={"post": slot, "fetch": 60})
    assert (answer.ruling, answer.taken) == (Ruling.GRANTED, taken)


@pytest.mark.parametrize(
    ("store", "term", "ruling"),
    [
        (held(by=A, ends_ms=NOW), 7, Ruling.TAKEN),
        (held(by=A), 6, Ruling.TAKEN),
        (held(by=B), 7, Ruling.TAKEN),
        (held(by=A, released=True), 7, Ruling.TAKEN),
        (Store(), 7, Ruling.EMPTY),
    ],
    ids=["expired", "an older term", "another's", "released", "lost"],
)
def test_nothing_starts_without_a_lease(store: Store, term: int, ruling: Ruling) -> None:
    after, answer = asked(store, Op.START, A, term=term, slots={"post": 60})
    assert answer.ruling is ruling
    assert after.started == {}


def test_a_slot_up_to_the_floor_may_have_been_started_unheard() -> None:
    answer = ask(held(by=A, floor=60), Op.START, A, term=7, slots={"post": 60, "fetch": 61})
    assert answer.taken == {"post": ""}


@pytest.mark.parametrize(
    ("store", "seen", "floor"),
    [
        (held(ends_ms=NOW, floor=30, a=A.boot), 7, 30),
        (held(ends_ms=NOW, floor=30, a=A.boot), 6, 60),
        (held(ends_ms=NOW, floor=90, a=A.boot), 6, 90),
        (held(ends_ms=NOW, floor=30, c=C.boot), 7, 60),
        (held(released=True, floor=30), 7, 30),
        (held(released=True, floor=30), 0, 60),
        (Store(began_ms=NOW - LEASE_MS), 0, 60),
    ],
    ids=[
        "the holder knew it",
        "it saw an older holder",
        "a later floor is kept",
        "the holder did not know it",
        "released to it",
        "released by one that it did not see",
        "nothing is known",
    ],
)
def test_a_claimer_that_may_not_know_all_starts_nothing_that_was_due(
    store: Store, seen: int, floor: int
) -> None:
    answer = ask(store, Op.CLAIM, A, seen=seen, floor=60, patient=True)
    assert answer.record is not None
    assert (answer.record.member, answer.record.floor) == (A, floor)


def test_a_floor_is_kept_by_renewals_and_by_later_holders() -> None:
    store, _ = asked(held(by=A, floor=60), Op.RENEW, A, term=7)
    store, _ = asked(store, Op.RELEASE, A, term=7)
    store, answer = asked(store, Op.CLAIM, B, seen=7)
    assert answer.record is not None
    assert answer.record.floor == 60


# ---- boots


@pytest.mark.parametrize("op", [Op.JOIN, Op.CLAIM])
def test_a_superseded_boot_gets_nothing(op: Op) -> None:
    answer = ask(held(released=True), op, A_OLD, patient=True)
    assert answer.ruling is Ruling.SUPERSEDED
    assert answer.members == (A, B, C)


def test_a_newer_boot_takes_its_place_in_the_list() -> None:
    newer = replace(A, boot="3-a")
    answer = ask(held(), Op.JOIN, newer)
    assert (answer.ruling, answer.members) == (Ruling.TAKEN, (newer, B, C))


def test_a_superseded_boot_may_still_hand_over_what_it_holds() -> None:
    store = held(by=A_OLD)
    assert ask(store, Op.RENEW, A_OLD, term=7).ruling is Ruling.GRANTED
    released, _ = asked(store, Op.RELEASE, A_OLD, term=7)
    assert ask(released, Op.CLAIM, A).ruling is Ruling.GRANTED


# ---- whatever is asked, by whomever, in whatever order

MEMBERS = (A_OLD, A, B, C)
few = st.integers(0, 4)
slots = st.dictionaries(st.sampled_from(["post", "fetch"]), few)


@dataclass(frozen=True)
class Turn:
    """A question, some time after the one before."""

    wait_ms: int
    question: Question
    knows: bool
    """Whether it has the term of the record."""


turns = st.builds(
    Turn,
    st.sampled_from([0, 1, 3_000, LEASE_MS - 1, LEASE_MS, MEMBER_FOR_MS]),
    st.builds(
        Question,
        op=st.sampled_from(Op),
        member=st.sampled_from(MEMBERS),
        lease_ms=st.just(LEASE_MS),
        term=few,
        known=st.dictionaries(st.sampled_from("abc"), st.sampled_from(["1-a", "2-a", "1-b"])),
        patient=st.booleans(),
        seen=few,
        floor=few,
        until_ms=st.sampled_from([0, NOW, NOW + LEASE_MS, NOW + 60_000]),
        members=st.lists(st.sampled_from(MEMBERS), max_size=2).map(tuple),
        slots=slots,
    ),
    st.booleans(),
)


@dataclass(frozen=True)
class Played:
    before: Store
    question: Question
    answer: Answer
    after: Store

    @property
    def granted(self) -> bool:
        return self.answer.ruling is Ruling.GRANTED


def play(each: list[Turn]) -> Iterator[Played]:
    store, now_ms = Store(), NOW
    for turn in each:
        now_ms += turn.wait_ms
        question, record = turn.question, store.record
        if turn.knows and record is not None:
            question = replace(question, term=record.term, seen=record.term)
        before = store
        store, answer = decide(store, question, now_ms)
        yield Played(before, question, answer, store)


stories = st.lists(turns, max_size=30)


@given(stories)
def test_neither_a_term_nor_a_floor_ever_goes_back(each: list[Turn]) -> None:
    for one in play(each):
        before, after = one.before.record, one.after.record
        if before is not None:
            assert after is not None
            assert (after.term, after.floor) >= (before.term, before.floor)
            assert after.floor >= before.floor


@given(stories)
def test_a_new_holder_has_a_new_term(each: list[Turn]) -> None:
    for one in play(each):
        before, after = one.before.record, one.after.record
        if before is not None and after is not None and before.member != after.member:
            assert after.term > before.term


@given(stories)
def test_nobody_is_granted_a_claim_before_another_s_lease_is_over(each: list[Turn]) -> None:
    for one in play(each):
        record = one.before.record
        if one.question.op is Op.CLAIM and one.granted and record is not None:
            its_own = record.member.boot == one.question.member.boot
            assert its_own or record.released or one.answer.now_ms >= record.expires_ms


@given(stories)
def test_at_any_time_one_boot_at_most_can_start_a_slot(each: list[Turn]) -> None:
    for one in play(each):
        may = {
            member.boot
            for member in MEMBERS
            for term in range(12)
            if ask(one.after, Op.START, member, one.answer.now_ms, term=term).ruling
            is Ruling.GRANTED
        }
        assert len(may) <= 1


@given(stories)
def test_a_slot_is_granted_to_one_boot_at_most(each: list[Turn]) -> None:
    started: dict[tuple[str, int], tuple[str, int]] = {}
    for one in play(each):
        if one.question.op is Op.START and one.granted:
            by = (one.question.member.boot, one.question.term)
            for job, slot in one.question.slots.items():
                if job not in one.answer.taken:
                    assert started.setdefault((job, slot), by) == by


@given(stories)
def test_no_slot_up_to_the_floor_is_granted(each: list[Turn]) -> None:
    for one in play(each):
        record = one.before.record
        if one.question.op is Op.START and one.granted and record is not None:
            free = {slot for job, slot in one.question.slots.items() if job not in one.answer.taken}
            assert all(slot > record.floor for slot in free)


@given(stories)
def test_a_memory_begins_with_a_restored_lease_or_after_one_lease(each: list[Turn]) -> None:
    for one in play(each):
        if one.before.record is None and one.after.record is not None:
            waited = one.answer.now_ms >= NOW + LEASE_MS
            restored = one.question.op is Op.RESTORE and one.answer.now_ms < one.question.until_ms
            assert waited or restored


@given(stories)
def test_a_boot_that_a_newer_one_has_followed_claims_nothing(each: list[Turn]) -> None:
    for one in play(each):
        listed = {member.twin: member.boot for member in one.before.members}
        if one.question.op is Op.CLAIM and one.granted:
            member = one.question.member
            assert listed.get(member.twin, "") <= member.boot
