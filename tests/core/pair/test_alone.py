"""A twin without a peer, and the first message of one."""

from stepping import A_URL, B_URL, Twin, sent

from twin.core.pair.document import Role
from twin.core.pair.events import (
    LearnedUrl,
    Via,
)


def test_a_twin_without_a_peer_is_on_duty_alone_until_it_hears_one() -> None:
    twin = Twin(peer_url=None).wake()
    assert sent(twin.wait(60)) == []
    twin.hear(Role.CLAIMING, twin.claim_of_b(9_999_999), Via.UPDATE)
    assert twin.role() is Role.STANDBY
    assert twin.state.peer.url == B_URL


def test_a_twin_learns_its_url_from_the_peer_that_reached_it() -> None:
    twin = Twin(url=None)
    twin.tell(LearnedUrl(A_URL))
    assert twin.state.url == A_URL


def test_a_peer_that_cannot_be_asked_also_gets_its_watch_timeout() -> None:
    twin = Twin(peer_url=None, url=None)
    twin.hear(Role.ON_DUTY, twin.claim_of_b(), Via.UPDATE, url=None)
    twin.wait(1.01)
    assert twin.role() is Role.STANDBY
    twin.wait(6)
    twin.hear(Role.ON_DUTY, twin.claim_of_b(), Via.UPDATE, url=None)
    twin.wait(7)
    assert twin.role() is Role.STANDBY
    twin.wait(1)
    assert twin.role() is Role.ON_DUTY
