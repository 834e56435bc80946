import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.core.durations import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("15m", 900), ("12h", 43_200), ("7d", 604_800), ("1h30m", 5_400), ("0s", 0)],
)
def test_a_duration_is_read_as_a_person_writes_it(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", "10", "10 min", "10min", "m", "1.5h", "-1s", "30m1h", "1h1h", "٣s", "10M", "9999999s"],
)
def test_an_invalid_duration_is_refused_with_valid_examples(text: str) -> None:
    with pytest.raises(ValueError, match="such as 90s, 15m, 12h, 7d or 1h30m") as raised:
        parse_duration(text)
    assert repr(text) in str(raised.value)


def test_a_duration_is_written_with_the_greatest_units() -> None:
    assert [format_duration(s) for s in (0, 59, 60, 5_400, 90_061)] == [
        "0s", "59s", "1m", "1h30m", "1d1h1m1s",
    ]  # fmt: skip


@given(st.integers(0, 10**9))
def test_a_written_duration_reads_back_the_same(seconds: int) -> None:
    assert parse_duration(format_duration(seconds)) == seconds
