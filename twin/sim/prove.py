"""Many seeds on all cores: the promises proved for as long as somebody cares to wait."""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import count
from multiprocessing import get_context
from typing import TextIO

from twin.clock import Clock
from twin.sim.observer import BrokenPromiseError
from twin.sim.play import Outcome, play
from twin.sim.weather import CLIMATES

DAY_S = 86_400
MIX = ("quiet", "day", "fine", "storm", "strangers")
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
    apart_doubles: int = 0
    longest_vacancy_s: float = 0.0
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
        self.apart_doubles += seen.excused_doubles
        self.longest_vacancy_s = max(self.longest_vacancy_s, seen.longest_vacancy_s)
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
            ("slots run twice, cut off or forgotten", f"{self.apart_doubles:,}"),
            ("slots lost", f"{lost:,}"),
            ("slots doubled", f"{doubled:,}"),
            ("longest without a holder", f"{self.longest_vacancy_s:.1f} s"),
            ("promises broken", f"{len(self.broken):,}"),
        ]
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


def each(lots: Iterable[Lot], workers: int | None = None) -> Iterator[Outcome | Broken]:
    """What becomes of the lots, in no order, on all cores; no lot is taken long before its time."""
    workers = workers or os.cpu_count() or 1
    source = iter(lots)
    underway: set[Future[Outcome | Broken]] = set()
    with ProcessPoolExecutor(workers, get_context("spawn"), _ignore_interrupts) as pool:
        try:
            while True:
                while len(underway) < 4 * workers and (lot := next(source, None)) is not None:
                    underway.add(pool.submit(live, lot))
                if not underway:
                    return
                done, underway = wait(underway, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def prove(minutes: float, first_seed: int, mix: Iterable[str], out: TextIO = sys.stdout) -> Tally:
    """Look at fresh seeds until the time is over, a promise is broken, or Ctrl-C comes."""
    clock, tally = Clock(), Tally()
    began_at = clock.now().mono
    seen = each(lots(first_seed, mix))
    try:
        for one in seen:
            tally.add(one)
            passed_s = clock.now().mono - began_at
            out.write(f"\r{_bar(passed_s / (60 * minutes))} {tally.pair_days:,.1f} pair-days ")
            out.flush()
            if tally.broken or passed_s >= 60 * minutes:
                break
    except KeyboardInterrupt:
        out.write("stopped")
    seen.close()  # type: ignore[attr-defined]
    out.write("\n")
    return tally


def _bar(share: float, width: int = 40) -> str:
    full = min(int(share * width), width)
    return f"[{'#' * full}{'.' * (width - full)}]"


def _ignore_interrupts() -> None:
    """Ctrl-C reaches every process of the terminal: only the first one answers it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
