"""A standby watches, asks, and claims when the holder is gone."""

from collections.abc import Callable

import pytest
from situations import (
    A_PAGE,
    DENIED,
    NEWER,
    OLDER,
    ON_STANDBY,
    REFUSED,
    STRANGER,
    in_doubt,
    look_for,
    standing_by,
)
from stepping import A_URL, NOON, Twin, noted, sent

from twin.core.pair.document import Role
from twin.core.pair.events import (
    Froze,
    TakeDuty,
    Via,
    Watch,
    Watchers,
    WatchLost,
)
from twin.core.pair.knowledge import Entry, Fate
from twin.core.pair.state import Standby

FOLLOWS: list[tuple[str, Callable[[], Twin], Callable[[Twin], object], Role]] = [
    (
        "a holder that is heard is left in charge",
        standing_by,
        lambda twin: twin.hear(Role.ON_DUTY, twin.claim_of_b()),
        Role.STANDBY,
    ),
    (
        "what the peer released is taken at once",
        standing_by,
        lambda twin: twin.hear(Role.LEAVING, twin.claim_of_b(released=True), Via.DOWN),
        Role.ON_DUTY,
    ),
    (
        "what an older boot of the peer released is claimed, and waits for the newer one's word",
        standing_by,
        lambda twin: twin.hear_retired(twin.claim_of_b(9_999, True, OLDER), Via.DOWN, boot=OLDER),
        Role.CLAIMING,
    ),
    (
        "a peer that says it is on standby too is followed",
        standing_by,
        lambda twin: twin.hear(Role.STANDBY, twin.claim_of_b()),
        Role.CLAIMING,
    ),
    (
        "a newer boot in the holder's place is followed",
        standing_by,
        lambda twin: twin.hear(Role.WAKING, twin.claim_of_b(), boot=NEWER),
        Role.CLAIMING,
    ),
    (
        "a holder that is not confirmed yet is given time",
        standing_by,
        lambda twin: twin.hear(Role.CLAIMING, twin.claim_of_b(5)),
        Role.STANDBY,
    ),
    (
        "a holder whose scheduler stands still for 30 s is followed",
        standing_by,
        lambda twin: twin.hear(Role.ON_DUTY, twin.claim_of_b(), ticked_ago_s=30),
        Role.CLAIMING,
    ),
    (
        "a lost watch alone is no reason to claim",
        in_doubt,
        lambda twin: twin.wait(3.2),
        Role.STANDBY,
    ),
    (
        "silence for 3.3 s after a lost watch is",
        in_doubt,
        lambda twin: twin.wait(3.31),
        Role.ON_DUTY,
    ),
    (
        "an answer of the holder's ends the doubt",
        in_doubt,
        lambda twin: (
            twin.wait(1),
            twin.hear(Role.ON_DUTY, twin.claim_of_b(), Via.ANSWER),
            twin.hear(Role.ON_DUTY, twin.claim_of_b()),
            twin.wait(9),
        ),
        Role.STANDBY,
    ),
    (
        "one refusal may have met the moment between two boots",
        in_doubt,
        lambda twin: (twin.tell(REFUSED), twin.wait(0.1), twin.tell(REFUSED)),
        Role.STANDBY,
    ),
    (
        "two refusals a breath apart are a death",
        in_doubt,
        lambda twin: (twin.tell(REFUSED), twin.wait(0.9), twin.tell(REFUSED)),
        Role.ON_DUTY,
    ),
    (
        "a stream that is refused counts as a refusal",
        standing_by,
        lambda twin: (twin.tell(WatchLost("", refused=True)), twin.wait(0.9), twin.tell(REFUSED)),
        Role.ON_DUTY,
    ),
    (
        "a peer that answers, and never takes the duty, is claimed above, not passed over",
        in_doubt,
        lambda twin: (
            twin.hear(Role.CLAIMING, twin.claim_of_b(1)),
            twin.wait(4.9),
            twin.hear(Role.CLAIMING, twin.claim_of_b(1)),
            twin.wait(0.11),
        ),
        Role.CLAIMING,
    ),
    (
        "an old boot that vouches for the holder keeps it in charge",
        in_doubt,
        lambda twin: (
            twin.wait(3),
            twin.hear_vouching(twin.claim_of_b(), Via.ANSWER, boot=OLDER),
            twin.wait(3),
        ),
        Role.STANDBY,
    ),
    (
        "an old boot that no longer hears the holder does not",
        in_doubt,
        lambda twin: (
            twin.wait(3),
            twin.hear_retired(twin.claim_of_b(), Via.ANSWER, boot=OLDER),
            twin.wait(3),
        ),
        Role.ON_DUTY,
    ),
    (
        "a plain /down hands over",
        standing_by,
        lambda twin: twin.tell(TakeDuty("a plain /down asked for it")),
        Role.CLAIMING,
    ),
    (
        "wrong credentials in doubt confirm nothing while a twin is seen there",
        in_doubt,
        lambda twin: (twin.tell(DENIED), look_for(twin, 9, ON_STANDBY)),
        Role.CLAIMING,
    ),
    (
        "a router's page in the place of the holder is silence",
        in_doubt,
        lambda twin: (twin.tell(STRANGER), look_for(twin, 3.31, A_PAGE)),
        Role.ON_DUTY,
    ),
    (
        "a 403 in the place of the holder is silence where no twin is seen",
        in_doubt,
        lambda twin: (twin.tell(DENIED), look_for(twin, 3.31, A_PAGE)),
        Role.ON_DUTY,
    ),
    (
        "a holder whose calls arrive is left in charge, though its answers cannot be read",
        in_doubt,
        lambda twin: [
            (
                twin.tell(STRANGER),
                twin.hear(Role.ON_DUTY, twin.claim_of_b(), Via.UPDATE),
                twin.wait(3),
            )
            for _ in range(10)
        ],
        Role.STANDBY,
    ),
]


