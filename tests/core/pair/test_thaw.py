"""After a freeze, only answers to newer requests show that a twin has caught up."""

from stepping import A_URL, B_BOOT, Twin

from twin.core.pair.document import Role
from twin.core.pair.events import Failed, Failure, Froze, Via, WatchLost

OLDER_B, OLDER_A = "1780054000000-b", "1780054000000-a"


def caught_up(twin: Twin) -> bool:
    return twin.state.thawed_at is None


def test_the_refusal_of_a_watch_that_was_opened_before_the_freeze_shows_nothing() -> None:
    twin = Twin().stand_by()
    twin.wait(1)
    twin.tell(Froze(5))
    twin.tell(WatchLost("connection refused", refused=True))
    assert not caught_up(twin)
    assert not twin.state.peer.refused


def test_a_refusal_shows_nothing_while_an_older_boot_has_the_url() -> None:
    """The peer's last message went there."""
    twin = Twin().take()
    twin.hear(Role.STANDBY, via=Via.OWN, boot=OLDER_A, url=A_URL, twin="a")
    twin.tell(Froze(5))
    twin.wait(0.1)
    twin.tell(Failed(Failure.REFUSED, "", twin.mono))
    assert not caught_up(twin)


def test_the_answer_of_an_older_boot_of_the_peer_shows_nothing() -> None:
    twin = Twin().take()
    twin.tell(Froze(5))
    twin.wait(0.1)
    twin.hear(Role.STANDBY, via=Via.ANSWER, boot=OLDER_B)
    assert not caught_up(twin)
    twin.hear(Role.STANDBY, via=Via.ANSWER, boot=B_BOOT)
    assert caught_up(twin)
