"""When a run may begin in strict mode, and how long what runs as long as the duty may go on."""

import pytest
from stepping import NOON, Twin, noted
from strictly import LEASE_S, POST, B, StrictTwin

from twin.core.pair import strict
from twin.core.pair.arbiter import Op
from twin.core.pair.events import Ended, Start
from twin.core.pair.knowledge import Fate
from twin.core.pair.machine import Permission
from twin.core.schedule.job import Job
from twin.core.schedule.schedules import every


def announced() -> tuple[StrictTwin, Start]:
    twin = StrictTwin(POST).take(B)
    (start,) = twin.starts(6.8)
    return twin, start


def test_a_run_begins_once_the_arbiter_has_granted_its_slot() -> None:
    twin, start = announced()
    assert twin.machine.may_begin(start, twin.mono, twin.now) is Permission.ASK
    assert twin.begin(start) is Permission.GRANTED
    assert twin.arbiter.store.started["post"].slot == start.slot


def test_a_slot_that_another_has_started_does_not_begin() -> None:
    twin, start = announced()
    record = twin.arbiter.record
    twin.arbiter.ask(Op.RELEASE, record.member, twin.mono, term=record.term)
    term = twin.arbiter.ask(Op.CLAIM, B, twin.mono, seen=record.term).record.term  # type: ignore[union-attr]
    twin.arbiter.ask(Op.START, B, twin.mono, term=term, slots={"post": start.slot})
    twin.arbiter.ask(Op.RELEASE, B, twin.mono, term=term)
    twin.wait(LEASE_S / 3)
    assert twin.acts
    assert twin.begin(start) is Permission.REFUSED


def test_a_run_whose_twin_lost_the_duty_does_not_begin() -> None:
    twin, start = announced()
    twin.wish(B)
    assert twin.begin(start) is Permission.REFUSED


def test_a_run_that_is_over_does_not_begin_again() -> None:
    twin, start = announced()
    twin.tell(Ended("post", start.slot, Fate.DONE, 0.1))
    assert twin.begin(start) is Permission.REFUSED


def test_after_a_lost_record_what_was_due_by_any_clock_is_skipped_with_a_reason() -> None:
    """A holder before it may have started it, and the arbiter forgot: clocks are 5 s apart."""
    twin = StrictTwin({"post": Job("post", every("2s", None, "UTC"))}, wall=NOON + 0.5)
    effects = twin.wait(LEASE_S + 5.4)
    assert twin.acts
    skipped = noted(effects, "slot.skipped")
    assert {line["because"] for line in skipped[1:]} == {
        "it was due before this twin took the duty, and another may have started it unheard"
    }
    assert [line["slot"] for line in skipped[1:]] == [NOON + 12, NOON + 14]
    assert [start.slot for start in twin.starts(2)] == [NOON + 16]


@pytest.mark.parametrize(("left_s", "lasts"), [(2.1, True), (1.9, False)])
def test_what_runs_as_long_as_the_duty_ends_in_time_to_be_killed(
    left_s: float, lasts: bool
) -> None:
    twin = StrictTwin().take(B)
    assert strict.lasts(twin.state, twin.lease.trusted_until - left_s) is lasts


def test_without_a_lease_nothing_limits_it() -> None:
    assert strict.lasts(Twin().take().state, 1e9)
