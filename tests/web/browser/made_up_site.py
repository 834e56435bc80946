"""The page, with a fake twin that gives prepared answers."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from made_up import Told
from processes import free_port

from twin.web.page import pages
from twin.web.server import Server


@dataclass
class Site:
    url: str
    told: Told | None
    """The answer of `/status`; with None the twin is gone, and its host answers instead."""
    asked: list[float] = field(default_factory=list)
    """`since` of each request."""
    done: list[dict[str, Any]] = field(default_factory=list)
    """The bodies sent to `/actions`."""
    output: Told = field(default_factory=lambda: {"runs": [], "missing": None})
    """The answer of `/output`."""
    read: list[str] = field(default_factory=list)
    """The jobs and commands whose output was asked for."""

    async def is_asked(self, times: int = 1) -> None:
        """Wait for this many more requests."""
        wanted = len(self.asked) + times
        async with asyncio.timeout(20):
            while len(self.asked) < wanted:  # noqa: ASYNC110 (polls the browser)
                await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def a_site(told: Told) -> AsyncIterator[Site]:
    port = free_port()
    site = Site(f"http://127.0.0.1:{port}", told)
    config = uvicorn.Config(_app(site), port=port, log_level="error", lifespan="off")
    server = Server(config)
    serving = asyncio.create_task(server.serve())
    try:
        while not server.started:  # noqa: ASYNC110 (no event announces it)
            await asyncio.sleep(0.01)
        yield site
    finally:
        server.should_exit = server.force_exit = True
        await serving


def _app(site: Site) -> FastAPI:
    app = FastAPI()
    app.router.routes += pages()

    @app.get("/status")
    async def status(since: float) -> JSONResponse:
        site.asked.append(since)
        return JSONResponse(site.told or {}, 200 if site.told else 503)

    @app.get("/output")
    async def output(job: str = "", command: str = "") -> JSONResponse:
        site.read.append(job or command)
        return JSONResponse(site.output)

    @app.post("/actions")
    async def actions(request: Request) -> JSONResponse:
        site.done.append(await request.json())
        if site.done[-1].get("job") == "jobs.digest":
            return JSONResponse({"error": "jobs.digest is running"}, 409)
        return JSONResponse({"done": "It is done."})

    return app
