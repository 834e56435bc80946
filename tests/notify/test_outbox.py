"""When letters leave: at most one a minute; none is lost, and only unacknowledged alerts repeat."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.core.alert import Alert, Severity
from twin.notify.letter import LISTED, Letter
from twin.notify.outbox import Outbox

OUTAGE = Alert("shop is down", "shop has been down.\nWhy: 503.", Severity.FAILURE, "shop")
RECOVERY = Alert("shop is up again", "shop is up again.", Severity.SUCCESS, "shop")


def by_hand(number: int) -> Alert:
    body = f"Somebody changed shop.\nWhy: it was {number}."
    return Alert("shop was scaled by hand", body, Severity.INFO, "shop")


def filled(*alerts: Alert, outbox: Outbox = Outbox()) -> Outbox:  # noqa: B008 (it is frozen)
    for each in alerts:
        outbox = outbox.with_alert(each)
    return outbox


def test_a_new_outbox_has_nothing_due() -> None:
    assert Outbox().due_at() is None


def test_the_first_alert_leaves_at_once_and_later_ones_share_a_letter() -> None:
    outbox = filled(OUTAGE)
    assert outbox.due_at() == float("-inf")
    letter, outbox = outbox.taken(100)
    assert letter == Letter((OUTAGE,))
    outbox = filled(by_hand(1), RECOVERY, outbox=outbox.acknowledged(letter, 101))
    assert outbox.due_at() == 161
    letter, outbox = outbox.taken(161)
    assert letter.alerts == (by_hand(1), RECOVERY)
    assert outbox.due_at() is None


def test_twelve_alerts_in_two_minutes_make_three_letters() -> None:
    outbox, letters = Outbox(), list[Letter]()
    for now in range(181):
        if now % 10 == 0 and now < 120:
            outbox = outbox.with_alert(by_hand(now // 10))
        due_at = outbox.due_at()
        if due_at is not None and now >= due_at:
            letter, outbox = outbox.taken(now)
            outbox = outbox.acknowledged(letter, now)
            letters.append(letter)
    assert [len(letter.alerts) for letter in letters] == [1, 6, 5]
    assert [alert for letter in letters for alert in letter.alerts] == [
        by_hand(n) for n in range(12)
    ]


def test_after_a_quiet_minute_an_alert_leaves_at_once() -> None:
    letter, outbox = filled(OUTAGE).taken(100)
    outbox = outbox.acknowledged(letter, 100).with_alert(RECOVERY)
    assert (outbox.due_at() or 0) <= 160


def test_a_doubtful_alert_without_a_target_is_not_settled_by_others() -> None:
    alone = replace(OUTAGE, about="")
    letter, outbox = filled(alone).taken(100)
    outbox = outbox.unacknowledged(letter, 130).with_alert(replace(RECOVERY, about=""))
    letter, outbox = outbox.taken(190)
    assert outbox.acknowledged(letter, 190).doubtful == (alone,)


def test_a_doubtful_alert_is_repeated_once_after_five_minutes() -> None:
    letter, outbox = filled(OUTAGE).taken(100)
    outbox = outbox.unacknowledged(letter, 130)
    assert outbox.due_at() == 430
    letter, outbox = outbox.taken(430)
    assert letter == Letter((), again=(OUTAGE,))
    assert outbox.unacknowledged(letter, 460).due_at() is None


def test_a_doubtful_alert_does_not_delay_newer_ones() -> None:
    letter, outbox = filled(OUTAGE).taken(100)
    other = replace(RECOVERY, about="other")
    outbox = outbox.unacknowledged(letter, 130).with_alert(other)
    assert outbox.due_at() == 190
    letter, outbox = outbox.taken(190)
    assert letter == Letter((other,))
    outbox = outbox.acknowledged(letter, 190)
    assert outbox.due_at() == 430


def test_a_newer_alert_about_the_same_target_settles_a_doubtful_one() -> None:
    letter, outbox = filled(OUTAGE).taken(100)
    outbox = outbox.unacknowledged(letter, 130).with_alert(RECOVERY)
    letter, outbox = outbox.taken(190)
    assert outbox.acknowledged(letter, 190).due_at() is None


def test_a_service_that_never_acknowledges_gets_each_alert_twice() -> None:
    outbox, sent = Outbox(), list[Alert]()
    for now in range(0, 1800, 10):
        if now < 600:
            outbox = outbox.with_alert(by_hand(now // 10))
        due_at = outbox.due_at()
        if due_at is not None and now >= due_at:
            letter, outbox = outbox.taken(now)
            outbox = outbox.unacknowledged(letter, now)
            sent += letter.alerts + letter.again
    assert {sent.count(by_hand(number)) for number in range(60)} == {2}
    assert outbox.due_at() is None


def test_a_doubtful_alert_that_did_not_arrive_is_sent_before_newer_ones() -> None:
    letter, outbox = filled(OUTAGE).taken(100)
    outbox = outbox.unacknowledged(letter, 130).with_alert(RECOVERY).returned(letter)
    letter, outbox = outbox.taken(190)
    assert letter == Letter((OUTAGE, RECOVERY))
    assert outbox.due_at() is None


def test_the_oldest_alert_can_be_dropped() -> None:
    oldest, outbox = filled(OUTAGE, RECOVERY).without_oldest()
    assert (oldest, outbox.waiting) == (OUTAGE, (RECOVERY,))


@given(st.lists(st.integers(0, 100), max_size=60))
def test_each_alert_is_in_one_letter_and_letters_are_a_minute_apart(pauses: list[int]) -> None:
    outbox, now, left, sent = Outbox(), 0.0, list[float](), list[Alert]()

    def leave(until: float) -> None:
        nonlocal outbox
        while (due_at := outbox.due_at()) is not None and due_at <= until:
            at = max(due_at, now)
            letter, outbox = outbox.taken(at)
            outbox = outbox.acknowledged(letter, at)
            left.append(at)
            sent.extend(letter.alerts)

    for number, pause in enumerate(pauses):
        leave(now + pause)
        now += pause
        outbox = outbox.with_alert(by_hand(number))
    leave(now + 61)
    assert sent == [by_hand(number) for number in range(len(pauses))]
    assert all(later - sooner >= 60 for sooner, later in pairwise(left))


# ---- the letter


def test_a_letter_with_one_alert_has_its_title_and_body() -> None:
    letter = Letter((OUTAGE,))
    assert letter.severity is Severity.FAILURE
    assert (letter.title, letter.body) == (OUTAGE.title, OUTAGE.body)


def test_a_letter_with_several_alerts_counts_and_lists_them_by_time() -> None:
    letter = Letter((by_hand(1), OUTAGE, by_hand(2)))
    assert letter.severity is Severity.FAILURE
    assert letter.title == "shop is down, and 2 more"
    assert letter.body == (
        "3 alerts:\n"
        "- Somebody changed shop. Why: it was 1.\n"
        "- shop has been down. Why: 503.\n"
        "- Somebody changed shop. Why: it was 2."
    )


def test_a_long_letter_lists_the_gravest_and_newest_and_counts_the_rest() -> None:
    letter = Letter((OUTAGE, *(by_hand(number) for number in range(LISTED + 3))))
    lines = letter.body.splitlines()
    assert lines[0] == f"{LISTED + 4} alerts:"
    assert lines[1] == f"- {OUTAGE.line}"
    assert [f"- {by_hand(4).line}", f"- {by_hand(LISTED + 2).line}"] == [lines[2], lines[LISTED]]
    assert lines[-1] == "- and 4 more, which the log and the page have."
    assert len(lines) == LISTED + 2


@pytest.mark.parametrize("others", [(), (by_hand(1),)])
def test_a_repeated_alert_says_that_it_may_be_one(others: tuple[Alert, ...]) -> None:
    lines = Letter(others, again=(OUTAGE,)).body.splitlines()
    (marked,) = (line for line in lines if "You may have had this before" in line)
    assert (OUTAGE.line in marked) is bool(others)
