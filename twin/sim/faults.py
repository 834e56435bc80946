"""The faults that a pair meets: drawn from the seed, in sequence and overlapping."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from twin.core.pair.document import Role
from twin.core.pair.timeouts import CLOCK_AHEAD_S
from twin.sim.host import Host
from twin.sim.lines import Quality
from twin.sim.pair import Pair


@dataclass(frozen=True)
class Mix:
    """The possible faults by weight, and their frequency."""

    every_s: float = 25.0
    kill: int = 3
    freeze: int = 4
    terminate: int = 3
    sleep: int = 2
    deploy: int = 3
    visit: int = 2
    clock: int = 1
    leap: int = 0
    """A clock is an hour wrong for a while."""
    cut: int = 3
    rain: int = 3
    """Lines lose, delay and double messages."""
    password: int = 0
    garble: int = 0
    """Answers arrive unreadable, one way or both; routers may answer for a dead app."""
    shifts: bool = False
    """Whether each twin has a shift: one the middle of a stretch, the other the rest."""
    slow_lines: bool = True
    """Whether a round trip may take up to 3 s without a fault."""
    cycles: bool = False
    """Whether each host restarts its app once a day, as many hosts do."""
    stretches: int = 3
    stretch_s: float = 600.0
    """How long faults strike before the calm in which the pair must heal."""


DAY = Mix(every_s=4 * 3_600, cycles=True, stretches=1, stretch_s=86_400 - 240)
"""A typical day: both hosts restart their app, and a fault strikes now and then."""
QUIET = replace(DAY, every_s=90 * 86_400)
"""Most days: only the restarts."""
FINE_LINES = Mix(cut=0, rain=0)
"""Hosts fail in every way, but every message arrives, within 3 s there and back."""
STORM = Mix()
STRANGERS = Mix(password=6)
"""The same, and now and then one twin has the wrong password."""
ODD = Mix(garble=6, cut=0, rain=0)
"""The same, and now and then an answer is unreadable or not a twin's."""
SHIFTS = Mix(shifts=True)
"""Twins that take turns."""
LEAPS = Mix(leap=2)
"""The same, and now and then a clock is an hour wrong: a slot may be lost then (seed 3000047)."""
MIXES = {
    "quiet": QUIET,
    "day": DAY,
    "fine": FINE_LINES,
    "storm": STORM,
    "strangers": STRANGERS,
    "odd": ODD,
    "shifts": SHIFTS,
    "leaps": LEAPS,
}


AIMED = 0.3
"""The share of faults that strike within milliseconds of a slot, where they hurt most."""


