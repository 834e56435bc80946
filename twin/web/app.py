"""The HTTP interface of one twin, for its peer, its host and people."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, FastAPI, Query, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic_core import to_json

from twin.clock import Clock
from twin.core.pair.events import Heard, PlainUpdate, TakeDuty, Via
from twin.log import Log
from twin.node.codec import CALLED, DOCUMENT_BYTES, NoTwinError, dump_json, dump_record, parse
from twin.node.node import Node
from twin.settings.settings import Credentials
from twin.web.actions import Peering, actions
from twin.web.addresses import Addresses
from twin.web.auth import Attempts, Guard
from twin.web.body import read_body
from twin.web.connection import MOST_WAITING
from twin.web.outputs import outputs
from twin.web.page import pages
from twin.web.snapshot import About, snapshot
from twin.web.streams import Streams
from twin.web.throttle import LimitedLog, Throttle

FOR_EVER = 2.0**53
Wall = Annotated[float, Query(ge=0, le=FOR_EVER, allow_inf_nan=False)]
"""Seconds since the epoch."""
Nonce = Annotated[str, Query(max_length=32, pattern="^[0-9a-f]*$")]
"""Copied from the request into the answer: an answer without it comes from a cache."""
Part = Literal["document", "history", "jobs"]
"""The parts of `/status` that the other twin wants: with 10,000 jobs the rest is as large again."""
_LOG_EVERY_S = 60.0
_UNBUFFERED = {"X-Accel-Buffering": "no"}
"""Otherwise nginx holds lines back until they fill a buffer."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the app serves."""

    node: Node
    streams: Streams
    peering: Peering
    about: About
    clock: Clock
    log: Log


def make_app(parts: Parts, credentials: Credentials, most_bytes: int = DOCUMENT_BYTES) -> FastAPI:
    app = FastAPI(
        title="Twin", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False
    )
    node = parts.node
    attempts = Attempts(parts.clock, parts.log, MOST_WAITING)
    app.add_middleware(
        Guard,
        credentials=credentials,
        attempts=attempts,
        twin=node.look().twin,
        own_url=lambda: node.look().url,
    )
    addresses = Addresses(node, parts.peering.boot_at, parts.log)
    app.include_router(_for_the_peer(parts, addresses, most_bytes))
    app.include_router(_for_all(parts, addresses, attempts))
    app.include_router(actions(node, parts.peering, parts.about, parts.log))
    app.include_router(outputs(node, parts.clock, parts.about.runs_of, parts.peering.outputs))
    app.router.routes += pages()
    return app


def _for_the_peer(parts: Parts, addresses: Addresses, most_bytes: int) -> APIRouter:
    router = APIRouter()
    node = parts.node
    hear = _hearing(parts, addresses, most_bytes)

    @router.get("/update")
    async def plain_update() -> JSONResponse:
        node.handle(PlainUpdate())
        return JSONResponse({"status": "Update"})

    @router.post("/update")
    async def update(request: Request) -> Response:
        return await hear(request, Via.UPDATE, "Update")

    @router.get("/down")
    async def plain_down() -> JSONResponse:
        node.handle(TakeDuty("a plain /down asked for it"))
        return JSONResponse({"status": "Down"})

    @router.post("/down")
    async def down(request: Request) -> Response:
        return await hear(request, Via.DOWN, "Down")

    @router.get("/watch")
    async def watch() -> StreamingResponse:
        return StreamingResponse(
            parts.streams.lines(), media_type="application/x-ndjson", headers=_UNBUFFERED
        )

    return router


def _for_all(parts: Parts, addresses: Addresses, attempts: Attempts) -> APIRouter:
    router = APIRouter()
    node, clock = parts.node, parts.clock

    @router.api_route("/healthz", methods=["GET", "HEAD"])
    async def healthz(nonce: Nonce = "") -> JSONResponse:
        state, ok = node.look(), node.ticking
        told = {"ok": ok, "role": state.role, "boot": state.boot, "nonce": nonce}
        return JSONResponse(told, 200 if ok else 503)

    @router.get("/status")
    async def status(
        request: Request,
        since: Wall | None = None,
        until: Wall = FOR_EVER,
        only: Part | None = None,
        nonce: Nonce = "",
    ) -> Response:
        addresses.learn_of_visit(request.headers)
        if only == "document":
            document = replace(node.document(), nonce=nonce)
            return Response(dump_json(document), media_type="application/json")
        told: dict[str, Any] = {}
        if only == "jobs":
            told["jobs"] = node.jobs.told(node.look().jobs)
        if only is None:
            told = snapshot(node, clock.now(), parts.about)
            told |= {"refused_logins": attempts.refused, "nonce": nonce}
        if since is not None:
            told["history"] = dump_record(node.history.story(since, until))
        return Response(to_json(told), media_type="application/json")

    return router


def _hearing(
    parts: Parts, addresses: Addresses, most_bytes: int
) -> Callable[[Request, Via, str], Awaitable[Response]]:
    node = parts.node
    log = LimitedLog(parts.clock, parts.log, Throttle(1, _LOG_EVERY_S))

    async def hear(request: Request, via: Via, status: str) -> Response:
        """Merge the document that came, and answer with ours, but for what was just told."""
        body = await read_body(request, most_bytes)
        if body is None:
            return JSONResponse({"error": f"the body is over {most_bytes} bytes"}, 413)
        try:
            document = parse(body, parts.clock.now().wall)
        except NoTwinError as error:
            log.warning("document.refused", because=error)
            return JSONResponse({"error": f"not the document of a twin: {error}"}, 400)
        called = request.headers.get(CALLED, "").removesuffix(request.url.path)
        addresses.learn(called, document)
        node.handle(Heard(document, via))
        answer = dump_json(node.document().without(document), status=status)
        return Response(answer, media_type="application/json")

    return hear
