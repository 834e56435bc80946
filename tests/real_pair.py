"""A pair of real processes on the lab's platform, and requests to it."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from twin.clock import Clock
from twin.lab.app import App
from twin.lab.collected import Line
from twin.lab.door import Door
from twin.lab.limits import Limits
from twin.lab.platform import Platform

USER, PASSWORD = "twin", "correct horse"
AUTH = (USER, PASSWORD)
BOOT_S = 60.0
"""A boot and a claim take 3 s; machines that run tests are busy."""

TICKING = """
import os
from twin import every

@every("1s", name="tick")
def tick(run):
    with open(os.environ["TICKS"], "a") as ticks:
        ticks.write(f"{int(run.slot.timestamp())} {os.getpid()}\\n")
"""


class Ran(NamedTuple):
    slot: int
    """In seconds since the epoch."""
    pid: int


@dataclass
class Pair:
    platform: Platform
    a: App
    b: App
    ticks: Path
    lines: dict[str, Door] = field(default_factory=dict)
    """By an app's name, the door for its peer alone; only in a pair made `with_lines`."""

    def runs(self) -> list[Ran]:
        """Every run of the ticking job, in the order of the starts."""
        return [Ran(*map(int, line.split())) for line in self.ticks.read_text().splitlines()]

    def other(self, app: App) -> App:
        return self.b if app is self.a else self.a

    async def status(self, app: App) -> dict[str, Any]:
        async with httpx.AsyncClient(auth=AUTH, trust_env=False, timeout=5) as client:
            return dict((await client.get(f"{app.url}/status")).json())

    async def get(self, app: App, path: str) -> httpx.Response:
        async with httpx.AsyncClient(auth=AUTH, trust_env=False, timeout=30) as client:
            return await client.get(f"{app.url}{path}")

    async def role(self, app: App) -> str:
        with contextlib.suppress(httpx.HTTPError, ValueError, KeyError):
            return str((await self.status(app))["role"])
        return "gone"

    async def roles(self) -> tuple[str, str]:
        return await self.role(self.a), await self.role(self.b)

    async def wake(self, *apps: App) -> None:
        """One visitor's request each, all at once."""
        await asyncio.gather(*(self.get(app, "/healthz") for app in apps))

    async def settled(self, on_duty: App) -> None:
        """Wait until this twin is on duty and the other watches on standby."""
        assert await self.holder() is on_duty

    async def holder(self, timeout_s: float = BOOT_S) -> App:
        """Wait until one twin is on duty and the other watches on standby; returns the first."""
        async with asyncio.timeout(timeout_s):
            while True:
                for app in (self.a, self.b):
                    roles = await self.role(app), await self.role(self.other(app))
                    if roles == ("on_duty", "standby") and await self._is_watched(app):
                        return app
                await asyncio.sleep(0.05)

    async def until_roles(self, *roles: str, timeout_s: float = BOOT_S) -> None:
        """Wait until the two have these roles, in either order."""
        async with asyncio.timeout(timeout_s):
            while sorted(await self.roles()) != sorted(roles):  # noqa: ASYNC110 (polls the twins)
                await asyncio.sleep(0.05)

    async def _is_watched(self, app: App) -> bool:
        return bool((await self.status(app))["watchers"])

    async def taken(self, app: App, after: int, timeout_s: float = BOOT_S) -> Line:
        """The pattern of the line in which `app` takes the duty."""
        return await self.event(app, "duty.taken", after, timeout_s)

    async def event(self, app: App, event: str, after: int, timeout_s: float = BOOT_S) -> Line:
        pattern = rf" {app.name}\[web\.\d\]: .*event={re.escape(event)} "
        return await self.platform.log.wait_for(pattern, timeout_s, after=after)


@contextlib.asynccontextmanager
async def a_pair(
    directory: Path,
    clock: Clock | None = None,
    limits: Limits | None = None,
    with_lines: bool = False,
    **config: str,
) -> AsyncIterator[Pair]:
    """Both apps exist and sleep; `config` is added to the settings of both.

    `with_lines` gives each a door for its peer alone: a test can cut the two off from each other
    and still reach them.
    """
    jobs, ticks = directory / "jobs.py", directory / "ticks"
    jobs.write_text(TICKING)
    ticks.touch()
    async with Platform(clock=clock, limits=limits) as platform:
        procfile = {"web": "python -m twin"}
        a = await platform.create("twin-a", procfile=procfile, sleeps=True)
        b = await platform.create("twin-b", procfile=procfile, sleeps=True)
        a.asleep = b.asleep = True
        lines = {app.name: await app.open_door("peer") for app in (a, b)} if with_lines else {}
        for name, app, peer in (("a", a, b), ("b", b, a)):
            settings = {
                "TWIN_NAME": name,
                "SELF_URL": app.url,
                "PEER_URL": lines[peer.name].url if with_lines else peer.url,
                "BASIC_AUTH_USERNAME": USER,
                "BASIC_AUTH_PASSWORD": PASSWORD,
                "JOBS": str(jobs),
                "TICKS": str(ticks),
            }
            await app.set_config({**settings, **config})
        try:
            yield Pair(platform, a, b, ticks, lines)
        finally:
            (directory / "log").write_text("\n".join(map(str, platform.log.lines)))
