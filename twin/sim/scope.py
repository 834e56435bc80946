"""The explorer's inputs: a pair at rest, in several settings, and the faults."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from random import Random

from twin.core.pair.document import Role
from twin.core.pair.shift import Shift
from twin.core.pair.state import Rules
from twin.core.zones import zone
from twin.sim.arbiter import NAME as ARBITER
from twin.sim.host import Host
from twin.sim.lines import TOO_LATE_S, Lines, Quality
from twin.sim.pair import Pair
from twin.sim.play import job, named
from twin.sim.process import Process
from twin.sim.strict import LEASE_S, Group

SLOTS_EVERY_S = 10
"""Watch lines come every 2 s and rounds every 5 s, so a pair at rest repeats itself after 10 s."""
_AT_REST_S = 110.0
"""Long enough that no event before the faults still matters."""
_JOBS = named(job("post", f"{SLOTS_EVERY_S}s", grace_s=60))
_RUN_S = 0.3
_SLOW_S = 2.0
_LATE_S = 12.0
_BACK_S = 25.0
_LEASE_OVER_S = 15.0
"""A lease, and the time that a new holder takes."""
_FAR_S = 1.4
"""A round trip of 2.8 s."""


class Chanceless(Random):
    """Returns the middle of each range, and a name for each boot."""

    def __init__(self) -> None:
        super().__init__(0)
        self._count = 0

    def random(self) -> float:
        return 0.5

    def uniform(self, a: float, b: float) -> float:
        return (a + b) / 2

    def randrange(self, *_: object) -> int:
        self._count += 1
        return self._count

    def __reduce__(self) -> tuple[object, ...]:
        return Chanceless, (), {"_count": self._count}

    def __setstate__(self, state: dict[str, int]) -> None:
        self._count = state["_count"]


class Struck(Lines):
    """Lines whose next message may be lost or delayed."""

    def __init__(self, random: Random) -> None:
        super().__init__(random)
        self.next: dict[tuple[str, str], float | None] = {}
        """By (sender, receiver): the extra delay of the next message; None if it gets lost."""

    def way_s(self, source: str, target: str, now: float) -> float | None:
        way_s = super().way_s(source, target, now)
        if (source, target) not in self.next:
            return way_s
        more_s = self.next.pop((source, target))
        if more_s is None or 2 * self.quality.slowest_s + more_s > TOO_LATE_S:
            self._hurt(source, target, now)
        if way_s is None or more_s is None:
            return None
        self.come_late(now + way_s + more_s)
        return way_s + more_s


class Scene(Pair):
    """A pair that is watched at every beat."""

    lines: Struck

    def __init__(self, rules: Rules) -> None:
        super().__init__(0, _JOBS, rules)
        self.random = Chanceless()
        self.lines = Struck(self.random)
        self.happened = 0
        """The number of events since the pair was at rest; stories count in it."""
        self.began_at = 0.0

    def run_s(self, job: str) -> float:  # noqa: ARG002 - all take as long
        return _RUN_S

    def happen(self) -> None:
        super().happen()
        self.happened += 1

    def is_calm(self) -> bool:
        """Never: a fault may strike at any beat."""
        return False

    def is_disturbed(self) -> bool:
        """Whether a fault still lasts, or waits for its message."""
        return bool(self.lines.cut or self.lines.next)


class StrictScene(Scene, Group):
    """The same with an arbiter."""

    def is_disturbed(self) -> bool:
        record = self.arbiter.store.record
        named = record is not None and len({record.member.twin, *record.known}) == len(self.hosts)
        return super().is_disturbed() or self.arbiter.is_ill or not named


# ---- settings


@dataclass(frozen=True)
class Setting:
    """The setup of a pair. At rest one twin is on duty, and the other watches it or sleeps."""

    way_s: float = 0.05
    asleep: bool = False
    """Whether the standby sleeps."""
    takes_on_wake: bool = True
    shifts: bool = False
    """Whether the first twin's shift ends while the faults come."""
    apart_s: float = 0.0
    """By how much their clocks differ."""
    strict: bool = False
    """Whether they have an arbiter."""

    def at_rest(self) -> Scene:
        kind, lease_s = (StrictScene, LEASE_S) if self.strict else (Scene, None)
        scene = kind(Rules(takes_on_wake=self.takes_on_wake, lease_s=lease_s))
        scene.lines.quality = Quality(self.way_s, self.way_s)
        a, b = scene.hosts.values()
        b.clock_off_s = self.apart_s
        if self.shifts:
            self._take_turns(scene, a, b)
        for host in (b, a):
            host.boot_s = 0.3
            host.boot()
            scene.run(_AT_REST_S)
        while self.asleep and not (b.asleep and not b.boots):  # a late message may wake it
            b.terminate(_front(b), "it sleeps", sleep=True)
            scene.run(_AT_REST_S)
        scene.began_at, scene.happened = scene.now, 0
        scene.story.lines.clear()
        return scene

    @staticmethod
    def _take_turns(scene: Scene, a: Host, b: Host) -> None:
        ends = int(scene.now + 2 * _AT_REST_S) // 60 % 1440 + 1
        begins = (ends - 120) % 1440
        a.rules = replace(a.rules, shift=Shift(begins, ends % 1440, zone("UTC")))
        b.rules = replace(b.rules, shift=Shift(ends % 1440, begins, zone("UTC")))


