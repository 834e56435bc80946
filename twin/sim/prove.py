"""Checks the promises on many seeds, on all cores, for a given time."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import TextIO

from twin.clock import Clock
from twin.sim.faults import MIXES
from twin.sim.observer import BrokenPromiseError
from twin.sim.play import Outcome, play
from twin.sim.pool import each
from twin.sim.strict import play_strictly

DAY_S = 86_400
STRICT = {"strict": 2, "strict-3": 3, "strict-5": 5}
"""In strict mode, with so many twins."""
PROVED = ("quiet", "day", "fine", "storm", "strangers", "odd", "shifts", *STRICT)
"""Each seed is played with every one of these."""

Lot = tuple[int, str]
"""A seed and the name of its mix."""


@dataclass(frozen=True)
class Broken:
    seed: int
    mix: str
    story: str

    def __str__(self) -> str:
        again = f"python -m twin.sim {self.seed} --mix {self.mix}"
        return f"{self.story}\nAgain: {again}"


@dataclass
class Tally:
    """The tally so far."""

    worlds: int = 0
    seconds: float = 0.0
    handovers: int = 0
    starts: int = 0
    skipped: int = 0
    not_begun: int = 0
    longest_vacancy_s: float = 0.0
    longest_strangers_s: float = 0.0
    """The same in worlds with a wrong password, where twins wait for up to a minute."""
    excused: Counter[str] = field(default_factory=Counter)
    """Slots that ran twice, by the reason that excuses it."""
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


def lots(first_seed: int, names: Iterable[str] = PROVED) -> Iterator[Lot]:
    """Yields without end."""
    for seed in count(first_seed):
        yield from ((seed, mix) for mix in names)


def live(lot: Lot) -> Outcome | Broken:
    seed, mix = lot
    try:
        return play_strictly(seed, STRICT[mix]) if mix in STRICT else play(seed, MIXES[mix])
    except BrokenPromiseError as error:
        return Broken(seed, mix, str(error))


def prove(minutes: float, first_seed: int, names: Iterable[str], out: TextIO) -> Tally:
    """Play fresh seeds until the time is over, a promise is broken, or Ctrl-C comes."""
    # Killed by SIGTERM at once, this process would leave workers that wait forever.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    clock, tally, progress = Clock(), Tally(), Progress(minutes, out)
    began_at = clock.now().mono
    try:
        out.write(f"From seed {first_seed}. Ctrl-C ends it.\n")
        out.flush()
        with closing(each(live, lots(first_seed, names))) as seen:
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
    """Shows progress: a bar on a terminal, a line each minute in a file or a log."""

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
