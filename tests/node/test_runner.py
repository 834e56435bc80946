"""Misbehaving jobs, on their own threads."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from node_bench import Bench, bench, higher, job

from twin.core.pair.document import Role
from twin.core.pair.events import Via
from twin.core.pair.knowledge import Entry, Fate
from twin.core.schedule.job import Run
from twin.log import Log
from twin.node.codec import dump_json
from twin.node.runner import Runner, Scheduled


def on_duty(
    *functions: Callable[[Run], object], announced: Callable[[], None] = lambda: None
) -> tuple[Bench, Runner]:
    """A twin on duty with a job for each function, named after it."""
    jobs = {each.__name__: job(each.__name__)[each.__name__] for each in functions}
    made = bench(jobs)
    calls = {each.__name__: Scheduled(jobs[each.__name__], each) for each in functions}
    runner = Runner(calls, made.node, made.clock, Log("a", made.output), announced)
    made.node.outlets = replace(made.node.outlets, start=runner.start, running=runner.running)
    made.take_duty()
    return made, runner


def ran(function: Callable[[Run], object]) -> tuple[Entry, str]:
    """The ledger entry and the log after the job ran."""
    made, runner = on_duty(function)
    made.wait(10)
    assert runner.wait_until_idle(5)
    return entry(made, function.__name__), made.output.getvalue()


def entry(made: Bench, name: str) -> Entry:
    return made.node.look().knowledge.ledger[name]


@contextmanager
def hanging() -> Iterator[tuple[threading.Event, threading.Event, Callable[[Run], None]]]:
    """A job that signals its start and ends when released."""
    begun, let_go = threading.Event(), threading.Event()

    def hangs(_: Run) -> None:
        begun.set()
        let_go.wait(20)

    try:
        yield begun, let_go, hangs
    finally:
        let_go.set()


def raises(error: BaseException) -> Callable[[Run], object]:
    def job(_: Run) -> None:
        raise error

    return job


class UnprintableError(Exception):
    def __str__(self) -> str:
        raise ValueError("not even this")


def does_nothing(_: Run) -> None:
    pass


def test_a_job_that_ends_is_done() -> None:
    made, runner = on_duty(does_nothing)
    made.wait(10)
    assert runner.wait_until_idle(5)
    assert entry(made, "does_nothing").fate is Fate.DONE
    assert runner.running() == ()


def test_a_job_that_raises_leaves_a_short_text_and_the_log_the_traceback() -> None:
    ended, log = ran(raises(ValueError("no such\nthing " + "x" * 1000)))
    assert ended.fate is Fate.FAILED
    assert ended.why.startswith("ValueError: no such\nthing xxx")
    assert len(ended.why) < 200
    (line,) = [line for line in log.splitlines() if "event=job.raised" in line]
    assert "job=job" in line
    assert "Traceback (most recent call last)" in line
    assert "test_runner.py" in line


@pytest.mark.parametrize(
    "error",
    [
        KeyboardInterrupt(),
        GeneratorExit(),
        asyncio.CancelledError(),
        SystemExit(3),
        SystemExit("because"),
        ExceptionGroup("several", [ValueError("one")]),
        UnprintableError(),
        RecursionError(),
    ],
)
def test_any_exception_of_a_job_is_its_own_failure(error: BaseException) -> None:
    ended, _ = ran(raises(error))
    assert ended.fate is Fate.FAILED
    assert ended.why


def test_text_that_cannot_be_sent_does_not_silence_the_twin() -> None:
    made, runner = on_duty(raises(ValueError("file \udcff.txt")))
    made.wait(10)
    assert runner.wait_until_idle(5)
    told = json.loads(dump_json(made.node.document()))
    assert told["ledger"]["job"]["why"] == "ValueError: file \\udcff.txt"


def test_a_job_takes_the_run() -> None:
    runs: list[Run] = []
    made, runner = on_duty(runs.append)
    made.wait(9.5)
    assert runner.wait_until_idle(5)
    (run,) = runs
    assert run.slot.isoformat() == "2027-01-15T08:00:10+00:00"
    assert run.term == made.node.look().knowledge.claim.term
    assert 0 <= run.late.total_seconds() < 2
    assert run.peer_heard_at is not None
    assert run.peer_heard_at.isoformat() == "2027-01-15T08:00:02+00:00"


def test_a_job_that_hangs_does_not_delay_others() -> None:
    with hanging() as (_, let_go, hangs):
        quick = threading.Event()

        def runs(_: Run) -> None:
            quick.set()

        made, runner = on_duty(hangs, runs)
        made.wait(10)
        assert quick.wait(5)
        assert "hangs" in runner.running()
        assert not runner.wait_until_idle(0.01)
        let_go.set()
        assert runner.wait_until_idle(5)


def test_a_job_for_which_there_is_no_thread_has_failed_and_delays_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def starves(_: Run) -> None:
        pass

    begin = threading.Thread.start

    def start(thread: threading.Thread) -> None:
        if thread.name == "job starves":
            raise RuntimeError("can't start new thread")
        begin(thread)

    made, runner = on_duty(starves, does_nothing)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        made.wait(10)
    assert runner.wait_until_idle(5)
    assert entry(made, "does_nothing").fate is Fate.DONE
    ended = entry(made, "starves")
    assert ended.fate is Fate.FAILED
    assert ended.why.startswith("not begun: can't start new thread: have fewer jobs")
    made.wait(10)
    assert runner.wait_until_idle(5)
    assert entry(made, "starves").fate is Fate.DONE


def test_a_job_that_hangs_is_not_started_a_second_time() -> None:
    with hanging() as (_, _, hangs):
        made, runner = on_duty(hangs)
        made.wait(35)
        assert runner.running() == ("hangs",)
        assert made.events.count("slot.started") == 1


def test_a_run_that_is_cut_off_has_failed() -> None:
    with hanging() as (begun, let_go, hangs):
        made, runner = on_duty(hangs)
        made.wait(10)
        assert begun.wait(5)
        runner.cut_off()
        ended = entry(made, "hangs")
        assert (ended.fate, ended.why) == (Fate.FAILED, "cut off: its twin had to end")
        let_go.set()
        assert runner.wait_until_idle(5)
        assert entry(made, "hangs").fate is Fate.DONE  # it ended after all


def test_a_job_does_not_begin_before_its_announcement_is_written() -> None:
    written, begun = threading.Event(), threading.Event()

    def begins(_: Run) -> None:
        assert written.is_set()
        begun.set()

    made, runner = on_duty(begins, announced=lambda: _wait(written))
    made.wait(10)
    assert not begun.wait(0.05)
    written.set()
    assert begun.wait(5)
    assert runner.wait_until_idle(5)
    assert entry(made, "begins").fate is Fate.DONE


def test_a_job_does_not_begin_when_the_duty_was_lost_meanwhile() -> None:
    written, begun = threading.Event(), threading.Event()

    def begins(_: Run) -> None:
        begun.set()

    made, runner = on_duty(begins, announced=lambda: _wait(written))
    made.wait(10)
    made.hear(Via.UPDATE, claim=higher(made), role=Role.ON_DUTY)
    made.clock.move(2)
    written.set()
    assert runner.wait_until_idle(5)
    assert not begun.is_set()
    ended = entry(made, "begins")
    assert ended.fate is Fate.FAILED
    assert ended.why.startswith("not begun")


def test_the_ledger_has_the_end_when_the_last_run_is_over() -> None:
    """A leaving twin reports the run's fate to its peer."""
    for _ in range(20):
        made, runner = on_duty(does_nothing)
        handle = made.node.handle

        def slow(event: Any, handle: Callable[[Any], None] = handle) -> None:
            time.sleep(0.002)  # noqa: TID251 (a thread that is slow, not one that waits)
            handle(event)

        vars(made.node)["handle"] = slow
        made.wait(10)
        assert runner.wait_until_idle(5)
        assert entry(made, "does_nothing").fate is Fate.DONE


def _wait(event: threading.Event) -> None:
    event.wait(5)


def test_a_job_that_hangs_past_its_time_limit_is_still_not_run_beside_itself() -> None:
    begun = []
    with hanging() as (hung, _, hangs):

        def once(run: Run) -> None:
            begun.append(run.slot)
            hangs(run)

        made, runner = on_duty(once)
        made.wait(10)
        assert hung.wait(5)
        made.wait(3_600)
        made.wait(60)
        assert _until(lambda: "an earlier run" in entry(made, "once").why)
        assert len(begun) == 1
    assert runner.wait_until_idle(5)


def _until(holds: Callable[[], bool]) -> bool:
    for _ in range(500):
        if holds():
            return True
        time.sleep(0.01)  # noqa: TID251 (no event follows a thread's entry in the ledger)
    return False