class Faults:
    def __init__(self, world: Pair, mix: Mix) -> None:
        self.world = world
        self.mix = mix
        # Its own generator: a changed rule still meets the same faults.
        self.random = Random(f"{world.seed} weather")  # noqa: S311 - a fault is no secret
        self.active = False
        self.came: Counter[str] = Counter()
        """How often each fault struck."""
        self._faults: dict[str, Callable[[Host], None]] = {
            "kill": self._kill,
            "freeze": self._freeze,
            "terminate": self._terminate,
            "sleep": self._sleep,
            "deploy": self._deploy,
            "visit": self._visit,
            "clock": self._clock,
            "leap": self._leap,
            "cut": self._cut,
            "rain": self._rain,
            "password": self._password,
            "garble": self._garble,
        }

    def begin(self) -> None:
        self.active = True
        self._calm_lines()
        if self.mix.cycles:
            for host in self.world.hosts.values():
                self._cycle_within(host, self.mix.stretch_s)
        self.world.after(self.random.expovariate(1 / self.mix.every_s), self._next)

    def end(self) -> None:
        """End all faults: join the cut lines, thaw the frozen, start the dead."""
        self.active = False
        self._calm_lines()
        self.world.lines.cut.clear()
        self.world.lines.garbled.clear()
        self.world.observer.disturbed()
        for host in self.world.hosts.values():
            host.password = "right"  # noqa: S105 - a word of the story
            for process in list(host.alive):
                process.thaw()
            host.lead(lambda _: None)  # a visitor wakes a sleeping app
            self._boot_if_gone(host)

    def _next(self) -> None:
        if not self.active:
            return
        names = list(self._faults)
        weights = [getattr(self.mix, name) for name in names]
        name = self.random.choices(names, weights)[0]
        host = self.random.choice(list(self.world.hosts.values()))
        if self.random.random() < AIMED:
            self.world.after(self._around_a_slot_s(host), lambda: self._strike(name, host))
        else:
            self._strike(name, host)
        self.world.after(self.random.expovariate(1 / self.mix.every_s), self._next)

    def _strike(self, name: str, host: Host) -> None:
        if self.active:
            self.came[name] += 1
            self._faults[name](host)

    def _around_a_slot_s(self, host: Host) -> float:
        """About how long until the host's clock shows the next slot."""
        now = self.world.now + host.clock_off_s
        slots = (job.schedule.after(now) for job in self.world.jobs.values())
        next_slot = min(slot for slot in slots if slot is not None)
        return max(next_slot - now + self.random.uniform(-0.02, 0.03), 0.0)

    def _cycle_within(self, host: Host, seconds: float) -> None:
        self.world.after(self.random.uniform(0, seconds), lambda: self._cycle(host))

    def _cycle(self, host: Host) -> None:
        if self.active:
            self.came["cycle"] += 1
            self._terminate(host)

    # ---- faults of a host

    def _kill(self, host: Host) -> None:
        if host.alive:
            process = self.random.choice(host.alive)
            host.kill(process, silently=self.random.random() < 0.2)
            self._start_again(host)

    def _start_again(self, host: Host) -> None:
        host.holds = self.random.random() < 0.5
        host.pages = self.mix.garble > 0 and self.random.random() < 0.5
        host.boot_s = self.random.choice([0.3, 2.0, 20.0])
        self.world.after(self.random.choice([0.1, 5.0, 60.0]), lambda: self._boot_if_gone(host))

    def _boot_if_gone(self, host: Host) -> None:
        serving = [one for one in host.alive if one.state.role is not Role.LEAVING]
        if not (serving or host.boots or host.asleep):
            host.boot()

    def _freeze(self, host: Host) -> None:
        if host.front is not None and host.front.acts:
            process = host.front
            process.freeze()
            seconds = self.random.choice([1.0, 2.5, 5.0, 8.0, 12.0, 60.0])
            self.world.after(seconds * self.random.uniform(0.8, 1.2), process.thaw)

    def _terminate(self, host: Host) -> None:
        if host.front is not None:
            host.terminate(host.front, "restart")
            late_s = self.random.choice([0.2, 26.0, 40.0])
            self.world.after(late_s, lambda: self._boot_if_gone(host))

    def _sleep(self, host: Host) -> None:
        if len(host.alive) == 1 and not host.boots:
            host.terminate(host.alive[0], "it sleeps", sleep=True)

    def _visit(self, host: Host) -> None:
        host.lead(lambda _: None)

    def _deploy(self, host: Host) -> None:
        """Run old and new side by side; the URL moves early, late, or never."""
        if len(host.alive) != 1 or host.boots or host.asleep:
            return
        old = host.alive[0]
        host.boot(to_front=False)
        fails = self.random.random() < 0.2
        self.world.after(
            host.boot_s + self.random.choice([0.1, 3.0, 6.0, 30.0]),
            lambda: self._roll_back(host, old) if fails else self._hand_over(host, old),
        )

    def _roll_back(self, host: Host, old: object) -> None:
        for process in [process for process in host.alive if process is not old]:
            host.kill(process)

    def _hand_over(self, host: Host, old: object) -> None:
        newer = [process for process in host.alive if process is not old]
        if newer:
            host.lead_to(newer[-1])
        for process in host.alive:
            if process is old:
                host.terminate(process, "a deploy")

    def _clock(self, host: Host) -> None:
        host.set_clock(self.random.uniform(-1.5, 1.5))

    def _leap(self, host: Host) -> None:
        off_s = host.clock_off_s
        if abs(off_s) > CLOCK_AHEAD_S:
            return
        host.set_clock(off_s + self.random.choice([-3_600, 3_600]))
        seconds = self.random.choice([1.0, 20.0, 120.0])
        self.world.after(seconds, lambda: host.set_clock(off_s))

    def _password(self, host: Host) -> None:
        host.password = "wrong" if host.password == "right" else "right"  # noqa: S105
        self.world.story.tell(self.world.now, host.name, "its password is", host.password)

    # ---- faults of the lines

    def _calm_lines(self) -> None:
        slowest = self.random.choice([0.06, 0.06, 1.45]) if self.mix.slow_lines else 0.06
        self.world.lines.quality = Quality(slowest_s=slowest)

    def _cut(self, host: Host) -> None:
        there, back = (host.name, host.peer or ""), (host.peer or "", host.name)
        self._cut_ways(self.random.choice([{there}, {back}, {there, back}]))

    def _cut_ways(self, ways: set[tuple[str, str]]) -> None:
        self.world.story.tell(self.world.now, "lines", "are cut", str(sorted(ways)))
        self.world.lines.cut |= ways
        seconds = self.random.choice([3.0, 9.0, 30.0, 120.0])
        self.world.after(seconds, lambda: self._join(ways))

    def _join(self, ways: set[tuple[str, str]]) -> None:
        if self.world.lines.cut:
            self.world.story.tell(self.world.now, "lines", "are joined", str(sorted(ways)))
            self.world.lines.hurt.note(self.world.now)
            self.world.lines.cut -= ways

    def _garble(self, host: Host) -> None:
        there, back = (host.name, host.peer or ""), (host.peer or "", host.name)
        ways = self.random.choice([{there}, {back}, {there, back}])
        self.world.story.tell(self.world.now, "answers", "are garbled", str(sorted(ways)))
        self.world.lines.garbled |= ways
        seconds = self.random.choice([3.0, 9.0, 30.0, 120.0])
        self.world.after(seconds, lambda: self._mend(ways))

    def _mend(self, ways: set[tuple[str, str]]) -> None:
        self.world.story.tell(self.world.now, "answers", "can be read", str(sorted(ways)))
        self.world.lines.garbled -= ways

    def _rain(self, _: Host) -> None:
        draw = self.random.uniform
        self.world.story.tell(self.world.now, "lines", "lose, delay and double")
        self.world.lines.quality = Quality(
            slowest_s=self.random.choice([0.06, 1.45]),
            lost=draw(0, 0.4),
            late=draw(0, 0.2),
            doubled=draw(0, 0.3),
        )
        self.world.after(draw(5, 60), self._calm_lines)
