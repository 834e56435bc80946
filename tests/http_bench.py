"""A small real server on this machine, for tests of clients."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from anyio._backends._asyncio import SocketStream

from twin.lab.wire import accepted
from twin.node.client import Client


@dataclass
class Asked:
    """One received request."""

    line: str
    """`POST /update`."""
    headers: dict[str, str]
    body: bytes


@dataclass
class Server:
    url: str = ""
    asked: list[Asked] = field(default_factory=list)

    @property
    def lines(self) -> list[str]:
        return [each.line for each in self.asked]


Answering = Callable[[Asked, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def serving(answering: Answering, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    """Serve one request per connection; `answering` ends a connection by returning."""
    server, tasks = Server(), dict[asyncio.Task[None], asyncio.StreamWriter]()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks[asyncio.create_task(serve(reader, writer))] = writer

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                asked = await _read(reader)
                server.asked.append(asked)
                await answering(asked, writer)
        finally:
            writer.close()

    listening = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    host, port = listening.sockets[0].getsockname()
    server.url = f"http{'s' if tls else ''}://{host}:{port}"
    try:
        yield server
    finally:
        await accepted()
        listening.close()
        for task, writer in tasks.items():
            task.cancel()
            writer.transport.abort()  # a task that has not begun closes nothing
        await asyncio.gather(*tasks, return_exceptions=True)


async def _read(reader: asyncio.StreamReader) -> Asked:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Asked(first.rpartition(" ")[0], headers, body)


def answer(status: int, body: bytes = b"", *headers: str) -> bytes:
    head = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def saying(text: bytes) -> Answering:
    async def say(_: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(text)
        await writer.drain()

    return say


async def silent(*_: object) -> None:
    await asyncio.sleep(60)


@contextlib.contextmanager
def breaking_encryption() -> Iterator[None]:
    """The encryption of answers is broken, as behind a failing router."""

    arrives = SocketStream.receive

    async def receive(*where: Any, **most: Any) -> bytes:
        await arrives(*where, **most)
        raise ssl.SSLError(1, "[SSL: BAD_RECORD_TYPE] bad record type")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SocketStream, "receive", receive)
        yield


async def nowhere() -> str:
    """A URL without a server."""
    async with serving(silent) as server:
        return server.url


@contextlib.asynccontextmanager
async def client(**options: Any) -> AsyncIterator[Client]:
    made = Client(**options)
    try:
        yield made
    finally:
        await made.close()


async def until(holds: Callable[[], object], timeout_s: float = 20.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not holds():  # noqa: ASYNC110 (no event announces it)
            await asyncio.sleep(0.005)
