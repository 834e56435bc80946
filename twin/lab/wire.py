"""HTTP/1.1 on one connection: h11's rules over asyncio's streams."""

import asyncio
import contextlib
import json
import socket
from collections.abc import Awaitable, Callable

import h11

from twin.lab.ports import HOST

# Requests here are documents of a few kilobytes; a body is read whole before anything is done.
BODY_BYTES = 1_000_000

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
        """The next event, None where the other side must wait for its answer first.

        Raises h11.RemoteProtocolError or OSError when the line breaks.
        """
        while (event := self.machine.next_event()) is h11.NEED_DATA:
            if self.machine.they_are_waiting_for_100_continue:
                await self.send(h11.InformationalResponse(status_code=100, headers=[]))
            self.machine.receive_data(await self._reader.read(_READ_BYTES))
        return event if isinstance(event, h11.Event) else None

    async def body(self) -> bytes:
        """The rest of a request. Raises ValueError when it is too long."""
        parts: list[bytes] = []
        left = BODY_BYTES
        while isinstance(event := await self.receive(), h11.Data):
            parts.append(bytes(event.data))
            left -= len(event.data)
            if left < 0:
                raise ValueError(f"a body of more than {BODY_BYTES} bytes")
        return b"".join(parts)

    async def send(self, *events: h11.Event) -> int:
        """Write at once, wait while the other side is slow; returns the number of bytes."""
        data = b"".join(self.machine.send(event) or b"" for event in events)
        self._writer.write(data)
        await self._writer.drain()
        return len(data)

    async def answer(self, status: int, headers: Headers, body: bytes) -> int:
        """A whole answer, as a server."""
        every = [*headers, ("Content-Length", str(len(body)))]
        head = h11.Response(status_code=status, headers=every)
        return await self.send(head, h11.Data(data=body), h11.EndOfMessage())

    async def gone(self) -> None:
        """Return when the other side has closed; keeps what it says for the next cycle.

        One that goes on talking without listening is as good as gone.
        """
        early = 0
        with contextlib.suppress(OSError):
            while early < BODY_BYTES and (data := await self._reader.read(_READ_BYTES)):
                self.machine.receive_data(data)
                early += len(data)

    def abort(self) -> None:
        """Break off, without an end that could be taken for a clean one."""
        self._writer.transport.abort()

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


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
