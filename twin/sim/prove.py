"""Many seeds on all cores: the promises proved for as long as somebody cares to wait."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count, islice
from multiprocessing import get_context
from typing import TextIO

from twin.clock import Clock
from twin.sim.faults import CLIMATES
from twin.sim.observer import BrokenPromiseError
from twin.sim.play import Outcome, play

DAY_S = 86_400
MIX = ("quiet", "day", "fine", "storm", "strangers", "odd", "shifts")
"""Each seed lives through all of these."""

Lot = tuple[int, str]
"""A seed, and the name of its weather."""


@dataclass(frozen=True)
class Broken:
    seed: int
    weather: str
    story: str

    def __str__(self) -> str:
        again = f"python -m twin.sim {self.seed} --weather {self.weather}"
        return f"{self.story}\nAgain: {again}"


@dataclass
class Tally:
    """What was seen so far."""

    worlds: int = 0
    seconds: float = 0.0
    handovers: int = 0
    starts: int = 0
    skipped: int = 0
    not_begun: int = 0
    longest_vacancy_s: float = 0.0
    longest_strangers_s: float = 0.0
    """The same in worlds where one had the wrong password: they wait for up to a minute."""
    excused: Counter[str] = field(default_factory=Counter)
    """Slots run twice, by the reason that excuses it."""
    faults: Counter[str] = field(default_factory=Counter)
    broken: list[Broken] = field(default_factory=list)

    @property
    def pair_days(self) -> float:
        return self.seconds / DAY_S

    def add(self, seen: Outcome | Broken) -> None:
        self.worlds += 1
        if isinstance(seen, Broken):
            self.broken.append(seen)
            return
        self.seconds += seen.seconds
        self.handovers += seen.handovers
        self.starts += seen.starts
        self.skipped += seen.skipped
        self.not_begun += seen.not_begun
        if seen.faults["password"]:
            self.longest_strangers_s = max(self.longest_strangers_s, seen.longest_vacancy_s)
        else:
            self.longest_vacancy_s = max(self.longest_vacancy_s, seen.longest_vacancy_s)
        self.excused.update(seen.excused)
        self.faults.update(seen.faults)

    def __str__(self) -> str:
        lost = sum("no slot is lost" in each.story.split("\n")[0] for each in self.broken)
        doubled = sum("two starts" in each.story.split("\n")[0] for each in self.broken)
        rows = [
            ("pair-days", f"{self.pair_days:,.1f}"),
            ("worlds", f"{self.worlds:,}"),
            ("handovers", f"{self.handovers:,}"),
            ("slots run", f"{self.starts:,}"),
            ("slots skipped, with a reason", f"{self.skipped:,}"),
            ("slots given up after a freeze", f"{self.not_begun:,}"),
            ("slots run twice, and excused", f"{self.excused.total():,}"),
            ("slots lost", f"{lost:,}"),
            ("slots doubled", f"{doubled:,}"),
            ("longest without a holder", f"{self.longest_vacancy_s:.1f} s"),
            ("the same with a wrong password", f"{self.longest_strangers_s:.1f} s"),
            ("promises broken", f"{len(self.broken):,}"),
        ]
        rows += [(f"excused: {why}", f"{times:,}") for why, times in self.excused.most_common()]
        rows += [(f"faults: {name}", f"{times:,}") for name, times in self.faults.most_common()]
        return "\n".join(f"{name:<38}{value:>14}" for name, value in rows)


def lots(first_seed: int, mix: Iterable[str] = MIX) -> Iterator[Lot]:
    """Without end."""
    for seed in count(first_seed):
        yield from ((seed, weather) for weather in mix)


def live(lot: Lot) -> Outcome | Broken:
    seed, weather = lot
    try:
        return play(seed, CLIMATES[weather])
    except BrokenPromiseError as error:
        return Broken(seed, weather, str(error))


def each(
    lots: Iterable[Lot], workers: int | None = None
) -> Generator[Outcome | Broken, None, None]:
    """What becomes of the lots, in no order, on all cores; no lot is taken long before its time."""
    workers = workers or os.cpu_count() or 1
    source = iter(lots)
    underway: set[Future[Outcome | Broken]] = set()
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        try:
            while True:
                with _deaf():
                    for lot in islice(source, 4 * workers - len(underway)):
                        underway.add(pool.submit(live, lot))
                if not underway:
                    return
                done, underway = wait(underway, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def prove(minutes: float, first_seed: int, mix: Iterable[str], out: TextIO) -> Tally:
    """Look at fresh seeds until the time is over, a promise is broken, or Ctrl-C comes."""
    # Ended by SIGTERM at once, it would leave its workers behind, who wait for more for ever.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    clock, tally, progress = Clock(), Tally(), Progress(minutes, out)
    began_at = clock.now().mono
    try:
        out.write(f"From seed {first_seed}. Ctrl-C ends it.\n")
        out.flush()
        with closing(each(lots(first_seed, mix))) as seen:
            for one in seen:
                tally.add(one)
                passed_s = clock.now().mono - began_at
                progress.tell(passed_s, tally)
                if tally.broken or passed_s >= 60 * minutes:
                    break
    except KeyboardInterrupt:
        out.write("\nstopped")
    out.write("\n")
    return tally


class Progress:
    """How far a proof is: on a terminal a bar, in a file or a log a line each minute."""

    def __init__(self, minutes: float, out: TextIO) -> None:
        self._minutes = minutes
        self._out = out
        self._line_at_s = 60.0

    def tell(self, passed_s: float, tally: Tally) -> None:
        done = f"{tally.pair_days:,.1f} pair-days"
        if self._out.isatty():
            left = timedelta(seconds=max(int(60 * self._minutes - passed_s), 0))
            self._out.write(f"\r{_bar(passed_s / (60 * self._minutes))} {done}, {left} left ")
        elif passed_s >= self._line_at_s:
            self._line_at_s += 60
            self._out.write(f"{passed_s / 60:.0f} of {self._minutes:g} min: {done}\n")
        self._out.flush()


def _bar(share: float, width: int = 40) -> str:
    full = min(int(share * width), width)
    return f"[{'#' * full}{'.' * (width - full)}]"


@contextmanager
def _deaf() -> Iterator[None]:
    """Ctrl-C reaches every process of the terminal: a worker that is born in here never hears it,
    and the first process, which answers it, does afterwards. So, too, no worker is half born."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
