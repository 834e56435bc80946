"""The platform: apps with addresses, a Platform API and one log, all on loopback."""

import asyncio
import random
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Self

from twin.clock import Clock
from twin.lab import arbiter
from twin.lab.app import App, Ground
from twin.lab.collected import Log
from twin.lab.limits import Limits
from twin.lab.platform_api import PlatformApi
from twin.lab.ports import HOST, free_port, reserved
from twin.lab.process import Guard
from twin.lab.target import Behaviour

_CLOSE_S = 5.0
"""From SIGTERM to SIGKILL at the end. Half a minute for a process that hangs would be too long."""


class Platform:
    """`async with Platform() as platform`; leaving ends every process that it started."""

    def __init__(
        self,
        *,
        speed: float = 1.0,
        limits: Limits | None = None,
        clock: Clock | None = None,
        seed: int | None = None,
        close_s: float = _CLOSE_S,
        api_port: int = 0,
    ) -> None:
        """`speed` divides the durations of the day in `limits`; `clock` is that of dynos and log.

        `seed` decides the router's choices and the hours of cycling.
        """
        self.limits = (limits or Limits()).at_speed(speed)
        self.clock = clock or Clock()
        self.log = Log(self.clock)
        self.seed = random.SystemRandom().randrange(1 << 32) if seed is None else seed
        self.apps: dict[str, App] = {}
        self.api: PlatformApi
        self.arbiter: App | None = None
        self.arbiter_url = ""
        self._random = random.Random(self.seed)  # noqa: S311 - a choice of dynos, not a secret
        self._close_s = close_s
        self._api_port = api_port
        self._directory: Path
        self._guard: Guard

    async def __aenter__(self) -> Self:
        """Raises OSError when the API's port is taken."""
        self._directory = Path(tempfile.mkdtemp(prefix="twin-lab-"))
        self._guard = await Guard.start(self._directory)
        self.api = PlatformApi(secrets.token_hex(16), self.apps, self.log)
        try:
            await self.api.open(self._api_port or free_port())
        except OSError:
            await self._guard.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """End every process. Bounded, whatever they do."""
        try:
            await asyncio.gather(*(app.close(self._close_s) for app in self.apps.values()))
            if self.arbiter:  # the twins have released their lease
                await self.arbiter.close(self._close_s)
            await self.api.close()
        finally:
            await self._guard.close()

    async def create(
        self,
        name: str,
        *,
        procfile: Mapping[str, str],
        config: Mapping[str, str] | None = None,
        quantity: Mapping[str, int] | None = None,
        sleeps: bool = False,
        port: int = 0,
        limits: Limits | None = None,
    ) -> App:
        """An app with an address and no dynos yet: see `App.start`.

        A command of the Procfile is one simple shell command; `python` is the one that runs this.
        Without `quantity` it has one web dyno. Raises OSError when the port is taken.
        """
        app = App(
            *(name, self._ground(), limits or self.limits),
            procfile=procfile,
            config=config or {},
            quantity={"web": 1} if quantity is None else quantity,
            sleeps=sleeps,
        )
        await app.router.open("public", port or free_port())
        self.apps[name] = app
        return app

    def create_arbiter(self, port: int = 0) -> App:
        """A Redis server, `redis.1`, that does not run yet, for the twins' `ARBITER_URL`.

        Raises OSError when the port is taken.
        """
        port = port or free_port()
        reserved(port).close()
        folder = self._directory / "arbiter"
        folder.mkdir()
        self.arbiter_url = f"redis://{HOST}:{port}"
        self.arbiter = App(
            *("arbiter", self._ground()),
            replace(self.limits, cycle_s=inf),  # a new one could not listen beside the old one
            procfile={"redis": arbiter.command(port, folder)},
            config={},
            quantity={"redis": 1},
            sleeps=False,
        )
        return self.arbiter

    async def create_target(self, name: str = "shop", *, web: int = 1, port: int = 0) -> App:
        """An app whose dynos answer with their names, as `control` says."""
        return await self.create(
            name,
            procfile={"web": "python -m twin.lab.target"},
            config={"TARGET_CONTROL": str(self.control(name))},
            quantity={"web": web},
            port=port,
        )

    def behave(self, name: str = "shop", *, latency_s: float = 0.0, status: int = 200) -> None:
        """Have every dyno of this target answer so from the next request on."""
        Behaviour(latency_s, status).write(self.control(name))

    def control(self, name: str) -> Path:
        """The file that says how a target behaves."""
        return self._directory / f"{name}.json"

    def _ground(self) -> Ground:
        return Ground(self.log, self.clock, self._guard, self._directory, self._random)
