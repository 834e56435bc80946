"""Tries each fault before each event of a pair, and each other fault after it.

The explorer follows a pair at rest until it repeats itself. At each message and each timer, a copy
of the world meets one of the faults. While the copy heals, each fault strikes again at each message
and timer, up to the requested number of faults. Then the pair must heal, with every promise kept.

Nothing is random. A path lists faults, each with the number of events before it. To replay one:

    python -m twin.sim.explore near --path "17 kill a; 31 freeze b 4 s"

The limits: a fault strikes just before an event, and at no other moment; the next fault strikes
before the pair has been well for `WELL_S`; worlds that agree to 0.1 s count as one.
"""

import argparse
import pickle
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from random import Random

from twin.clock import Clock
from twin.core.pair.document import Role
from twin.sim.fingerprint import fingerprint
from twin.sim.observer import BrokenPromiseError
from twin.sim.play import CALM_S, see_runs_end, settle
from twin.sim.pool import each
from twin.sim.scope import FAULTS, SETTINGS, SLOTS_EVERY_S, Scene

WELL_S = 6.0
"""A pair has healed after this long at rest: it holds a round and three watch lines."""
_RUN_BY_S = 2.0
"""A pair that is well has run every slot that was due this long ago."""
_LOOK_AT = 30
"""The number of events after the last fault at which a world is compared with known ones. More
comparisons cost more than they save, because few worlds are equivalent."""
_SHOWN = 20

Fall = tuple[int, str]
"""A fault, with the number of events before it since the pair was at rest."""
Path = tuple[Fall, ...]
Task = tuple[str, Fall, int]
"""A setting, its first fault, and the number of faults in all."""


@dataclass(frozen=True)
class Violation:
    setting: str
    path: Path
    promise: str

    def __str__(self) -> str:
        told = "; ".join(f"{count} {name}" for count, name in self.path)
        return f'{self.promise}\n    python -m twin.sim.explore {self.setting} --path "{told}"'


@dataclass
class Seen:
    """The counts of an exploration."""

    firsts: int = 0
    """First faults followed to the end."""
    points: int = 0
    """Moments at which every fault was tried."""
    paths: int = 0
    events: int = 0
    alike: int = 0
    """Worlds not followed further because an equivalent one was."""
    longest_vacancy_s: float = 0.0
    violations: list[Violation] = field(default_factory=list)

    def add(self, other: "Seen") -> None:
        self.firsts += other.firsts
        self.points += other.points
        self.paths += other.paths
        self.events += other.events
        self.alike += other.alike
        self.longest_vacancy_s = max(self.longest_vacancy_s, other.longest_vacancy_s)
        self.violations += other.violations

    def __str__(self) -> str:
        rows = [
            ("first faults followed to the end", self.firsts),
            ("further moments at which each fault came", self.points),
            ("paths", self.paths),
            ("events", self.events),
            ("worlds alike to a known one", self.alike),
            ("promises broken", len(self.violations)),
        ]
        lines = [f"{name:<44}{count:>12,}" for name, count in rows]
        longest = f"{'longest without a holder':<44}{self.longest_vacancy_s:>10.1f} s"
        return "\n".join([*lines, longest, *map(str, self.violations[:_SHOWN])])


def first_faults(setting: str) -> Iterator[Fall]:
    """Each fault at each moment of a pair at rest, until it repeats itself."""
    scene = fast_forward(setting, 0)
    while scene.now < scene.began_at + SLOTS_EVERY_S:
        yield from ((scene.happened, name) for name, fault in FAULTS.items() if fault.fits(scene))
        scene.happen()


@cache
def _known(_: str) -> set[tuple[int, int]]:
    """The worlds of a setting that this process has followed, with the number of faults left."""
    return set()


def follow(task: Task) -> Seen:
    setting, first, faults = task
    explorer = _Explorer(setting, _known(setting))
    explorer.strike(fast_forward(setting, first[0]), faults, (), first[1])
    explorer.seen.firsts = 1
    return explorer.seen


def fast_forward(setting: str, happened: int) -> Scene:
    """The pair at rest, after so many events."""
    scene: Scene = pickle.loads(_at_rest(setting))  # noqa: S301 - written by this process
    while scene.happened < happened:
        scene.happen()
    return scene


@cache
def _at_rest(setting: str) -> bytes:
    return pickle.dumps(SETTINGS[setting].at_rest(), pickle.HIGHEST_PROTOCOL)


