"""One alert when the other twin is gone for good, and one when it is back."""

from zoneinfo import ZoneInfo

import pytest
from stepping import B_URL, Twin

from twin.core.alert import Alert, Severity
from twin.core.pair.absence import BACK_FOR_S, NOBODY_AWAY, Absence, Patience, observe
from twin.core.pair.diagnosis import SILENT_S
from twin.core.pair.document import Role
from twin.core.pair.events import Failed, Failure, Froze
from twin.core.pair.shift import parse_shift
from twin.core.pair.state import Rules

LIMIT_S = 600.0
AWAKE = Patience(LIMIT_S, may_sleep=False)
GONE, BACK = "The twin b is gone", "The twin b is back"
SLEEPING = Patience(LIMIT_S, may_sleep=True)


class Looks:
    """Twin `a`, which looks every 5 s, and the pair's memos."""

    def __init__(self, twin: Twin, patience: Patience = AWAKE) -> None:
        self.twin = twin
        self.patience = patience
        self.absence = NOBODY_AWAY
        self.told: list[Alert] = []

    def go_on(self, seconds: float, peer: Role | None = None) -> list[str]:
        """The alerts of this time; `peer` is heard before each look."""
        before = len(self.told)
        for _ in range(int(seconds / 5)):
            self.twin.wait(5)
            if peer is not None:
                self.twin.hear(peer, self.twin.state.knowledge.claim)
            self.look()
        return [alert.title for alert in self.told[before:]]

    def look(self) -> None:
        state, now = self.twin.state, self.twin.now
        self.absence, alert = observe(state, self.absence, self.patience, now)
        if alert is not None:
            self.told.append(alert)


@pytest.fixture
def holder() -> Looks:
    return Looks(Twin().take())


def test_a_peer_in_contact_is_not_absent(holder: Looks) -> None:
    assert holder.go_on(3600, Role.STANDBY) == []
    assert holder.absence == NOBODY_AWAY


def test_a_silent_peer_is_reported_once_after_the_time_of_a_restart(
    holder: Looks,
) -> None:
    assert holder.go_on(SILENT_S + LIMIT_S - 10) == []
    assert holder.go_on(24 * 3600) == [GONE]
    (alert,) = holder.told
    assert (alert.severity, alert.about) == (Severity.FAILURE, "b")
    assert "has been gone since 2026-05-29 12:00:46 UTC, for 10m." in alert.body
    assert "Why: it does not answer: see whether its host runs it" in alert.body
    assert "Done: nothing: a is on duty, and nobody takes over if it fails." in alert.body


def test_a_restart_and_a_deploy_are_not_reported(holder: Looks) -> None:
    for _ in range(20):
        assert holder.go_on(300) == []
        assert holder.go_on(120, Role.STANDBY) == []


def test_a_return_is_reported_once_after_a_minute(holder: Looks) -> None:
    holder.go_on(1000)
    assert holder.go_on(BACK_FOR_S - 5, Role.STANDBY) == []
    assert holder.go_on(3600, Role.STANDBY) == [BACK]
    assert "for 17m" in holder.told[-1].body
    assert holder.go_on(1000) == [GONE]


def test_a_peer_that_keeps_crashing_is_reported_once(holder: Looks) -> None:
    for _ in range(30):
        holder.go_on(300)
        holder.go_on(20, Role.STANDBY)
    assert [alert.title for alert in holder.told] == [GONE]


def test_a_peer_that_left_but_should_be_awake_is_gone_unless_it_returns(
    holder: Looks,
) -> None:
    holder.twin.hear(Role.LEAVING)
    assert holder.go_on(1000) == [GONE]
    assert "it said that it leaves, and does not come back" in holder.told[0].body


def test_a_peer_that_its_host_put_to_sleep_is_not_gone() -> None:
    holder = Looks(Twin().take(), SLEEPING)
    holder.twin.hear(Role.LEAVING)
    assert holder.go_on(24 * 3600) == []


def test_a_sleeping_peer_that_does_not_wake_on_request_is_gone() -> None:
    shift = parse_shift("11:00-14:00", ZoneInfo("UTC"))
    holder = Looks(Twin(rules=Rules(shift=shift)).take(), SLEEPING)
    holder.twin.hear(Role.LEAVING)
    assert holder.go_on(7200 + LIMIT_S - 10) == []  # from 14:00 on it is asked to take it
    assert holder.go_on(60) == [GONE]


