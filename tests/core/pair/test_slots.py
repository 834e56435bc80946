"""Slots that run, slots that are skipped, and slots that wait for a run underway."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from stepping import A_URL, B_BOOT, NOON, Twin, noted, sent, started

from twin.core.pair import slots
from twin.core.pair.document import Role
from twin.core.pair.events import (
    Declared,
    Ended,
    Failed,
    Failure,
    Froze,
    Heard,
    Leave,
    Publish,
    Start,
    Tick,
    Via,
    WatchLost,
)
from twin.core.pair.knowledge import Entry, Fate
from twin.core.schedule.job import Job
from twin.core.schedule.schedules import every

Lines = list[dict[str, object]]

NOON_SLOT = int(NOON)
NEVER_CAME = 4_000_000_000
OWN_BOOT = f"{int(NOON * 1000)}-a"
NEWER = "1780056900000-b"


@dataclass(frozen=True)
class Slots:
    """A job with these slots and no others."""

    slots: tuple[int, ...]

    def after(self, moment: float) -> int | None:
        return next((slot for slot in self.slots if slot > moment), None)

    def latest(self, moment: float) -> int | None:
        return max((slot for slot in self.slots if slot <= moment), default=None)

    def count(self, after: float, until: float) -> int:
        return sum(after < slot <= until for slot in self.slots)


def minutely(
    grace_s: int = 300, timeout_s: int = 600, catch_up: bool = False, name: str = "mail"
) -> dict[str, Job]:
    job = Job(name, every("1m", None, "UTC"), grace_s, catch_up, timeout_s)
    return {name: job}


def with_slots(*slots: int, catch_up: bool = False) -> dict[str, Job]:
    return {"mail": Job("mail", Slots(slots), catch_up=catch_up)}


def holder(jobs: dict[str, Job] | None = None, ran: Entry | None = None) -> Twin:
    """On duty, 20 s after a whole minute, with the peer's ledger."""
    twin = Twin(jobs=minutely() if jobs is None else jobs, wall=NOON + 18.9)
    twin.wake()
    ledger = {} if ran is None else {"mail": ran}
    twin.hear(Role.STANDBY, twin.state.knowledge.claim, Via.ANSWER, ledger=ledger)
    assert twin.state.on_duty
    return twin


def entry(slot: int, fate: Fate = Fate.DONE, twin: str = "b", boot: str = B_BOOT) -> Entry:
    return Entry(slot, fate, twin, boot)


def end(twin: Twin, slot: int, fate: Fate = Fate.DONE, why: str = "") -> object:
    return twin.tell(Ended("mail", slot, fate, 1.5, why))


def fate(twin: Twin) -> tuple[int, Fate]:
    known = twin.state.knowledge.ledger["mail"]
    return known.slot, known.fate


# ---- the normal case


def test_a_slot_is_announced_then_started_on_its_second() -> None:
    twin = holder()
    twin.wait(39)
    twin.wall, twin.mono = NOON + 60, twin.mono + (NOON + 60 - twin.wall)
    effects = twin.tell(Tick())
    assert effects[0] == Publish()
    assert effects[-1] == Start("mail", NOON_SLOT + 60)
    assert fate(twin) == (NOON_SLOT + 60, Fate.RUNNING)


def test_a_run_that_ended_is_recorded_with_its_time() -> None:
    twin = holder()
    twin.wait(41)
    end(twin, NOON_SLOT + 60)
    known = twin.state.knowledge.ledger["mail"]
    assert (known.fate, known.seconds) == (Fate.DONE, 1.5)


def test_a_run_that_failed_says_why() -> None:
    twin = holder()
    twin.wait(41)
    end(twin, NOON_SLOT + 60, Fate.FAILED, "no connection")
    assert twin.state.knowledge.ledger["mail"].why == "no connection"


