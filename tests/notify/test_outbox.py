"""What leaves when: at most one letter a minute, nothing twice but what is in doubt, and nothing
lost."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.core.alert import Kind, News
from twin.notify.letter import LISTED, Letter
from twin.notify.outbox import Outbox

AT = 1_795_227_000.0  # 2026-11-21 02:10:00 UTC
OUTAGE = News(Kind.OUTAGE, "my-app/web", "a", AT, AT - 5, "503 after 0.1 s", "scaled from 1 to 3")
RECOVERY = replace(OUTAGE, kind=Kind.RECOVERY, at=AT + 60)


def by_hand(number: int) -> News:
    because = f"it was {number}, and is {number + 1}"
    at = AT + 10 * number
    return News(Kind.BY_HAND, "my-app/web", "a", at, at, because, "nothing")


def filled(*news: News, outbox: Outbox = Outbox()) -> Outbox:  # noqa: B008 (it is frozen)
    for each in news:
        outbox = outbox.with_news(each)
    return outbox


def test_there_is_nothing_to_tell_at_first() -> None:
    assert Outbox().due_at() is None


def test_the_first_news_leave_at_once_and_what_follows_within_a_minute_in_one_letter() -> None:
    outbox = filled(OUTAGE)
    assert outbox.due_at() == float("-inf")
    letter, outbox = outbox.taken(100)
    assert letter == Letter((OUTAGE,))
    outbox = filled(by_hand(1), RECOVERY, outbox=outbox.acknowledged(letter, 101))
    assert outbox.due_at() == 161
    letter, outbox = outbox.taken(161)
    assert letter.news == (by_hand(1), RECOVERY)
    assert outbox.due_at() is None


def test_twelve_changes_by_hand_in_two_minutes_make_three_letters_that_name_them_all() -> None:
    outbox, letters = Outbox(), list[Letter]()
    for now in range(181):
        if now % 10 == 0 and now < 120:
            outbox = outbox.with_news(by_hand(now // 10))
        due_at = outbox.due_at()
        if due_at is not None and now >= due_at:
            letter, outbox = outbox.taken(now)
            outbox = outbox.acknowledged(letter, now)
            letters.append(letter)
    assert [len(letter.news) for letter in letters] == [1, 6, 5]
    assert [news for letter in letters for news in letter.news] == [by_hand(n) for n in range(12)]


def test_after_a_quiet_minute_news_leave_at_once_again() -> None:
    letter, outbox = filled(OUTAGE).taken(100)
    outbox = outbox.acknowledged(letter, 100).with_news(RECOVERY)
    assert (outbox.due_at() or 0) <= 160


def test_what_is_in_doubt_is_sent_once_more_five_minutes_later_and_never_again() -> None:
    letter, outbox = filled(OUTAGE).taken(100)
    outbox = outbox.unacknowledged(letter, 130)
    assert outbox.due_at() == 430
    letter, outbox = outbox.taken(430)
    assert letter == Letter((), again=(OUTAGE,))
    assert outbox.unacknowledged(letter, 460).due_at() is None


def test_what_is_in_doubt_delays_no_newer_news() -> None:
    letter, outbox = filled(OUTAGE).taken(100)
    other = replace(RECOVERY, target="other/web")
    outbox = outbox.unacknowledged(letter, 130).with_news(other)
    assert outbox.due_at() == 190
    letter, outbox = outbox.taken(190)
    assert letter == Letter((other,))
    outbox = outbox.acknowledged(letter, 190)
    assert outbox.due_at() == 430


def test_what_is_in_doubt_is_settled_by_newer_news_of_the_same_target() -> None:
    letter, outbox = filled(OUTAGE).taken(100)
    outbox = outbox.unacknowledged(letter, 130).with_news(RECOVERY)
    letter, outbox = outbox.taken(190)
    assert outbox.acknowledged(letter, 190).due_at() is None


def test_a_service_that_never_acknowledges_gets_everything_twice_at_most() -> None:
    outbox, sent = Outbox(), list[News]()
    for now in range(0, 1800, 10):
        if now < 600:
            outbox = outbox.with_news(by_hand(now // 10))
        due_at = outbox.due_at()
        if due_at is not None and now >= due_at:
            letter, outbox = outbox.taken(now)
            outbox = outbox.unacknowledged(letter, now)
            sent += letter.news + letter.again
    assert {sent.count(by_hand(number)) for number in range(60)} == {2}
    assert outbox.due_at() is None


def test_what_was_in_doubt_and_did_not_arrive_is_told_before_what_came_later() -> None:
    letter, outbox = filled(OUTAGE).taken(100)
    outbox = outbox.unacknowledged(letter, 130).with_news(RECOVERY).returned(letter)
    letter, outbox = outbox.taken(190)
    assert letter == Letter((OUTAGE, RECOVERY))
    assert outbox.due_at() is None


def test_the_oldest_can_be_given_up() -> None:
    oldest, outbox = filled(OUTAGE, RECOVERY).without_oldest()
    assert (oldest, outbox.waiting) == (OUTAGE, (RECOVERY,))


@given(st.lists(st.integers(0, 100), max_size=60))
def test_every_piece_of_news_is_in_exactly_one_letter_and_letters_are_a_minute_apart(
    pauses: list[int],
) -> None:
    outbox, now, left, told = Outbox(), 0.0, list[float](), list[News]()

    def leave(until: float) -> None:
        nonlocal outbox
        while (due_at := outbox.due_at()) is not None and due_at <= until:
            at = max(due_at, now)
            letter, outbox = outbox.taken(at)
            outbox = outbox.acknowledged(letter, at)
            left.append(at)
            told.extend(letter.news)

    for number, pause in enumerate(pauses):
        leave(now + pause)
        now += pause
        outbox = outbox.with_news(by_hand(number))
    leave(now + 61)
    assert told == [by_hand(number) for number in range(len(pauses))]
    assert all(later - sooner >= 60 for sooner, later in pairwise(left))


# ---- the letter


def test_a_letter_with_one_piece_of_news_is_that() -> None:
    letter = Letter((OUTAGE,))
    assert (letter.kind, letter.title, letter.body) == (OUTAGE.kind, OUTAGE.title, OUTAGE.body)


def test_a_letter_with_several_says_how_many_and_each_in_a_line_by_time() -> None:
    letter = Letter((by_hand(1), replace(OUTAGE, at=AT + 15), by_hand(2)))
    assert letter.kind is Kind.OUTAGE
    assert letter.title == "my-app/web is down, and 2 more"
    assert letter.body == (
        "3 alerts:\n"
        "- The quantity of my-app/web was changed by somebody else, which was seen at "
        "2026-11-21 02:10:10 UTC. Why: it was 1, and is 2. Done: nothing.\n"
        "- my-app/web has not served well since 2026-11-21 02:09:55 UTC. "
        "Why: 503 after 0.1 s. Done: scaled from 1 to 3.\n"
        "- The quantity of my-app/web was changed by somebody else, which was seen at "
        "2026-11-21 02:10:20 UTC. Why: it was 2, and is 3. Done: nothing.\n"
        "Told by the twin a at 2026-11-21 02:10:20 UTC."
    )


def test_a_long_letter_lists_the_gravest_and_newest_and_counts_the_others() -> None:
    letter = Letter((OUTAGE, *(by_hand(number) for number in range(LISTED + 3))))
    lines = letter.body.splitlines()
    assert lines[0] == f"{LISTED + 4} alerts:"
    assert lines[1] == f"- {OUTAGE.line}"
    assert [f"- {by_hand(4).line}", f"- {by_hand(LISTED + 2).line}"] == [lines[2], lines[LISTED]]
    assert lines[-2] == "- and 4 more, which the log and the page have."
    assert len(lines) == LISTED + 3


@pytest.mark.parametrize("others", [(), (by_hand(1),)])
def test_what_may_have_been_told_before_says_so(others: tuple[News, ...]) -> None:
    lines = Letter(others, again=(OUTAGE,)).body.splitlines()
    (marked,) = (line for line in lines if "You may have had this before" in line)
    assert (OUTAGE.line in marked) is bool(others)