SETTINGS = {
    "near": Setting(),
    "far": Setting(way_s=_FAR_S),
    "asleep": Setting(asleep=True),
    "far-asleep": Setting(way_s=_FAR_S, asleep=True),
    "join": Setting(takes_on_wake=False),
    "shifts": Setting(shifts=True),
    "apart": Setting(apart_s=1.0),
    "strict": Setting(strict=True),
}

# ---- faults


@dataclass(frozen=True)
class Fault:
    """A fault that a pair may meet. It strikes only where it `fits`."""

    name: str
    fits: Callable[[Scene], bool]
    strike: Callable[[Scene], None]


def _front(host: Host) -> Process:
    assert host.front is not None, "nobody serves there"  # noqa: S101
    return host.front


def _acts(name: str, scene: Scene) -> bool:
    front = scene.hosts[name].front
    return front is not None and front.acts and front.state.role is not Role.LEAVING


def _is_single(name: str, scene: Scene) -> bool:
    host = scene.hosts[name]
    return _acts(name, scene) and len(host.alive) == 1 and not host.boots


def _boot_if_gone(host: Host) -> None:
    if not (host.alive or host.boots or host.asleep):
        host.boot()


def _kill(name: str, silently: bool, holds: bool, back_s: float, scene: Scene) -> None:
    host = scene.hosts[name]
    host.holds = holds
    host.kill(_front(host), silently)
    scene.after(back_s, partial(_boot_if_gone, host))


def _freeze(name: str, seconds: float, scene: Scene) -> None:
    process = _front(scene.hosts[name])
    process.freeze()
    scene.after(seconds, process.thaw)


def _terminate(name: str, scene: Scene) -> None:
    host = scene.hosts[name]
    host.terminate(_front(host), "a restart")
    scene.after(1.0, partial(_boot_if_gone, host))


def _deploy(name: str, moves_after_s: float, dies: bool, scene: Scene) -> None:
    """The URL moves to the new boot this long after that boot serves."""
    host = scene.hosts[name]
    old = _front(host)
    host.boot(to_front=False)
    scene.after(host.boot_s + moves_after_s, partial(_move_url, host, old, dies))


def _move_url(host: Host, old: Process, dies: bool) -> None:
    newer = [process for process in host.alive if process is not old]
    if not newer:
        return
    host.lead_to(newer[-1])
    if dies:
        host.world.after(3.0, partial(host.kill, newer[-1]))
    elif old in host.alive:
        host.terminate(old, "a deploy")


def _cut(ways: frozenset[tuple[str, str]], seconds: float, scene: Scene) -> None:
    scene.story.tell(scene.now, "lines", "are cut", str(sorted(ways)))
    scene.lines.cut |= ways
    scene.after(seconds, partial(_join, scene, ways))


def _join(scene: Scene, ways: frozenset[tuple[str, str]]) -> None:
    scene.story.tell(scene.now, "lines", "are joined", str(sorted(ways)))
    scene.lines.cut -= ways
    scene.lines.hurt.note(scene.now)