def test_a_slot_due_in_the_handover_runs_once() -> None:
    """The old holder released at 11:59:59.99, and the new one took over at 12:00:00.02."""
    twin = Twin(jobs=minutely(), wall=NOON + 55).stand_by()
    twin.hear(Role.ON_DUTY, twin.claim_of_b(), ledger={"mail": entry(NOON_SLOT)})
    twin.wait(4)
    effects = twin.hear(
        Role.LEAVING,
        twin.claim_of_b(released=True),
        Via.DOWN,
        ledger={"mail": entry(NOON_SLOT)},
    )
    assert started(effects) == [("mail", NOON_SLOT + 60)]
    assert started(twin.wait(30)) == []


def test_a_slot_that_the_old_holder_announced_is_not_run_again() -> None:
    twin = Twin(jobs=minutely(), wall=NOON + 55).stand_by()
    twin.wait(4)
    effects = twin.hear(
        Role.LEAVING,
        twin.claim_of_b(released=True),
        Via.DOWN,
        ledger={"mail": entry(NOON_SLOT + 60, Fate.RUNNING)},
    )
    assert twin.state.on_duty
    assert started(effects) == []


# ---- missed slots


def test_the_newest_missed_slot_runs_and_the_others_are_skipped() -> None:
    twin = Twin(jobs=minutely(), wall=NOON + 18.9).wake()
    ledger = {"mail": entry(NOON_SLOT - 240)}
    effects = twin.hear(Role.STANDBY, twin.state.knowledge.claim, Via.ANSWER, ledger=ledger)
    assert started(effects) == [("mail", NOON_SLOT)]
    (skipped,) = noted(effects, "slot.skipped")
    assert (skipped["slot"], skipped["last"], skipped["count"]) == (
        NOON_SLOT - 180,
        NOON_SLOT - 60,
        3,
    )


def test_a_missed_slot_over_its_grace_is_skipped_with_its_reason() -> None:
    twin = holder(minutely(grace_s=10), entry(NOON_SLOT - 60))
    assert fate(twin) == (NOON_SLOT, Fate.SKIPPED)
    assert "its grace is 10 s" in twin.state.knowledge.ledger["mail"].why


def test_without_a_ledger_counting_begins_on_taking_duty() -> None:
    twin = holder()
    assert fate(twin) == (NOON_SLOT, Fate.UNKNOWN)
    assert "no twin that answers has a record" in twin.state.knowledge.ledger["mail"].why
    assert started(twin.wait(41)) == [("mail", NOON_SLOT + 60)]


def test_a_job_that_a_ledger_lacks_is_new_and_its_last_slot_is_skipped() -> None:
    twin = Twin(jobs=minutely() | minutely(name="post") | minutely(name="tidy"), wall=NOON + 18.9)
    twin.wake()
    ledger = {"post": entry(NOON_SLOT)}
    claim = twin.state.knowledge.claim
    (line,) = noted(twin.hear(Role.STANDBY, claim, Via.ANSWER, ledger=ledger), "slots.not_counted")
    assert line["jobs"] == 2
    assert fate(twin) == (NOON_SLOT, Fate.SKIPPED)


# ---- slots of which no twin has a record


def without_record(jobs: dict[str, Job], wall: float = NOON + 18.9) -> tuple[Twin, Lines]:
    """On duty, although no twin had a ledger; and its lines about that."""
    twin = Twin(jobs=jobs, wall=wall).wake()
    effects = twin.hear(Role.STANDBY, twin.state.knowledge.claim, Via.ANSWER)
    return twin, noted(effects, "slots.unknown")


def test_slots_before_a_holder_without_a_record_are_unknown_in_one_line() -> None:
    _, (line,) = without_record(minutely() | minutely(name="post"))
    assert (line["jobs"], line["until"]) == (2, NOON_SLOT + 18)
    assert "as at a first start" in str(line["because"])


def test_a_slot_since_the_boot_of_such_a_holder_is_skipped() -> None:
    twin, (line,) = without_record(minutely(), wall=NOON + 59.5)
    assert fate(twin) == (NOON_SLOT + 60, Fate.SKIPPED)
    assert line["until"] == NOON_SLOT + 59


