"""A peer that refuses, is no twin, or cannot be read."""

import pytest
from situations import (
    A_PAGE,
    DENIED,
    MORNING,
    NEWER_A,
    ON_STANDBY,
    STRANGER,
    claiming,
    look_for,
    on_duty,
    standing_by,
)
from stepping import B_BOOT, B_URL, NOON, Twin, noted, sent

from twin.core.pair.document import Role
from twin.core.pair.events import (
    Froze,
    Heard,
    Looked,
    Via,
    Watchers,
    WatchLost,
)
from twin.core.pair.state import Trouble
from twin.core.schedule.job import Job
from twin.core.schedule.schedules import every


def test_wrong_credentials_are_reported_and_retried_every_minute() -> None:
    twin = claiming()
    (said,) = noted(twin.tell(DENIED), "peer.misconfigured")
    assert "TWIN_PASSWORD" in str(said["because"])
    assert noted(twin.tell(DENIED), "peer.misconfigured") == []
    assert sent(twin.wait(59)).count("UPDATE") == 0
    assert sent(twin.wait(2)).count("UPDATE") == 1
    right = twin.hear(Role.STANDBY, twin.state.knowledge.claim, Via.ANSWER)
    assert noted(right, "peer.configured")
    assert twin.role() is Role.ON_DUTY


def strangers_after(seconds: float, boot: str, on_duty: bool = False) -> Twin:
    twin = claiming()
    twin.tell(DENIED)
    for _ in range(int(seconds / 5) + 1):
        twin.tell(Looked(on_duty, boot, alive=True))
        twin.wait(5)
    return twin


def test_a_freeze_forgets_how_long_the_peer_was_not_seen_on_duty() -> None:
    twin = strangers_after(20, NEWER_A)
    twin.wall, twin.mono = twin.wall + 60, twin.mono + 60
    twin.tell(Froze(60.0))
    twin.tell(Looked(False, NEWER_A, alive=True))
    assert twin.role() is Role.CLAIMING


@pytest.mark.parametrize(
    ("seconds", "boot", "on_duty", "role"),
    [
        (25, NEWER_A, False, Role.CLAIMING),
        (30, NEWER_A, False, Role.ON_DUTY),
        (30, "1-b", False, Role.CLAIMING),
        (60, "1-b", False, Role.ON_DUTY),
        (30, "", False, Role.ON_DUTY),
        (90, NEWER_A, True, Role.CLAIMING),
    ],
    ids=["elder, early", "elder", "younger, early", "younger", "nobody", "peer on duty"],
)
def test_twins_that_cannot_talk_stand_in_for_each_other(
    seconds: float, boot: str, on_duty: bool, role: Role
) -> None:
    assert strangers_after(seconds, boot, on_duty).role() is role


def test_a_twin_that_stands_in_stops_when_it_sees_its_peer_on_duty() -> None:
    twin = strangers_after(30, NEWER_A)
    assert twin.role() is Role.ON_DUTY
    assert noted(twin.tell(Looked(True, NEWER_A, alive=True)), "duty.lost")
    assert twin.role() is Role.CLAIMING


def test_a_holder_confirmed_by_its_peer_does_not_stop_for_a_health_check() -> None:
    twin = on_duty()
    twin.tell(DENIED)
    twin.tell(Looked(True, NEWER_A, alive=True))
    assert twin.role() is Role.ON_DUTY


def test_two_twins_of_one_name_are_reported() -> None:
    twin = claiming()
    twin.hear(Role.ON_DUTY, via=Via.UPDATE, twin="a", url="https://other.example")
    assert twin.state.peer.trouble is Trouble.SAME_NAME
    assert "TWIN_NAME" in twin.state.peer.trouble_why


def test_a_peer_url_that_leads_to_the_twin_itself_is_reported() -> None:
    twin = claiming()
    twin.tell(Heard(twin.state.document(), Via.ANSWER))
    assert twin.state.peer.trouble is Trouble.STRANGER
    assert "PEER_URL" in twin.state.peer.trouble_why
    twin.tell(Heard(twin.state.document(), Via.UPDATE))
    assert twin.role() is Role.CLAIMING
    look_for(twin, 4, Looked(on_duty=False, boot=twin.state.boot, alive=True))
    assert twin.role() is Role.ON_DUTY


