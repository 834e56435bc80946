"""A legacy peer, which knows only the plain GET."""

from situations import (
    NO_ENDPOINT,
    claiming,
    on_duty,
    standing_by,
)
from stepping import Twin, noted, sent

from twin.core.pair.document import Role
from twin.core.pair.events import (
    Looked,
    PlainConfirmed,
    PlainUpdate,
    TakeDuty,
)
from twin.core.pair.state import Trouble


def legacy() -> Twin:
    twin = on_duty()
    twin.tell(PlainUpdate())
    twin.tell(NO_ENDPOINT)
    return twin


def test_a_plain_update_is_a_claim_one_above_the_highest() -> None:
    twin = legacy()
    assert twin.role() is Role.STANDBY
    assert twin.state.peer.legacy


def test_a_legacy_peer_is_looked_at_every_ten_seconds() -> None:
    twin = legacy()
    assert sent(twin.wait(21)).count("LOOK") == 3
    twin.tell(Looked(False, "", alive=True))
    twin.tell(Looked(False, "", alive=False))
    twin.tell(Looked(False, "", alive=False))
    twin.tell(Looked(False, "", alive=True))
    assert twin.role() is Role.STANDBY
    for _ in range(3):
        twin.tell(Looked(False, "", alive=False))
    assert twin.role() is Role.CLAIMING


def test_a_404_from_a_known_twin_is_no_legacy_peer() -> None:
    twin = claiming()
    twin.tell(NO_ENDPOINT)
    assert twin.state.peer.trouble is Trouble.STRANGER
    twin.tell(PlainConfirmed())
    assert twin.state.peer.legacy
    assert not twin.state.peer.trouble
    twin.tell(NO_ENDPOINT)
    assert not twin.state.peer.trouble


def test_a_standby_takes_the_duty_that_a_legacy_peer_gives_up() -> None:
    """The two called each other at the same moment."""
    twin = legacy()
    twin.tell(PlainConfirmed())
    assert twin.role() is Role.ON_DUTY


def test_a_plain_down_changes_nothing_for_a_holder() -> None:
    twin = on_duty()
    twin.tell(TakeDuty("a plain /down asked for it"))
    assert twin.role() is Role.ON_DUTY


def test_a_plain_down_makes_a_standby_claim_even_if_no_twin_leaves() -> None:
    twin = standing_by()
    (claimed,) = noted(twin.tell(TakeDuty("a plain /down asked for it")), "duty.claimed")
    assert claimed["because"] == "a plain /down asked for it"
