"""Work for all cores."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from itertools import islice
from multiprocessing import get_context
from typing import TypeVar

Lot = TypeVar("Lot")
Seen = TypeVar("Seen")


def each(
    work: Callable[[Lot], Seen], lots: Iterable[Lot], workers: int | None = None
) -> Generator[Seen, None, None]:
    """The results of `work` for each lot, unordered, on all cores; no lot is taken long before its
    turn."""
    workers = workers or os.cpu_count() or 1
    source = iter(lots)
    underway: set[Future[Seen]] = set()
    with ProcessPoolExecutor(workers, get_context("spawn"), initializer=_hear_terminate) as pool:
        try:
            while True:
                with _deaf():
                    for lot in islice(source, 4 * workers - len(underway)):
                        underway.add(pool.submit(work, lot))
                if not underway:
                    return
                done, underway = wait(underway, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _hear_terminate() -> None:
    """In a worker. The pool ends its workers by SIGTERM when one of them has died, and waits."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})


@contextmanager
def _deaf() -> Iterator[None]:
    """Start workers with Ctrl-C blocked. Ctrl-C reaches every process of the terminal: the workers
    never hear it, and the first process handles it after this block, when every worker has
    started."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