def test_slots_of_a_script_that_is_read_later_are_unknown_too() -> None:
    twin, lines = without_record({})
    assert lines == []
    (line,) = noted(twin.tell(Declared(minutely())), "slots.unknown")
    assert line["jobs"] == 1
    assert fate(twin) == (NOON_SLOT, Fate.UNKNOWN)
    new = Declared(minutely() | minutely(name="new"), {"new": NOON})
    assert noted(twin.tell(new), "slots.unknown") == []


def test_slots_since_the_boot_that_came_before_the_script_was_read_are_skipped() -> None:
    twin, _ = without_record({})
    twin.wait(150)
    effects = twin.tell(Declared(minutely()))
    (line,) = noted(effects, "slot.skipped")
    assert (line["slot"], line["last"], line["count"]) == (NOON_SLOT + 60, NOON_SLOT + 120, 2)
    assert noted(effects, "slots.unknown")


def test_a_holder_without_a_record_logs_the_gap_once_when_its_peer_has_one() -> None:
    twin, _ = without_record(minutely())
    twin.wait(60)
    ledger = {"mail": entry(NOON_SLOT - 240), "gone": entry(NOON_SLOT - 240)}
    claim = twin.state.knowledge.claim
    (line,) = noted(twin.hear(Role.STANDBY, claim, Via.UPDATE, ledger=ledger), "slots.unknown")
    assert (line["slot"], line["last"], line["count"]) == (NOON_SLOT - 180, NOON_SLOT, 4)
    again = twin.hear(Role.STANDBY, claim, Via.UPDATE, ledger={"mail": entry(NOON_SLOT - 180)})
    assert noted(again, "slots.unknown") == []


def test_a_twin_with_a_record_logs_the_gap_when_the_holder_has_none() -> None:
    twin = Twin(jobs=minutely()).stand_by()
    twin.hear(Role.ON_DUTY, twin.claim_of_b(), ledger={"mail": entry(NOON_SLOT - 240)})
    unrecorded = Entry(NOON_SLOT, Fate.UNKNOWN, "", "")
    told = {"mail": unrecorded}
    (line,) = noted(twin.hear(Role.ON_DUTY, twin.claim_of_b(), ledger=told), "slots.unknown")
    assert (line["slot"], line["last"], line["count"]) == (NOON_SLOT - 180, NOON_SLOT, 4)
    assert noted(twin.hear(Role.ON_DUTY, twin.claim_of_b(), ledger=told), "slots.unknown") == []


def test_a_slot_that_cannot_have_come_yet_is_not_missing() -> None:
    twin = Twin(jobs=minutely()).stand_by()
    ledger = {"mail": entry(NOON_SLOT), "gone": entry(NOON_SLOT)}
    twin.hear(Role.ON_DUTY, twin.claim_of_b(), ledger=ledger)
    ahead = dict.fromkeys(ledger, Entry(NOON_SLOT + 3_600, Fate.UNKNOWN, "", ""))
    ahead["new"] = entry(NOON_SLOT)
    assert noted(twin.hear(Role.ON_DUTY, twin.claim_of_b(), ledger=ahead), "slots.unknown") == []


def test_between_two_ledgers_that_meet_in_time_no_slot_is_missing() -> None:
    twin, _ = without_record(with_slots(NOON_SLOT - 240, NOON_SLOT, NOON_SLOT + 60))
    ledger = {"mail": entry(NOON_SLOT)}
    twin.wait(60)
    effects = twin.hear(Role.STANDBY, twin.state.knowledge.claim, Via.UPDATE, ledger=ledger)
    assert noted(effects, "slots.unknown") == []


def test_a_command_has_no_slots_that_could_be_missing() -> None:
    command = replace(minutely()["mail"], continuous=True)
    twin, _ = without_record({"mail": command})
    ledger = {"mail": entry(NOON_SLOT - 240)}
    effects = twin.hear(Role.STANDBY, twin.state.knowledge.claim, Via.UPDATE, ledger=ledger)
    assert noted(effects, "slots.unknown") == []


# ---- a boot whose ledger may be old


