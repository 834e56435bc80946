"""Each adapter means what `decide` means, and each question is atomic."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from postgres_server import PostgresServer, postgres_server
from redis_server import RedisServer, redis_server

from twin.arbiter import Arbiter, connect
from twin.core.pair.arbiter import Answer, Member, Op, Question, Ruling, Store, decide

NUMBERS = count()
HOUR_MS = 3_600_000
BIG = 4_000_000_000_000
"""Above any time in ms of this century, and any term made of one."""


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with redis_server("--save", "") as server:
        yield server


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


@pytest.fixture(params=["redis", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    """Of each kind of database."""
    return str(request.getfixturevalue(request.param).url)


def new_name() -> str:
    """For a store of its own."""
    return f"twin-{next(NUMBERS)}"


@dataclass(frozen=True)
class Asked:
    """A question that depends on the last answer: on the term of its record and on its time."""

    question: Question
    holds: bool
    """As the holder, with the record's term."""
    until_in_ms: int

    def after(self, last: Answer) -> Question:
        asked = replace(self.question, until_ms=last.now_ms + self.until_in_ms)
        if last.record and self.question.op is Op.CLAIM:
            return replace(asked, seen=last.record.term + asked.seen)
        if self.holds and last.record:
            return replace(asked, member=last.record.member, term=last.record.term)
        return asked


# Boots are compared by their bytes: "B" is older than "a", whatever the database's language.
BOOTS = ("1-a", "1-B", "1-ü", "1-ü-z")
TWINS = ("a", 'Zoë\'s "{app}" \\ %s')
members = st.builds(
    Member,
    st.sampled_from(TWINS),
    st.sampled_from(BOOTS),
    st.sampled_from((None, "https://a.example/x?y=%20")),
)
boots = st.dictionaries(st.sampled_from(TWINS), st.sampled_from(BOOTS))
slots = st.dictionaries(
    st.sampled_from(("jobs.one", "3 1 ü")), st.sampled_from((0, 1, BIG)), max_size=2
)
questions = st.builds(
    Question,
    op=st.sampled_from((*Op, Op.CLAIM, Op.START, Op.START)),
    member=members,
    lease_ms=st.sampled_from((0, HOUR_MS)),
    term=st.sampled_from((0, 1, 2, BIG)),
    known=boots,
    patient=st.booleans(),
    seen=st.sampled_from((0, 0, 0, 1)),
    floor=st.sampled_from((0, 0, 0, 1)),
    members=st.lists(members, max_size=3).map(tuple),
    slots=slots,
)
sequences = st.lists(
    st.builds(
        Asked,
        questions,
        st.sampled_from((True, True, False)),
        st.sampled_from((-HOUR_MS, 0, HOUR_MS)),
    ),
    min_size=20,
    max_size=40,
)


A, B = Member("a", "1-a", "https://a.example"), Member("b", "1-b", None)
CLAIM = Question(op=Op.CLAIM, member=A, lease_ms=60_000, patient=True)


def of(member: Member, op: Op, term: int = 0, slot: int = 0, lease_ms: int = HOUR_MS) -> Asked:
    slots = {"job": slot} if slot else {}
    patient = op is Op.CLAIM and member == A
    question = Question(op=op, member=member, term=term, slots=slots, lease_ms=lease_ms)
    return Asked(replace(question, patient=patient), False, 0)


# Rare in random sequences.
STARTED_TWICE = [
    *(of(A, Op.CLAIM), of(A, Op.START, 1, slot=7), of(A, Op.RELEASE, 1)),
    *(of(B, Op.CLAIM), of(B, Op.RELEASE, 2, slot=7)),
    *(of(A, Op.CLAIM), of(A, Op.START, 3, slot=7)),
]
ALONE = [of(A, Op.CLAIM, lease_ms=0), of(B, Op.CLAIM)]


async def agree(url: str, sequence: Sequence[Asked]) -> None:
    arbiter, store = connect(url, new_name()), Store()
    last = Answer(ruling=Ruling.EMPTY, now_ms=0, record=None, members=(), began_ms=0)
    try:
        for asked in sequence:
            question = asked.after(last)
            answer = await arbiter.ask(question)
            assert answer.now_ms >= last.now_ms
            store, last = decide(store, question, answer.now_ms)
            assert answer == last
    finally:
        await arbiter.close()


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sequence=sequences)
@example(sequence=STARTED_TWICE)
@example(sequence=ALONE)
def test_an_adapter_answers_as_decide_does(url: str, sequence: list[Asked]) -> None:
    asyncio.run(agree(url, sequence))


