"""The faults: their actions on a pair, their durations, and the protocol's promises."""

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from real_pair import Pair
from witness import Witness

from twin.lab.app import App
from twin.lab.door import Door
from twin.lab.door import Fault as Cut

FOLLOWED_S = 8.0
"""After a freeze, a silence or a router that holds requests, a twin is on duty within this time."""
DEATH_S = 1.5
"""After a death that refuses connections: about a second, plus the delay of a busy machine."""
ROUND_TRIP_S = 0.5
"""After a message that arrives: some milliseconds, plus the same delay."""
_PATIENCE_S = 12.0
_CUTS: tuple[Cut, ...] = ("hold", "drop", "refuse")


class Stop(NamedTuple):
    """A process that was killed or frozen, and may take knowledge with it."""

    at: float
    app: str
    pid: int


@dataclass
class Scene:
    """A pair, its witness, and the random numbers."""

    pair: Pair
    witness: Witness
    draw: random.Random
    stops: list[Stop] = field(default_factory=list)

    @property
    def now(self) -> float:
        return self.pair.platform.clock.now().wall

    def tell(self, event: str, /, **values: object) -> None:
        """Write into the collected log, between the lines of the affected apps."""
        self.pair.platform.log.info("chaos", event, **values)

    def other(self, app: App) -> App:
        return self.pair.other(app)

    async def wait(self, least_s: float, most_s: float) -> None:
        await asyncio.sleep(self.draw.uniform(least_s, most_s))

    async def signal(self, app: App, number: int, *, respawn: bool = True) -> None:
        at = self.now
        if number in (signal.SIGKILL, signal.SIGSTOP):
            self.stops += [Stop(at, app.name, dyno.pid) for dyno in app.dynos]
        if number == signal.SIGSTOP:
            self.witness.froze(app.name, at)
        elif number == signal.SIGCONT:
            self.witness.thawed(app.name, at)
        else:
            self.witness.disturbed(at)
        await app.kill(number, respawn=respawn)

    async def until(self, fact: Callable[[], bool], timeout_s: float = _PATIENCE_S) -> None:
        """Wait for the condition, or until the time limit: the report judges the outcome by the
        log."""
        ends = self.now + timeout_s
        while not fact() and self.now < ends:  # noqa: ASYNC110 (facts of other processes)
            await asyncio.sleep(0.02)

    def is_held_by(self, app: App) -> bool:
        return app.name in self.witness.holders


async def restart(scene: Scene, app: App) -> None:
    await scene.signal(app, signal.SIGKILL)


async def kill(scene: Scene, app: App) -> None:
    await scene.signal(app, signal.SIGKILL, respawn=False)
    await scene.until(lambda: scene.is_held_by(scene.other(app)))
    await scene.wait(0, 3)
    await app.start()


async def terminate(scene: Scene, app: App) -> None:
    scene.witness.disturbed(scene.now)
    await app.cycle()
    await asyncio.sleep(0.5)  # the old boot has left, the new one is on its way


async def freeze(scene: Scene, app: App, least_s: float, most_s: float) -> None:
    await scene.signal(app, signal.SIGSTOP)
    await scene.wait(least_s, most_s)
    await scene.signal(app, signal.SIGCONT)


async def freeze_shortly(scene: Scene, app: App) -> None:
    await freeze(scene, app, 0.2, 3.2)


async def freeze_long(scene: Scene, app: App) -> None:
    await freeze(scene, app, 8.5, 12)


async def freeze_any(scene: Scene, app: App) -> None:
    await freeze(scene, app, 0.5, 10)


async def cut(scene: Scene, doors: list[Door], fault: Cut, seconds: float) -> None:
    lines = [name for name, door in scene.pair.lines.items() if door in doors]
    scene.tell("line.cut", fault=fault, to=",".join(lines))
    for door in doors:
        await door.cut(fault)
    scene.witness.disturbed(scene.now)
    await asyncio.sleep(seconds)
    for door in doors:
        await door.heal()
    scene.witness.disturbed(scene.now)


async def cut_off(scene: Scene, doors: list[Door]) -> None:
    """Nothing passes for a while: requests and open streams are held, dropped or refused."""
    fault = scene.draw.choice(_CUTS)
    if fault != "hold":
        for door in doors:
            door.break_streams()
    await cut(scene, doors, fault, scene.draw.uniform(1, 12))


async def cut_both_ways(scene: Scene, _: App) -> None:
    await cut_off(scene, list(scene.pair.lines.values()))


async def cut_one_way(scene: Scene, _: App) -> None:
    await cut_off(scene, [scene.draw.choice(list(scene.pair.lines.values()))])