def test_a_peer_url_from_the_settings_is_never_replaced() -> None:
    twin = Twin(peer_url="https://blog.example").wake()
    twin.hear(Role.STANDBY, via=Via.UPDATE)
    twin.tell(STRANGER)
    assert twin.state.peer.url == "https://blog.example"
    assert B_URL in twin.state.peer.trouble_why


def test_a_learned_peer_url_follows_the_peer() -> None:
    twin = Twin(peer_url=None).wake()
    twin.hear(Role.STANDBY, via=Via.UPDATE)
    twin.hear(Role.STANDBY, via=Via.UPDATE, url="https://moved.example")
    assert twin.state.peer.url == "https://moved.example"
    twin.hear(Role.STANDBY, via=Via.UPDATE, url=None)
    assert twin.state.peer.url == "https://moved.example"


def test_a_holder_returns_the_call_of_a_peer_that_doubts() -> None:
    """The peer may be unable to read the answer to its call."""
    twin = on_duty()
    assert sent(twin.hear(Role.STANDBY, via=Via.UPDATE, doubts=True)) == ["UPDATE"]
    assert sent(twin.hear(Role.STANDBY, via=Via.UPDATE)) == []


def test_a_holder_calls_a_peer_in_doubt_until_the_doubt_ends() -> None:
    """Its PEER_URL may lead elsewhere: then it hears only our calls."""
    twin = on_duty()
    shown = twin.state.knowledge.claim
    twin.hear(Role.STANDBY, shown, Via.ANSWER, doubts=True)
    assert sent(twin.wait(6)).count("UPDATE") == 4
    twin.hear(Role.STANDBY, shown, Via.ANSWER)
    assert "UPDATE" not in sent(twin.wait(6))


def test_twins_that_cannot_read_each_others_answers_call_once_for_each_call() -> None:
    twin = standing_by()
    assert (
        sent(twin.hear(Role.STANDBY, twin.claim_of_b(above=-9), via=Via.UPDATE, doubts=True)) == []
    )


def test_a_holder_in_trouble_sends_its_starts_to_the_peer() -> None:
    twin = Twin(jobs={"mail": Job("mail", every("1m", None, "UTC"))}).take()
    twin.tell(STRANGER)
    assert "UPDATE" in sent(twin.wait(60))


def test_a_stranger_that_shows_a_twin_at_healthz_is_called_again_at_once() -> None:
    twin = on_duty()
    twin.tell(STRANGER)
    assert sent(twin.tell(ON_STANDBY)) == ["UPDATE"]
    assert sent(twin.tell(A_PAGE)) == []


def test_a_boot_that_said_it_leaves_does_not_count_as_there() -> None:
    twin = standing_by()
    twin.tell(WatchLost("it broke"))
    twin.tell(DENIED)
    twin.hear(Role.LEAVING, twin.claim_of_b(released=True), Via.DOWN)
    look_for(twin, 3.1, Looked(on_duty=False, boot=B_BOOT, alive=True))
    assert twin.role() is Role.ON_DUTY


def test_a_peer_that_left_may_sleep_despite_answers_of_its_host() -> None:
    twin = Twin(jobs={"mail": Job("mail", every("1m", None, "UTC"))}).take()
    twin.hear(Role.LEAVING, twin.state.knowledge.claim, Via.DOWN)
    twin.tell(STRANGER)
    assert sent(twin.wait(180)) == []


def test_a_peer_whose_watch_drops_before_it_says_that_it_leaves_is_let_sleep() -> None:
    twin = on_duty()
    twin.tell(Watchers(1))
    twin.tell(Watchers(0))
    twin.hear(Role.LEAVING, twin.state.knowledge.claim, Via.DOWN)
    assert sent(twin.wait(60)) == []


def test_a_peer_whose_shift_began_is_asked_though_it_left_again() -> None:
    twin = Twin(rules=MORNING, wall=NOON - 30).take()
    twin.wait(31)
    twin.hear(Role.LEAVING, twin.state.knowledge.claim, Via.DOWN)
    assert "STATUS" in sent(twin.wait(20))


def test_trouble_on_standby_changes_no_role() -> None:
    twin = standing_by()
    twin.tell(STRANGER)
    twin.tell(Looked(False, NEWER_A, alive=True))
    assert twin.role() is Role.STANDBY
    twin.hear(Role.ON_DUTY, twin.claim_of_b(), Via.ANSWER)
    assert not twin.state.peer.trouble