async def claimed(arbiter: Arbiter, member: Member = A, lease_ms: int = 60_000) -> int:
    """The term."""
    # An empty arbiter gives nothing away for one lease: here it has none to wait for.
    answer = await arbiter.ask(replace(CLAIM, member=member, lease_ms=0))
    assert answer.ruling is Ruling.GRANTED
    assert answer.record is not None
    term = answer.record.term
    renew = Question(op=Op.RENEW, member=member, term=term, lease_ms=lease_ms)
    assert (await arbiter.ask(renew)).ruling is Ruling.GRANTED
    return term


async def gathered(url: str, name: str, asked: Sequence[Question]) -> list[Answer]:
    """The answers to questions that are asked at once, each by a client of its own."""
    clients = [connect(url, name, timeout_s=20) for _ in asked]
    try:
        pairs = zip(clients, asked, strict=True)
        return await asyncio.gather(*(client.ask(question) for client, question in pairs))
    finally:
        for client in clients:
            await client.close()


def test_one_of_twenty_claims_at_once_is_granted(url: str) -> None:
    async def claim_at_once() -> None:
        name = new_name()
        await gathered(url, name, [replace(CLAIM, lease_ms=0)])
        for number in range(1, 16):
            twins = [Member(f"twin-{one}", f"{number:03}-{one}", None) for one in range(20)]
            asked = [replace(CLAIM, member=twin, seen=number) for twin in twins]
            answers = await gathered(url, name, asked)
            (won,) = [answer for answer in answers if answer.ruling is Ruling.GRANTED]
            assert won.record is not None
            assert won.record.term == number + 1
            over = replace(CLAIM, op=Op.RENEW, member=won.record.member, term=number + 1)
            await gathered(url, name, [replace(over, lease_ms=0)])

    asyncio.run(claim_at_once())


def test_twenty_twins_that_take_turns_start_each_slot_once(url: str) -> None:
    """With short leases: a claim often comes while the start of another is underway."""
    won: list[int] = []

    async def start(arbiter: Arbiter, twin: str) -> None:
        for number in count():
            if len(won) >= 10:
                return
            member = Member(twin, f"{number:06}-{twin}", None)
            lease_ms = 5 * (number + 1)  # on a slow machine, too, one is long enough in the end
            last = (await arbiter.ask(Question(op=Op.JOIN, member=member))).record
            claim = replace(CLAIM, member=member, lease_ms=lease_ms, seen=last.term if last else 0)
            answer = await arbiter.ask(claim)
            if answer.ruling is Ruling.GRANTED and answer.record is not None:
                slot, term = len(won) + 1, answer.record.term
                asked = Question(op=Op.START, member=member, term=term, slots={"job": slot})
                started = await arbiter.ask(asked)
                if started.ruling is Ruling.GRANTED and not started.taken:
                    won.append(slot)

    async def take_turns() -> None:
        name = new_name()
        arbiters = [connect(url, name, timeout_s=20) for _ in range(20)]
        try:
            turns = (start(arbiter, f"t{number}") for number, arbiter in enumerate(arbiters))
            await asyncio.gather(*turns)
        finally:
            for arbiter in arbiters:
                await arbiter.close()

    asyncio.run(take_turns())
    assert len(won) == len(set(won))


def test_a_question_that_is_asked_again_gets_the_same_answer(url: str) -> None:
    """Its first answer was lost."""

    async def ask_again() -> None:
        arbiter = connect(url, new_name())
        term = await claimed(arbiter)
        start = Question(op=Op.START, member=A, term=term, slots={"job": 7})
        assert [(await arbiter.ask(start)).taken for _ in range(2)] == [{}, {}]
        assert (await arbiter.ask(replace(start, slots={"job": 6}))).taken == {"job": "a"}
        await arbiter.close()

    asyncio.run(ask_again())


def test_ten_thousand_slots_are_entered_at_once(url: str) -> None:
    async def enter() -> None:
        arbiter = connect(url, new_name(), timeout_s=10)
        term = await claimed(arbiter)
        slots = {f"jobs.number_{number}": number for number in range(1, 10_001)}
        asked = Question(op=Op.RELEASE, member=A, term=term, slots=slots)
        assert (await arbiter.ask(asked)).ruling is Ruling.GRANTED
        term = await claimed(arbiter, B)
        answer = await arbiter.ask(Question(op=Op.START, member=B, term=term, slots=slots))
        assert answer.taken == dict.fromkeys(slots, "a")
        await arbiter.close()

    asyncio.run(enter())


def test_two_names_are_two_arbiters(url: str) -> None:
    async def claim_both() -> None:
        for _ in range(2):
            arbiter = connect(url, new_name())
            assert await claimed(arbiter) == 1
            await arbiter.close()

    asyncio.run(claim_both())
