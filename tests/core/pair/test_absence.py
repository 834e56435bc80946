"""People are told once when the other twin is gone for good, and once when it is back."""

from zoneinfo import ZoneInfo

import pytest
from stepping import B_URL, Twin

from twin.core.alert import Kind, News
from twin.core.pair.absence import BACK_FOR_S, NOBODY_AWAY, Absence, Patience, observe
from twin.core.pair.diagnosis import SILENT_S
from twin.core.pair.document import Role
from twin.core.pair.events import Failed, Failure, Froze
from twin.core.pair.shift import parse_shift
from twin.core.pair.state import Rules

LIMIT_S = 600.0
AWAKE = Patience(LIMIT_S, may_sleep=False)
SLEEPING = Patience(LIMIT_S, may_sleep=True)


class Looks:
    """Twin `a`, looking every 5 s, and what the pair remembers."""

    def __init__(self, twin: Twin, patience: Patience = AWAKE) -> None:
        self.twin = twin
        self.patience = patience
        self.absence = NOBODY_AWAY
        self.told: list[News] = []

    def go_on(self, seconds: float, peer: Role | None = None) -> list[Kind]:
        """What is told meanwhile; `peer` is heard before each look."""
        before = len(self.told)
        for _ in range(int(seconds / 5)):
            self.twin.wait(5)
            if peer is not None:
                self.twin.hear(peer, self.twin.state.knowledge.claim)
            self.look()
        return [news.kind for news in self.told[before:]]

    def look(self) -> None:
        state, now = self.twin.state, self.twin.now
        self.absence, news = observe(state, self.absence, self.patience, now)
        if news is not None:
            self.told.append(news)


@pytest.fixture
def holder() -> Looks:
    return Looks(Twin().take())


def test_a_peer_that_is_heard_is_not_away(holder: Looks) -> None:
    assert holder.go_on(3600, Role.STANDBY) == []
    assert holder.absence == NOBODY_AWAY


def test_a_peer_that_stays_silent_is_told_once_after_the_time_that_a_restart_takes(
    holder: Looks,
) -> None:
    assert holder.go_on(SILENT_S + LIMIT_S - 10) == []
    assert holder.go_on(24 * 3600) == [Kind.PEER_GONE]
    (news,) = holder.told
    assert (news.title, news.twin) == ("The twin b is gone", "a")
    assert "for 10m now" in news.body
    assert "it does not answer: see whether its host runs it" in news.body


def test_a_restart_and_a_deploy_are_not_worth_a_word(holder: Looks) -> None:
    for _ in range(20):
        assert holder.go_on(300) == []
        assert holder.go_on(120, Role.STANDBY) == []


def test_a_peer_that_is_back_for_a_minute_is_told_once(holder: Looks) -> None:
    holder.go_on(1000)
    assert holder.go_on(BACK_FOR_S - 5, Role.STANDBY) == []
    assert holder.go_on(3600, Role.STANDBY) == [Kind.PEER_BACK]
    assert holder.told[-1].title == "The twin b is back"
    assert "for 17m" in holder.told[-1].body
    assert holder.go_on(1000) == [Kind.PEER_GONE]


def test_a_peer_that_crashes_time_and_again_is_told_once(holder: Looks) -> None:
    for _ in range(30):
        holder.go_on(300)
        holder.go_on(20, Role.STANDBY)
    assert [news.kind for news in holder.told] == [Kind.PEER_GONE]


def test_a_peer_that_left_and_shall_be_awake_is_gone_if_it_does_not_come_back(
    holder: Looks,
) -> None:
    holder.twin.hear(Role.LEAVING)
    assert holder.go_on(1000) == [Kind.PEER_GONE]
    assert "it said that it leaves, and does not come back" in holder.told[0].body


def test_a_peer_that_its_host_put_to_sleep_is_not_gone() -> None:
    holder = Looks(Twin().take(), SLEEPING)
    holder.twin.hear(Role.LEAVING)
    assert holder.go_on(24 * 3600) == []


def test_a_sleeping_peer_that_does_not_wake_when_it_is_asked_is_gone() -> None:
    shift = parse_shift("11:00-14:00", ZoneInfo("UTC"))
    holder = Looks(Twin(rules=Rules(shift=shift)).take(), SLEEPING)
    holder.twin.hear(Role.LEAVING)
    assert holder.go_on(7200 + LIMIT_S - 10) == []  # from 14:00 on it is asked to take the duty
    assert holder.go_on(60) == [Kind.PEER_GONE]


