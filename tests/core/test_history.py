"""The history of the pair: merging it does no harm, and it forgets what is old."""

from hypothesis import given
from hypothesis import strategies as st

from twin.core.history import KEPT_S, LIVES_KEPT_S, Change, Decision, History, Life, Look, Record

EVER = 1e10

# Few values, so that the same minute, boot and moment come up all the time.
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
def test_it_does_not_matter_in_what_order_or_how_often_the_parts_come(
    parts: list[Record], random: object
) -> None:
    shuffled = [*parts, *parts]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert history(*shuffled).between(0, EVER) == history(*parts).between(0, EVER)


@given(records, records)
def test_what_one_gives_out_makes_another_that_is_the_same(one: Record, other: Record) -> None:
    both = history(one, other)
    assert history(both.between(0, EVER)).between(0, EVER) == both.between(0, EVER)


def test_a_minute_keeps_its_slowest_answer_its_worst_verdict_and_its_last_quantity() -> None:
    early, late = Look(7, 5200, "slow", 425, 1, 3), Look(7, 80, "healthy", 470, 3, 3)
    (kept,) = (
        history(Record({"web": (late,)}), Record({"web": (early,)})).between(0, EVER).looks["web"]
    )
    assert kept == Look(7, 5200, "slow", 470, 3, 3)


def test_a_boot_lived_from_the_first_to_the_last_that_was_heard_of_it() -> None:
    parts = [Record(lives={"1-x": Life("a", since, since + 60)}) for since in (600, 480, 900)]
    assert history(*parts).between(0, EVER).lives == {"1-x": Life("a", 480, 960)}


def test_only_what_is_new_enough_is_given_out_in_order_of_time() -> None:
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


def test_a_story_begins_with_what_each_boot_was_that_lived_in_it() -> None:
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


def test_after_48_hours_all_is_forgotten_but_how_long_each_boot_lived_in_the_month() -> None:
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
    made.forget(0)
    kept = made.between(0, EVER).changes
    assert len(kept) == KEPT_S // 60
    assert kept[-1] == changes[-1]
