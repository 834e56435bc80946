"""The methods of the `schedule` library that are replaced, so that the pair serves its jobs.

All else is the library's own: a job runs in the thread that calls `run_pending`, and what it raises
goes there.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import schedule as library

from twin.worker.book import Book


def serve_by(book: Book, now: Callable[[], datetime], looked: Callable[[], None]) -> None:
    """Replace them, for good. `looked` is called when somebody asks a job whether it is due."""
    _serve_jobs(book, now, looked)
    _follow_ends(book)


def _serve_jobs(book: Book, now: Callable[[], datetime], looked: Callable[[], None]) -> None:
    def run(job: Any) -> Any:
        if job._is_overdue(now()) or book.is_ended(job):
            return library.CancelJob
        slot, returned = book.begin(job), None
        if slot is not None:
            try:
                returned = book.call(job, slot)
            finally:
                job.last_run = now()
                book.schedule_next(job)
        return library.CancelJob if job._is_overdue(job.next_run) else returned

    def should_run(job: Any) -> bool:
        looked()
        return bool(now() >= job.next_run)

    ours: dict[str, Any] = {"run": run, "should_run": property(should_run)}
    ours["_schedule_next_run"] = lambda job: book.schedule_next(job)
    for name, method in ours.items():
        setattr(library.Job, name, method)


def _follow_ends(book: Book) -> None:
    cancel, clear = library.Scheduler.cancel_job, library.Scheduler.clear

    def cancel_job(scheduler: Any, job: Any) -> None:
        is_there = any(each is job for each in scheduler.jobs)
        cancel(scheduler, job)
        if is_there:
            book.cancelled(job)

    def clear_jobs(scheduler: Any, tag: Any = None) -> None:
        clear(scheduler, tag)
        book.cleared(scheduler)

    for name, method in {"cancel_job": cancel_job, "clear": clear_jobs}.items():
        setattr(library.Scheduler, name, method)
