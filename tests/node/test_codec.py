import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from node_bench import WALL, document

from twin.core.pair.bounds import BOOTS, ENTRIES, MEMOS, WHY_BYTES, short_name, shortened
from twin.core.pair.document import Role
from twin.core.pair.history import Change, Decision, Life, Look, Record
from twin.core.pair.knowledge import Claim, Entry, Fate
from twin.core.pair.state import boot_name
from twin.node.codec import NoTwinError, dump, dump_json, dump_record, parse, parse_record

ENTRY = {"slot": 10, "fate": "done", "twin": "b", "boot": "2-b", "late_ms": 3, "seconds": 0.5}
MEMO = {"term": 7, "at_ms": 1, "twin": "b", "text": "x"}
PLAIN: dict[str, Any] = {
    "twin": "b",
    "boot": "2-b",
    "url": "https://b.example",
    "role": "on_duty",
    "claim": {"term": 7, "twin": "b", "boot": "2-b", "released": False},
    "ledger": {"jobs.post": ENTRY},
    "protocol": 1,
}


def parsed(**fields: Any) -> Any:
    return parse(json.dumps({**PLAIN, **fields}).encode(), WALL)


def test_a_document_reads_as_it_was_written() -> None:
    entry = Entry(10, Fate.FAILED, "b", "2-b", late_ms=3, seconds=0.25, why="ValueError: ü")
    whole = document(
        role=Role.ON_DUTY,
        url="https://b.example",
        claim=Claim(7, "b", "2-b", released=True),
        ledger={"jobs.post": entry},
        running=("jobs.post",),
        ticked_ago_s=0.5,
        leaving=True,
    )
    assert parse(dump_json(whole), WALL) == whole
    assert parse(json.dumps(dump(whole)).encode(), WALL) == whole


def test_without_an_arbiter_a_document_says_nothing_of_one() -> None:
    strict = {"pleads", "confirms"}
    assert not strict & dump(document()).keys()
    assert not strict & json.loads(dump_json(document())).keys()
    for told in (document(pleads=True), document(confirms="1-a")):
        assert strict <= dump(told).keys()
        assert parse(dump_json(told), WALL) == told


def test_unknown_fields_are_ignored() -> None:
    assert parsed(mood="fine").twin == "b"


def test_additional_fields_do_not_replace_the_documents_own() -> None:
    told = dump(document(), status="Update", twin="somebody else")
    assert (told["status"], told["twin"]) == ("Update", "b")


@pytest.mark.parametrize(
    "fields",
    [
        {"twin": ""},
        {"twin": None},
        {"twin": 7},
        {"boot": ""},
        {"role": "boss"},
        {"url": "javascript:alert(1)"},
        {"url": "https://user:secret@b.example"},
        {"url": "http://b.example:99999"},
        {"claim": None},
        {"claim": {"term": -1}},
        {"claim": {"term": 10**400}},
        {"claim": {"term": 1.5}},
        {"claim": {"term": 2**53 - 1}},
        {"claim": {"term": 7, "boot": "zzzz"}},
        {"claim": {"term": 7, "boot": "9999999999999-z"}},
        {"boot": "zzzz"},
        {"boot": "9999999999999-z"},
        {"boot": "12345678901234-b"},
        {"boot": "2-" + "b" * 17},
        {"boots": {"a": "zzzz"}},
        {"boots": {"a": "9999999999999-z"}},
        {"boots": {"b" * 129: "2-b"}},
        {"boots": {f"{n}": "2-b" for n in range(BOOTS + 1)}},
        {"twin": "b" * 129},
        {"url": "https://b.example/" + "x" * 2_000},
        {"ledger": {"j": {**ENTRY, "twin": "b" * 129}}},
        {"ledger": {"j": {**ENTRY, "boot": "b" * 33}}},
        {"ledger": {f"{n}": ENTRY for n in range(ENTRIES + 1)}},
        {"memos": {f"{n}": MEMO for n in range(MEMOS + 1)}},
        {"memos": {"m" * 200: MEMO}},
        {"memos": {"pause": {**MEMO, "text": "x" * 4_001}}},
        {"memos": {"pause": {**MEMO, "text": '"' * 2_001}}},
        {"memos": {"pause": {**MEMO, "term": 2**52}}},
        {"memos": {"pause": {**MEMO, "term": -1}}},
        {"running": ["x"] * (ENTRIES + 1)},
        {"ledger": []},
        {"ledger": {"j": {**ENTRY, "slot": -1}}},
        {"ledger": {"j": {**ENTRY, "slot": 10**300}}},
        {"ledger": {"j": {**ENTRY, "late_ms": 10**400}}},
        {"ledger": {"j": {**ENTRY, "late_ms": -1}}},
        {"ledger": {"j": {**ENTRY, "seconds": float("nan")}}},
        {"ledger": {"j": {**ENTRY, "seconds": float("inf")}}},
        {"ledger": {"j": {**ENTRY, "fate": "lost"}}},
        {"memos": {"pause": {**MEMO, "at_ms": 2**52}}},
        {"recent": {"changes": [[2**52, "b", "2-b", "standby", "x"]]}},
        {"recent": {"looks": {"web": [[1, 80, "healthy", 2**52, 3, -1]]}}},
        {"ticked_ago_s": float("nan")},
        {"ticked_ago_s": -5},
        {"running": "jobs.post"},
        {"protocol": 2},
    ],
)
def test_an_impossible_document_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(NoTwinError):
        parsed(**fields)


