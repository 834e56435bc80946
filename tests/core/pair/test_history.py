"""The history of the pair: merging is harmless, and old records are forgotten."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.core.pair.bounds import TARGETS, WHY_BYTES, json_bytes
from twin.core.pair.hearsay import credible
from twin.core.pair.history import (
    KEPT_S,
    LIVES_KEPT_S,
    Change,
    Decision,
    History,
    Life,
    Look,
    Record,
)

EVER = 1e10

# Few values, so that equal minutes, boots and moments are common.
few = st.integers(0, 3)
verdicts = st.sampled_from(["healthy", "slow", "failing", "unheard of"])
looks = st.builds(Look, few, few, verdicts, few, few, few)
decisions = st.builds(Decision, few, few, few, st.sampled_from(["", "why"]))
changes = st.builds(
    Change, few, st.sampled_from("ab"), st.just("1-x"), st.just("standby"), st.just("it woke")
)
lives = st.builds(Life, st.sampled_from("ab"), few, few, st.sampled_from(["", "v7"]))
targets = st.sampled_from(["web", "worker"])
records = st.builds(
    Record,
    st.dictionaries(targets, st.lists(looks, max_size=4).map(tuple)),
    st.dictionaries(targets, st.lists(decisions, max_size=4).map(tuple)),
    st.lists(changes, max_size=4).map(tuple),
    st.dictionaries(st.sampled_from(["1-x", "2-y"]), lives),
)


def history(*parts: Record) -> History:
    made = History()
    for part in parts:
        made.merge(part)
    return made


@given(st.lists(records, max_size=4), st.randoms())
def test_parts_merge_in_any_order_and_any_number_of_times(
    parts: list[Record], random: object
) -> None:
    shuffled = [*parts, *parts]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert history(*shuffled).between(0, EVER) == history(*parts).between(0, EVER)


@given(records, records)
def test_a_history_copied_part_by_part_is_equal(one: Record, other: Record) -> None:
    both = history(one, other)
    assert history(both.between(0, EVER)).between(0, EVER) == both.between(0, EVER)


def test_a_minute_keeps_its_slowest_answer_its_worst_verdict_and_its_last_quantity() -> None:
    early, late = Look(7, 5200, "slow", 425, 1, 3), Look(7, 80, "healthy", 470, 3, 3)
    (kept,) = (
        history(Record({"web": (late,)}), Record({"web": (early,)})).between(0, EVER).looks["web"]
    )
    assert kept == Look(7, 5200, "slow", 470, 3, 3)


def test_a_boot_lived_from_its_first_to_its_last_message() -> None:
    parts = [Record(lives={"1-x": Life("a", since, since + 60)}) for since in (600, 480, 900)]
    assert history(*parts).between(0, EVER).lives == {"1-x": Life("a", 480, 960)}


def test_only_recent_records_are_given_out_in_order_of_time() -> None:
    made = history(
        Record(
            {"web": (Look(9, 0, "healthy", 540, 1, 1), Look(2, 0, "healthy", 120, 1, 1))},
            {"web": (Decision(540, 1, 2, "b"), Decision(530, 2, 1, "a"))},
            (Change(545_000, "a", "1-x", "on_duty", ""), Change(100_000, "a", "1-x", "waking", "")),
            {"1-x": Life("a", 100, 545), "0-w": Life("a", 0, 90)},
        )
    )
    recent = made.between(500, 599)
    assert [look.minute for look in recent.looks["web"]] == [9]
    assert [decision.because for decision in recent.decisions["web"]] == ["a", "b"]
    assert [change.role for change in recent.changes] == ["on_duty"]
    assert list(recent.lives) == ["1-x"]
    assert made.between(600, EVER) == Record()
    assert made.between(0, 59) == Record(lives={"0-w": Life("a", 0, 90)})


def test_a_story_begins_with_the_role_of_each_living_boot() -> None:
    made = history(
        Record(
            changes=(
                Change(60_000, "a", "1-x", "claiming", "it woke"),
                Change(61_000, "a", "1-x", "on_duty", "b knows of it"),
                Change(62_000, "b", "0-w", "leaving", "SIGTERM"),
                Change(900_000, "b", "2-y", "standby", ""),
            ),
            lives={
                "1-x": Life("a", 60, 1000),
                "0-w": Life("b", 0, 90),
                "2-y": Life("b", 890, 1000),
            },
        )
    )
    changes = made.story(600, EVER).changes
    assert [(c.boot, c.role) for c in changes] == [("1-x", "on_duty"), ("2-y", "standby")]


def test_the_newest_look_at_a_target_is_known() -> None:
    made = history(Record({"web": tuple(Look(at, 0, "healthy", 0, 1, 1) for at in (9, 2))}))
    assert made.newest_look("web") == Look(9, 0, "healthy", 0, 1, 1)
    assert made.newest_look("worker") is None


def test_after_48_hours_only_the_lives_of_the_month_are_kept() -> None:
    made = history(
        Record(
            {"web": (Look(1, 0, "healthy", 60, 1, 1),)},
            {"web": (Decision(60, 1, 2, ""),)},
            (Change(60_000, "a", "1-x", "on_duty", ""),),
            {"1-x": Life("a", 0, 60)},
        )
    )
    made.forget(KEPT_S + 60)
    assert made.between(0, EVER).looks
    made.forget(KEPT_S + 180)
    assert made.between(0, EVER) == Record(lives={"1-x": Life("a", 0, 60)})
    made.forget(LIVES_KEPT_S + 61)
    assert made.between(0, EVER) == Record()


def test_a_twin_that_flaps_for_days_does_not_fill_the_memory() -> None:
    changes = tuple(Change(at, "a", "1-x", "waking", "") for at in range(10_000))
    made = history(Record(changes=changes))
    kept = made.between(0, EVER).changes
    assert len(kept) == KEPT_S // 60
    assert kept[-1] == changes[-1]


# ---- records beyond the limits, and impossible records


NOW = 1_800_000_000


def test_only_our_own_targets_are_kept_beyond_the_limit() -> None:
    own = Record({"web": (Look(1, 0, "healthy", 60, 1, 1),)})
    strange = {f"junk {n}": own.looks["web"] for n in range(2 * TARGETS)}
    made = history(Record(strange))
    made.merge_told(own)
    assert made.newest_look("web") is None, "told by the other, and there is no room"
    made.merge(own)
    assert made.newest_look("web"), "seen by this twin"
    made = history(own)
    made.merge_told(Record(strange))
    assert len(made.between(0, EVER).looks) == TARGETS
    assert made.newest_look("web")


def test_each_target_keeps_its_share_of_looks_and_decisions_the_newest() -> None:
    looks = tuple(Look(at, 0, "healthy", 0, 1, 1) for at in range(2_000))
    decisions = tuple(Decision(at, 1, 2, "") for at in range(100))
    names = [f"web {number}" for number in range(200)]
    kept = history(Record(dict.fromkeys(names, looks), dict.fromkeys(names, decisions)))
    told = kept.between(0, EVER)
    assert told.looks == dict.fromkeys(names, looks[-1_500:])
    assert told.decisions == dict.fromkeys(names, decisions[-50:])


def test_among_too_many_boots_the_last_to_live_are_kept() -> None:
    made = history(Record(lives={f"{at}-x": Life("a", 0, at) for at in range(9_000)}))
    assert list(made.twins().lives) == [f"{at}-x" for at in range(4_000, 9_000)]
    assert made.lived_until("8999-x") == 8_999
    assert made.lived_until("0-x") == 0


def test_a_message_carries_no_more_of_the_last_minute_than_an_honest_twin_has() -> None:
    made = history(
        Record(
            decisions={"web": tuple(Decision(NOW, 1, to, "") for to in range(500))},
            changes=tuple(Change(1000 * NOW + n, "a", "1-x", "waking", "") for n in range(500)),
            lives={f"{n}-x": Life("a", NOW, NOW) for n in range(500)},
        )
    )
    told = made.recent(NOW - 60, NOW + 60)
    assert [len(each) for each in (told.decisions["web"], told.changes, told.lives)] == [
        10,
        100,
        100,
    ]


def test_a_long_reason_is_cut() -> None:
    why = "x" * 5_000
    told = history(
        Record(
            decisions={"web": (Decision(60, 1, 2, why),)},
            changes=(Change(60_000, "a", "1-x", "waking", why),),
        )
    ).between(0, EVER)
    reasons = (told.decisions["web"][0].because, told.changes[0].because)
    assert [json_bytes(reason) for reason in reasons] == [WHY_BYTES, WHY_BYTES]


@pytest.mark.parametrize(
    "told",
    [
        Record({"web": (Look(NOW // 60 + 61, 0, "healthy", NOW + 3_660, 1, 1),)}),
        Record({"web": (Look(0, 0, "healthy", 0, 1, 1),)}),
        Record({"web": (Look(NOW // 60, 0, "healthy", NOW + 600, 1, 1),)}),
        Record({"x" * 500: (Look(NOW // 60, 0, "healthy", NOW, 1, 1),)}),
        Record(decisions={"web": (Decision(NOW + 3_601, 1, 2, ""),)}),
        Record(decisions={"x" * 500: (Decision(NOW, 1, 2, ""),)}),
        Record(changes=(Change(1000 * (NOW + 3_601), "a", "1-x", "waking", ""),)),
        Record(changes=(Change(1000 * NOW, "a" * 500, "1-x", "waking", ""),)),
        Record(changes=(Change(1000 * NOW, "a", "1" * 500, "waking", ""),)),
        Record(changes=(Change(1000 * NOW, "a", "1-x", "w" * 500, ""),)),
        Record(lives={"1-x": Life("a", NOW, NOW + 3_601)}),
        Record(lives={"1-x": Life("a", NOW, NOW - 1)}),
        Record(lives={"1" * 500: Life("a", NOW, NOW)}),
        Record(lives={"1-x": Life("a" * 500, NOW, NOW)}),
        Record(lives={"1-x": Life("a", NOW, NOW, "v" * 500)}),
    ],
)
def test_impossible_records_are_not_merged(told: Record) -> None:
    made = history()
    made.merge(credible(told, NOW))
    assert made.between(0, EVER) == Record()


def test_possible_records_are_merged() -> None:
    told = Record(
        {"web": (Look(NOW // 60 + 9, 0, "healthy", NOW + 540, 1, 1),)},
        {"web": (Decision(NOW, 1, 2, ""),)},
        (Change(1000 * NOW, "a", "1-x", "waking", ""),),
        {"1-x": Life("a", NOW - 60, NOW)},
    )
    assert credible(told, NOW) == told
