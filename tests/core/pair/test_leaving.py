"""A twin that leaves, makes way for a newer boot of its app, or wakes again."""

import pytest
from situations import (
    NEWER_A,
    OLDER,
    REFUSED,
    on_duty,
    standing_by,
)
from stepping import A_URL, B_BOOT, NOON, Twin, noted, sent

from twin.core.pair.document import Role
from twin.core.pair.duty import next_timer
from twin.core.pair.events import (
    Heard,
    Leave,
    Publish,
    RunNow,
    Start,
    Tick,
    Via,
    Watch,
)
from twin.core.pair.knowledge import Claim, Entry, Fate
from twin.core.pair.state import Retired
from twin.core.schedule.job import Job
from twin.core.schedule.schedules import every


def test_a_holder_that_leaves_releases_publishes_and_sends_down_at_once() -> None:
    effects = (twin := on_duty()).tell(Leave("SIGTERM"))
    assert effects[0] == Publish()
    assert sent(effects) == ["DOWN"]
    assert twin.state.knowledge.claim.released
    assert twin.state.document().leaving
    assert next_timer(twin.state) is None
    assert twin.tell(Leave("SIGTERM")) == ()


def test_a_standby_that_leaves_sends_down_too() -> None:
    effects = (twin := standing_by()).tell(Leave("SIGTERM"))
    assert sent(effects) == ["DOWN"]
    assert not twin.state.knowledge.claim.released


def test_a_boot_that_hears_of_a_newer_boot_of_its_app_makes_way() -> None:
    twin = on_duty()
    newer = twin.hear(Role.WAKING, via=Via.UPDATE, boot=NEWER_A, url=A_URL, twin="a")
    assert sent(newer) == ["DOWN", "OWN"]  # the peer and the newer boot hear of the started run
    assert twin.state.vouches
    assert not twin.state.document().leaving
    twin.tell(Heard(twin.state.document(), Via.OWN))
    assert twin.state.retired, "our URL has not been handed on yet: that is no sign of a failure"
    twin.wait(3.1)
    assert twin.state.retired
    assert not twin.state.vouches
    twin.hear(Role.CLAIMING, via=Via.UPDATE, boot=NEWER_A, url=A_URL, twin="a")
    assert twin.state.vouches


def entry_of_b() -> dict[str, Entry]:
    return {"mail": Entry(int(NOON), Fate.RUNNING, "b", B_BOOT)}


def test_a_standby_that_makes_way_reads_on_and_passes_on_what_it_hears() -> None:
    """The newer boot has no watch yet, and the holder may die before it has (seed 1795256606)."""
    twin = standing_by()
    retires = twin.hear(Role.WAKING, via=Via.UPDATE, boot=NEWER_A, url=A_URL, twin="a")
    assert Watch(open=False) not in retires
    assert sent(twin.hear(Role.ON_DUTY, twin.claim_of_b(), ledger=entry_of_b())) == ["OWN"]
    assert sent(twin.hear(Role.ON_DUTY, twin.claim_of_b(), ledger=entry_of_b())) == []
    twin.wait(90.1)
    assert Watch(open=False) in twin.tell(Heard(twin.state.document(), Via.OWN))


def test_a_boot_of_an_older_name_that_answers_in_the_place_of_the_newest_is_believed() -> None:
    """Its clock was behind at its start, or a newer boot is gone (seed 700389). Otherwise its peer
    would never again believe that it is on duty."""
    twin = standing_by()
    twin.wait(1)
    claim = twin.claim_of_b(9, boot=OLDER)
    twin.hear(Role.ON_DUTY, claim, Via.ANSWER, boot=OLDER, asked_ago_s=1.1)
    assert twin.state.peer.boot == B_BOOT, "the newest spoke after that question"
    twin.hear(Role.ON_DUTY, claim, Via.UPDATE, boot=OLDER)
    assert twin.state.peer.boot == B_BOOT, "it may be late"
    twin.hear(Role.ON_DUTY, claim, Via.ANSWER, boot=OLDER, asked_ago_s=0.5)
    assert twin.state.peer.boot == OLDER