def _strike_next(way: tuple[str, str], more_s: float | None, scene: Scene) -> None:
    what = "is lost" if more_s is None else f"takes {more_s:g} s more"
    scene.story.tell(scene.now, "lines", f"the next message from {way[0]} to {way[1]} {what}")
    scene.lines.next[way] = more_s


def _fail(down_s: float, flushed: bool, scene: Scene) -> None:
    """The arbiter is down for so long, and may lose its memory."""
    assert isinstance(scene, StrictScene), "there is no arbiter"  # noqa: S101
    if flushed:
        scene.arbiter.flush()
    if down_s:
        scene.arbiter.set_down(True)
        scene.after(down_s, scene.arbiter.heal)


def _always(_: Scene) -> bool:
    return True


def _has_arbiter(scene: Scene) -> bool:
    return isinstance(scene, StrictScene)


def _freezes_strictly(name: str, scene: Scene) -> bool:
    return _has_arbiter(scene) and _acts(name, scene)


def _faults_of(name: str, other: str) -> list[Fault]:
    acts, single = partial(_acts, name), partial(_is_single, name)
    way, back = (name, other), (other, name)
    return [
        Fault(f"kill {name}", acts, partial(_kill, name, False, False, 0.1)),
        Fault(f"kill {name} for long", acts, partial(_kill, name, False, False, _BACK_S)),
        Fault(f"kill {name} silently", acts, partial(_kill, name, True, True, 0.1)),
        Fault(f"freeze {name} 2.2 s", acts, partial(_freeze, name, 2.2)),
        Fault(f"freeze {name} 4 s", acts, partial(_freeze, name, 4.0)),
        Fault(f"freeze {name} 9 s", acts, partial(_freeze, name, 9.0)),
        Fault(f"terminate {name}", acts, partial(_terminate, name)),
        Fault(f"deploy {name} early", single, partial(_deploy, name, 0.1, False)),
        Fault(f"deploy {name} late", single, partial(_deploy, name, 6.0, False)),
        Fault(f"failed deploy of {name}", single, partial(_deploy, name, 0.1, True)),
        Fault(f"cut {name}-{other} 9 s", _always, partial(_cut, frozenset({way}), 9.0)),
        Fault(f"lose {name}-{other}", _always, partial(_strike_next, way, None)),
        Fault(f"slow {name}-{other}", _always, partial(_strike_next, way, _SLOW_S)),
        Fault(f"late {name}-{other}", _always, partial(_strike_next, way, _LATE_S)),
        *(
            [Fault("cut both 9 s", _always, partial(_cut, frozenset({way, back}), 9.0))]
            if name < other
            else []
        ),
    ]


def _faults_of_the_line_to_the_arbiter(name: str) -> list[Fault]:
    there, back = (name, ARBITER), (ARBITER, name)
    return [
        Fault(
            f"freeze {name} 12 s", partial(_freezes_strictly, name), partial(_freeze, name, 12.0)
        ),
        *(
            Fault(f"{what} {source}-{target}", _has_arbiter, strike)
            for source, target in (there, back)
            for what, strike in (
                ("cut 15 s", partial(_cut, frozenset({(source, target)}), _LEASE_OVER_S)),
                ("lose", partial(_strike_next, (source, target), None)),
                ("late", partial(_strike_next, (source, target), _LATE_S)),
            )
        ),
    ]


_FAULTS_OF_THE_ARBITER = [
    Fault("arbiter down 5 s", _has_arbiter, partial(_fail, 5.0, False)),
    Fault("arbiter down 30 s", _has_arbiter, partial(_fail, 30.0, False)),
    Fault("arbiter flush", _has_arbiter, partial(_fail, 0.0, True)),
    Fault("arbiter crash", _has_arbiter, partial(_fail, 5.0, True)),
]
FAULTS = {
    fault.name: fault
    for fault in (
        *_faults_of("a", "b"),
        *_faults_of("b", "a"),
        *_faults_of_the_line_to_the_arbiter("a"),
        *_faults_of_the_line_to_the_arbiter("b"),
        *_FAULTS_OF_THE_ARBITER,
    )
}
