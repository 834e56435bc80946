"""An app on the platform: its releases, its formation, its dynos."""

import asyncio
import contextlib
import random
import shutil
import signal
import tempfile
import uuid
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path

from twin.clock import Clock
from twin.lab.changes import Changes
from twin.lab.collected import Log
from twin.lab.door import Door, Fault
from twin.lab.dyno import Dyno, State
from twin.lab.environment import environment
from twin.lab.keeper import Keeper
from twin.lab.limits import Limits
from twin.lab.ports import free_port
from twin.lab.process import Guard
from twin.lab.release import Ledger, Release
from twin.lab.router import Router, RoutingError

# A laptop's worth. Heroku allows a hundred of a standard size, and one of an Eco or Basic one.
DYNOS_MOST = 10


@dataclass(frozen=True)
class Ground:
    """What all apps of a platform share."""

    log: Log
    clock: Clock
    guard: Guard
    directory: Path
    random: random.Random


class DeployError(Exception):
    """The new release's web dynos crashed before they were up; the old ones go on."""


class App:
    """Made by `Platform.create`. Until `start` it has an address and no dynos."""

    def __init__(
        self,
        name: str,
        ground: Ground,
        limits: Limits,
        *,
        procfile: Mapping[str, str],
        config: Mapping[str, str],
        quantity: Mapping[str, int],
        sleeps: bool,
    ) -> None:
        self.name = name
        self.id = str(uuid.uuid5(uuid.NAMESPACE_DNS, name))
        self.log = ground.log
        self.limits = limits
        self.ledger = Ledger(procfile, config, ground.clock)
        self.formation = {kind: quantity.get(kind, 0) for kind in procfile}
        """How many dynos of each process type there should be."""
        self.sleeps = sleeps
        """Whether it goes to sleep without traffic, and has one dyno per process type: Eco."""
        self.asleep = False
        """The next request wakes it. May be set before the first `start`."""
        self.router = Router(self)
        self.changes = Changes()
        self._ground = ground
        self._keepers: dict[str, Keeper] = {}
        self._kept: set[Keeper] = set()
        self._lives: set[Dyno] = set()
        self._stopping: set[asyncio.Task[None]] = set()
        self._requested_at = 0.0
        self._idling: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def url(self) -> str:
        return self.door.url

    @property
    def door(self) -> Door:
        return self.router.doors["public"]

    @property
    def dynos(self) -> list[Dyno]:
        """The newest life of each dyno of the formation."""
        return [keeper.dyno for keeper in self._keepers.values() if keeper.dyno]

    @property
    def lives(self) -> list[Dyno]:
        """Every living process, those included that are being replaced or stopped."""
        return sorted(self._lives, key=lambda dyno: dyno.launched_at)

    async def start(self) -> None:
        """Run the formation: launch what is missing, wake what sleeps, restart what was left down.

        Returns at once; `up` waits.
        """
        if self._closed:
            return
        if self.asleep:
            self._keepers.clear()
            self.asleep = False
        self._requested_at = asyncio.get_running_loop().time()
        for name in self._names():
            if name not in self._keepers:
                self._keepers[name] = self._keep(name)
            keeper = self._keepers[name]
            keeper.respawn = True
            if keeper.state is State.CRASHED:
                keeper.restart()
        if self.sleeps and not self._idling:
            self._idling = asyncio.create_task(self._sleep_when_idle())

    async def up(self, timeout_s: float = 20.0) -> None:
        """Wait until every dyno of the formation is up; raises TimeoutError with their states."""
        try:
            await self.changes.until(self._all_up, timeout_s)
        except TimeoutError:
            raise TimeoutError(f"not up in {timeout_s:g} s: {self.dynos}") from None

    async def sleep(self) -> None:
        """SIGTERM to all, and no restart; the next request wakes the app."""
        self.log.info(f"{self.name}[manager]", "app.sleeping")
        self.asleep = True
        for keeper in self._keepers.values():
            keeper.retire(State.ASLEEP)

    async def kill(
        self, number: int = signal.SIGKILL, *, respawn: bool = True, dyno: str = "web.1"
    ) -> None:
        """Signal a dyno's processes.

        Without `respawn` it is left down when it ends, until `start`.
        """
        keeper = self._keepers[dyno]
        keeper.respawn = respawn
        if keeper.dyno:
            keeper.dyno.signal(number)

    async def cycle(self) -> None:
        """Replace every dyno now, as is done once a day."""
        for keeper in self._keepers.values():
            keeper.restart()

    async def scale(self, kind: str, quantity: int) -> None:
        """Raises KeyError for a process type that is not in the Procfile."""
        if kind not in self.formation:
            raise KeyError(f"{kind} is not in {self.name}'s Procfile")
        self.formation[kind] = quantity
        self.log.write(f"{self.name}[api]", f"Scaled to {kind}@{quantity}:{self.size}")
        if not self.asleep:
            await self.start()
        for name in self._keepers.keys() - set(self._names()):
            self._keepers.pop(name).retire()
        self.changed()

    @property
    def size(self) -> str:
        return "Eco" if self.sleeps else "Standard-1X"

    async def set_config(self, changes: Mapping[str, str | None]) -> Release:
        """Set config vars, or unset them by None: a release, and a restart if it runs."""
        release = self.ledger.configure(changes)
        await self._released(release)
        return release

    async def deploy(
        self,
        *,
        overlap_s: float | None = None,
        procfile: Mapping[str, str] | None = None,
        roll_back: bool = False,
    ) -> Release:
        """Release new code.

        Without `overlap_s` as on Heroku: a restart. With it as on Render: the new dynos start
        beside the old, the router leads to them once they listen, and `overlap_s` later the old
        ones get SIGTERM; returns when the router leads to the new. With `roll_back` it never does:
        after `overlap_s` it is the new ones that go. Raises DeployError.
        """
        release = self.ledger.deploy(procfile)
        if overlap_s is None:
            await self._released(release)
            return release
        self._say_release(release)
        new = {name: self._keep(name) for name in self._names()}
        await self._started(release, new)
        leaving = new
        if not roll_back:
            leaving, self._keepers = self._keepers, new
            self.changed()
        self._background(self._end_overlap(leaving, overlap_s, roll_back))
        return release

    async def open_door(self, name: str) -> Door:
        """Another address of this app, for one caller, with faults of its own."""
        return await self.router.open(name, free_port())

    async def cut(self, fault: Fault, *, seconds: float = 0.0, path: str = "") -> None:
        """Put a fault in force on all of this app's doors."""
        for door in self.router.doors.values():
            await door.cut(fault, seconds=seconds, path=path)

    async def heal(self) -> None:
        for door in self.router.doors.values():
            await door.heal()

    def break_streams(self) -> None:
        for door in self.router.doors.values():
            door.break_streams()

    async def close(self, grace_s: float) -> None:
        """End everything: SIGTERM, and SIGKILL after `grace_s`. The router serves until the end."""
        self._closed = True
        if self._idling:
            self._idling.cancel()
        for keeper in self._kept:
            keeper.retire()
        self.changed()
        kill = asyncio.get_running_loop().call_later(grace_s, self._kill_all)
        while tasks := self._stopping | {keeper.task for keeper in self._kept}:
            await asyncio.wait(tasks)
        kill.cancel()
        await self.router.close()

    # What the router asks.

    async def route(self) -> Dyno:
        self._requested_at = asyncio.get_running_loop().time()
        if not self.formation.get("web") or not (self._keepers or self.asleep) or self._closed:
            raise RoutingError("H14")
        if self.asleep:
            self.log.info(f"{self.name}[manager]", "app.waking")
            await self.start()
        try:
            await self.changes.until(lambda: bool(self._up()) or self._down(), self.limits.queue_s)
        except TimeoutError:
            raise RoutingError("H20") from None
        if not (dynos := self._up()):
            raise RoutingError("H10")
        return self._ground.random.choice(dynos)

    # What a keeper asks.

    async def launch(self, name: str) -> Dyno:
        kind = _kind(name)
        release = self.ledger.current
        port = free_port() if kind == "web" else 0
        dyno = Dyno(name, port, self.log, self.limits)
        directory = Path(
            tempfile.mkdtemp(prefix=f"{self.name}.{name}.", dir=self._ground.directory)
        )
        environ = environment(release.config, name, port, self._ground.clock)
        await dyno.launch(
            self.name, release.procfile[kind], environ, directory, self._ground.guard, self.changed
        )
        self._lives.add(dyno)
        self.changed()
        dyno.life.add_done_callback(lambda _: self._buried(dyno, directory))
        return dyno

    def leave(self, dyno: Dyno, after: State) -> None:
        self._background(dyno.stop(after))

    def changed(self) -> None:
        self.changes.tell()

    def cycle_after_s(self) -> float:
        return self.limits.cycle_s + self._ground.random.uniform(0, self.limits.cycle_spread_s)

    # Within.

    async def _released(self, release: Release) -> None:
        self._say_release(release)
        if self._keepers and not self._closed:
            await self.cycle()

    def _say_release(self, release: Release) -> None:
        text = f"Release {release.name} created: {release.description}"
        self.log.write(f"{self.name}[api]", text)

    async def _started(self, release: Release, new: Mapping[str, Keeper]) -> None:
        """Wait until the web dynos of a deploy are up; raises DeployError, and they are gone."""
        web = [keeper for name, keeper in new.items() if _kind(name) == "web"]

        def decided() -> bool:
            ended = any(keeper.dyno and keeper.dyno.life.done() for keeper in web)
            return ended or self._closed or all(keeper.state is State.UP for keeper in web)

        # R10 decides in the end; the second is for the process to be gone.
        await self.changes.until(decided, self.limits.boot_s + 1)
        if not all(keeper.state is State.UP for keeper in web):
            await self._end_overlap(new, 0, True)
            raise DeployError(f"{self.name} {release.name}: {[k.dyno for k in web]}")

    async def _end_overlap(
        self, leaving: Mapping[str, Keeper], after_s: float, roll_back: bool
    ) -> None:
        with contextlib.suppress(TimeoutError):
            await self.changes.until(lambda: self._closed, after_s)
        if roll_back:
            self._say_release(self.ledger.roll_back())
        for keeper in leaving.values():
            keeper.retire()

    async def _sleep_when_idle(self) -> None:
        # Only a request's arrival counts as traffic: whether an open stream does is not documented,
        # and a pair that counts on it would be found asleep.
        now = asyncio.get_running_loop().time
        while True:
            await self.changes.until(lambda: not self.asleep, None)
            left_s = self._requested_at + self.limits.idle_s - now()
            if left_s > 0:
                await asyncio.sleep(left_s)
            else:
                await self.sleep()

    def _keep(self, name: str) -> Keeper:
        keeper = Keeper(name, self)
        self._kept.add(keeper)
        keeper.task.add_done_callback(lambda _: self._kept.discard(keeper))
        return keeper

    def _background(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)

    def _buried(self, dyno: Dyno, directory: Path) -> None:
        self._lives.discard(dyno)
        self.changed()
        shutil.rmtree(directory, ignore_errors=True)

    def _kill_all(self) -> None:
        for dyno in self._lives:
            dyno.signal(signal.SIGKILL)

    def _all_up(self) -> bool:
        keepers = [self._keepers.get(name) for name in self._names()]
        return all(keeper and keeper.state is State.UP for keeper in keepers)

    def _names(self) -> list[str]:
        return [f"{k}.{n}" for k, most in self.formation.items() for n in range(1, most + 1)]

    def _web(self) -> list[Keeper]:
        return [keeper for name, keeper in self._keepers.items() if _kind(name) == "web"]

    def _up(self) -> list[Dyno]:
        return [k.dyno for k in self._web() if k.dyno and k.state is State.UP]

    def _down(self) -> bool:
        return self._closed or all(keeper.state is State.CRASHED for keeper in self._web())


def _kind(name: str) -> str:
    return name.partition(".")[0]
