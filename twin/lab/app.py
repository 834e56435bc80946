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
from twin.lab.door import Door
from twin.lab.dyno import Dyno, State
from twin.lab.environment import environment
from twin.lab.keeper import Keeper
from twin.lab.limits import Limits
from twin.lab.ports import free_port
from twin.lab.process import Guard
from twin.lab.release import Release
from twin.lab.router import Router, RoutingError

DYNOS_MOST = 10
"""Enough for a laptop. Heroku allows a hundred of a standard size, and one Eco or Basic dyno."""


@dataclass(frozen=True)
class Ground:
    """Shared by all apps of a platform."""

    log: Log
    clock: Clock
    guard: Guard
    directory: Path
    random: random.Random


class DeployError(Exception):
    """The web dynos of a new release crashed at the start; the old ones go on."""


class App:
    """Made by `Platform.create`. Until `start` it has an address, but no dynos."""

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
        self.releases = [Release(dict(procfile), dict(config), ground.clock.now().wall)]
        """The oldest first; the last one runs."""
        self.formation = {kind: quantity.get(kind, 0) for kind in procfile}
        """How many dynos of each process type there should be."""
        self.sleeps = sleeps
        """Eco: it sleeps without traffic, and has one dyno per process type."""
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
        """The newest dyno of each name in the formation."""
        return [keeper.dyno for keeper in self._keepers.values() if keeper.dyno]

    @property
    def lives(self) -> list[Dyno]:
        """All that live, including those that are being replaced or stopped."""
        return sorted(self._lives, key=lambda dyno: dyno.launched_at)

    async def start(self) -> None:
        """Launch what is missing, wake what sleeps, restart what was left down.

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
        """Send SIGTERM to all, without a restart; the next request wakes the app."""
        self.log.info(f"{self.name}[manager]", "app.sleeping")
        self.asleep = True
        for keeper in self._keepers.values():
            keeper.retire(State.ASLEEP)

    async def kill(
        self, number: int = signal.SIGKILL, *, respawn: bool = True, dyno: str = "web.1"
    ) -> None:
        """Signal a dyno. Without `respawn` it stays down when it ends, until `start`."""
        keeper = self._keepers[dyno]
        keeper.respawn = respawn
        if keeper.dyno:
            keeper.dyno.signal(number)

    async def cycle(self) -> None:
        """Replace every dyno now, as the platform does once a day."""
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
        release = self._release(self.releases[-1].configured(changes, self._now()))
        await self._restart()
        return release

    async def deploy(
        self, *, overlap_s: float | None = None, procfile: Mapping[str, str] | None = None
    ) -> None:
        """Release new code.

        Without `overlap_s` as on Heroku: a restart. With it as on Render: the new dynos start
        beside the old, the router leads to them once they listen, and `overlap_s` later the old
        ones get SIGTERM; returns when the router leads to the new. Raises DeployError.
        """
        self._release(self.releases[-1].deployed(procfile or self.procfile, self._now()))
        if overlap_s is None:
            await self._restart()
            return
        new = {name: self._keep(name) for name in self._names()}
        await self._started(new)
        old, self._keepers = self._keepers, new
        self.changed()
        self._background(self._end_overlap(old, overlap_s))

    async def open_door(self, name: str) -> Door:
        """Another address of this app, with faults of its own."""
        return await self.router.open(name, free_port())

    async def close(self, grace_s: float) -> None:
        """Send SIGTERM to all, and SIGKILL after `grace_s`. The router serves until the end."""
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

    # ---- for the router

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

    # ---- for a keeper

    async def launch(self, name: str) -> Dyno:
        kind, release = _kind(name), self.releases[-1]
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
        self.changes.notify()

    def cycle_after_s(self) -> float:
        return self.limits.cycle_s + self._ground.random.uniform(0, self.limits.cycle_spread_s)

    # ---- within

    @property
    def procfile(self) -> Mapping[str, str]:
        return self.releases[-1].procfile

    def _release(self, release: Release) -> Release:
        self.releases.append(release)
        text = f"Release {release.name} created: {release.description}"
        self.log.write(f"{self.name}[api]", text)
        return release

    async def _restart(self) -> None:
        if not self._closed:
            await self.cycle()

    async def _started(self, new: Mapping[str, Keeper]) -> None:
        """Wait until the web dynos of a deploy are up; raises DeployError, and they are gone."""
        web = [keeper for name, keeper in new.items() if _kind(name) == "web"]

        def decided() -> bool:
            ended = any(keeper.dyno and keeper.dyno.life.done() for keeper in web)
            return ended or self._closed or all(keeper.state is State.UP for keeper in web)

        # R10 decides in the end; the second is for the process to be gone.
        await self.changes.until(decided, self.limits.boot_s + 1)
        if not all(keeper.state is State.UP for keeper in web):
            failed = self.releases.pop()
            await self._end_overlap(new, 0)
            raise DeployError(f"{self.name} {failed.name}: {[k.dyno for k in web]}")

    async def _end_overlap(self, leaving: Mapping[str, Keeper], after_s: float) -> None:
        with contextlib.suppress(TimeoutError):
            await self.changes.until(lambda: self._closed, after_s)
        for keeper in leaving.values():
            keeper.retire()

    def _now(self) -> float:
        return self._ground.clock.now().wall

    async def _sleep_when_idle(self) -> None:
        # Only the arrival of a request counts as traffic. Whether an open stream does is not
        # documented, and a pair must not rely on it.
        now = asyncio.get_running_loop().time
        while True:
            # While it boots, somebody may wait for it.
            await self.changes.until(lambda: not self.asleep and bool(self._up()), None)
            up_at = max(dyno.bound_at or 0.0 for dyno in self._up())
            left_s = max(self._requested_at, up_at) + self.limits.idle_s - now()
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