@pytest.mark.parametrize("ours", [0, 2**31, 2**32 - 1])
@pytest.mark.parametrize("theirs", [0, 2**31, 2**32 - 1])
def test_twins_understand_each_other_whatever_year_their_clocks_show(
    ours: int, theirs: int
) -> None:
    boot, term = boot_name(1000 * theirs, "b"), 1000 * theirs + 7
    claim = {"term": term, "twin": "b", "boot": boot}
    memo = {**MEMO, "term": term, "at_ms": term}
    body = json.dumps({**PLAIN, "boot": boot, "claim": claim, "memos": {"pause": memo}})
    assert parse(body.encode(), ours + 1.0).claim.term == term


def test_the_claim_after_the_highest_possible_one_is_understood_a_moment_later() -> None:
    highest = 10**13 + 2**32 * 1000
    assert is_taken(highest, 10**10)
    assert not is_taken(highest + 1, 10**10)
    assert is_taken(highest + 1, 10**10 + 0.002)


def is_taken(term: int, wall: float) -> bool:
    try:
        parse(json.dumps({**PLAIN, "claim": {**PLAIN["claim"], "term": term}}).encode(), wall)
    except NoTwinError:
        return False
    return True


def test_longer_texts_of_an_older_release_are_cut_like_our_own() -> None:
    long = {"x" * 900: {**ENTRY, "fate": "failed", "why": "y" * 300}, "jobs.post": ENTRY}
    ledger = parsed(ledger=long).ledger
    assert ledger.keys() == {short_name("x" * 900), "jobs.post"}
    assert ledger[short_name("x" * 900)].why == shortened("y" * 300, WHY_BYTES)


def test_a_document_with_fields_beside_it_is_json_like_any_other() -> None:
    whole = document(ledger={"jobs.post": Entry(10, Fate.DONE, "b", "2-b")})
    assert json.loads(dump_json(whole, status="Update")) == dump(whole, status="Update")


@pytest.mark.parametrize(
    ("url", "learned"),
    [
        ("http://b.example", None),
        ("http://twin-b:8000", "http://twin-b:8000"),
        ("https://b.example/", "https://b.example/"),
    ],
)
def test_a_url_for_plain_http_over_the_internet_is_not_learned(
    url: str, learned: str | None
) -> None:
    assert parsed(url=url).url == learned


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"<html>", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(NoTwinError):
        parse(body, WALL)


def test_a_refusal_does_not_repeat_the_input() -> None:
    with pytest.raises(NoTwinError) as caught:
        parse(b'{"password": "hunter2", "twin": ["hunter2"]}', WALL)
    assert "hunter2" not in str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(st.sampled_from(sorted(PLAIN)), JSON)
def test_a_field_of_any_kind_is_taken_or_refused_and_nothing_else(field: str, value: Any) -> None:
    try:
        document = parsed(**{field: value})
    except NoTwinError:
        return
    assert parse(dump_json(document), WALL) == document


def test_a_history_survives_json_unchanged() -> None:
    record = Record(
        {"web": (Look(1, 80, "healthy", 60, 3, -1),)},
        {"web": (Decision(60, 1, 3, "the timetable says 3"),)},
        (Change(60_000, "a", "1-x", "on_duty", "it woke"),),
        {"1-x": Life("a", 0, 60)},
    )
    assert parse_record(json.loads(json.dumps(dump_record(record)))) == record


@pytest.mark.parametrize(
    "history", [None, [], {"looks": {"web": [[1, 2]]}}, {"lives": {"1-x": ["a", 0, 10**30]}}]
)
def test_an_invalid_history_is_refused(history: object) -> None:
    with pytest.raises(NoTwinError, match="history"):
        parse_record(history)
