"""The merge and its laws, which make a lost, late, doubled or reordered message harmless."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.core.pair.document import Document, Role
from twin.core.pair.knowledge import NOBODY, Claim, Entry, Fate, Knowledge, Memo

# Few values, so that equal terms, slots, twins and boots are common.
claims = st.builds(
    Claim, st.integers(0, 3), st.sampled_from("ab"), st.sampled_from(["1-x", "2-y"]), st.booleans()
)
entries = st.builds(
    Entry,
    st.integers(0, 3),
    st.sampled_from(Fate),
    st.sampled_from("ab"),
    st.sampled_from(["1-x", "2-y"]),
    st.integers(0, 2),
    st.sampled_from([0.0, 1.5]),
    st.sampled_from(["", "why"]),
)
memos = st.builds(
    Memo, st.integers(0, 2), st.integers(0, 2), st.sampled_from("ab"), st.sampled_from(["", "x"])
)
knowledge = st.builds(
    Knowledge,
    claims,
    st.dictionaries(st.sampled_from(["backup", "mail"]), entries),
    st.dictionaries(st.sampled_from(["scale", "pause"]), memos),
)


@given(knowledge)
def test_hearing_the_same_twice_changes_nothing(one: Knowledge) -> None:
    assert one.merge(one) is one


@given(knowledge, knowledge)
def test_the_order_of_two_messages_does_not_matter(one: Knowledge, other: Knowledge) -> None:
    assert one.merge(other) == other.merge(one)


@given(knowledge, knowledge, knowledge)
def test_merging_is_symmetric(a: Knowledge, b: Knowledge, c: Knowledge) -> None:
    assert a.merge(b).merge(c) == a.merge(b.merge(c))


@given(knowledge, knowledge)
def test_knowledge_only_grows(one: Knowledge, other: Knowledge) -> None:
    both = one.merge(other)
    assert both.merge(one) is both
    assert both.merge(other) is both


@given(knowledge, knowledge)
def test_a_twin_adds_to_another_exactly_if_merging_would_change_its_ledger_or_memos(
    one: Knowledge, other: Knowledge
) -> None:
    merged = other.merge(one)
    assert one.adds_to(other) == ((merged.ledger, merged.memos) != (other.ledger, other.memos))


@pytest.mark.parametrize(
    ("lower", "higher"),
    [
        (NOBODY, Claim(1, "a", "1-x")),
        (Claim(1, "b", "2-y"), Claim(2, "a", "1-x")),
        (Claim(1, "a", "2-y"), Claim(1, "b", "1-x")),
        (Claim(1, "a", "1-x"), Claim(1, "a", "2-y")),
        (Claim(1, "a", "1-x"), Claim(1, "a", "1-x", released=True)),
        (Claim(1, "a", "1-x", released=True), Claim(2, "a", "1-x")),
    ],
)
def test_claims_are_ordered_by_term_then_twin_then_boot_then_release(
    lower: Claim, higher: Claim
) -> None:
    assert max(lower, higher) == higher
    assert Knowledge(lower).merge(Knowledge(higher)).claim == higher


@pytest.mark.parametrize(
    ("loser", "winner", "because"),
    [
        (Entry(60, Fate.DONE, "a", "1-x"), Entry(120, Fate.SKIPPED, "a", "1-x"), "a later slot"),
        (Entry(60, Fate.UNKNOWN, "", ""), Entry(60, Fate.SKIPPED, "a", "1-x"), "a record"),
        (Entry(60, Fate.SKIPPED, "b", "2-y"), Entry(60, Fate.RUNNING, "a", "1-x"), "it started"),
        (Entry(60, Fate.RUNNING, "b", "2-y"), Entry(60, Fate.DONE, "a", "1-x"), "it ended"),
        (Entry(60, Fate.RUNNING, "b", "2-y"), Entry(60, Fate.UNKNOWN, "a", "1-x"), "written off"),
        (Entry(60, Fate.UNKNOWN, "b", "2-y"), Entry(60, Fate.FAILED, "a", "1-x"), "its own word"),
        (Entry(60, Fate.RUNNING, "a", "1-x"), Entry(60, Fate.RUNNING, "b", "2-y"), "a later boot"),
    ],
)
def test_of_two_entries_of_a_job(loser: Entry, winner: Entry, because: str) -> None:
    assert winner.beats(loser), because
    assert not loser.beats(winner)


def test_entries_from_a_clock_ahead_are_set_aside() -> None:
    now, ahead = Entry(60, Fate.DONE, "a", "1-x"), Entry(900, Fate.DONE, "a", "1-x")
    known = Knowledge(ledger={"backup": now, "mail": ahead})
    assert known.until(100).ledger == {"backup": now}
    assert known.until(900) is known


def test_a_claim_is_the_same_claim_whether_released_or_not() -> None:
    claim = Claim(1, "a", "1-x")
    assert claim.is_the_same_as(Claim(1, "a", "1-x", released=True))
    assert not claim.is_the_same_as(Claim(1, "a", "2-y"))
    assert claim.is_by("a", "1-x")
    assert not claim.is_by("a", "2-y")


@pytest.mark.parametrize(
    ("role", "retired", "speaks"),
    [(Role.ON_DUTY, False, True), (Role.LEAVING, False, True), (Role.LEAVING, True, False)],
)
def test_a_boot_that_made_way_does_not_speak_for_its_twin(
    role: Role, retired: bool, speaks: bool
) -> None:
    document = Document(
        twin="a", boot="1-x", url=None, role=role, claim=NOBODY, ledger={}, retired=retired
    )
    assert document.speaks_for_its_twin is speaks