@pytest.mark.parametrize(
    ("situation", "then", "role"), [row[1:] for row in FOLLOWS], ids=[row[0] for row in FOLLOWS]
)
def test_when_a_standby_claims(
    situation: Callable[[], Twin], then: Callable[[Twin], object], role: Role
) -> None:
    twin = situation()
    then(twin)
    assert twin.role() is role


def test_a_refused_standby_asks_once_more_and_then_takes_the_duty() -> None:
    twin = in_doubt()
    twin.tell(REFUSED)
    assert sent(twin.wait(0.39)) == []
    assert sent(twin.wait(0.02)) == ["UPDATE"]
    twin.tell(REFUSED)
    assert twin.role() is Role.ON_DUTY


def test_a_standby_in_doubt_asks_the_old_boot_at_its_url_too() -> None:
    twin = in_doubt()
    twin.hear_retired(via=Via.OWN, boot="1-x", url=A_URL, twin="a")
    assert set(sent(twin.wait(1))) == {"UPDATE", "OWN"}


def test_a_watch_lost_again_does_not_restart_a_doubt() -> None:
    twin = in_doubt()
    twin.wait(3)
    twin.tell(WatchLost("closed"))
    twin.wait(0.31)
    assert twin.role() is Role.ON_DUTY


def test_watchers_are_counted_on_standby_too() -> None:
    twin = standing_by()
    twin.tell(Watchers(2))
    assert twin.state.watchers == 2
    assert isinstance(twin.state.stage, Standby)


def test_a_standby_updates_a_holder_that_knows_less() -> None:
    twin = standing_by()
    entry = Entry(int(NOON), Fate.DONE, "a", "x")
    twin.hear(Role.ON_DUTY, twin.claim_of_b(), Via.UPDATE, ledger={"mail": entry})
    assert sent(twin.hear(Role.ON_DUTY, twin.claim_of_b())) == ["UPDATE"]
    assert sent(twin.hear(Role.ON_DUTY, twin.claim_of_b(-9))) == ["UPDATE"]


