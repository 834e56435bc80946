"""What a holder in strict mode tells the arbiter, and what it lets go."""

from dataclasses import replace
from math import inf

from stepping import noted
from strictly import LEASE_S, POST, B, StrictTwin, requests

from twin.core.pair.arbiter import Member, Op
from twin.core.pair.document import Role
from twin.core.pair.events import (
    Ended,
    Leave,
    Ruled,
    Start,
    Via,
    WatchLost,
)
from twin.core.pair.knowledge import Claim, Entry, Fate
from twin.core.pair.machine import Permission
from twin.core.pair.strict import lasts
from twin.core.schedule.job import Job
from twin.core.schedule.schedules import every


def starts(effects: tuple[object, ...]) -> list[Start]:
    return [effect for effect in effects if isinstance(effect, Start)]


# ---- a lease


def test_a_start_that_meets_an_empty_arbiter_waits_until_it_is_told_again() -> None:
    twin = StrictTwin(POST).take(B)
    (start, *_) = starts(twin.wait(10))
    twin.arbiter.__init__()  # type: ignore[misc]
    assert twin.begin(start) in (Permission.UNSETTLED, Permission.GRANTED)
    twin.wait(0.01)
    assert twin.begin(start) is Permission.GRANTED
    assert twin.acts


# ---- runs


def test_an_old_word_on_a_start_ends_no_newer_lease() -> None:
    twin = StrictTwin(POST).take(B)
    question = twin.asked[-1]
    old = replace(question, op=Op.START, term=1)
    twin.tell(Ruled(old, twin.mono, None, "late"))
    assert not twin.lease.is_silent


def test_a_run_that_is_not_in_its_place_is_refused() -> None:
    twin = StrictTwin(POST).take(B)
    assert twin.begin(Start("post", 1)) is Permission.REFUSED


# ---- without the arbiter


def test_a_release_tells_the_arbiter_what_it_does_not_know_yet() -> None:
    twin = StrictTwin(POST).take(B)
    twin.is_cut_off = True
    twin.wait(LEASE_S / 3)
    twin.confirm(B)
    (start, *_) = starts(twin.wait(7))
    twin.is_cut_off = False
    twin.tell(Leave("SIGTERM"))
    assert twin.arbiter.record.released
    assert twin.arbiter.store.started["post"].slot == start.slot


def test_a_twin_without_a_url_cannot_agree_and_is_told_nothing() -> None:
    hidden = Member("d", "1780055000000-d", None)
    twin = StrictTwin().take(B, hidden)
    twin.is_cut_off = True
    for _ in range(4):
        twin.wait(LEASE_S / 3)
        twin.confirm(B)
    assert not twin.acts
    twin.is_cut_off = False
    twin.wait(2 * LEASE_S)
    told = requests(twin.tell(Leave("SIGTERM")))
    assert [name for name, _ in told] == ["DOWN"]


def test_a_word_of_a_lease_that_it_has_given_up_ends_nothing_again() -> None:
    twin = StrictTwin().take(B)
    twin.is_cut_off = True
    twin.wait(LEASE_S)
    assert twin.role() is Role.STANDBY
    asked = next(question for question in reversed(twin.asked) if question.op is Op.RENEW)
    lease = replace(twin.lease, asking=Op.RENEW, asked_at=twin.mono)
    twin.machine.state = replace(twin.state, lease=lease)
    twin.is_cut_off = False
    twin.tell(Leave("SIGTERM"))
    answer = twin.arbiter.answer(asked, twin.mono)
    assert not noted(twin.tell(Ruled(asked, lease.asked_at, answer)), "duty.lost")


# ---- what runs as long as the duty


def test_what_runs_may_take_its_time_when_the_duty_is_given_away() -> None:
    twin = StrictTwin().take(B)
    twin.tell(Leave("SIGTERM"))
    assert lasts(twin.state, inf)
    gone = StrictTwin().take(B)
    gone.is_cut_off = True
    gone.wait(LEASE_S)
    assert not lasts(gone.state, gone.mono)


# ---- giving it away


# ---- what it hears besides


def test_a_run_of_a_former_holder_ends_and_the_new_one_is_told() -> None:
    twin = StrictTwin(POST).take(B)
    (start, *_) = starts(twin.wait(10))
    twin.begin(start)
    twin.hear(B, Via.UPDATE, Role.CLAIMING)
    effects = twin.tell(Ended("post", start.slot, Fate.DONE, 1.0))
    assert ("UPDATE", None) in requests(effects)


# ---- what may have been started unheard


def test_slots_that_another_may_have_started_unheard_do_not_start() -> None:
    twin = StrictTwin({"often": Job("often", every("1s", None, "UTC"))})
    skipped = [note["because"] for note in noted(twin.wait(LEASE_S + 3), "slot.skipped")]
    assert "it was due before this twin took the duty, and another may have started it unheard" in (
        skipped
    )


def test_a_command_of_a_holder_whose_lease_is_over_is_not_waited_for() -> None:
    bot = Job("bot", every("1s", None, "UTC"), grace_s=86_400, timeout_s=15, continuous=True)
    twin = StrictTwin({"bot": bot}).stand_by(B)
    running = Entry(int(twin.wall), Fate.RUNNING, "b", B.boot)
    claim = Claim(twin.arbiter.record.term, "b", B.boot)
    twin.hear(B, Via.LINE, Role.ON_DUTY, claim, ledger={"bot": running})
    twin.die()
    twin.tell(WatchLost("it broke"))
    effects = twin.wait(LEASE_S + 1)
    assert twin.acts
    assert [start.job for start in starts(effects)] == ["bot"]
