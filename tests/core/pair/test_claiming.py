"""When a claim is confirmed, and how it is announced."""

from collections.abc import Callable

import pytest
from situations import (
    A_PAGE,
    DENIED,
    NO_ANSWER,
    OLDER,
    ON_STANDBY,
    REFUSED,
    STRANGER,
    claiming,
    look_for,
    on_duty,
)
from stepping import Twin, sent

from twin.core.pair.document import Role
from twin.core.pair.events import (
    PlainConfirmed,
    Publish,
    Request,
    Send,
    Tick,
    Via,
    Watchers,
)

CONFIRMS: list[tuple[str, Callable[[], Twin], Callable[[Twin], object], Role]] = [
    (
        "a message of the peer's that shows it confirms a claim",
        claiming,
        lambda twin: twin.hear(Role.STANDBY, twin.state.knowledge.claim, Via.ANSWER),
        Role.ON_DUTY,
    ),
    (
        "a message of the peer's that shows a lower one does not",
        claiming,
        lambda twin: twin.hear(Role.STANDBY, twin.claim_of_b(above=-9), Via.ANSWER),
        Role.CLAIMING,
    ),
    (
        "a refused connection confirms a claim",
        claiming,
        lambda twin: twin.tell(REFUSED),
        Role.ON_DUTY,
    ),
    ("2.9 s of silence do not", claiming, lambda twin: twin.wait(2.9), Role.CLAIMING),
    ("3 s of silence do", claiming, lambda twin: twin.wait(3.01), Role.ON_DUTY),
    (
        "silence counts from the last message of the peer's",
        claiming,
        lambda twin: (twin.wait(2), twin.hear(Role.WAKING), twin.wait(2)),
        Role.CLAIMING,
    ),
    (
        "a boot that made way cannot confirm for the newer one",
        claiming,
        lambda twin: twin.hear_retired(twin.state.knowledge.claim, Via.ANSWER),
        Role.CLAIMING,
    ),
    (
        "wrong credentials confirm nothing while a twin is seen there",
        claiming,
        lambda twin: (twin.tell(DENIED), look_for(twin, 29, ON_STANDBY)),
        Role.CLAIMING,
    ),
    (
        "wrong credentials where nobody is seen any more are silence",
        claiming,
        lambda twin: (twin.tell(DENIED), look_for(twin, 6, NO_ANSWER)),
        Role.ON_DUTY,
    ),
    (
        "an answer that is no twin's is silence",
        claiming,
        lambda twin: (twin.tell(STRANGER), look_for(twin, 3, A_PAGE)),
        Role.ON_DUTY,
    ),
    (
        "an answer that is no twin's confirms nothing while a twin is seen there",
        claiming,
        lambda twin: (twin.tell(STRANGER), look_for(twin, 29, ON_STANDBY)),
        Role.CLAIMING,
    ),
    (
        "a call that shows the claim confirms it, though no answer can be read",
        claiming,
        lambda twin: (
            twin.tell(STRANGER),
            twin.hear(Role.STANDBY, twin.state.knowledge.claim, Via.UPDATE),
        ),
        Role.ON_DUTY,
    ),
    (
        "a legacy peer confirms by its plain answer",
        claiming,
        lambda twin: twin.tell(PlainConfirmed()),
        Role.ON_DUTY,
    ),
    (
        "a higher claim ends ours at once",
        claiming,
        lambda twin: twin.hear(Role.CLAIMING, twin.claim_of_b(above=9_999), Via.UPDATE),
        Role.STANDBY,
    ),
    (
        "a higher claim ends the duty at once",
        on_duty,
        lambda twin: twin.hear(Role.CLAIMING, twin.claim_of_b(above=9_999), Via.UPDATE),
        Role.STANDBY,
    ),
    (
        "a late message of an older boot changes nothing",
        on_duty,
        lambda twin: twin.hear(Role.LEAVING, twin.claim_of_b(boot=OLDER), Via.DOWN, OLDER),
        Role.ON_DUTY,
    ),
    (
        "our own claim, seen again at the peer, changes nothing",
        on_duty,
        lambda twin: twin.hear(Role.STANDBY, twin.state.knowledge.claim),
        Role.ON_DUTY,
    ),
]


@pytest.mark.parametrize(
    ("situation", "then", "role"), [row[1:] for row in CONFIRMS], ids=[row[0] for row in CONFIRMS]
)
def test_when_a_claim_is_confirmed(
    situation: Callable[[], Twin], then: Callable[[Twin], object], role: Role
) -> None:
    twin = situation()
    then(twin)
    assert twin.role() is role


def test_a_claim_is_repeated_until_the_peer_has_shown_it() -> None:
    twin = claiming()
    twin.tell(Watchers(1))
    assert sent(twin.wait(4.6)) == ["UPDATE"] * 3
    twin.hear(Role.STANDBY, twin.state.knowledge.claim, Via.ANSWER)
    assert sent(twin.wait(60)) == []


def test_a_change_is_published_before_any_request_is_sent() -> None:
    twin = Twin(url=None)
    twin.wait(0.99)
    twin.mono += 0.02
    effects = twin.tell(Tick())
    assert effects[0] == Publish()
    assert Send(Request.UPDATE) in effects