def test_slots_due_before_a_boot_woke_are_skipped_if_its_ledger_may_be_old() -> None:
    """A router held the message with the ledger; its sender may have run the slot since."""
    twin = Twin(jobs=minutely(), wall=NOON + 70)
    twin.hear(Role.ON_DUTY, twin.claim_of_b(), via=Via.UPDATE, ledger={"mail": entry(NOON_SLOT)})
    assert started(twin.wait(10)) == []
    assert twin.role() is Role.ON_DUTY
    assert fate(twin) == (NOON_SLOT + 60, Fate.SKIPPED)
    assert "nobody says whether it ran" in twin.state.knowledge.ledger["mail"].why


THAWS: list[tuple[str, Callable[[Twin], object], Fate]] = [
    ("the peer is silent", lambda _: None, Fate.SKIPPED),
    (
        "it left, but a twin denies access there",
        lambda twin: (
            twin.hear(Role.LEAVING, via=Via.DOWN),
            twin.tell(Failed(Failure.DENIED, "401", twin.mono)),
        ),
        Fate.SKIPPED,
    ),
    (
        "it answers an older question",
        lambda twin: twin.hear(Role.STANDBY, via=Via.ANSWER, asked_ago_s=9),
        Fate.SKIPPED,
    ),
    ("it left", lambda twin: twin.hear(Role.LEAVING, via=Via.DOWN), Fate.RUNNING),
    ("it refuses", lambda twin: twin.tell(Failed(Failure.REFUSED, "", twin.mono)), Fate.RUNNING),
    ("it answers", lambda twin: twin.hear(Role.STANDBY, via=Via.ANSWER), Fate.RUNNING),
]


@pytest.mark.parametrize(
    ("then", "expected"), [row[1:] for row in THAWS], ids=[row[0] for row in THAWS]
)
def test_a_slot_due_in_a_freeze_is_skipped_if_the_peer_may_have_run_it(
    then: Callable[[Twin], object], expected: Fate
) -> None:
    twin = holder()
    twin.wait(30)
    twin.wall, twin.mono = twin.wall + 20, twin.mono + 20
    twin.tell(Froze(20))
    then(twin)
    twin.wait(9)
    assert fate(twin) == (NOON_SLOT + 60, expected)


@pytest.mark.parametrize("via", [Via.ANSWER, Via.LINE])
def test_a_boot_with_a_current_ledger_runs_slots_due_before_it_woke(via: Via) -> None:
    twin = Twin(jobs=minutely(), wall=NOON + 70)
    twin.hear(Role.ON_DUTY, twin.claim_of_b(), via=via, ledger={"mail": entry(NOON_SLOT)})
    assert started(twin.wait(15)) == [("mail", NOON_SLOT + 60)]


def test_missed_slots_since_boot_are_logged() -> None:
    twin = Twin(jobs=minutely(), wall=NOON - 0.5, url=None)
    twin.wait(1.1)
    effects = twin.tell(Failed(Failure.REFUSED, ""))
    (skipped,) = noted(effects, "slot.skipped")
    assert skipped["slot"] == NOON_SLOT


def test_a_job_that_catches_up_runs_its_newest_slot_without_a_ledger() -> None:
    twin = holder(minutely(catch_up=True))
    assert fate(twin) == (NOON_SLOT, Fate.RUNNING)


@pytest.mark.parametrize(
    ("jobs", "next_at"),
    [
        (with_slots(NOON_SLOT + 60), NOON_SLOT + 60),
        (with_slots(NOON_SLOT - 60), NEVER_CAME),
        (with_slots(), NEVER_CAME),
        ({}, NEVER_CAME),
    ],
    ids=["its first slot is ahead", "its last has passed", "it never comes", "no jobs"],
)
def test_the_next_slot_of_a_schedule_that_ends(jobs: dict[str, Job], next_at: int) -> None:
    at = slots.next_slot(holder(jobs).state)
    assert at is not None
    assert min(at, NEVER_CAME) == next_at


def test_a_twin_that_is_not_on_duty_has_no_next_slot() -> None:
    twin = Twin(jobs=minutely()).stand_by()
    assert slots.next_slot(twin.state) is None
    assert slots.next_question(twin.state) is None


