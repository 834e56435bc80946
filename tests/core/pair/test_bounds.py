"""Texts, names and ledgers within their bounds."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.core.pair.bounds import NAME_BYTES, WHY_BYTES, json_bytes, newest, short_name, shortened
from twin.core.pair.knowledge import Entry, Fate

TEXTS = st.text(st.characters(), max_size=300) | st.text(
    st.sampled_from('x"\\\x00\n€😀\ud800'), max_size=300
)


@given(TEXTS)
def test_a_text_fits_once_it_was_shortened_and_is_then_left_alone(text: str) -> None:
    short = shortened(text, WHY_BYTES)
    assert len(json.dumps(short, ensure_ascii=False).encode()) - 2 == json_bytes(short) <= WHY_BYTES
    assert shortened(short, WHY_BYTES) == short


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("ValueError", "ValueError"),
        ("x" * 200, "x" * 200),
        ("x" * 5_000, "x" * 197 + "…"),
        ('"' * 5_000, '"' * 98 + "…"),
        ("😀" * 5_000, "😀" * 49 + "…"),
        ("half a \ud83d", "half a \\ud83d"),
    ],
)
def test_the_end_of_a_long_text_gives_way_to_an_ellipsis(text: str, short: str) -> None:
    assert shortened(text, 200) == short


def test_long_names_that_begin_alike_remain_two_names() -> None:
    one, other = (short_name(f"jobs.post {'x' * 5_000}{end}") for end in "ab")
    assert one != other
    assert one.startswith("jobs.post xxx")
    assert json_bytes(one) <= NAME_BYTES
    assert short_name(one) == one
    assert short_name("jobs.post") == "jobs.post"


def test_a_ledger_that_is_too_long_keeps_the_newest_slots_and_the_jobs_to_be_kept() -> None:
    ledger = {f"job {slot}": Entry(slot, Fate.DONE, "b", "2-b") for slot in range(6)}
    assert newest(ledger, 6) is ledger
    assert list(newest(ledger, 2)) == ["job 4", "job 5"]
    assert list(newest(ledger, 2, kept={"job 0", "another"})) == ["job 0", "job 4", "job 5"]
