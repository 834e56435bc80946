"""A twin that cannot trust its time asks before it acts."""

from collections.abc import Callable

import pytest
from situations import (
    NEWER,
    REFUSED,
    in_doubt,
    on_duty,
    standing_by,
    thawed,
)
from stepping import Twin, sent

from twin.core.pair.document import Role
from twin.core.pair.events import (
    Failed,
    Failure,
    Froze,
    Tick,
    Via,
    Watchers,
)


def test_a_holder_that_froze_asks_before_it_acts() -> None:
    twin = on_duty()
    twin.wait(20)
    assert sent(twin.tell(Froze(20.0))) == ["UPDATE"]
    assert twin.role() is Role.CLAIMING


THAWS: list[tuple[str, Callable[[Twin], object], Role]] = [
    (
        "the answer to a question asked since counts",
        lambda twin: twin.hear(Role.STANDBY, twin.state.knowledge.claim, Via.ANSWER),
        Role.ON_DUTY,
    ),
    (
        "the answer to an older question does not",
        lambda twin: twin.hear(Role.STANDBY, twin.state.knowledge.claim, Via.ANSWER, asked_ago_s=9),
        Role.CLAIMING,
    ),
    (
        "a message that waited meanwhile does not",
        lambda twin: twin.hear(Role.STANDBY, twin.state.knowledge.claim, Via.UPDATE),
        Role.CLAIMING,
    ),
    (
        "a refusal of before the freeze does not",
        lambda twin: twin.tell(Failed(Failure.REFUSED, "", asked_at=twin.mono - 9)),
        Role.CLAIMING,
    ),
    ("a refusal does", lambda twin: twin.tell(REFUSED), Role.ON_DUTY),
    ("2.9 s of silence do not", lambda twin: twin.wait(2.9), Role.CLAIMING),
    ("3 s of silence do", lambda twin: twin.wait(3.01), Role.ON_DUTY),
    (
        "a claim and its release that waited meanwhile give it nothing at once",
        lambda twin: (
            twin.hear(Role.CLAIMING, twin.claim_of_b(9_999), Via.UPDATE),
            twin.hear(Role.LEAVING, twin.claim_of_b(9_999, released=True), Via.DOWN),
        ),
        Role.CLAIMING,
    ),
    (
        "a line that waited meanwhile is no reason to claim",
        lambda twin: (
            twin.hear(Role.CLAIMING, twin.claim_of_b(9_999), Via.UPDATE),
            twin.hear(Role.STANDBY, twin.claim_of_b(9_999), Via.LINE),
        ),
        Role.STANDBY,
    ),
]


@pytest.mark.parametrize(
    ("then", "role"), [row[1:] for row in THAWS], ids=[row[0] for row in THAWS]
)
def test_a_twin_that_cannot_trust_its_time_does_not_act(
    then: Callable[[Twin], object], role: Role
) -> None:
    twin = thawed()
    then(twin)
    assert twin.role() is role


def test_after_a_freeze_only_answers_to_new_requests_count() -> None:
    """Found by seed 377: `/status` sends no document, so the peer claimed after the answer."""
    twin = on_duty()
    twin.tell(Watchers(1))
    twin.wait(20)
    twin.tell(Froze(20.0))
    assert set(sent(twin.tell(Watchers(0)))) == {"UPDATE"}


def test_a_standby_that_froze_asks_again() -> None:
    twin = standing_by()
    twin.wait(20)
    assert sent(twin.tell(Froze(20.0))) == ["UPDATE"]
    twin.wait(3.2)
    assert twin.role() is Role.STANDBY


def test_a_lone_twin_asks_no_peer_after_a_freeze() -> None:
    twin = Twin(peer_url=None).wake()
    twin.tell(Froze(20.0))
    assert twin.role() is Role.ON_DUTY


def test_a_doubt_that_ends_late_waits_for_unread_messages() -> None:
    """An undetected short freeze may hold back answers that arrived during it."""
    twin = in_doubt()
    twin.mono += 3.9
    assert sent(twin.tell(Tick())) == ["STATUS"]
    assert twin.role() is Role.STANDBY
    twin.wait(0.31)
    assert twin.role() is Role.ON_DUTY


def test_a_thawed_twin_reads_all_messages_before_it_confirms_a_claim() -> None:
    """It may have heard of a run from another boot of its app (seed 1795283384)."""
    twin = standing_by()
    twin.tell(Froze(54.0))
    claim = twin.claim_of_b(9_999, boot=NEWER)
    twin.hear(Role.CLAIMING, claim, Via.UPDATE, boot=NEWER)
    assert twin.state.document().claim != claim
    twin.hear(Role.CLAIMING, claim, Via.ANSWER, boot=NEWER)
    assert twin.state.document().claim == claim