# ---- a run that is going


def test_a_slot_waits_for_the_run_before_it_and_the_newest_is_served_then() -> None:
    twin = holder()
    assert len(started(twin.wait(41 + 180))) == 1
    assert slots.next_question(twin.state) is not None
    effects = twin.tell(Ended("mail", NOON_SLOT + 60, Fate.DONE, 175.0))
    assert started(effects) == [("mail", NOON_SLOT + 240)]
    (skipped,) = noted(effects, "slot.skipped")
    assert skipped["count"] == 2
    assert slots.next_question(twin.state) is None


def test_a_run_past_its_time_limit_no_longer_keeps_the_next_slot() -> None:
    twin = holder(minutely(timeout_s=90))
    effects = twin.wait(41 + 120)
    assert started(effects) == [("mail", NOON_SLOT + 60), ("mail", NOON_SLOT + 120)]
    (ended,) = noted(effects, "slot.ended")
    assert "time limit" in str(ended["because"])


def test_the_end_of_a_run_past_its_limit_changes_nothing() -> None:
    twin = holder(minutely(timeout_s=90))
    twin.wait(41 + 120)
    end(twin, NOON_SLOT + 60)
    assert fate(twin) == (NOON_SLOT + 120, Fate.RUNNING)


def test_a_job_that_cancels_itself_is_not_run_again() -> None:
    twin = holder()
    twin.wait(41)
    end(twin, NOON_SLOT + 60, Fate.CANCELLED)
    assert started(twin.wait(300)) == []


def test_a_job_that_was_cancelled_on_the_other_twin_is_not_run_here() -> None:
    twin = holder(ran=entry(NOON_SLOT - 60, Fate.CANCELLED))
    assert started(twin.wait(300)) == []


def test_a_run_that_ends_on_standby_is_reported_to_the_holder() -> None:
    twin = holder()
    twin.wait(41)
    twin.hear(Role.CLAIMING, twin.claim_of_b(9_999_999), Via.UPDATE)
    effects = twin.tell(Ended("mail", NOON_SLOT + 60, Fate.DONE, 1.5))
    assert sent(effects) == ["UPDATE"]
    assert fate(twin) == (NOON_SLOT + 60, Fate.DONE)


def test_a_run_that_ends_while_the_twin_leaves_is_recorded() -> None:
    twin = holder()
    twin.wait(41)
    twin.tell(Leave("SIGTERM"))
    end(twin, NOON_SLOT + 60)
    assert fate(twin) == (NOON_SLOT + 60, Fate.DONE)


# ---- a run that is going on the other twin


def test_a_run_on_the_other_twin_is_awaited_and_asked_after() -> None:
    twin = holder(ran=entry(NOON_SLOT, Fate.RUNNING))
    effects = twin.wait(100)
    assert started(effects) == []
    assert sent(effects).count("STATUS") >= 20
    effects = twin.hear(
        Role.STANDBY, twin.state.knowledge.claim, Via.ANSWER, ledger={"mail": entry(NOON_SLOT)}
    )
    assert started(effects) == [("mail", NOON_SLOT + 60)]


def test_a_refused_connection_ends_the_twins_runs() -> None:
    twin = holder(ran=entry(NOON_SLOT, Fate.RUNNING))
    twin.wait(41)
    effects = twin.tell(Failed(Failure.REFUSED, ""))
    assert started(effects) == [("mail", NOON_SLOT + 60)]
    (ended,) = noted(effects, "slot.ended")
    assert ended["state"] == Fate.UNKNOWN


def test_a_newer_boot_ends_the_runs_of_a_silently_dead_one() -> None:
    twin = holder(ran=entry(NOON_SLOT, Fate.RUNNING))
    twin.wait(41)
    twin.hear(Role.WAKING, twin.state.knowledge.claim, Via.UPDATE, boot=NEWER)
    assert started(twin.wait(7.9)) == [], "in a deploy it speaks within 8 s"
    assert started(twin.wait(0.2)) == [("mail", NOON_SLOT + 60)]


