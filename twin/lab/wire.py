"""HTTP/1.1 on one connection: h11 over asyncio's streams."""

import asyncio
import contextlib
import json
import socket
from collections.abc import Awaitable, Callable

import h11

from twin.lab.ports import HOST

BODY_BYTES = 1_000_000
"""Requests here are documents of a few kilobytes."""
_READ_BYTES = 65_536

Headers = list[tuple[str, str]]


class Wire:
    """One connection, in the role of its server or of its client."""

    def __init__(
        self,
        role: type[h11.CLIENT] | type[h11.SERVER],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.machine = h11.Connection(role)
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connect(cls, host: str, port: int) -> "Wire":
        return cls(h11.CLIENT, *await asyncio.open_connection(host, port))

    async def receive(self) -> h11.Event | None:
        """The next event; None if the other side waits for its answer first.

        Raises h11.RemoteProtocolError or OSError when the line breaks.
        """
        while (event := self.machine.next_event()) is h11.NEED_DATA:
            if self.machine.they_are_waiting_for_100_continue:
                await self.send(h11.InformationalResponse(status_code=100, headers=[]))
            self.machine.receive_data(await self._reader.read(_READ_BYTES))
        return event if isinstance(event, h11.Event) else None

    async def body(self) -> bytes:
        """The rest of a request. Raises ValueError when it is too long."""
        body = b""
        while isinstance(event := await self.receive(), h11.Data):
            body += event.data
            if len(body) > BODY_BYTES:
                raise ValueError(f"a body of more than {BODY_BYTES} bytes")
        return body

    async def send(self, *events: h11.Event) -> None:
        """Write, and wait while the other side is slow."""
        self._writer.write(b"".join(self.machine.send(event) or b"" for event in events))
        await self._writer.drain()

    async def answer(self, status: int, headers: Headers, body: bytes) -> None:
        """Send a whole answer, as a server."""
        every = [*headers, ("Content-Length", str(len(body)))]
        head = h11.Response(status_code=status, headers=every)
        await self.send(head, h11.Data(data=body), h11.EndOfMessage())

    async def gone(self) -> None:
        """Return when the other side has hung up, or talks on without listening.

        What it says is kept for the next cycle.
        """
        early = 0
        with contextlib.suppress(OSError):
            while early < BODY_BYTES and (data := await self._reader.read(_READ_BYTES)):
                self.machine.receive_data(data)
                early += len(data)

    def abort(self) -> None:
        """Break off, so that it does not look like the end."""
        self._writer.transport.abort()

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


async def accepted() -> None:
    """Wait until asyncio has handed on every connection that is there: four turns of its loop.

    To be awaited before a server is closed, which can hand on none: the connection leaks, and a
    warning of it fails whatever test runs when it is collected.
    """
    for _ in range(4):
        await asyncio.sleep(0)


def json_body(value: object) -> bytes:
    return json.dumps(value).encode() + b"\n"


class Server:
    """Answers every request of every connection by `handle(wire, request)`."""

    def __init__(self, handle: Callable[[Wire, h11.Request], Awaitable[None]]) -> None:
        self._handle = handle
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.Task[None], Wire] = {}

    @property
    def listens(self) -> bool:
        return self._server is not None

    async def listen(self, sock: socket.socket) -> None:
        self._server = await asyncio.start_server(self._connected, sock=sock)

    async def listen_on(self, port: int) -> None:
        self._server = await asyncio.start_server(self._connected, HOST, port)

    def refuse(self) -> None:
        """Stop listening; open connections stay."""
        if self._server:
            self._server.close()
            self._server = None

    def abort(self) -> None:
        """Break every open connection."""
        for wire in self._open.values():
            wire.abort()

    async def close(self) -> None:
        await accepted()
        self.refuse()
        self.abort()
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = Wire(h11.SERVER, reader, writer)
        task = asyncio.create_task(self._converse(wire))
        self._open[task] = wire
        task.add_done_callback(lambda task: self._open.pop(task))

    async def _converse(self, wire: Wire) -> None:
        try:
            while isinstance(request := await wire.receive(), h11.Request):
                await self._handle(wire, request)
                if wire.machine.states != {h11.CLIENT: h11.DONE, h11.SERVER: h11.DONE}:
                    break
                wire.machine.start_next_cycle()
        except (h11.ProtocolError, OSError, ValueError):
            wire.abort()
        finally:
            await wire.close()
