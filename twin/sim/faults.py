"""The faults that come over a pair: drawn from the seed, one after the other and on top of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from twin.core.pair.document import Role
from twin.core.pair.timeouts import CLOCK_AHEAD_S
from twin.sim.host import Host
from twin.sim.lines import Quality
from twin.sim.world import World


@dataclass(frozen=True)
class Climate:
    """Which faults there are, by weight, and how often one comes."""

    every_s: float = 25.0
    kill: int = 3
    freeze: int = 4
    terminate: int = 3
    sleep: int = 2
    deploy: int = 3
    visit: int = 2
    clock: int = 1
    leap: int = 0
    """A clock that is an hour wrong for a while."""
    cut: int = 3
    rain: int = 3
    """Lines that lose, delay and double."""
    password: int = 0
    garble: int = 0
    """Answers that arrive unreadable, one way or both; routers may answer for a dead app."""
    shifts: bool = False
    """Whether each twin has its shift: one in the middle of a stretch, the other the rest."""
    slow_lines: bool = True
    """Whether a round trip may take up to 3 s without any fault."""
    cycles: bool = False
    """Whether each host restarts its app once a day, as many do."""
    stretches: int = 3
    stretch_s: float = 600.0
    """How long the faults go on, before a calm in which the pair must heal."""


DAY = Climate(every_s=4 * 3_600, cycles=True, stretches=1, stretch_s=86_400 - 240)
"""A typical day: both hosts restart their app, and now and then something happens."""
QUIET = replace(DAY, every_s=90 * 86_400)
"""Most days: nothing but the restarts."""
FINE_LINES = Climate(cut=0, rain=0)
"""Hosts do what they like, but what is sent arrives, within 3 s there and back."""
STORM = Climate()
STRANGERS = Climate(password=6)
"""And now and then one of them has the wrong password."""
ODD = Climate(garble=6, cut=0, rain=0)
"""And now and then what answers is no twin, or cannot be read."""
SHIFTS = Climate(shifts=True)
"""Twins that take turns."""
LEAPS = Climate(leap=2)
"""And now and then a clock is an hour wrong: a slot may be lost then (seed 3000047)."""
CLIMATES = {
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
"""The share of faults that come within the milliseconds around a slot, where they hurt most."""


class Weather:
    def __init__(self, world: World, climate: Climate) -> None:
        self.world = world
        self.climate = climate
        # Of its own, so that a rule that is changed meets the same faults.
        self.random = Random(f"{world.seed} weather")  # noqa: S311 - a fault is no secret
        self.blows = False
        self.faults: Counter[str] = Counter()
        """How often each came."""
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
        self.blows = True
        self._calm_lines()
        if self.climate.cycles:
            for host in self.world.hosts.values():
                self._cycle_within(host, self.climate.stretch_s)
        self.world.after(self.random.expovariate(1 / self.climate.every_s), self._next)

    def end(self) -> None:
        """No further fault; what was cut is joined, who froze thaws, who is gone is started."""
        self.blows = False
        self._calm_lines()
        self.world.lines.cut.clear()
        self.world.lines.garbled.clear()
        self.world.observer.disturbed()
        for host in self.world.hosts.values():
            host.password = "right"  # noqa: S105 - a word of the story
            for process in list(host.alive):
                process.thaw()
            host.lead(lambda _: None)  # a visitor wakes who sleeps
            self._boot_if_gone(host)

    def _next(self) -> None:
        if not self.blows:
            return
        names = list(self._faults)
        weights = [getattr(self.climate, name) for name in names]
        name = self.random.choices(names, weights)[0]
        host = self.random.choice(list(self.world.hosts.values()))
        if self.random.random() < AIMED:
            self.world.after(self._around_a_slot_s(host), lambda: self._strike(name, host))
        else:
            self._strike(name, host)
        self.world.after(self.random.expovariate(1 / self.climate.every_s), self._next)

    def _strike(self, name: str, host: Host) -> None:
        if self.blows:
            self.faults[name] += 1
            self._faults[name](host)

    def _around_a_slot_s(self, host: Host) -> float:
        """How long until about the moment when the host's clock shows the next slot."""
        now = self.world.now + host.clock_off_s
        slots = (job.schedule.after(now) for job in self.world.jobs.values())
        next_slot = min(slot for slot in slots if slot is not None)
        return max(next_slot - now + self.random.uniform(-0.02, 0.03), 0.0)

    def _cycle_within(self, host: Host, seconds: float) -> None:
        self.world.after(self.random.uniform(0, seconds), lambda: self._cycle(host))

    def _cycle(self, host: Host) -> None:
        if self.blows:
            self.faults["cycle"] += 1
            self._terminate(host)

    # ---- what comes over a host

    def _kill(self, host: Host) -> None:
        if host.alive:
            process = self.random.choice(host.alive)
            host.kill(process, silently=self.random.random() < 0.2)
            self._start_again(host)

    def _start_again(self, host: Host) -> None:
        host.holds = self.random.random() < 0.5
        host.pages = self.climate.garble > 0 and self.random.random() < 0.5
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
        """Old and new side by side; the URL changes hands early, late, or never."""
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

    # ---- what comes over the lines

    def _calm_lines(self) -> None:
        slowest = self.random.choice([0.06, 0.06, 1.45]) if self.climate.slow_lines else 0.06
        self.world.lines.quality = Quality(slowest_s=slowest)

    def _cut(self, host: Host) -> None:
        there, back = (host.name, host.peer or ""), (host.peer or "", host.name)
        ways = self.random.choice([{there}, {back}, {there, back}])
        self.world.story.tell(self.world.now, "lines", "are cut", str(sorted(ways)))
        self.world.lines.cut |= ways
        seconds = self.random.choice([3.0, 9.0, 30.0, 120.0])
        self.world.after(seconds, lambda: self._join(ways))

    def _join(self, ways: set[tuple[str, str]]) -> None:
        if self.world.lines.cut:
            self.world.story.tell(self.world.now, "lines", "are joined", str(sorted(ways)))
            self.world.lines.hurt_at = self.world.now
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