@pytest.mark.parametrize(
    ("twin_name", "boot", "via"), [("b", B_BOOT, Via.DOWN), ("a", "1-x", Via.UPDATE)]
)
def test_a_run_of_an_older_boot_that_still_speaks_is_awaited(
    twin_name: str, boot: str, via: Via
) -> None:
    twin = holder(ran=entry(NOON_SLOT, Fate.RUNNING, twin_name, boot))
    twin.hear(Role.STANDBY, twin.state.knowledge.claim, Via.UPDATE, boot=NEWER)
    for _ in range(4):
        twin.hear_retired(via=via, boot=boot, url=A_URL, twin=twin_name)
        assert started(twin.wait(29.9)) == []
    assert started(twin.wait(2.2)) == [("mail", NOON_SLOT + 120)]


def test_a_standby_tells_the_newer_boot_that_the_one_it_follows_is_dead() -> None:
    twin = Twin(jobs=minutely()).stand_by()
    twin.hear(Role.ON_DUTY, twin.claim_of_b(), ledger={"mail": entry(NOON_SLOT, Fate.RUNNING)})
    twin.tell(WatchLost("it broke", refused=True))
    effects = twin.hear(Role.CLAIMING, twin.claim_of_b(9, boot=NEWER), Via.UPDATE, boot=NEWER)
    assert fate(twin) == (NOON_SLOT, Fate.UNKNOWN)
    assert noted(effects, "slot.ended")


def test_a_standby_tells_the_newer_boot_that_the_one_before_it_has_not_spoken_for_8_s() -> None:
    twin = Twin(jobs=minutely()).stand_by()
    twin.hear(Role.ON_DUTY, twin.claim_of_b(), ledger={"mail": entry(NOON_SLOT, Fate.RUNNING)})
    twin.hear(Role.CLAIMING, twin.claim_of_b(9, boot=NEWER), Via.UPDATE, boot=NEWER)
    for _ in range(4):
        twin.hear(Role.ON_DUTY, twin.claim_of_b(9, boot=NEWER), boot=NEWER)
        twin.wait(1.9)
    assert fate(twin) == (NOON_SLOT, Fate.RUNNING)
    twin.wait(0.5)
    assert fate(twin) == (NOON_SLOT, Fate.UNKNOWN)


def test_a_late_word_of_a_boot_whose_runs_are_over_changes_nothing() -> None:
    twin = holder(ran=entry(NOON_SLOT, Fate.RUNNING))
    twin.tell(Failed(Failure.REFUSED, ""))
    twin.hear(Role.STANDBY, twin.state.knowledge.claim, Via.UPDATE, boot=NEWER)
    twin.hear_retired(via=Via.DOWN)
    assert started(twin.wait(41)) == [("mail", NOON_SLOT + 60)]


def test_a_run_of_a_boot_that_said_it_leaves_is_over_when_its_host_has_killed_it() -> None:
    twin = holder(ran=entry(NOON_SLOT, Fate.RUNNING))
    twin.wait(35)
    twin.hear(Role.LEAVING, twin.state.knowledge.claim, Via.DOWN)
    twin.wait(20)
    assert started(twin.tell(Failed(Failure.REFUSED, ""))) == []
    assert started(twin.wait(9.9)) == []
    assert started(twin.wait(2.2)) == [("mail", NOON_SLOT + 60)]


def test_an_unfinished_run_of_an_old_boot_is_over_30_s_after_waking() -> None:
    twin = holder(ran=entry(NOON_SLOT, Fate.RUNNING, "a", "1-x"))
    assert started(twin.wait(28)) == []
    twin.wait(13)
    assert fate(twin) == (NOON_SLOT + 60, Fate.RUNNING)


def test_only_the_newest_boots_are_remembered() -> None:
    twin = holder()
    for number in range(12):
        boot = f"{1780056000000 + number}-b"
        twin.hear(Role.STANDBY, twin.state.knowledge.claim, boot=boot)
    assert len(twin.state.over_from) == 8


