"""Both twins know the newest boot of each app, whichever heard it first."""

from collections.abc import Callable

import pytest
from stepping import A_URL, B_BOOT, Twin, sent

from twin.core.pair.document import Document, Role
from twin.core.pair.events import Heard, Via
from twin.core.pair.knowledge import Knowledge

NEWER_A = "1780056900000-a"


def hear_of(twin: Twin, newest: str) -> None:
    """The peer's document, which names the newest boot of this app."""
    document = Document(
        twin="b",
        boot=B_BOOT,
        url=None,
        role=Role.STANDBY,
        claim=twin.state.knowledge.claim,
        ledger={},
        boots={"a": newest},
    )
    twin.tell(Heard(document, Via.ANSWER, twin.mono))


@pytest.mark.parametrize("stage", [Twin.take, Twin.stand_by])
def test_a_boot_makes_way_as_soon_as_the_peer_names_a_newer_one(
    stage: Callable[[Twin], Twin],
) -> None:
    twin = stage(Twin())
    hear_of(twin, NEWER_A)
    assert twin.state.retired


def test_a_boot_names_itself_and_the_newest_boot_of_the_peer() -> None:
    twin = Twin().take()
    assert twin.state.document().boots == {"a": twin.state.boot, "b": B_BOOT}


def test_the_newer_of_two_boots_is_known_in_any_order_of_messages() -> None:
    old, new = Knowledge(boots={"a": "1-a"}), Knowledge(boots={"a": "2-a"})
    assert old.merge(new) == new.merge(old) == new


def test_a_boot_whose_successor_died_is_back_within_15_s() -> None:
    """The new version serves for some seconds and dies: the URL leads to the old boot again."""
    twin = Twin().take()
    twin.hear(Role.WAKING, via=Via.UPDATE, boot=NEWER_A, url=A_URL, twin="a")
    twin.wait(3)
    twin.hear(Role.CLAIMING, via=Via.UPDATE, boot=NEWER_A, url=A_URL, twin="a")
    assert "OWN" not in sent(twin.wait(10.9))
    assert "OWN" in sent(twin.wait(0.2))
    assert "OWN" in sent(twin.wait(5)), "the answer may be lost"
    twin.tell(Heard(twin.state.document(), Via.OWN))
    assert twin.role() is Role.WAKING
    twin.tell(Heard(twin.state.document(), Via.OWN))
    twin.wait(3.1)
    assert twin.role() is Role.CLAIMING or twin.state.on_duty