def test_an_unreachable_peer_is_reported_with_its_url(holder: Looks) -> None:
    holder.twin.wait(60)
    holder.twin.tell(Failed(Failure.REFUSED, "connection refused", holder.twin.mono))
    assert holder.go_on(1000) == [GONE]
    assert f"nobody serves at {B_URL}: see in its host's log" in holder.told[0].body


def test_a_peer_that_was_never_heard_is_named_by_its_url() -> None:
    holder = Looks(Twin().wake())
    assert holder.go_on(1000) == [f"The twin {B_URL} is gone"]
    assert "it has never been heard" in holder.told[0].body


def test_a_twin_without_a_peer_reports_no_absence() -> None:
    assert Looks(Twin(peer_url=None).wake()).go_on(3600) == []


def test_twins_that_cannot_talk_are_reported_with_the_remedy(holder: Looks) -> None:
    why = "the peer answers 401 to our credentials: set PEER_PASSWORD"
    for _ in range(200):  # its own requests still reach us
        holder.twin.tell(Failed(Failure.DENIED, why, holder.twin.mono))
        holder.go_on(5, Role.STANDBY)
    (alert,) = holder.told
    assert alert.severity is Severity.WARNING
    assert alert.title == "The twin b cannot be talked to"
    assert why in alert.body


def test_a_standby_reports_nothing_and_forgets_nothing() -> None:
    standby = Looks(Twin().stand_by())
    standby.absence = Absence("b", 1.0, told=True)
    standby.look()
    assert (standby.told, standby.absence) == ([], Absence("b", 1.0, told=True))


# ---- the next holder


def test_a_holder_that_was_absent_reports_its_own_return() -> None:
    holder = Looks(Twin().take())
    holder.absence = Absence("a", holder.twin.wall - 5000, told=True)
    assert holder.go_on(300, Role.STANDBY) == ["The twin a is back"]
    assert holder.absence == NOBODY_AWAY


def test_a_return_and_an_absence_at_once_are_both_reported() -> None:
    holder = Looks(Twin().take())
    holder.go_on(60)
    holder.absence = Absence("a", holder.twin.wall - 5000, told=True)
    assert holder.go_on(1000) == ["The twin a is back", GONE]


def test_an_absence_reported_before_a_handover_is_not_reported_after_it(holder: Looks) -> None:
    holder.absence = Absence("b", holder.twin.wall - 5000, told=True)
    assert holder.go_on(3600) == []


def test_an_unreported_absence_ends_without_a_report_after_a_handover(
    holder: Looks,
) -> None:
    holder.absence = Absence("b", holder.twin.wall - 300)
    assert holder.go_on(3600, Role.STANDBY) == []
    assert holder.absence == NOBODY_AWAY


# ---- time


def test_time_of_our_own_freeze_does_not_count(holder: Looks) -> None:
    holder.twin.hear(Role.STANDBY)
    holder.look()
    holder.twin._pass(7200)
    holder.twin.tell(Froze(7200))
    assert holder.go_on(LIMIT_S - 10) == []
    assert holder.go_on(60) == [GONE]


@pytest.mark.parametrize("jump_s", [7200.0, -7200.0])
def test_a_clock_set_soon_after_a_boot_neither_hastens_nor_delays_a_report(
    holder: Looks, jump_s: float
) -> None:
    assert holder.go_on(100) == []
    holder.twin.wall += jump_s
    assert holder.go_on(LIMIT_S - 150) == []
    assert holder.go_on(LIMIT_S) == [GONE]
    holder.go_on(5, Role.STANDBY)
    holder.twin.wall -= 7200
    assert holder.go_on(65, Role.STANDBY) == [BACK]


def test_a_twin_with_an_unconfirmed_claim_reports_nothing() -> None:
    claimer = Looks(Twin().wake())
    assert claimer.twin.role() is Role.CLAIMING
    claimer.absence = Absence("a", 1.0, told=True, back_since=2.0)
    claimer.look()
    assert claimer.told == []