# ---- news from the ledger


def test_a_holder_that_hears_of_newer_slots_goes_on_from_there() -> None:
    twin = holder()
    ledger = {"mail": entry(NOON_SLOT + 60), "unknown here": entry(NOON_SLOT)}
    twin.hear(Role.STANDBY, twin.state.knowledge.claim, ledger=ledger)
    assert started(twin.wait(41)) == []
    assert started(twin.wait(60)) == [("mail", NOON_SLOT + 120)]


def test_entries_from_a_clock_ahead_are_set_aside() -> None:
    twin = holder()
    ahead = {"mail": entry(NOON_SLOT + 3_600)}
    twin.hear(Role.STANDBY, twin.state.knowledge.claim, ledger=ahead)
    assert started(twin.wait(41)) == [("mail", NOON_SLOT + 60)]


def test_a_clock_set_back_an_hour_does_not_stop_jobs() -> None:
    twin = holder()
    twin.wait(41)
    end(twin, NOON_SLOT + 60)
    twin.wall -= 3_600
    twin.tell(Tick())
    twin.wait(60)
    assert fate(twin)[1] is Fate.RUNNING
    assert fate(twin)[0] < NOON_SLOT


def test_a_clock_set_back_on_standby_is_noticed_too() -> None:
    twin = Twin(jobs=minutely()).stand_by()
    twin.wall -= 3_600
    assert noted(twin.tell(Tick()), "clock.set_back")
    assert twin.role() is Role.STANDBY


# ---- the last check before a run begins


def announced() -> Twin:
    twin = holder()
    twin.wait(NOON + 60.01 - twin.wall)
    assert fate(twin) == (NOON_SLOT + 60, Fate.RUNNING)
    return twin


def test_a_run_that_was_announced_may_begin() -> None:
    assert slots.may_begin(announced().state, "mail", NOON_SLOT + 60)


@pytest.mark.parametrize(
    ("job", "slot"), [("mail", NOON_SLOT), ("other", NOON_SLOT + 60)], ids=["older", "unknown"]
)
def test_a_run_that_is_not_in_the_ledger_may_not(job: str, slot: int) -> None:
    assert not slots.may_begin(announced().state, job, slot)


def test_a_run_that_was_announced_just_before_leaving_may_begin() -> None:
    twin = announced()
    twin.tell(Leave("SIGTERM"))
    assert slots.may_begin(twin.state, "mail", NOON_SLOT + 60)


def test_no_run_begins_after_a_freeze_before_the_peer_has_answered() -> None:
    twin = announced()
    twin.mono, twin.wall = twin.mono + 9, twin.wall + 9
    twin.tell(Froze(9.0))
    assert not slots.may_begin(twin.state, "mail", NOON_SLOT + 60)


def test_a_run_that_another_boot_wrote_off_may_not_begin() -> None:
    twin = announced()
    known = twin.state.knowledge.ledger["mail"]
    over = {"mail": replace(known, fate=Fate.UNKNOWN)}
    twin.hear(Role.STANDBY, twin.state.knowledge.claim, ledger=over)
    assert not slots.may_begin(twin.state, "mail", NOON_SLOT + 60)


def test_a_boot_that_woke_again_does_not_begin_what_it_announced_before() -> None:
    twin = announced()
    newer = "1790000000000-x"
    twin.hear(Role.WAKING, via=Via.OWN, boot=newer, url=A_URL, twin="a")
    twin.wait(90)
    twin.tell(Heard(twin.state.document(), Via.OWN))
    assert twin.role() is Role.WAKING
    assert not slots.may_begin(twin.state, "mail", NOON_SLOT + 60)


def test_a_run_of_a_twin_that_went_to_sleep_does_not_keep_the_job_until_its_time_limit() -> None:
    """Its host killed it during the run, and a twin that left gets no requests."""
    twin = holder(ran=entry(NOON_SLOT, Fate.RUNNING))
    twin.wait(35)
    twin.hear(Role.LEAVING, twin.state.knowledge.claim, Via.DOWN)
    assert started(twin.wait(29)) == []
    assert started(twin.wait(3)) == [("mail", NOON_SLOT + 60)]