def test_a_peer_where_nobody_serves_is_told_with_its_url(holder: Looks) -> None:
    holder.twin.wait(60)
    holder.twin.tell(Failed(Failure.REFUSED, "connection refused", holder.twin.mono))
    assert holder.go_on(1000) == [Kind.PEER_GONE]
    assert f"nobody serves at {B_URL}: see in its host's log" in holder.told[0].body


def test_a_peer_that_was_never_heard_is_told_by_its_url() -> None:
    holder = Looks(Twin().wake())
    assert holder.go_on(1000) == [Kind.PEER_GONE]
    assert holder.told[0].title == f"The twin {B_URL} is gone"
    assert "it has never been heard" in holder.told[0].body


def test_a_twin_that_has_no_peer_misses_none() -> None:
    assert Looks(Twin(peer_url=None).wake()).go_on(3600) == []


def test_two_that_cannot_talk_to_each_other_are_told_with_the_remedy(holder: Looks) -> None:
    why = "the peer answers 401 to our credentials: set PEER_PASSWORD"
    for _ in range(200):  # its own requests still reach us
        holder.twin.tell(Failed(Failure.DENIED, why, holder.twin.mono))
        holder.go_on(5, Role.STANDBY)
    (news,) = holder.told
    assert news.kind is Kind.PEER_MISCONFIGURED
    assert news.title == "The twin b cannot be talked to"
    assert why in news.body


def test_a_twin_on_standby_tells_nothing_and_forgets_nothing() -> None:
    standby = Looks(Twin().stand_by())
    standby.absence = Absence("b", 1.0, told=True)
    standby.look()
    assert (standby.told, standby.absence) == ([], Absence("b", 1.0, told=True))


# ---- who has the duty next


def test_a_twin_that_was_away_and_has_the_duty_tells_itself_that_it_is_back() -> None:
    holder = Looks(Twin().take())
    holder.absence = Absence("a", holder.twin.wall - 5000, told=True)
    assert holder.go_on(300, Role.STANDBY) == [Kind.PEER_BACK]
    assert holder.told[0].title == "The twin a is back"
    assert holder.absence == NOBODY_AWAY


def test_where_the_one_comes_and_the_other_goes_both_are_told() -> None:
    holder = Looks(Twin().take())
    holder.go_on(60)
    holder.absence = Absence("a", holder.twin.wall - 5000, told=True)
    assert holder.go_on(1000) == [Kind.PEER_BACK, Kind.PEER_GONE]
    assert [news.target for news in holder.told] == ["a", "b"]


def test_what_was_told_before_a_handover_is_not_told_after_it(holder: Looks) -> None:
    holder.absence = Absence("b", holder.twin.wall - 5000, told=True)
    assert holder.go_on(3600) == []


def test_what_began_to_be_away_before_a_handover_and_was_not_told_is_back_without_a_word(
    holder: Looks,
) -> None:
    holder.absence = Absence("b", holder.twin.wall - 300)
    assert holder.go_on(3600, Role.STANDBY) == []
    assert holder.absence == NOBODY_AWAY


# ---- time


def test_time_in_which_this_twin_stood_still_does_not_count(holder: Looks) -> None:
    holder.twin.hear(Role.STANDBY)
    holder.look()
    holder.twin._pass(7200)
    holder.twin.tell(Froze(7200))
    assert holder.go_on(LIMIT_S - 10) == []
    assert holder.go_on(60) == [Kind.PEER_GONE]


@pytest.mark.parametrize("jump_s", [7200.0, -7200.0])
def test_a_clock_that_is_set_soon_after_a_boot_neither_hurries_nor_keeps_the_word(
    holder: Looks, jump_s: float
) -> None:
    assert holder.go_on(100) == []
    holder.twin.wall += jump_s
    assert holder.go_on(LIMIT_S - 150) == []
    assert holder.go_on(LIMIT_S) == [Kind.PEER_GONE]
    holder.go_on(5, Role.STANDBY)
    holder.twin.wall -= 7200
    assert holder.go_on(65, Role.STANDBY) == [Kind.PEER_BACK]


def test_a_twin_whose_claim_is_not_confirmed_yet_tells_nothing() -> None:
    claimer = Looks(Twin().wake())
    assert claimer.twin.role() is Role.CLAIMING
    claimer.absence = Absence("a", 1.0, told=True, back_since=2.0)
    claimer.look()
    assert claimer.told == []
