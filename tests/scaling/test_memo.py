"""The memory of a target as text."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.core.pair.bounds import MEMO_BYTES, json_bytes
from twin.core.scaling.memory import Memory
from twin.node.notebook import written
from twin.scaling import memo

times = st.floats(0, 2e9)
memories = st.builds(
    Memory,
    quantity=st.none() | st.integers(0, 9),
    outage_since=st.none() | times,
    trouble=st.text(),
    saved_s=times,
)


@given(memories)
def test_what_is_written_is_read_as_it_was(memory: Memory) -> None:
    assert memo.read(written(memory)) == memory


@pytest.mark.parametrize(
    "text",
    [
        *(None, "", "no JSON", "[1]", "7", '{"shoe_size": 44}', '{"quantity": "three"}'),
        *(
            '{"outage_since": NaN}',
            '{"outage_since": 1e300}',
            '{"outage_since": -99e9}',
            '{"saved_s": -Infinity}',
        ),
        *('{"hand": -5}', '{"limit": -1}'),
    ],
)
def test_what_this_release_cannot_read_is_an_empty_memory(text: str | None) -> None:
    assert memo.read(text) == Memory()


def test_of_a_long_trouble_so_much_is_written_as_the_pair_can_carry() -> None:
    text = written(Memory(trouble='"' * 50_000, reason="\x00" * 50_000))
    assert json_bytes(text) < MEMO_BYTES
    assert memo.read(text).trouble.startswith('"""')


def test_most_of_a_memory_is_as_usual_and_not_worth_sending() -> None:
    assert written(Memory(quantity=3)) == '{"quantity": 3}'


def test_what_is_saved_is_worth_a_memo_only_now_and_then() -> None:
    before = Memory(counted_at=1000.0)
    for counted_at, worth in ((1015.0, False), (1300.0, True), (900.0, True)):
        after = replace(before, saved_s=30.0, counted_at=counted_at)
        assert memo.is_worth_writing(after, before) is worth
    assert memo.is_worth_writing(replace(before, quantity=1), before)
