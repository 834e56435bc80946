"""Settings are read once; each problem names the setting, its value and the remedy."""

import pytest

from twin.core.durations import parse_duration
from twin.core.parser import Parser


def parser(**texts: str) -> tuple[Parser, list[str]]:
    problems: list[str] = []
    return Parser(texts, problems, {"every": "PROBE_EVERY"}, "twin.toml"), problems


def test_what_is_not_set_is_the_default_and_no_problem() -> None:
    read, problems = parser()
    assert read.parsed("every", parse_duration, 7) == 7
    assert read.duration("every", "15s") == 15
    assert read.number("most", 3, 1, 9) == 3
    assert read.choice("wake", "take", "join")
    assert problems == []


def test_what_is_set_is_read() -> None:
    read, problems = parser(every=" 2m ", most="9", wake="JOIN")
    assert read.parsed("every", parse_duration, 7) == read.duration("every", "15s") == 120
    assert read.number("most", 3, 1, 9) == 9
    assert not read.choice("wake", "take", "join")
    assert problems == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("5s", "twin.toml: PROBE_EVERY is 5s: use 10s or more"),
        ("2h", "twin.toml: PROBE_EVERY is 2h: use 1h or less"),
    ],
)
def test_a_duration_out_of_range_is_named_by_the_name_that_users_know(
    text: str, problem: str
) -> None:
    read, problems = parser(every=text)
    read.duration("every", "15s", at_least_s=10, at_most_s=3_600)
    assert problems == [problem]


def test_a_duration_that_is_none_is_named_with_the_setting() -> None:
    read, problems = parser(every="soon")
    assert read.duration("every", "15s") == 15
    assert problems[0].startswith("twin.toml: PROBE_EVERY: ")
    assert "soon" in problems[0]


@pytest.mark.parametrize("text", ["0", "10", "three", "-1", "1.5"])
def test_a_number_out_of_range_is_named_with_its_range(text: str) -> None:
    read, problems = parser(most=text)
    assert read.number("most", 3, 1, 9) == 3
    assert problems == [f"twin.toml: most is {text!r}: use a whole number from 1 to 9"]


def test_a_choice_of_neither_is_named_with_both() -> None:
    read, problems = parser(wake="maybe")
    assert read.choice("wake", "take", "join")
    assert problems == ["twin.toml: wake is 'maybe': use take or join"]
