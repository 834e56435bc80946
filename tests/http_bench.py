"""A small real server on this machine, for tests of what asks it."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from anyio._backends._asyncio import SocketStream

from twin.node.client import Client


@dataclass
class Asked:
    """One request that came."""

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
    """One request a connection; what `answering` leaves open stays so until the end."""
    server, tasks = Server(), set[asyncio.Task[None] | None]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                asked = await _read(reader)
                server.asked.append(asked)
                await answering(asked, writer)
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    host, port = listening.sockets[0].getsockname()
    server.url = f"http{'s' if tls else ''}://{host}:{port}"
    try:
        yield server
    finally:
        listening.close()
        for task in filter(None, tasks):
            task.cancel()
        await asyncio.gather(*filter(None, tasks), return_exceptions=True)


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
    """Whoever reads an answer finds its encryption broken, as a router that fails leaves it."""

    arrives = SocketStream.receive

    async def receive(*where: Any, **most: Any) -> bytes:
        await arrives(*where, **most)
        raise ssl.SSLError(1, "[SSL: BAD_RECORD_TYPE] bad record type")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SocketStream, "receive", receive)
        yield


async def nowhere() -> str:
    """A URL at which nobody serves."""
    async with serving(silent) as server:
        return server.url


@contextlib.asynccontextmanager
async def client() -> AsyncIterator[Client]:
    made = Client()
    try:
        yield made
    finally:
        await made.close()


async def until(holds: Callable[[], object], timeout_s: float = 5.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not holds():  # noqa: ASYNC110 (there is nothing that would tell)
            await asyncio.sleep(0.005)