def test_a_peer_whose_newest_boot_left_gets_an_update_when_another_boot_speaks() -> None:
    """Otherwise double duty after a cut might never end (seed 900163)."""
    twin = on_duty()
    twin.hear(Role.LEAVING, twin.state.knowledge.claim, Via.DOWN)
    assert twin.state.peer.left
    twin.hear(Role.STANDBY, via=Via.UPDATE, boot=OLDER)
    assert not twin.state.peer.left


def test_a_boot_that_wakes_again_does_not_take_its_peer_for_gone() -> None:
    """It may have come back to the newer boot; after a single lost message both stayed (seed
    700058)."""
    twin = on_duty()
    twin.hear(Role.LEAVING, twin.state.knowledge.claim, Via.DOWN)
    twin.hear(Role.WAKING, via=Via.OWN, boot=NEWER_A, url=A_URL, twin="a")
    twin.wait(90.1)
    assert twin.state.peer.left
    twin.tell(Heard(twin.state.document(), Via.OWN))
    assert not twin.state.peer.left


def test_a_boot_passes_its_news_to_the_older_boot_at_its_url() -> None:
    """The peer's next boot can ask only that one (seed 500611)."""
    twin = standing_by()
    assert "OWN" not in sent(twin.hear(Role.ON_DUTY, twin.claim_of_b(), ledger=entry_of_b()))
    twin = standing_by()
    twin.hear_retired(via=Via.OWN, boot="1-x", url=A_URL, twin="a")
    assert "OWN" in sent(twin.hear(Role.ON_DUTY, twin.claim_of_b(), ledger=entry_of_b()))


def test_a_twin_that_loses_the_duty_while_an_older_boot_has_its_url_sends_its_starts() -> None:
    """The claimer's requests reach that older boot (seed 610076)."""
    twin = on_duty()
    twin.hear_retired(via=Via.OWN, boot="1-x", url=A_URL, twin="a")
    assert sent(twin.hear(Role.CLAIMING, twin.claim_of_b(9_999), Via.UPDATE))[0] == "UPDATE"


@pytest.mark.parametrize(("at_its_url", "tells"), [("1-x", True), (None, False)])
def test_a_holder_that_cannot_be_asked_sends_its_starts(
    at_its_url: str | None, tells: bool
) -> None:
    """It and the older boot at its URL may be killed a moment later (seed 1795278958)."""
    twin = Twin(jobs={"mail": Job("mail", every("1m", None, "UTC"))}).take()
    if at_its_url is not None:
        twin.hear_retired(via=Via.OWN, boot=at_its_url, url=A_URL, twin="a")
    effects = twin.tell(RunNow("mail"))
    assert any(isinstance(effect, Start) for effect in effects)
    assert ("UPDATE" in sent(effects)) is tells


def test_a_boot_that_made_way_ends_without_sending_down() -> None:
    twin = on_duty()
    twin.hear(Role.WAKING, via=Via.UPDATE, boot=NEWER_A, url=A_URL, twin="a")
    twin.tell(Leave("SIGTERM"))
    assert not twin.state.document().leaving
    assert not twin.state.document().speaks_for_its_twin


def test_a_boot_that_leaves_and_hears_of_a_newer_one_no_longer_speaks_for_its_twin() -> None:
    twin = on_duty()
    twin.tell(Leave("SIGTERM"))
    twin.hear(Role.WAKING, via=Via.UPDATE, boot=NEWER_A, url=A_URL, twin="a")
    assert not twin.state.document().leaving


def test_an_older_boot_at_our_url_changes_nothing_but_knowledge() -> None:
    twin = on_duty()
    twin.hear(Role.ON_DUTY, via=Via.OWN, boot="1-x", url=A_URL, twin="a")
    assert twin.role() is Role.ON_DUTY


def test_a_boot_that_made_way_wakes_again_if_its_url_still_leads_to_it() -> None:
    twin = on_duty()
    twin.hear(Role.WAKING, via=Via.OWN, boot=NEWER_A, url=A_URL, twin="a")
    assert twin.state.retired
    assert not twin.state.vouches
    assert sent(twin.wait(11.1)) == ["OWN"]
    before = twin.state.boot
    twin.tell(Heard(twin.state.document(), Via.OWN))
    assert twin.role() is Role.WAKING
    assert twin.state.boot > before


