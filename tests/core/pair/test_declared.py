"""Jobs that come and go while a twin is on duty, and those whose script asks for their slots."""

from dataclasses import replace

from stepping import NOON, Twin, noted, started

from twin.core.pair.bounds import ENTRIES
from twin.core.pair.events import Asked, Cancelled, Declared, Ended, Remember
from twin.core.pair.knowledge import PAUSE, Entry, Fate
from twin.core.pair.slots import is_cancelled, next_slot_of
from twin.core.schedule.job import Job
from twin.core.schedule.schedules import every

MINUTE = Job("mail", every("1m", None, "UTC"), asked=True)
LATER = int(NOON) + 60


def declared(*jobs: Job, ledger: dict[str, Entry] | None = None) -> Twin:
    """On duty since 12:00:02, with jobs that a script registered then."""
    twin = Twin()
    twin.wake()
    twin.hear(role=twin.role(), ledger=ledger)
    twin.take()
    declare(twin, *jobs)
    return twin


def declare(twin: Twin, *jobs: Job, anew: tuple[str, ...] = ()) -> None:
    twin.tell(Declared({job.name: job for job in jobs}, dict.fromkeys(anew, twin.wall)))


def entry(twin: Twin, name: str = "mail") -> Entry:
    return twin.state.knowledge.ledger[name]


def until(twin: Twin, wall: float) -> None:
    assert started(twin.wait(wall - twin.wall)) == []


def test_a_slot_begins_when_its_script_asks_for_it_and_once() -> None:
    twin = declared(MINUTE)
    assert started(twin.tell(Asked("mail"))) == []
    until(twin, LATER + 3)
    assert started(twin.tell(Asked("mail"))) == [("mail", LATER)]
    assert started(twin.tell(Asked("mail"))) == []
    twin.tell(Ended("mail", LATER, Fate.DONE, 1.0))
    assert started(twin.tell(Asked("mail"))) == []


def test_a_script_that_asks_late_runs_the_newest_slot_and_the_others_are_skipped() -> None:
    twin = declared(MINUTE)
    until(twin, LATER + 185)
    effects = twin.tell(Asked("mail"))
    assert started(effects) == [("mail", LATER + 180)]
    (skipped,) = noted(effects, "slot.skipped")
    assert (skipped["slot"], skipped["last"], skipped["count"]) == (LATER, LATER + 120, 3)


def test_a_slot_that_is_asked_for_past_its_grace_is_skipped() -> None:
    twin = declared(replace(MINUTE, schedule=every("1h", None, "UTC"), grace_s=60))
    until(twin, NOON + 3_661)
    assert started(twin.tell(Asked("mail"))) == []
    assert (entry(twin).slot, entry(twin).fate) == (NOON + 3_600, Fate.SKIPPED)


def test_in_a_pause_a_slot_that_is_asked_for_is_skipped() -> None:
    twin = declared(MINUTE)
    twin.tell(Remember(PAUSE, "for a while", twin.state.knowledge.claim.term))
    until(twin, LATER + 1)
    assert started(twin.tell(Asked("mail"))) == []
    assert "paused" in entry(twin).why


def test_on_standby_nothing_begins_that_is_asked_for() -> None:
    twin = Twin().stand_by()
    declare(twin, MINUTE)
    twin.wait(70)
    before = twin.state.knowledge.ledger
    assert started(twin.tell(Asked("mail"))) == []
    assert twin.state.knowledge.ledger is before


def test_a_job_that_the_ledger_knows_goes_on_from_there() -> None:
    twin = declared(MINUTE, ledger={"mail": Entry(LATER - 120, Fate.DONE, "b", "1780055000000-b")})
    assert started(twin.tell(Asked("mail"))) == [("mail", LATER - 60)]


def test_a_job_that_comes_while_on_duty_begins_with_its_next_slot() -> None:
    twin = declared()
    declare(twin, replace(MINUTE, asked=False))
    assert started(twin.wait(LATER - twin.wall + 0.1)) == [("mail", LATER)]


def test_a_job_that_is_gone_is_no_longer_run() -> None:
    twin = declared(replace(MINUTE, asked=False))
    declare(twin)
    assert started(twin.wait(200)) == []


def test_a_cancelled_job_is_asked_for_in_vain_also_after_a_restart_of_its_script() -> None:
    twin = declared(MINUTE)
    twin.tell(Cancelled("mail"))
    declare(twin, MINUTE)
    until(twin, LATER + 1)
    assert started(twin.tell(Asked("mail"))) == []
    assert next_slot_of(twin.state, MINUTE, twin.wall) is None


def test_another_schedule_of_a_cancelled_job_is_another_job() -> None:
    twin = declared(MINUTE)
    twin.tell(Cancelled("mail"))
    other = replace(MINUTE, schedule=every("2m", None, "UTC"))
    declare(twin, other)
    assert not is_cancelled(other, entry(twin))
    until(twin, NOON + 121)
    assert started(twin.tell(Asked("mail"))) == [("mail", NOON + 120)]


def test_a_cancelled_job_that_is_registered_anew_begins_again_for_both_twins() -> None:
    twin = declared(MINUTE)
    until(twin, LATER + 1)
    twin.tell(Asked("mail"))
    twin.tell(Ended("mail", LATER, Fate.CANCELLED, 1.0))
    cancelled = entry(twin)
    assert is_cancelled(MINUTE, cancelled)
    declare(twin, MINUTE, anew=("mail",))
    assert entry(twin).beats(cancelled)
    assert not is_cancelled(MINUTE, entry(twin))
    until(twin, LATER + 61)
    assert started(twin.tell(Asked("mail"))) == [("mail", LATER + 60)]


def test_slots_from_before_a_registration_anew_do_not_count() -> None:
    twin = declared(MINUTE)
    until(twin, LATER + 130)
    declare(twin, MINUTE, anew=("mail",))
    assert started(twin.tell(Asked("mail"))) == []
    until(twin, LATER + 181)
    assert started(twin.tell(Asked("mail"))) == [("mail", LATER + 180)]


def test_a_run_that_goes_on_is_not_asked_for_a_second_time() -> None:
    twin = declared(MINUTE)
    until(twin, LATER + 1)
    twin.tell(Asked("mail"))
    until(twin, LATER + 61)
    assert started(twin.tell(Asked("mail"))) == []
    twin.tell(Ended("mail", LATER, Fate.DONE, 60.0))
    assert started(twin.tell(Asked("mail"))) == [("mail", LATER + 60)]


def test_names_that_change_without_end_do_not_fill_the_ledger() -> None:
    twin = declared()
    for batch in range(3):
        names = [f"job {batch} {n}" for n in range(9_000)]
        declare(twin, *(replace(MINUTE, name=name) for name in names))
    assert len(twin.state.knowledge.ledger) <= ENTRIES + 9_000
    declare(twin)
    assert len(twin.state.knowledge.ledger) == ENTRIES


def test_a_job_that_is_there_anew_does_not_repeat_the_slot_of_this_moment() -> None:
    done = Entry(int(NOON), Fate.DONE, "b", "1-b")
    twin = declared(ledger={"mail": done})
    declare(twin, MINUTE, anew=("mail",))
    assert entry(twin) == done
    until(twin, LATER + 1)
    assert started(twin.tell(Asked("mail"))) == [("mail", LATER)]


def test_to_cancel_a_job_that_is_not_there_changes_nothing() -> None:
    twin = declared(MINUTE)
    before = twin.state
    assert not noted(twin.tell(Cancelled("post")), "job.cancelled")
    assert twin.state.knowledge == before.knowledge