async def refuse(scene: Scene, _: App) -> None:
    """Requests of one or both are refused; open streams go on."""
    a, b = scene.pair.lines.values()
    await cut(scene, scene.draw.choice([[a], [b], [a, b]]), "refuse", scene.draw.uniform(1, 8))


async def delay(scene: Scene, app: App) -> None:
    """Answers come up to 2 s late; sometimes the duty has to move during that time."""
    for door in scene.pair.lines.values():
        await door.cut("delay", seconds=scene.draw.uniform(0.2, 2))
    await scene.wait(0, 4)
    meanwhile = scene.draw.choice((terminate, restart, None, None))
    if meanwhile is not None:
        await meanwhile(scene, app)
    await scene.wait(1, 5)
    for door in scene.pair.lines.values():
        await door.heal()


async def break_streams(scene: Scene, _: App) -> None:
    for _round in range(scene.draw.randint(1, 4)):
        for door in scene.pair.lines.values():
            door.break_streams()
        await scene.wait(0, 1)


async def restart_both(scene: Scene, app: App) -> None:
    await asyncio.gather(*(scene.signal(each, signal.SIGKILL) for each in (app, scene.other(app))))


async def terminate_both(scene: Scene, app: App) -> None:
    await asyncio.gather(*(terminate(scene, each) for each in (app, scene.other(app))))


async def deploy(scene: Scene, app: App) -> None:
    """Old and new boot side by side, as on Render."""
    await app.deploy(overlap_s=scene.draw.uniform(1, 9))
    await scene.until(lambda: len(app.lives) == 1, timeout_s=15)


async def deploy_both(scene: Scene, app: App) -> None:
    """Two deploys that cross."""
    await asyncio.gather(deploy(scene, app), deploy(scene, scene.other(app)))


async def deploy_and_kill(scene: Scene, app: App) -> None:
    """The new boot is killed while the old one still runs."""
    await app.deploy(overlap_s=scene.draw.uniform(3, 9))
    await scene.wait(0, 5)
    await scene.signal(app, signal.SIGKILL)
    await scene.until(lambda: len(app.lives) == 1, timeout_s=15)


async def freeze_and_kill(scene: Scene, app: App) -> None:
    """The standby is killed while the holder is frozen: no twin can act."""
    await scene.signal(app, signal.SIGSTOP)
    await scene.wait(0, 7)
    await scene.signal(scene.other(app), signal.SIGKILL)
    await scene.wait(0, 4)
    await scene.signal(app, signal.SIGCONT)


@dataclass(frozen=True)
class Fault:
    name: str
    strike: Callable[[Scene, App], Awaitable[None]]
    """Strikes the given twin, and undoes the fault."""
    of_holder: bool = True
    """Whether it hits the twin on duty; for some faults it does not matter."""
    within_s: float = FOLLOWED_S
    """How soon after the fault a twin is on duty."""
    is_cut: bool = False
    """The twins cannot hear each other: both may be on duty."""
    overlaps: bool = False
    """Old and new boot of an app run side by side. If the peer's boots change too, no one reaches
    the old ones until they look: both pairs of boots may have one on duty."""
    is_alone: bool = True
    """Whether it hits only one app."""
    often: int = 1


async def wake(scene: Scene, _: App) -> None:
    await scene.pair.wake(scene.pair.a, scene.pair.b)


FIRST_WAKE = Fault("(both wake first)", wake)
FAULTS = (
    Fault("holder killed, restarted", restart, often=3),
    Fault("holder killed, stays down", kill, within_s=DEATH_S, often=3),
    Fault("holder terminated", terminate, within_s=ROUND_TRIP_S, often=3),
    Fault("holder frozen up to 3 s", freeze_shortly, often=2),
    Fault("holder frozen for long", freeze_long, often=2),
    Fault("standby killed", restart, of_holder=False),
    Fault("standby terminated", terminate, of_holder=False),
    Fault("standby frozen", freeze_any, of_holder=False, often=2),
    Fault("cut off both ways", cut_both_ways, is_cut=True, often=2),
    Fault("cut off one way", cut_one_way, is_cut=True, often=2),
    Fault("connections refused", refuse, is_cut=True),
    Fault("answers up to 2 s late", delay, often=2),
    Fault("streams broken", break_streams, often=2),
    Fault("both killed, restarted", restart_both),
    Fault("both terminated", terminate_both),
    Fault("holder frozen, standby killed", freeze_and_kill),
    Fault("holder deployed, overlap", deploy, overlaps=True, often=2),
    Fault("standby deployed, overlap", deploy, of_holder=False, overlaps=True),
    Fault("deployed, new one killed", deploy_and_kill, overlaps=True),
    Fault("both deployed, overlap", deploy_both, overlaps=True, is_alone=False),
)
