"""A twin that just started settles, then claims or joins."""

import pytest
from situations import (
    JOIN,
    MORNING,
    NEWER,
    OLDER,
    REFUSED,
    on_duty,
    standing_by,
)
from stepping import A_URL, B_BOOT, B_URL, NOON, Twin, noted, sent

from twin.core.pair.document import Role
from twin.core.pair.events import (
    Froze,
    Heard,
    PlainUpdate,
    TakeDuty,
    Tick,
    Via,
    Watch,
)
from twin.core.pair.knowledge import Claim
from twin.core.pair.state import Holding, Rules, boot_name


@pytest.mark.parametrize(
    ("rules", "wall", "peer_url", "role"),
    [
        (Rules(), NOON, B_URL, Role.CLAIMING),
        (JOIN, NOON, B_URL, Role.STANDBY),
        (JOIN, NOON, None, Role.ON_DUTY),
        (Rules(), NOON, None, Role.ON_DUTY),
        (MORNING, NOON - 60, B_URL, Role.CLAIMING),
        (MORNING, NOON, B_URL, Role.STANDBY),
        (MORNING, NOON, None, Role.ON_DUTY),
    ],
    ids=["take", "join", "join, alone", "alone", "in its shift", "outside it", "outside, alone"],
)
def test_a_twin_that_has_settled(
    rules: Rules, wall: float, peer_url: str | None, role: Role
) -> None:
    assert Twin(peer_url, rules, wall=wall).wake().role() is role


def test_a_twin_settles_for_a_second_before_it_claims() -> None:
    twin = Twin()
    twin.tell(Tick())
    twin.tell(Heard(twin.state.document(), Via.OWN))
    twin.wait(0.99)
    assert twin.role() is Role.WAKING
    twin.wait(0.02)
    assert twin.role() is Role.CLAIMING


def test_a_twin_woken_by_the_update_of_its_peer_joins() -> None:
    twin = Twin()
    twin.tell(Tick())
    twin.tell(Heard(twin.state.document(), Via.OWN))
    twin.hear(Role.CLAIMING, twin.claim_of_b(), Via.UPDATE)
    twin.wait(1.01)
    assert twin.role() is Role.STANDBY


def test_a_twin_woken_by_a_plain_update_joins() -> None:
    twin = Twin(url=None)
    twin.tell(PlainUpdate())
    twin.wait(1.01)
    assert twin.role() is Role.STANDBY


def test_a_plain_update_changes_nothing_where_the_peer_is_on_duty_already() -> None:
    twin = standing_by()
    held = twin.state.knowledge.claim
    assert noted(twin.tell(PlainUpdate()), "update.plain")
    assert twin.state.knowledge.claim == held


def test_a_leave_heard_while_settling_is_not_believed() -> None:
    """It may come from an old boot, while a newer one already claims."""
    twin = Twin(url=None)
    twin.hear(Role.LEAVING, twin.claim_of_b(released=True), Via.DOWN)
    twin.wait(1.01)
    assert twin.role() is Role.CLAIMING
    assert not twin.state.peer.left


def above_an_older_boot() -> Twin:
    """It has just claimed above an older boot of its app, of which it heard from the peer."""
    twin = Twin()
    assert "STATUS" in sent(twin.tell(Tick()))
    older = Claim(int(NOON * 1000) - 9_000, "a", "1780055000000-a")
    twin.tell(Heard(twin.state.document(), Via.OWN))
    twin.hear(Role.STANDBY, older, Via.ANSWER)
    twin.wait(1)
    assert twin.state.claim_is_ours
    return twin


def test_a_boot_waits_until_the_older_boot_has_heard_of_it() -> None:
    """The two run side by side: the older is on duty until the peer lets go of its watch."""
    twin = above_an_older_boot()
    for _ in range(3):
        twin.hear(Role.STANDBY, twin.state.knowledge.claim, Via.ANSWER)
        twin.wait(1)
    twin.hear(Role.STANDBY, twin.state.knowledge.claim, Via.ANSWER)
    twin.wait(0.4)
    assert twin.role() is Role.CLAIMING
    twin.wait(0.2)
    assert twin.role() is Role.ON_DUTY


def test_after_one_message_of_the_peer_silence_confirms_a_claim_above_an_older_boot() -> None:
    twin = above_an_older_boot()
    twin.hear(Role.STANDBY, twin.state.knowledge.claim, Via.ANSWER)
    twin.wait(2.9)
    assert twin.role() is Role.CLAIMING
    twin.wait(0.2)
    assert twin.role() is Role.ON_DUTY


def test_a_refusal_confirms_a_claim_above_an_older_boot_at_once() -> None:
    twin = above_an_older_boot()
    twin.tell(REFUSED)
    assert twin.role() is Role.ON_DUTY


