"""The router: passes requests on to a random web dyno, and holds them while one starts.

Like Heroku's, but with one port per app instead of host names. Answers pass chunk by chunk;
requests are read whole first. Every request gets a new connection to its dyno.
"""

import asyncio
import contextlib
import uuid
from dataclasses import dataclass
from typing import Protocol

import h11

from twin.lab.collected import Log
from twin.lab.door import Door
from twin.lab.dyno import Dyno
from twin.lab.limits import Limits
from twin.lab.ports import HOST
from twin.lab.wire import Headers, Wire

_DESCRIPTIONS = {
    "H10": "App crashed",
    "H12": "Request timeout",
    "H13": "Connection closed without response",
    "H14": "No web dynos running",
    "H15": "Idle connection",
    "H18": "Server Request Interrupted",
    "H20": "App boot timeout",
    "H21": "Backend connection refused",
    "H27": "Client Request Interrupted",
}

_PAGE = b"""<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>Application Error</title></head>
<body><h1>Application error</h1>
<p>An error occurred in the application and your page could not be served.</p></body></html>
"""

# Each side of the router has its own.
_HOP_BY_HOP = {b"connection", b"keep-alive", b"proxy-connection", b"te", b"upgrade"}


class RoutingError(Exception):
    """A request that ends in the router, with Heroku's `code`."""

    def __init__(self, code: str) -> None:
        super().__init__(f"{code} {_DESCRIPTIONS[code]}")
        self.code = code


class Routed(Protocol):
    """What the router needs of an app."""

    name: str
    log: Log
    limits: Limits

    async def route(self) -> Dyno:
        """A web dyno that is up, as soon as there is one. Raises RoutingError."""


class Router:
    """The doors of one app."""

    def __init__(self, app: Routed) -> None:
        self._app = app
        self.doors: dict[str, Door] = {}

    async def open(self, name: str, port: int) -> Door:
        """A new door, open for connections. Raises OSError when the port is taken."""
        door = self.doors[name] = Door(port, self._pass)
        await door.open()
        return door

    async def close(self) -> None:
        for door in self.doors.values():
            await door.close()

    async def _pass(self, door: Door, client: Wire, request: h11.Request) -> None:
        """Serve one request, until it is answered or its caller has hung up."""
        async with asyncio.timeout(self._app.limits.next_byte_s):
            body = await client.body()
        exchange = Exchange(self._app, door, client, request, body)
        work = asyncio.create_task(exchange.run())
        gone = asyncio.create_task(client.gone())
        try:
            await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                exchange.say(code="H27", status=499)
                client.abort()
        finally:
            work.cancel()
            gone.cancel()
            await asyncio.gather(work, gone, return_exceptions=True)
        if not work.cancelled():
            work.result()


@dataclass(slots=True)
class Exchange:
    """One request on its way to a dyno, and its answer on the way back."""

    _app: Routed
    _door: Door
    _client: Wire
    _request: h11.Request
    _body: bytes
    _dyno: Dyno | None = None
    _connect_s: float = 0.0
    _service_from: float = 0.0
    _status: int = 0
    _bytes: int = 0

    @property
    def _path(self) -> str:
        return self._request.target.decode("ascii", "replace")

    async def run(self) -> None:
        """Raises OSError or h11.ProtocolError to break off the client's connection."""
        await self._door.admit(self._path)
        try:
            self._dyno = await self._app.route()
            upstream = await self._connect(self._dyno)
            try:
                await self._relay(upstream)
            finally:
                upstream.abort()
                await upstream.close()
        except RoutingError as error:
            await self._fail(error.code)
        except (h11.ProtocolError, OSError):
            self.say(code="H27", status=499)
            raise
        else:
            self.say(status=self._status)

    async def _connect(self, dyno: Dyno) -> Wire:
        now = asyncio.get_running_loop().time
        started = now()
        try:
            upstream = await Wire.connect(HOST, dyno.port)
        except OSError:
            raise RoutingError("H21") from None
        self._service_from = now()
        self._connect_s = self._service_from - started
        return upstream

    async def _relay(self, upstream: Wire) -> None:
        limits = self._app.limits
        head = await self._head(upstream)
        self._status = head.status_code
        headers = [(name, value) for name, value in head.headers if name not in _HOP_BY_HOP]
        await self._client.send(h11.Response(status_code=head.status_code, headers=headers))
        while True:
            try:
                async with asyncio.timeout(limits.next_byte_s):
                    event = await upstream.receive()
            except TimeoutError:
                raise RoutingError("H15") from None
            except (h11.RemoteProtocolError, OSError):
                raise RoutingError("H18") from None
            await self._door.released(self._path)
            if isinstance(event, h11.EndOfMessage):
                await self._client.send(event)
                return
            if isinstance(event, h11.Data):
                await self._client.send(event)
                self._bytes += len(event.data)

    async def _head(self, upstream: Wire) -> h11.Response:
        try:
            async with asyncio.timeout(self._app.limits.first_byte_s):
                await upstream.send(
                    h11.Request(
                        method=self._request.method,
                        target=self._request.target,
                        headers=self._forwarded(),
                    ),
                    h11.Data(data=self._body),
                    h11.EndOfMessage(),
                )
                while not isinstance(event := await upstream.receive(), h11.Response):
                    pass
        except TimeoutError:
            raise RoutingError("H12") from None
        except (h11.RemoteProtocolError, OSError):
            raise RoutingError("H13") from None
        return event

    def _forwarded(self) -> Headers:
        kept = [
            (name.decode(), value.decode("latin-1"))
            for name, value in self._request.headers
            if name not in _HOP_BY_HOP and name != b"transfer-encoding"
        ]
        given = dict(kept)
        before = given.get("x-forwarded-for")
        own = {
            "x-forwarded-for": f"{before}, {HOST}" if before else HOST,
            "x-forwarded-proto": "http",
            "x-forwarded-port": str(self._door.port),
            "x-request-id": given.get("x-request-id") or str(uuid.uuid4()),
            "connection": "close",
        }
        if self._body:
            own["content-length"] = str(len(self._body))
        return [(n, v) for n, v in kept if n not in own] + list(own.items())

    async def _fail(self, code: str) -> None:
        self.say(code=code, status=503)
        if self._status:  # a part of the answer is sent, which must not look complete
            self._client.abort()
            return
        headers = [("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store")]
        with contextlib.suppress(OSError):
            await self._client.answer(503, headers, _PAGE)

    def say(self, *, status: int, code: str = "") -> None:
        """Log the request as Heroku's router does."""
        request = self._request
        host = dict(request.headers).get(b"host", b"").decode("latin-1")
        now = asyncio.get_running_loop().time()
        service_s = now - self._service_from if self._service_from else 0.0
        error = f' code={code} desc="{_DESCRIPTIONS[code]}"' if code else ""
        self._app.log.write(
            f"{self._app.name}[router]",
            f"at={'error' if status == 503 and code else 'info'}{error}"
            f' method={request.method.decode()} path="{self._path}" host={host}'
            f" dyno={self._dyno.name if self._dyno else ''}"
            f" connect={self._connect_s * 1000:.0f}ms service={service_s * 1000:.0f}ms"
            f" status={status} bytes={self._bytes}",
        )
