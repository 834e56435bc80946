"""The state of a target as text."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.core.pair.bounds import MEMO_BYTES, json_bytes
from twin.core.scaling.state import ScalingState
from twin.node.notebook import read_as, written

times = st.floats(0, 2e9)
states = st.builds(
    ScalingState,
    quantity=st.none() | st.integers(0, 9),
    outage_since=st.none() | times,
    trouble=st.text(),
    saved_s=times,
)


@given(states)
def test_a_written_state_reads_back_the_same(state: ScalingState) -> None:
    assert read_as(ScalingState, written(state)) == state


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
def test_an_unreadable_memo_is_an_empty_state(text: str | None) -> None:
    assert read_as(ScalingState, text) == ScalingState()


def test_a_long_trouble_text_is_cut_to_the_size_of_a_memo() -> None:
    text = written(ScalingState(trouble='"' * 50_000, reason="\x00" * 50_000))
    assert json_bytes(text) < MEMO_BYTES
    assert read_as(ScalingState, text).trouble.startswith('"""')


def test_default_values_are_left_out_of_a_memo() -> None:
    assert written(ScalingState(quantity=3)) == '{"quantity": 3}'


def test_a_change_of_savings_alone_is_written_every_five_minutes() -> None:
    before = ScalingState(counted_at=1000.0)
    for counted_at, worth in ((1015.0, False), (1300.0, True), (900.0, True)):
        after = replace(before, saved_s=30.0, counted_at=counted_at)
        assert after.is_worth_writing(before) is worth
    assert replace(before, quantity=1).is_worth_writing(before)
