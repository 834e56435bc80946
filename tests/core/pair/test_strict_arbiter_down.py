"""`ARBITER_DOWN=pair`: while the arbiter is silent nobody stops, and two may act."""

from stepping import noted
from strictly import LEASE_S, POST, B, C, StrictTwin

from twin.core.pair.document import Role
from twin.core.pair.events import Start, Via
from twin.core.pair.machine import Permission

BECAUSE = "the arbiter and the holder are silent, and ARBITER_DOWN=pair"


def test_a_holder_goes_on_though_nobody_answers() -> None:
    twin = StrictTwin(POST, goes_on=True).take(B)
    twin.is_cut_off = True
    effects = twin.wait(300)
    assert twin.state.on_duty
    assert not noted(effects, "duty.lost")


def test_its_runs_begin_without_asking_anybody() -> None:
    twin = StrictTwin(POST, goes_on=True).take(B)
    twin.is_cut_off = True
    (start,) = [one for one in twin.wait(6.8) if isinstance(one, Start)]
    assert twin.begin(start) is Permission.GRANTED


def test_it_asks_the_arbiter_again_as_soon_as_that_answers() -> None:
    twin = StrictTwin(goes_on=True).take(B)
    twin.is_cut_off = True
    twin.wait(60)
    twin.is_cut_off = False
    twin.wait(1.01)
    assert twin.acts


def test_a_standby_acts_after_one_lease_without_arbiter_and_holder() -> None:
    twin = StrictTwin(goes_on=True).stand_by(B)
    twin.is_cut_off = True
    twin.wait(LEASE_S - 1)
    twin.hear(B, Via.LINE, Role.ON_DUTY)
    twin.wait(LEASE_S - 0.1)
    assert twin.role() is Role.STANDBY
    (taken,) = noted(twin.wait(0.2 + 1.0), "duty.taken")
    assert taken["because"] == BECAUSE
    assert twin.state.knowledge.claim.term > twin.arbiter.record.term


def test_a_twin_that_wakes_without_arbiter_and_holder_acts_after_one_lease() -> None:
    twin = StrictTwin(goes_on=True)
    twin.is_cut_off = True
    twin.wait(LEASE_S + 1.1)
    assert twin.state.on_duty


def test_it_keeps_a_promise_to_a_holder_that_it_does_not_watch() -> None:
    twin = StrictTwin(goes_on=True).stand_by(B, C)
    twin.is_cut_off = True
    twin.wait(8)
    twin.plead(C, above=1)
    twin.wait(LEASE_S - 0.1)
    assert twin.role() is Role.STANDBY
    twin.wait(1.2)
    assert twin.state.on_duty


def test_without_the_setting_a_standby_waits() -> None:
    twin = StrictTwin().stand_by(B)
    twin.is_cut_off = True
    twin.wait(600)
    assert twin.role() is Role.STANDBY


def test_what_it_took_ends_when_the_arbiter_is_back_and_another_holds_it() -> None:
    twin = StrictTwin(goes_on=True).stand_by(B)
    twin.is_cut_off = True
    twin.wait(2 * LEASE_S)
    assert twin.state.on_duty
    twin.is_cut_off = False
    twin.arbiter.renew(B, twin.mono)
    twin.wait(1.01)
    assert not twin.state.on_duty


def test_of_two_that_act_the_one_with_the_older_claim_stops_when_it_hears_of_the_other() -> None:
    twin = StrictTwin(goes_on=True).take(B)
    twin.is_cut_off = True
    twin.wait(60)
    twin.hear(B, Via.UPDATE, Role.ON_DUTY, twin.claim_of(B, above=99_999))
    assert twin.role() is Role.STANDBY


def test_a_holder_that_hears_of_one_that_acts_unasked_has_the_duty_again_at_once() -> None:
    twin = StrictTwin(goes_on=True).take(B)
    twin.hear(B, Via.UPDATE, Role.ON_DUTY, twin.claim_of(B, above=99_999))
    assert twin.acts
    assert twin.state.claim_is_ours
