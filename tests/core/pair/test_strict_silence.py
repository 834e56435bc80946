"""A holder goes on without the arbiter only while every other twin agrees to claim nothing."""

from dataclasses import replace

import pytest
from stepping import NOON, noted
from strictly import LEASE_S, POST, B, C, StrictTwin, ops, requests

from twin.core.pair.arbiter import Member, Op
from twin.core.pair.document import Role
from twin.core.pair.events import Ended, Heard, Via
from twin.core.pair.knowledge import Entry, Fate
from twin.core.pair.machine import Permission

WITHOUT_URL = replace(C, url=None)


def cut_off(twin: StrictTwin) -> StrictTwin:
    """The arbiter has just fallen silent, and the twin knows."""
    twin.is_cut_off = True
    twin.wait(LEASE_S / 3)
    assert twin.lease.is_silent
    return twin


def test_it_asks_every_other_twin_three_times_a_lease() -> None:
    twin = StrictTwin().take(B, C)
    twin.is_cut_off = True
    pleas = requests(twin.wait(LEASE_S * 2 / 3 + 0.1))
    assert pleas == [("UPDATE", B.url), ("UPDATE", C.url)] * 2
    assert twin.state.document().pleads


def test_it_goes_on_for_ten_minutes_while_all_agree() -> None:
    twin = cut_off(StrictTwin(POST).take(B, C))
    assert not noted(twin.go_on(600, B, C), "duty.lost")
    assert twin.acts


@pytest.mark.parametrize(
    ("others", "agree"),
    [((B, C), (B,)), ((B, WITHOUT_URL), (B,)), ((), ()), ((B,), ())],
    ids=["one does not answer", "one cannot be asked", "there is no other", "nobody answers"],
)
def test_it_stops_before_its_lease_ends(
    others: tuple[Member, ...], agree: tuple[Member, ...]
) -> None:
    twin = StrictTwin().take(*others)
    ends_at = twin.arbiter.record.expires_ms / 1000
    cut_off(twin)
    for _ in range(20):
        twin.confirm(*agree)
        twin.wait(0.5)
        assert not twin.acts or twin.mono < ends_at - 0.9
    assert twin.role() is Role.STANDBY


def test_it_stops_if_its_url_leads_elsewhere_since_a_newer_boot_would_not_be_asked() -> None:
    twin = StrictTwin().take(B)
    twin.is_fronted = False
    cut_off(twin)
    twin.go_on(LEASE_S, B)
    assert not twin.acts


def test_an_agreement_counts_from_the_sending_of_its_question() -> None:
    twin = cut_off(StrictTwin().take(B))
    twin.wait(3)
    asked_at = twin.mono - 2.5
    twin.confirm(B, asked_ago_s=2.5)
    twin.wait(asked_at + LEASE_S - 1 - twin.mono - 0.1)
    assert twin.acts
    twin.wait(0.2)
    assert not twin.acts


def test_a_late_agreement_shortens_nothing() -> None:
    twin = cut_off(StrictTwin().take(B))
    twin.confirm(B)
    until = twin.lease.trusted_until
    twin.confirm(B, asked_ago_s=3)
    assert twin.lease.trusted_until == until


@pytest.mark.parametrize(("via", "boot"), [(Via.UPDATE, ""), (Via.LINE, ""), (Via.ANSWER, "1-a")])
def test_only_an_answer_to_this_boot_is_an_agreement(via: Via, boot: str) -> None:
    twin = cut_off(StrictTwin().take(B))
    until = twin.lease.trusted_until
    twin.wait(3)
    twin.hear(B, via, confirms=boot or twin.state.boot)
    assert twin.lease.trusted_until == until


def test_an_agreement_gives_a_standby_nothing() -> None:
    twin = cut_off(StrictTwin().take(B))
    twin.wait(LEASE_S)
    twin.confirm(B)
    assert not twin.acts


def test_a_twin_that_came_meanwhile_has_to_agree_too() -> None:
    twin = StrictTwin().take(B)
    twin.meet(C)
    twin.wait(LEASE_S / 3)
    cut_off(twin)
    twin.go_on(LEASE_S, B)
    assert not twin.acts


def test_it_asks_the_others_no_more_once_the_arbiter_is_back() -> None:
    twin = cut_off(StrictTwin().take(B))
    twin.go_on(20, B)
    twin.is_cut_off = False
    back = twin.wait(1.01)
    assert len(noted(back, "arbiter.back")) == 1
    assert requests(twin.wait(30)) == []
    assert twin.acts


# ---- slots


def test_a_run_begins_when_every_twin_knows_of_it() -> None:
    twin = cut_off(StrictTwin(POST).take(B, C))
    twin.is_fronted = False
    (start,) = twin.starts(3.5)
    assert twin.begin(start) is Permission.UNSETTLED
    twin.confirm(B)
    assert twin.begin(start) is Permission.UNSETTLED
    twin.confirm(C)
    assert twin.begin(start) is Permission.UNSETTLED
    twin.tell(Heard(twin.state.document(), Via.OWN, twin.mono))
    assert twin.begin(start) is Permission.GRANTED


def test_a_run_that_not_all_know_in_time_does_not_begin() -> None:
    twin = cut_off(StrictTwin(POST).take(B))
    (start,) = twin.starts(3.5)
    assert twin.begin(start, asked_ago_s=4.9) is Permission.UNSETTLED
    assert twin.begin(start, asked_ago_s=5) is Permission.REFUSED


def test_every_twin_is_told_of_a_run_at_once() -> None:
    twin = cut_off(StrictTwin(POST).take(B))
    twin.confirm(B)
    effects = twin.wait(3.5)
    kinds = [type(effect).__name__ for effect in effects]
    at = kinds.index("Start")
    assert "Publish" in kinds[:at]
    assert requests(effects[:at])[-1] == ("UPDATE", B.url)


def test_a_run_that_waits_for_the_arbiter_when_it_falls_silent_waits_for_the_others_instead() -> (
    None
):
    """It was announced before anybody knew of the silence."""
    twin = StrictTwin(POST).take(B)
    (start,) = twin.starts(6.8)
    assert not twin.lease.is_silent
    twin.is_cut_off = True
    assert twin.begin(start) is Permission.UNSETTLED
    twin.confirm(B)
    assert twin.begin(start) is Permission.GRANTED


def test_a_run_that_was_due_when_it_took_the_duty_does_not_begin_unheard() -> None:
    """The holder before may have started it, and died: only the silent arbiter knows."""
    twin = StrictTwin(POST).stand_by(B)
    ran = Entry(int(NOON), Fate.DONE, "b", B.boot)
    twin.hear(B, Via.LINE, Role.ON_DUTY, ledger={"post": ran})
    twin.die()
    (start,) = twin.starts(LEASE_S)
    assert (start.slot, twin.acts) == (NOON + 10, True)
    twin.is_cut_off = True
    assert twin.begin(start) is Permission.UNSETTLED
    twin.confirm(B)
    assert twin.begin(start) is Permission.UNSETTLED
    assert twin.begin(start, asked_ago_s=5) is Permission.REFUSED


def test_what_started_unheard_is_entered_when_the_arbiter_is_back() -> None:
    twin = cut_off(StrictTwin(POST).take(B))
    (start,) = twin.starts(3.5)
    twin.confirm(B)
    assert twin.begin(start) is Permission.GRANTED
    twin.tell(Ended("post", start.slot, Fate.DONE, 0.1))
    twin.is_cut_off = False
    assert ops(twin.wait(1.01)) == [Op.RENEW, Op.START]
    assert twin.arbiter.store.started["post"].slot == start.slot