def test_a_run_of_a_boot_that_made_way_is_given_the_time_to_end() -> None:
    twin = holder(ran=entry(NOON_SLOT, Fate.RUNNING))
    twin.wait(41)
    twin.hear_retired(twin.state.knowledge.claim, Via.ANSWER)
    effects = twin.hear(Role.WAKING, twin.state.knowledge.claim, Via.UPDATE, boot=NEWER)
    assert started(effects) == []
    assert twin.state.peer.wakes == ()
    assert started(twin.wait(33)) == [("mail", NOON_SLOT + 60)]


# ---- continuous jobs: one run as long as the duty

BOT = {"mail": Job("mail", every("1s", None, "UTC"), 300, True, 15, continuous=True)}
RUNS_THERE = {"mail": entry(NOON_SLOT - 3_600, Fate.RUNNING)}


def takes_over(role: Role, ledger: dict[str, Entry] = RUNS_THERE) -> Twin:
    """On duty since this moment, while the run goes on at the peer."""
    twin = Twin(jobs=BOT, wall=NOON + 18.9).stand_by()
    twin.hear(Role.ON_DUTY, twin.claim_of_b(), ledger=ledger)
    twin.hear(role, twin.claim_of_b(released=True), ledger=ledger)
    assert twin.state.on_duty
    return twin


def starts_after(twin: Twin, seconds: int, hears: bool = False) -> int | None:
    """How many seconds pass until the job begins."""
    for second in range(seconds):
        if started(twin.wait(1)):
            return second
        if hears:
            twin.hear(Role.STANDBY, twin.state.knowledge.claim, Via.ANSWER, ledger=RUNS_THERE)
    return None


def test_a_continuous_job_begins_with_the_duty_and_has_one_run() -> None:
    twin = holder(BOT)
    assert fate(twin)[1] is Fate.RUNNING
    effects = twin.wait(7_200)
    assert started(effects) == []
    assert noted(effects, "slot.skipped") == noted(effects, "slot.ended") == []


def test_a_continuous_job_that_ended_begins_again() -> None:
    twin = holder(BOT)
    end(twin, fate(twin)[0], Fate.FAILED)
    assert len(started(twin.wait(1.1))) == 1


def test_a_continuous_job_begins_when_its_run_on_the_other_twin_has_ended() -> None:
    twin = takes_over(Role.STANDBY)
    assert starts_after(twin, 8, hears=True) is None
    over = {"mail": entry(NOON_SLOT - 3_600, Fate.DONE)}
    told = twin.hear(Role.STANDBY, twin.state.knowledge.claim, Via.ANSWER, ledger=over)
    assert len(started(told)) == 1


def test_a_twin_that_answers_has_its_time_to_end_a_continuous_run() -> None:
    assert starts_after(takes_over(Role.STANDBY), 30, hears=True) == 14


def test_a_silent_twin_runs_nothing_continuous_any_more() -> None:
    waited = starts_after(takes_over(Role.STANDBY), 30)
    assert waited is not None
    assert waited <= 7


def test_a_twin_that_leaves_is_given_time_to_end_a_continuous_run() -> None:
    assert starts_after(takes_over(Role.LEAVING), 30) == 14


def test_a_twin_that_is_gone_runs_nothing_continuous_any_more() -> None:
    twin = takes_over(Role.STANDBY)
    effects = twin.tell(Failed(Failure.REFUSED, ""))
    assert len(started(effects + twin.wait(2.1))) == 1


def test_a_holder_that_froze_does_not_take_its_own_silence_for_the_peers() -> None:
    twin = takes_over(Role.STANDBY)
    twin._pass(7)
    assert started(twin.tell(Froze(7))) == []
    claim = twin.state.knowledge.claim
    effects = twin.hear(Role.STANDBY, claim, Via.ANSWER, ledger=RUNS_THERE)
    assert started(effects + twin.wait(0.5)) == []