def test_a_claim_above_an_active_boot_waits_until_that_boot_has_heard_of_it() -> None:
    """The peer deploys: its new boot answers as waking, and the old one still starts slots."""
    twin = Twin().stand_by()
    newer = "1780055600000-b"
    twin.hear(Role.WAKING, twin.claim_of_b(), Via.ANSWER, boot=newer)
    twin.hear(Role.WAKING, twin.state.knowledge.claim, Via.ANSWER, boot=newer)
    assert twin.role() is Role.CLAIMING


def test_a_boot_of_the_peer_that_appears_after_a_claim_confirms_it_later() -> None:
    """The older one may be on duty beside it. It asks at its URL, and hears of the newer one."""
    twin = Twin().stand_by()
    twin.tell(TakeDuty("somebody asks for it"))
    newer, claim = "1780055600000-b", twin.state.knowledge.claim
    for _ in range(2):
        twin.hear(Role.WAKING, claim, Via.ANSWER, boot=newer)
        twin.wait(1.7)
        assert twin.role() is Role.CLAIMING
    twin.hear(Role.STANDBY, claim, Via.ANSWER, boot=newer)
    twin.wait(0.2)
    assert twin.role() is Role.ON_DUTY


def test_a_boot_of_the_peer_that_follows_a_dead_one_confirms_a_claim_at_once() -> None:
    twin = Twin().stand_by()
    twin.tell(Froze(5))
    twin.tell(TakeDuty("somebody asks for it"))
    twin.hear(Role.LEAVING, twin.claim_of_b(released=True), Via.DOWN)
    twin.hear(Role.WAKING, twin.state.knowledge.claim, Via.ANSWER, boot="1780055600000-b")
    assert twin.role() is Role.ON_DUTY


def test_a_watch_of_an_older_boot_ends_when_a_newer_one_is_heard() -> None:
    twin = Twin().stand_by()
    newer = "1780055600000-b"
    effects = twin.hear(Role.CLAIMING, twin.claim_of_b(1, boot=newer), Via.UPDATE, boot=newer)
    assert Watch(open=True) in effects


def test_a_twin_waits_four_seconds_for_its_url() -> None:
    twin = Twin()
    assert sent(twin.wait(3.9)).count("OWN") == 8
    assert twin.role() is Role.WAKING
    twin.wait(0.2)
    assert twin.role() is Role.CLAIMING


def test_a_freeze_while_settling_restarts_it() -> None:
    twin = Twin(url=None)
    twin.wait(0.9)
    twin.tell(Froze(9.0))
    twin.wait(0.9)
    assert twin.role() is Role.WAKING


def test_on_wake_join_claims_only_if_the_peer_is_not_on_duty() -> None:
    twin = Twin(rules=JOIN).wake()
    twin.wait(0.9)
    twin.hear(Role.ON_DUTY, twin.claim_of_b(), Via.ANSWER)
    twin.hear(Role.ON_DUTY, twin.claim_of_b())
    twin.wait(9)
    assert twin.role() is Role.STANDBY
    assert Twin(rules=JOIN).wake().wait(3.31)


def test_a_late_release_from_an_old_boot_is_no_message_of_an_unheard_peer() -> None:
    """Its router held the message while we booted, and a newer boot took over (seed 1069)."""
    twin = Twin(rules=JOIN).wake()
    twin.hear_retired(twin.claim_of_b(released=True), Via.DOWN)
    assert twin.role() is Role.CLAIMING


def test_a_release_heard_through_our_old_boot_waits_for_the_peers_message() -> None:
    twin = standing_by()
    twin.hear_retired(via=Via.OWN, boot="1-x", url=A_URL, twin="a")
    twin.hear_retired(twin.claim_of_b(released=True), Via.OWN, boot="1-x", url=A_URL, twin="a")
    assert twin.role() is Role.CLAIMING


def test_the_third_silent_wake_within_ten_minutes_is_not_followed() -> None:
    twin = on_duty()
    for wake in range(1, 4):
        twin.wait(20)
        boot = f"{1780056000000 + wake}-b"
        above = twin.state.knowledge.claim.term + 1 - int(NOON * 1000)
        twin.hear(Role.CLAIMING, twin.claim_of_b(above, boot=boot), Via.UPDATE, boot=boot)
        if wake < 3:
            assert twin.role() is Role.STANDBY
            twin.hear(Role.STANDBY, twin.state.knowledge.claim, boot=boot)
            twin.wait(4)
            assert isinstance(twin.state.stage, Holding)
    assert twin.role() is Role.CLAIMING


def test_announced_wakes_are_no_flapping() -> None:
    twin = on_duty()
    twin.hear(Role.LEAVING, twin.state.knowledge.claim, Via.DOWN)
    twin.hear(Role.WAKING, twin.state.knowledge.claim, Via.UPDATE, boot=NEWER)
    assert twin.state.peer.wakes == ()


def test_all_messages_of_the_peers_boots_have_sorting_names() -> None:
    assert OLDER < B_BOOT < NEWER


def test_boots_sort_by_age_even_those_of_a_clock_that_began_in_1970() -> None:
    names = [boot_name(began_ms, "x") for began_ms in (0, 9_000, 10_000, 1_780_056_000_000)]
    assert names == sorted(names)
