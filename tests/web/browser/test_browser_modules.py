"""The pure modules of the page, run in a browser."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from chromium import Eyes, Look
from made_up import a_day
from made_up_site import a_site

pytest_plugins = ["eyes"]

Value = Callable[..., Any]
A = "a", "a1"


@pytest.fixture(scope="module")
def value(eyes: Eyes) -> Iterator[Value]:
    """`value("lanes.js", "it.spans(...)", …)`: the value of an expression, with the rest as
    `given`."""
    stack = contextlib.AsyncExitStack()

    async def open_page() -> Look:
        site = await stack.enter_async_context(a_site(a_day()))
        return await stack.enter_async_context(eyes.looking_at(site.url))

    look = eyes.runner.run(open_page())
    yield lambda *asked: eyes.runner.run(look.module(*asked))
    eyes.runner.run(stack.aclose())


def spans(
    value: Value, changes: list[Any], lives: dict[str, Any], **twin: str
) -> list[tuple[float, float, str]]:
    """The lane of `a` from moment 0 to 10,000."""
    told = {"looks": {}, "decisions": {}, "changes": changes, "lives": lives}
    code = """(async () => {
        const { History } = await import("/static/history.js");
        const history = new History();
        history.merge(given[0]);
        return it.spans({ twin: "a", ...given[1] }, history, 0, 10_000);
    })()"""
    found = value("lanes.js", code, told, twin)
    return [(each["from"], each["to"], each["state"]) for each in found]


def test_a_twin_that_said_so_sleeps_and_one_that_did_not_is_gone(value: Value) -> None:
    changes = [[5_000, *A, "standby", ""], [900_000, *A, "leaving", "SIGTERM"]]
    left = spans(value, changes, {"a1": ["a", 0, 902, ""]})
    assert left[-2:] == [(900, 902, "leaving"), (902, 10_000, "asleep")]
    killed = spans(value, changes[:1], {"a1": ["a", 0, 902, ""]})
    assert killed == [(0, 5, "waking"), (5, 902, "standby"), (902, 10_000, "gone")]


def test_an_awake_twin_was_awake_since_its_last_message(value: Value) -> None:
    changes, lives = [[5_000, *A, "on_duty", ""]], {"a1": ["a", 0, 9_985, ""]}
    there = spans(value, changes, lives, role="on_duty")
    assert there[-1] == (5, 10_000, "on_duty")
    gone = spans(value, changes, lives, role="unreachable")
    assert gone[-1] == (9_985, 10_000, "gone")


def test_a_newer_boot_goes_on_where_an_older_one_ends(value: Value) -> None:
    changes = [[5_000, *A, "on_duty", ""], [705_000, "a", "a2", "on_duty", ""]]
    lives = {"a1": ["a", 0, 760, ""], "a2": ["a", 700, 10_000, ""]}
    assert spans(value, changes, lives, role="on_duty") == [
        (0, 5, "waking"),
        (5, 700, "on_duty"),
        (700, 705, "waking"),
        (705, 10_000, "on_duty"),
    ]


def test_the_role_of_a_boot_whose_first_change_is_forgotten_is_not_guessed(value: Value) -> None:
    changes = [[800_000, *A, "standby", ""]]
    lane = spans(value, changes, {"a1": ["a", -90_000, 10_000, ""]}, role="standby")
    assert lane == [(0, 800, "awake"), (800, 10_000, "standby")]


def test_a_role_that_lasts_for_days_is_the_one_that_the_twin_has_now(value: Value) -> None:
    now = {"boot": "a1", "role": "on_duty", "since": "1970-01-01T00:00:05Z"}
    lane = spans(value, [], {"a1": ["a", -900_000, 10_000, ""]}, **now)
    assert lane == [(0, 5, "awake"), (5, 10_000, "on_duty")]


def lane(*spans: tuple[float, float, str]) -> list[dict[str, Any]]:
    return [{"from": since, "to": until, "state": state} for since, until, state in spans]


def test_time_without_and_with_two_holders_is_counted(value: Value) -> None:
    a = lane((0, 100, "on_duty"), (100, 500, "standby"))
    b = lane((0, 103, "standby"), (103, 500, "on_duty"))
    assert value("lanes.js", "it.duty(given)", a, b) == {"none_s": 3, "both_s": 0}
    both = lane((0, 120, "on_duty"), (120, 500, "standby"))
    assert value("lanes.js", "it.duty(given)", both, b) == {"none_s": 0, "both_s": 17}


def test_differences_within_the_clock_error_do_not_count(value: Value) -> None:
    a, b = lane((0, 104, "on_duty")), lane((0, 100, "standby"), (100, 500, "on_duty"))
    assert value("lanes.js", "it.duty(given)", a, b) == {"none_s": 0, "both_s": 0}


def test_an_unknown_role_is_no_missing_holder(value: Value) -> None:
    a, b = lane((0, 100, "awake")), lane((0, 100, "standby"))
    assert value("lanes.js", "it.duty(given)", a, b) == {"none_s": 0, "both_s": 0}


def test_a_handover_names_the_old_holder_and_the_reason(value: Value) -> None:
    changes = [
        [1_000, *A, "on_duty", "it woke"],
        [1_900, "b", "b1", "claiming", "its shift begins"],
        [2_000, "b", "b1", "on_duty", "a knows of it"],
        [2_100, *A, "standby", ""],
        [9_000, "b", "b2", "on_duty", "it woke"],
    ]
    found = value("lanes.js", "it.handovers(given)", *changes)
    assert [(each["twin"], each["from"], each["because"]) for each in found] == [
        ("a", None, "it woke"),
        ("b", "a", "its shift begins"),
        ("b", "b", "it woke"),
    ]


def look(minute: int, latency: int = 100, verdict: str = "healthy", quantity: int = 1) -> list[Any]:
    return [minute, latency, verdict, minute * 60 + 30, quantity, -1]


def test_unobserved_time_is_a_gap(value: Value) -> None:
    found = value("samples.js", "it.columns(given)", *map(look, (10, 11, 12, 20, 21)))
    assert found["at"] == [600, 660, 720, 780, 1200, 1260]
    assert found["latency"] == [100, 100, 100, None, 100, 100]


def test_looks_every_five_minutes_have_no_gaps_between_them(value: Value) -> None:
    found = value("samples.js", "it.columns(given)", *map(look, range(0, 50, 5)))
    assert None not in found["latency"]


def test_unknown_values_are_not_drawn(value: Value) -> None:
    found = value("samples.js", "it.columns(given)", look(1, latency=0, quantity=-1))
    assert (found["latency"], found["quantity"], found["baseline"]) == ([None], [None], [None])


def test_a_bad_time_is_one_stretch(value: Value) -> None:
    looks = [look(1), look(2, verdict="slow"), look(3, verdict="slow"), look(4, verdict="failing")]
    found = value("samples.js", "it.troubles(it.columns(given))", *looks)
    assert [(each["from"], each["to"]) for each in found] == [(120, 240), (240, 300)]


def test_an_hour_shows_its_worst_value(value: Value) -> None:
    looks = [look(61, 80), look(62, 4_000, "slow", quantity=3), look(121)]
    newest, oldest = value("samples.js", "it.hours(given)", *looks)
    assert (newest["at"], oldest["at"]) == (7200, 3600)
    assert (oldest["latency"], oldest["verdict"], oldest["quantity"]) == (4000, "slow", "1 to 3")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (3.4, "3 s"),
        (125, "2 min"),
        (29_640, "8 h 14 min"),
        (90_000, "1 day 1 h"),
        (172_800, "2 days"),
    ],
)
def test_durations_are_written_in_plain_words(value: Value, seconds: float, words: str) -> None:
    assert value("moment.js", "it.span(given[0])", seconds) == words


def test_no_line_ends_between_a_number_and_its_unit(value: Value) -> None:
    code = """(() => {
        const place = document.createElement("p");
        it.say(place, given[0]);
        return place.textContent;
    })()"""
    told = value("dom.js", code, "3 runs in 8 h 14 min: 0.8 s, 2 days ago")
    assert told == "3 runs in 8\xa0h 14\xa0min: 0.8\xa0s, 2\xa0days ago"


def test_a_moment_of_another_day_has_its_date(value: Value) -> None:
    noon = 1_795_258_800  # 2026-11-21 11:00 UTC
    code = "[it.day(given[0], given[0]), it.day(given[0] - 86400, given[0])]"
    assert value("moment.js", code, noon) == ["12:00", "20 Nov 12:00"]


def test_repeated_records_are_kept_once_and_old_ones_are_dropped(value: Value) -> None:
    told = {
        "looks": {"x": [look(0), look(1500)]},
        "decisions": {"x": [[10, 1, 2, ""], [90_000, 2, 1, ""]]},
        "changes": [[10_000, *A, "standby", ""], [20_000, "b", "b1", "standby", ""]],
        "lives": {"a1": ["a", 0, 90_000, ""], "b1": ["b", 0, 30, ""]},
    }
    code = """(() => {
        const history = new it.History();
        history.merge(given[0]); history.merge(given[0]); history.forget(90_000);
        const lives = history.lives.map(({ boot }) => boot);
        return [history.looks("x"), history.decisions("x"), history.changes, lives];
    })()"""
    looks, decisions, changes, lives = value("history.js", code, told)
    assert [each[0] for each in looks] == [1500]
    assert [each[0] for each in decisions] == [90_000]
    assert [each[2] for each in changes] == ["a1"], "what it did long ago is its role still"
    assert lives == ["a1"]