class _Explorer:
    def __init__(self, setting: str, known: set[tuple[int, int]] | None) -> None:
        """`known`: the worlds not to be followed again; None follows every world to its end."""
        self._setting = setting
        self._known = known
        self.seen = Seen()

    def strike(self, scene: Scene, left: int, path: Path, name: str) -> None:
        """Strike with a fault and follow the world. `left`: the faults to come, with this one."""
        path = (*path, (scene.happened, name))
        try:
            FAULTS[name].strike(scene)
            self.live(scene, left - 1, path)
        except BrokenPromiseError as error:
            promise = str(error).splitlines()[0].removeprefix("seed 0: ")
            self.seen.violations.append(Violation(self._setting, path, promise))
        self.seen.paths += 1
        vacancy_s = scene.observer.longest_vacancy_s
        self.seen.longest_vacancy_s = max(self.seen.longest_vacancy_s, vacancy_s)

    def live(self, scene: Scene, left: int, path: Path) -> None:
        """Follow a world until it is well for long enough, or equivalent to a known one."""
        struck_at, struck = scene.now, scene.happened
        well_since: float | None = None
        while well_since is None or scene.now < well_since + WELL_S:
            if self._knows(scene, left, scene.happened - struck):
                self.seen.alike += 1
                return
            if left:
                self._branch(scene, left, path)
            scene.happen()
            self.seen.events += 1
            if not is_well(scene):
                well_since = None
            elif well_since is None:
                well_since = scene.now
            if scene.now > struck_at + CALM_S:
                break
        settle(scene)
        see_runs_end(scene)
        scene.observer.check_slots(scene.began_at, scene.now - _RUN_BY_S)

    def _knows(self, scene: Scene, left: int, since: int) -> bool:
        """`since`: the number of events after the last fault."""
        if self._known is None:
            return False
        if since == 1 and scene.lines.next:
            return True  # the fault waits for a message: it is the one that strikes later
        if not (left or since == _LOOK_AT):
            return False
        mark = fingerprint(scene)
        if any((mark, more) in self._known for more in range(left, left + 3)):
            return True
        self._known.add((mark, left))
        return False

    def _branch(self, scene: Scene, left: int, path: Path) -> None:
        self.seen.points += 1
        kept = pickle.dumps(scene, pickle.HIGHEST_PROTOCOL)
        for name, fault in FAULTS.items():
            if fault.fits(scene):
                copy: Scene = pickle.loads(kept)  # noqa: S301 - written a moment ago
                self.strike(copy, left, path, name)


def is_well(scene: Scene) -> bool:
    """Whether one twin is on duty, the other sleeps or watches it, and only routine messages are
    underway."""
    if scene.is_disturbed():
        return False
    roles = []
    for host in scene.hosts.values():
        if host.asleep:
            continue
        if len(host.alive) != 1 or host.boots or not host.alive[0].is_calm:
            return False
        roles.append(host.alive[0].state.role)
    return roles.count(Role.ON_DUTY) == 1


def replay(setting: str, path: Path) -> Scene:
    """Play one path, and keep its story. Raises `BrokenPromiseError`, which contains the story."""
    scene = fast_forward(setting, 0)
    for count, name in path:
        while scene.happened < count:
            scene.happen()
        FAULTS[name].strike(scene)
    _Explorer(setting, None).live(scene, 0, path)
    return scene


# ---- by command


def explore(settings: list[str], faults: int, minutes: float) -> tuple[Seen, int]:
    """Explore until everything is followed or the time is over. The order makes any part a fair
    sample. Returns the counts, and the number of first faults."""
    tasks = [(setting, first, faults) for setting in settings for first in first_faults(setting)]
    Random(0).shuffle(tasks)  # noqa: S311 - an order is no secret
    clock, seen = Clock(), Seen()
    ends_at = clock.now().mono + 60 * minutes
    with closing(each(follow, tasks)) as followed:
        for one in followed:
            seen.add(one)
            if clock.now().mono >= ends_at:
                break
    return seen, len(tasks)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser("python -m twin.sim.explore", description=__doc__)
    parser.add_argument("settings", nargs="*", choices=[*SETTINGS, []], help="default: all of them")
    parser.add_argument("--faults", type=int, default=2, help="how many faults strike in a row")
    parser.add_argument("--minutes", type=float, default=10.0, help="at most")
    parser.add_argument("--path", help="replay one path and print its story")
    asked = parser.parse_args(arguments)
    settings = asked.settings or list(SETTINGS)
    if asked.path is not None:
        return _tell(settings[0], asked.path)
    seen, firsts = explore(settings, asked.faults, asked.minutes)
    print(f"{', '.join(settings)}; up to {asked.faults} of {len(FAULTS)} faults")
    print("exhausted" if seen.firsts == firsts else f"cut: {seen.firsts:,} of {firsts:,} followed")
    print(seen)
    return bool(seen.violations)


def _tell(setting: str, told: str) -> int:
    falls = [fall.strip().split(" ", 1) for fall in told.split(";")]
    try:
        print(replay(setting, tuple((int(count), name) for count, name in falls)).story)
    except BrokenPromiseError as error:
        print(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
