"""A real server, and slow clients."""

import asyncio
import contextlib
import io
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from twin.clock import Clock
from twin.log import Log
from twin.web.connection import Connection
from twin.web.server import make_server
from twin.web.throttle import LimitedLog, Throttle

WHOLE = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
STREAM = WHOLE.replace(b"/ ", b"/stream ", 1)
LARGE = WHOLE.replace(b"/ ", b"/large ", 1)
BODY = b"POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n"


class Hurried(Connection):
    request_s = 0.3
    answer_s = 0.3
    most = 5


class Unhurried(Hurried):
    answer_s = 1.5
    """A reader on a busy machine pauses, too."""


class Patient(Hurried):
    request_s = 60


@dataclass
class Served:
    port: int
    output: io.StringIO = field(default_factory=io.StringIO)
    clients: list[asyncio.StreamWriter] = field(default_factory=list)

    async def connect(self, sending: bytes = b"") -> tuple[asyncio.StreamReader, Any]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**26)
        writer.write(sending)
        self.clients.append(writer)
        return reader, writer


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers: `/read` when the body is there, `/stream` without an end, `/large` with a large
    body."""
    if scope["path"] == "/read":
        while (await receive()).get("more_body"):
            pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if scope["path"] == "/raise":
        raise ValueError("no such thing")
    while scope["path"] == "/stream":
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
        await asyncio.sleep(0.05)
    size = 20_000_000 if scope["path"] == "/large" else 2
    await send({"type": "http.response.body", "body": b"x" * size})


@contextlib.asynccontextmanager
async def serving(http: type[Connection]) -> AsyncIterator[Served]:
    listener = socket.create_server(("127.0.0.1", 0))
    served = Served(listener.getsockname()[1])
    log = LimitedLog(Clock(), Log("a", served.output), Throttle(3, 20.0))
    server = make_server(app, log, http)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield served
    finally:
        for writer in served.clients:
            writer.close()
        server.should_exit = server.force_exit = True
        await task


def run(
    story: Callable[[Served], Coroutine[Any, Any, None]], http: type[Connection] = Hurried
) -> str:
    """The log."""

    async def whole() -> str:
        async with asyncio.timeout(20), serving(http) as served:
            await story(served)
            return served.output.getvalue()

    return asyncio.run(whole())


async def is_cut(reader: asyncio.StreamReader, within_s: float = 15.0) -> bool:
    """Whether the connection ends, whatever it sends before."""
    try:
        async with asyncio.timeout(within_s):
            await reader.read()
    except TimeoutError:
        return False
    except ConnectionError:
        return True
    return True


@pytest.mark.parametrize("before", [b"", WHOLE])
@pytest.mark.parametrize("part", [b"G", WHOLE[:-2], BODY, BODY + b"1234"])
def test_a_request_without_an_end_is_cut_off(before: bytes, part: bytes) -> None:
    async def story(served: Served) -> None:
        reader, _ = await served.connect(before + part)
        assert await is_cut(reader)

    run(story)


def test_a_silent_connection_is_cut_off() -> None:
    async def story(served: Served) -> None:
        reader, _ = await served.connect()
        assert await is_cut(reader)

    run(story)


@pytest.mark.parametrize("part", [WHOLE, BODY + b"123456789"])
def test_sending_byte_by_byte_buys_no_time(part: bytes) -> None:
    async def story(served: Served) -> None:
        reader, writer = await served.connect()
        for byte in part[:-1]:
            writer.write(bytes([byte]))
            await asyncio.sleep(0.02)
            if reader.at_eof() or reader.exception():
                return
        pytest.fail("it was not cut")

    run(story)


@pytest.mark.parametrize("request_", [WHOLE, BODY + b"123456789"])
def test_a_connection_is_kept_between_requests_and_while_it_is_answered(request_: bytes) -> None:
    async def story(served: Served) -> None:
        kept, kept_writer = await served.connect(request_)
        streaming, _ = await served.connect(STREAM)
        await asyncio.sleep(0.6)
        kept_writer.write(request_)
        answers = (await kept.read(10_000)) + (await kept.read(10_000))
        assert answers.count(b"200 OK") == 2
        assert not await is_cut(streaming, within_s=0.5)

    run(story)


def test_a_reader_that_stops_is_cut_off_and_a_slow_one_gets_everything() -> None:
    async def story(served: Served) -> None:
        with socket.create_connection(("127.0.0.1", served.port)) as deaf:
            deaf.sendall(LARGE)
            reader, writer = await served.connect(LARGE)
            assert b"200 OK" in await reader.readuntil(b"\r\n\r\n")
            await reader.readuntil(b"\r\n0\r\n\r\n")
            await asyncio.sleep(1.8)
            writer.write(WHOLE)
            assert b"200 OK" in await reader.read(1000)
            deaf.settimeout(2)
            with pytest.raises(ConnectionError):  # noqa: PT012 (the cut comes somewhere in between)
                while await asyncio.to_thread(deaf.recv, 1_000_000):
                    pass
                raise ConnectionResetError

    run(story, Unhurried)


def test_among_too_many_connections_the_longest_idle_one_is_closed_and_no_stream() -> None:
    async def story(served: Served) -> None:
        stream, _ = await served.connect(STREAM)
        await stream.readuntil(b"x")
        slow = [await served.connect(b"G") for _ in range(20)]
        reader, _ = await served.connect(WHOLE)
        assert b"200 OK" in await reader.read(1000)
        assert [await is_cut(each) for each, _ in slow[:17]] == [True] * 17
        assert [await is_cut(each, 0.1) for each, _ in slow[17:]] == [False] * 3
        assert not await is_cut(stream, within_s=0.2)

    run(story, Patient)


def test_bytes_after_a_request_with_two_lengths_are_no_request() -> None:
    body = b"0\r\n\r\n" + WHOLE
    head = BODY.replace(b" 9\r\n", b" %d\r\nTransfer-Encoding: chunked\r\n" % len(body))

    async def story(served: Served) -> None:
        reader, _ = await served.connect(head + body)
        async with asyncio.timeout(5):
            assert (await reader.read()).count(b"HTTP/1.1 ") == 1

    run(story)


def test_an_endless_head_is_refused() -> None:
    async def story(served: Served) -> None:
        reader, writer = await served.connect(WHOLE[:-2] + b"X: " + b"x" * 20_000)
        await writer.drain()
        assert (await reader.read(1000)).startswith(b"HTTP/1.1 400")

    run(story)


def test_bad_input_fills_no_log_and_our_own_failure_is_one_line() -> None:
    async def broken(served: Served) -> None:
        reader, _ = await served.connect(b"what?\r\n\r\n")
        assert b"400" in await reader.read(1000)

    async def raising(served: Served) -> None:
        reader, _ = await served.connect(WHOLE.replace(b"/ ", b"/raise ", 1))
        await is_cut(reader)

    assert run(broken) == ""
    (line,) = run(raising).splitlines()
    assert line.startswith("at=error event=server.complains")
    assert "no such thing" in line