def test_a_holder_that_makes_way_for_a_higher_claim_reports_the_lost_duty() -> None:
    twin = on_duty()
    claim = Claim(int(NOON * 1000) + 9_999, "a", NEWER_A)
    effects = twin.hear(Role.ON_DUTY, claim, Via.UPDATE, boot=NEWER_A, url=A_URL, twin="a")
    assert twin.state.retired
    assert [note["term"] for note in noted(effects, "duty.lost")] == [claim.term]
    assert not noted(effects, "duty.released")


def test_a_boot_that_vouches_does_not_wake_again() -> None:
    """An old boot whose URL leads to itself is no proof that the newer one is gone."""
    twin = on_duty()
    twin.hear(Role.WAKING, via=Via.UPDATE, boot=NEWER_A, url=A_URL, twin="a")
    twin.tell(Heard(twin.state.document(), Via.OWN))
    assert twin.state.vouches


def test_while_an_older_boot_has_our_url_a_refusal_waits_for_its_news() -> None:
    """The peer ran a slot, informed the older boot, and died before our claim arrived."""
    twin = Twin()
    twin.tell(Tick())
    twin.hear(Role.LEAVING, boot="1780000000000-a", via=Via.OWN, url=A_URL, twin="a")
    twin.wait(4.1)
    assert twin.role() is Role.CLAIMING
    twin.tell(REFUSED)
    assert twin.role() is Role.CLAIMING
    twin.wait(3)
    assert twin.role() is Role.ON_DUTY


@pytest.mark.parametrize(
    ("reached", "role"), [(True, Role.WAKING), (False, Role.LEAVING)], ids=["gone", "there"]
)
def test_a_waking_boot_that_hears_of_a_claim_by_a_later_boot(reached: bool, role: Role) -> None:
    """Its name may date from before the clock was set back: the boot at our URL is the newest."""
    twin = Twin()
    twin.tell(Tick())
    if reached:
        twin.tell(Heard(twin.state.document(), Via.OWN))
    claim = Claim(int(NOON * 1000) + 9, "a", NEWER_A)
    twin.hear(Role.STANDBY, claim)
    assert twin.role() is role
    assert (twin.state.boot > NEWER_A) is reached


def test_a_standby_hears_of_a_newer_boot_of_its_app_by_its_claim() -> None:
    twin = standing_by()
    twin.hear(Role.STANDBY, Claim(int(NOON * 1000) + 9_999, "a", NEWER_A))
    assert twin.state.retired
    assert not twin.state.vouches


def test_a_standby_takes_what_an_older_boot_of_its_app_claims() -> None:
    twin = standing_by()
    twin.hear(Role.CLAIMING, Claim(int(NOON * 1000) + 9_999, "a", "1-x"), Via.UPDATE)
    assert twin.role() is Role.CLAIMING


def test_a_twin_that_leaves_still_learns_from_its_peer() -> None:
    twin = on_duty()
    twin.tell(Leave("SIGTERM"))
    twin.hear(Role.CLAIMING, twin.claim_of_b(9_999), Via.ANSWER)
    assert twin.role() is Role.LEAVING
    assert twin.state.knowledge.claim == twin.claim_of_b(9_999)


def test_a_retired_boot_waits_for_its_timers_alone() -> None:
    twin = on_duty()
    twin.hear(Role.WAKING, via=Via.OWN, boot=NEWER_A, url=A_URL, twin="a")
    assert isinstance(twin.state.stage, Retired)
    assert next_timer(twin.state) == pytest.approx(twin.mono + 11)


def test_a_peer_that_left_gets_one_update_and_may_sleep() -> None:
    twin = standing_by()
    effects = twin.hear(Role.LEAVING, twin.claim_of_b(released=True), Via.DOWN)
    assert sent(effects) == ["UPDATE"]
    assert sent(twin.wait(60)) == []