def test_a_watch_that_ends_at_an_old_boot_is_closed_and_tried_again() -> None:
    twin = standing_by()
    assert Watch(open=False) in twin.hear_retired(twin.claim_of_b(), boot=OLDER)
    twin.hear(Role.ON_DUTY, twin.claim_of_b(), Via.UPDATE)
    assert twin.role() is Role.STANDBY
    twin.wait(3)
    twin.hear(Role.ON_DUTY, twin.claim_of_b(), Via.UPDATE)
    twin.wait(2.5)
    assert Watch(open=True) in twin.hear(Role.ON_DUTY, twin.claim_of_b(), Via.UPDATE)


def test_a_watch_that_always_breaks_is_logged_until_its_pause_stops_growing() -> None:
    twin = standing_by()
    told = 0
    for _ in range(20):
        told += len(noted(twin.tell(WatchLost("silent for 4.2 s")), "watch.lost"))
        while not twin.state.stage.watching:  # type: ignore[union-attr]
            twin.hear(Role.ON_DUTY, twin.claim_of_b(), Via.ANSWER)
            twin.wait(0.9)
        twin.hear(Role.ON_DUTY, twin.claim_of_b())
    assert told == 10


def test_a_leaving_peer_that_misses_a_claim_does_not_delay_it() -> None:
    """Our line to it is cut while it still ends its jobs, with its stream to us open."""
    standby = Twin().stand_by()
    standby.tell(Froze(5))
    standby.hear(Role.LEAVING, standby.claim_of_b(released=True))
    assert standby.role() is Role.CLAIMING
    for _ in range(2):
        standby.wait(1.6)
        standby.hear(Role.LEAVING, standby.claim_of_b(released=True))
    assert standby.state.on_duty


def until_watched_again(twin: Twin) -> float:
    """Seconds until the watch opens again; the holder answers meanwhile."""
    seconds = 0.0
    while True:
        if Watch(open=True) in twin.hear(Role.ON_DUTY, twin.claim_of_b(), Via.ANSWER):
            return seconds
        twin.wait(0.5)
        seconds += 0.5


def test_a_watch_that_never_lasts_is_opened_and_logged_ever_more_rarely() -> None:
    twin = standing_by()
    lines, pauses = [], []
    for _ in range(20):
        twin.hear(Role.ON_DUTY, twin.claim_of_b())
        twin.wait(2)
        lines += noted(twin.tell(WatchLost("silent for 4.2 s")), "watch.lost")
        pauses.append(until_watched_again(twin))
    assert pauses == sorted(pauses)
    assert max(pauses) == pytest.approx(298, abs=1)
    assert len(lines) == 10


def test_a_watch_that_lasted_is_opened_again_at_once() -> None:
    twin = standing_by()
    for _ in range(9):
        twin.tell(WatchLost("silent for 4.2 s"))
        until_watched_again(twin)
    for _ in range(16):
        twin.wait(2)
        twin.hear(Role.ON_DUTY, twin.claim_of_b())
    assert noted(twin.tell(WatchLost("it broke")), "watch.lost")
    assert until_watched_again(twin) == 0


def test_a_standby_reports_its_doubt_until_it_can_read_an_answer() -> None:
    twin = in_doubt()
    assert twin.state.document().doubts
    twin.hear(Role.ON_DUTY, twin.claim_of_b(), Via.ANSWER)
    assert not twin.state.document().doubts
    twin.tell(STRANGER)
    assert twin.state.document().doubts
    twin.hear(Role.ON_DUTY, twin.claim_of_b(), Via.UPDATE)
    assert twin.state.document().doubts


def test_a_standby_without_a_watch_whose_questions_are_answered_needs_no_calls() -> None:
    """A proxy may hold back every watch: the calls would never let a sleeping standby's host
    rest."""
    twin = in_doubt()
    twin.wait(0.5)
    twin.hear(Role.ON_DUTY, twin.claim_of_b(), Via.ANSWER)
    twin.wait(2)
    assert not twin.state.document().doubts
