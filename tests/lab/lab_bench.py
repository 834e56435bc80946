"""Shared by the tests of the lab: a platform of stub apps, with short limits."""

import asyncio
import shlex
import ssl
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx

from twin.lab.app import App
from twin.lab.limits import Limits
from twin.lab.platform import Platform

# -S -E: the stub needs no packages, and starts in 50 ms without them.
STUB = shlex.join([sys.executable, "-S", "-E", str(Path(__file__).with_name("stub_app.py"))])

# Nothing here is encrypted, but every httpx client loads the certificates: 100 ms each.
TLS = ssl.create_default_context()

_TEST_S = 60.0

Test = Callable[[Platform], Awaitable[None]]


def on_platform(**limits: float) -> Callable[[Test], Callable[[], None]]:
    """Makes a coroutine a test: it gets a platform with these limits, and a time limit."""

    def decorate(test: Test) -> Callable[[], None]:
        async def on_one() -> None:
            limited = replace(Limits(), **limits)
            async with asyncio.timeout(_TEST_S), Platform(limits=limited, seed=1) as platform:
                await test(platform)

        def run() -> None:
            asyncio.run(on_one())

        run.__doc__ = test.__doc__
        return run

    return decorate


async def stub(platform: Platform, name: str = "stub", **config: str) -> App:
    """A running stub app; `config` are its config vars."""
    app = await made(platform, name, sleeps=False, **config)
    await app.start()
    await app.up()
    return app


async def made(
    platform: Platform, name: str = "stub", *, sleeps: bool = False, **config: str
) -> App:
    """A stub app that is not running yet."""
    procfile = {"web": STUB, "worker": STUB}
    return await platform.create(name, procfile=procfile, config=config, sleeps=sleeps)


async def get(url: str, **options: Any) -> httpx.Response:
    """One request on its own connection."""
    async with httpx.AsyncClient(verify=TLS, timeout=10.0) as client:
        return await client.get(url, **options)


async def until(holds: Callable[[], bool], timeout_s: float = 20.0) -> None:
    """Wait for a condition without an event, such as the end of a process."""
    async with asyncio.timeout(timeout_s):
        while not holds():  # noqa: ASYNC110 - no event announces it
            await asyncio.sleep(0.01)
