from datetime import UTC, datetime, timedelta

import pytest

from twin.core.schedule.job import Job, Run
from twin.core.schedule.schedules import every


def a_run(answers: list[datetime | None]) -> Run:
    job = Job("jobs.post", every("10m", None, "UTC"))
    slot = datetime(2026, 11, 21, 2, 10, tzinfo=UTC)
    return Run(job, slot, 7, timedelta(seconds=3), lambda: answers.pop(0))


def test_a_run_reads_peer_heard_at_afresh_each_time() -> None:
    heard = datetime(2026, 11, 21, 2, 9, tzinfo=UTC)
    run = a_run([None, heard])
    assert run.peer_heard_at is None
    assert run.peer_heard_at == heard


def test_printing_a_run_asks_nothing() -> None:
    assert "jobs.post" in repr(a_run([]))


def test_a_job_cannot_change_its_run() -> None:
    with pytest.raises(AttributeError):
        a_run([]).term = 8  # type: ignore[misc]
