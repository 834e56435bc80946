import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from node_bench import Bench, bench, document, higher, job

from twin.core.pair.document import Role
from twin.core.pair.events import Heard, LearnedUrl, Request, Start, Via
from twin.core.pair.timeouts import BEAT_S, STALLED_S

PATHS: dict[str, Callable[[Bench], Any]] = {
    "handle": lambda made: made.node.handle(LearnedUrl("http://a.example")),
    "a message": lambda made: made.node.handle(Heard(document(), Via.LINE)),
    "look": lambda made: made.node.look(),
    "document": lambda made: made.node.document(),
    "tick": lambda made: made.node.tick(),
}


@pytest.fixture
def holder() -> Bench:
    made = bench(job())
    made.take_duty()
    made.output.truncate(0)
    made.output.seek(0)
    return made


@pytest.mark.parametrize("path", PATHS)
def test_a_freeze_is_detected_before_any_other_event(path: str, holder: Bench) -> None:
    holder.clock.move(60)
    PATHS[path](holder)
    assert holder.events[0] == "clock.froze"
    assert holder.role is Role.CLAIMING


def test_the_document_of_a_thawed_twin_does_not_say_on_duty(holder: Bench) -> None:
    holder.clock.move(60)
    assert holder.node.document().role is Role.CLAIMING


def test_a_slot_that_came_due_in_a_freeze_waits_for_the_peers_word(holder: Bench) -> None:
    holder.clock.move(60)
    holder.node.tick()
    assert holder.started == []
    holder.hear(Via.ANSWER, claim=holder.node.look().knowledge.claim)
    assert [start.job for start in holder.started] == ["jobs.post"]


def test_a_freeze_raises_the_number_of_freezes(holder: Bench) -> None:
    before = holder.node.freezes()
    holder.wait(5)
    assert holder.node.freezes() == before
    holder.clock.move(60)
    assert holder.node.freezes() == before + 1


def test_a_late_beat_is_no_freeze(holder: Bench) -> None:
    holder.clock.move(BEAT_S + 0.5)
    holder.node.tick()
    assert "clock.froze" not in holder.events


def test_a_job_may_begin_once_it_is_announced(holder: Bench) -> None:
    start = started(holder)
    assert holder.node.may_begin(start)
    assert not holder.node.may_begin(Start(start.job, start.slot + 10))
    assert not holder.node.may_begin(Start("another", start.slot))


def test_a_job_may_not_begin_when_the_duty_was_lost_before_its_thread_came_to_it(
    holder: Bench,
) -> None:
    start = started(holder)
    holder.hear(Via.UPDATE, claim=higher(holder), role=Role.ON_DUTY)
    holder.clock.move(2)
    assert not holder.node.may_begin(start)


def test_a_job_that_froze_before_it_began_waits_until_the_doubt_is_settled(holder: Bench) -> None:
    start, answers = started(holder), list[bool]()
    holder.clock.move(60)
    thread = threading.Thread(target=lambda: answers.append(holder.node.may_begin(start)))
    thread.start()
    thread.join(0.05)
    assert thread.is_alive()
    holder.hear(Via.ANSWER, claim=holder.node.look().knowledge.claim)
    thread.join(5)
    assert answers == [True]


def test_a_job_that_waits_out_a_doubt_may_not_begin_when_the_peer_has_the_duty(
    holder: Bench,
) -> None:
    start, answers = started(holder), list[bool]()
    holder.clock.move(60)
    thread = threading.Thread(target=lambda: answers.append(holder.node.may_begin(start)))
    thread.start()
    holder.hear(Via.ANSWER, claim=higher(holder), role=Role.ON_DUTY)
    thread.join(5)
    assert answers == [False]


def test_a_start_is_published_before_the_run_starts() -> None:
    made = bench(job())
    made.take_duty()
    order: list[str] = []
    outlets = made.node.outlets
    made.node.outlets = replace(
        outlets,
        publish=lambda: order.append(made.node.document().ledger["jobs.post"].fate),
        start=lambda *_: order.append("start"),
    )
    made.wait(10)
    assert order == ["running", "start"]


def test_the_scheduler_beats_at_the_next_slot() -> None:
    made = bench(job())
    made.take_duty()
    made.wait(7)
    made.clock.move(0.4)
    assert made.node.tick() == pytest.approx(0.6)


def test_a_day_that_goes_by_faster_has_its_slots_sooner() -> None:
    made = bench(job(interval="10s"))
    made.take_duty()
    object.__setattr__(made.clock, "rate", 100.0)
    assert made.node.tick() == pytest.approx(0.08)


def test_the_scheduler_beats_at_least_once_a_second() -> None:
    made = bench(job(interval="1h"))
    made.take_duty()
    assert made.node.tick() <= BEAT_S


def test_an_earlier_timer_wakes_the_scheduler() -> None:
    made = bench(job(interval="1s"))
    made.clock.move(0.6)
    made.wait(2)
    made.node.wake_scheduler.clear()
    made.node.handle(LearnedUrl("http://a.example"))
    assert not made.node.wake_scheduler.is_set()
    made.hear(Via.ANSWER, claim=made.node.look().knowledge.claim)
    assert made.role is Role.ON_DUTY  # and a slot is due in 0.4 s, a question only in 0.5 s
    assert made.node.wake_scheduler.is_set()


def test_a_stuck_scheduler_is_reported_to_the_host_and_the_peer(holder: Bench) -> None:
    assert holder.node.ticking
    for _ in range(int(STALLED_S)):
        holder.clock.move(1)
        holder.node.look()  # the process lives, but its scheduler does not
    assert not holder.node.ticking
    assert holder.node.document().ticked_ago_s == pytest.approx(STALLED_S)


def test_a_claim_is_sent_to_the_peer() -> None:
    made = bench()
    made.wait(1)
    assert Request.UPDATE in made.sent


def test_lines_of_quiet_jobs_are_left_out_unless_they_warn() -> None:
    made = bench(job("twin.scale"))
    made.node._quiet = frozenset({"twin.scale"})
    made.take_duty()
    made.wait(10)
    assert made.started
    assert not [line for line in made.lines if "twin.scale" in line]


def test_slots_are_written_as_times() -> None:
    made = bench(job())
    made.take_duty()
    made.wait(10)
    line = next(line for line in made.lines if "event=slot.started" in line)
    assert " slot=2027-01-15T08:00:10Z" in line


def started(made: Bench) -> Start:
    made.wait(10)
    return made.started[-1]
