"""Pausing and resuming the duty, and running a job on request."""

from dataclasses import replace

import pytest
from stepping import NOON, Twin, noted, sent, started

from twin.core.pair import slots
from twin.core.pair.document import Role
from twin.core.pair.events import Effect, Ended, Publish, Remember, RunNow
from twin.core.pair.knowledge import PAUSE, Entry, Fate
from twin.core.schedule.job import Job
from twin.core.schedule.schedules import every

MAIL = Job("mail", every("1m", None, "UTC"))
NOON_SLOT = int(NOON)


@pytest.fixture
def holder() -> Twin:
    twin = Twin(jobs={"mail": MAIL}, wall=NOON + 18)
    twin.take()
    assert twin.state.on_duty
    return twin


def pause(twin: Twin, because: str = "the database moves") -> tuple[Effect, ...]:
    return twin.tell(Remember(PAUSE, because, twin.state.knowledge.claim.term))


def newest(twin: Twin) -> Entry:
    return twin.state.knowledge.ledger["mail"]


def test_a_pause_skips_slots_with_the_reason(holder: Twin) -> None:
    pause(holder)
    effects = holder.wait(60)
    assert started(effects) == []
    assert noted(effects, "slot.skipped")[0]["because"] == "the duty is paused: the database moves"
    assert newest(holder).fate is Fate.SKIPPED


def test_after_a_pause_the_next_slot_runs_and_no_earlier_one(holder: Twin) -> None:
    pause(holder)
    holder.wait(150)
    pause(holder, because="")
    assert started(holder.wait(60)) == [("mail", NOON_SLOT + 180)]


def test_a_pause_survives_a_handover() -> None:
    standby = Twin(jobs={"mail": MAIL}).stand_by()
    assert sent(pause(standby)) == ["UPDATE"]
    standby.hear(Role.LEAVING, standby.claim_of_b(released=True))
    assert standby.state.on_duty
    assert started(standby.wait(120)) == []


def test_a_job_that_reports_liveness_runs_in_a_pause() -> None:
    holder = Twin(jobs={"mail": replace(MAIL, pausable=False)}).take()
    pause(holder)
    assert started(holder.wait(60))


def test_a_job_can_be_run_beside_its_slots_and_in_a_pause(holder: Twin) -> None:
    pause(holder)
    effects = holder.tell(RunNow("mail"))
    slot = int(holder.wall)
    assert started(effects) == [("mail", slot)]
    assert Publish() in effects
    assert noted(effects, "slot.started")[0]["because"] == "somebody asked for it"


def test_slots_continue_after_a_requested_run(holder: Twin) -> None:
    holder.tell(RunNow("mail"))
    holder.tell(Ended("mail", newest(holder).slot, Fate.DONE, 0.1))
    assert started(holder.wait(60)) == [("mail", NOON_SLOT + 60)]


def test_a_job_that_runs_is_not_run_beside_itself(holder: Twin) -> None:
    holder.tell(RunNow("mail"))
    holder.wait(5)
    assert slots.why_not_now(holder.state, "mail") == "mail is running"
    assert started(holder.tell(RunNow("mail"))) == []


def test_a_job_whose_slot_is_due_is_run_for_that_slot_alone(holder: Twin) -> None:
    holder._pass(NOON + 60 - holder.wall)
    assert started(holder.tell(RunNow("mail"))) == [("mail", NOON_SLOT + 60)]
    holder.tell(Ended("mail", NOON_SLOT + 60, Fate.DONE, 0.0))
    why = slots.why_not_now(holder.state, "mail")
    assert why == "a slot of mail is due at this moment: try again in a few seconds"


def test_a_twin_not_on_duty_runs_nothing() -> None:
    standby = Twin(jobs={"mail": MAIL}).stand_by()
    assert slots.why_not_now(standby.state, "mail") == "this twin is not on duty"
    assert started(standby.tell(RunNow("mail"))) == []


def test_an_unknown_job_is_named(holder: Twin) -> None:
    assert slots.why_not_now(holder.state, "male") == "there is no job male"


def test_a_runnable_job_has_no_obstacle(holder: Twin) -> None:
    assert slots.why_not_now(holder.state, "mail") == ""
