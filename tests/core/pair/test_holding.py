"""The messages that a twin on duty repeats, requests and ignores."""

import pytest
from situations import (
    REFUSED,
    on_duty,
    standing_by,
)
from stepping import NOON, Twin, sent

from twin.core.pair.document import Role
from twin.core.pair.events import (
    Event,
    Failed,
    Failure,
    Heard,
    Looked,
    Via,
    Watchers,
    WatchLost,
)


def test_a_holder_that_cannot_be_asked_repeats_its_update_while_on_duty() -> None:
    twin = Twin(url=None).take()
    assert set(sent(twin.wait(30))) == {"UPDATE"}
    assert len(sent(twin.wait(30))) == 20


def test_a_holder_whose_url_leads_to_an_old_boot_asks_there_until_it_is_its_own() -> None:
    twin = on_duty()
    old = Twin(wall=NOON - 900)
    document = old.state.document()
    twin.tell(Heard(document, Via.OWN))
    assert set(sent(twin.wait(3))) == {"UPDATE", "OWN"}
    twin.tell(Heard(twin.state.document(), Via.OWN))
    assert sent(twin.wait(9)) == []


def test_while_an_old_boot_has_its_url_a_holder_updates_even_a_peer_that_left() -> None:
    """It may come back, ask that old boot, and find no holder (seeds 115, 207)."""
    twin = standing_by()
    twin.hear(Role.LEAVING, twin.claim_of_b(released=True), Via.DOWN)
    twin.wait(100)
    twin.tell(Heard(Twin(wall=NOON - 900).state.document(), Via.OWN))
    assert sent(twin.wait(3.1)).count("UPDATE") >= 2
    twin.tell(Heard(twin.state.document(), Via.OWN))
    assert sent(twin.wait(60)) == []


def test_a_young_holder_unsure_of_its_url_updates_a_peer_that_left() -> None:
    twin = Twin()
    twin.wait(4.1)
    twin.tell(Failed(Failure.REFUSED, ""))
    twin.hear(Role.LEAVING, twin.state.knowledge.claim, Via.DOWN)
    assert sent(twin.wait(9)).count("UPDATE") == 6
    twin.wait(90)
    assert sent(twin.wait(60)) == []


def test_a_leave_heard_before_any_other_message_is_not_believed() -> None:
    """It came late from an old boot; the next boot is on duty (seed 1795287644)."""
    twin = Twin()
    twin.wait(4.1)
    twin.hear(Role.LEAVING, twin.claim_of_b(-9), Via.DOWN)
    assert not twin.state.peer.left
    assert sent(twin.wait(9)).count("UPDATE") == 6


def test_when_the_last_watcher_drops_silently_the_peer_is_asked() -> None:
    twin = on_duty()
    twin.tell(Watchers(1))
    assert sent(twin.tell(Watchers(0))) == ["STATUS"]
    assert sent(twin.wait(16)) == ["STATUS"]
    twin.tell(Watchers(1))
    assert sent(twin.wait(60)) == []


@pytest.mark.parametrize(
    "event", [WatchLost("late"), Watchers(0), REFUSED, Looked(False, "", True)]
)
def test_late_messages_are_harmless(event: Event) -> None:
    twin = on_duty()
    twin.tell(event)
    assert twin.role() is Role.ON_DUTY
