"""The standby's stream, against real servers."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from http_bench import Answering, Asked, Server, answer, client, nowhere, saying, serving
from http_bench import until as wait_until
from node_bench import bench, document, settings

from twin.core.pair.events import Event, Failed, Failure, Heard, Via, WatchLost
from twin.core.pair.knowledge import Entry, Fate
from twin.node import watch as module
from twin.node.codec import DOCUMENT_BYTES, dump_json
from twin.node.watch import Watch

HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
LINE = dump_json(document()) + b"\n"
HEARD = Heard(document(), Via.LINE)

Test = Callable[[Watch, list[Event]], Awaitable[None]]


def on_watch(url: str, test: Test) -> None:
    asyncio.run(_on_watch(url, test))


async def _on_watch(
    url: str, test: Test, silence_s: float = 0.3, most_bytes: int = DOCUMENT_BYTES
) -> None:
    events: list[Event] = []
    made = bench(peer=url)
    vars(made.node)["handle"] = events.append
    async with client() as http:
        watch = Watch(settings(), made.node, http, silence_s, most_bytes)
        watch.want(True)
        await asyncio.sleep(0)
        try:
            await test(watch, events)
        finally:
            await watch.close()


async def until_closed(watch: Watch, events: list[Event]) -> None:
    await wait_until(lambda: not watch.is_open)
    assert events


def told(
    answering: Answering,
    test: Test = until_closed,
    silence_s: float = 0.3,
    most_bytes: int = DOCUMENT_BYTES,
) -> tuple[list[Event], Server]:
    """The events of the node for a stream with this answer."""
    kept: list[tuple[list[Event], Server]] = []

    async def run() -> None:
        async with serving(answering) as server:

            async def keep(watch: Watch, events: list[Event]) -> None:
                kept.append((events, server))
                await test(watch, events)

            await _on_watch(server.url, keep, silence_s, most_bytes)

    asyncio.run(run())
    return kept[0]


def test_the_core_gets_every_line_and_the_end() -> None:
    events, server = told(saying(HEAD + LINE + LINE))
    assert server.lines == ["GET /watch"]
    assert "authorization" in server.asked[0].headers
    assert events == [HEARD, HEARD, WatchLost("it was closed")]


def test_a_line_goes_on_from_the_one_before_it() -> None:
    post, mail = (Entry(slot, Fate.DONE, "b", "1-b") for slot in (600, 660))
    lines = (dump_json(document(ledger=ledger)) for ledger in ({"post": post}, {"mail": mail}))
    events, _ = told(saying(HEAD + b"".join(line + b"\n" for line in lines)))
    heard = [event.document.ledger for event in events if isinstance(event, Heard)]
    assert heard == [{"post": post}, {"post": post, "mail": mail}]


def test_a_line_in_pieces_is_delivered_once_whole() -> None:
    async def in_pieces(_: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD)
        for byte in (LINE[:1], LINE[1:50], LINE[50:] + LINE[:3], LINE[3:]):
            writer.write(byte)
            await writer.drain()
            await asyncio.sleep(0.01)

    assert told(in_pieces)[0] == [HEARD, HEARD, WatchLost("it was closed")]


def test_half_a_line_at_the_end_is_dropped() -> None:
    assert told(saying(HEAD + LINE + LINE[:40]))[0] == [HEARD, WatchLost("it was closed")]


async def silent_after_a_line(_: Asked, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + LINE)
    await asyncio.sleep(60)


async def never_a_whole_line(_: Asked, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD)
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.02)


async def slow_to_answer(_: Asked, writer: asyncio.StreamWriter) -> None:
    for byte in HEAD + LINE:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("answering", [silent_after_a_line, never_a_whole_line, slow_to_answer])
def test_a_stream_without_lines_times_out_as_silent(answering: Answering) -> None:
    events, _ = told(answering)
    assert events[-1] == WatchLost("silent for 0.3 s")


def test_a_stream_whose_lines_come_in_time_is_kept() -> None:
    async def steady(_: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD)
        for _line in range(5):
            writer.write(LINE)
            await asyncio.sleep(0.1)

    assert told(steady)[0] == [HEARD] * 5 + [WatchLost("it was closed")]


@pytest.mark.parametrize("text", [b"<html>My blog</html>\n", b"\n", b"{}\n", b"[" * 9999 + b"\n"])
def test_a_line_that_is_no_document_ends_the_watch(text: bytes) -> None:
    events, _ = told(saying(HEAD + text))
    (lost,) = events
    assert isinstance(lost, WatchLost)
    assert "no twin's" in lost.why


def test_a_line_without_an_end_is_not_read_to_its_end() -> None:
    async def endless(_: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD)
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()

    (lost,) = told(endless, silence_s=60, most_bytes=100_000)[0]
    assert isinstance(lost, WatchLost)
    assert "100000 bytes" in lost.why


@pytest.mark.parametrize("status", [401, 403, 404, 302])
def test_an_answer_that_is_no_stream_is_explained(status: int) -> None:
    events, _ = told(saying(answer(status)))
    failed, lost = events
    assert isinstance(failed, Failed)
    assert failed.failure is not Failure.REFUSED
    assert lost == WatchLost(failed.why)


@pytest.mark.parametrize("status", [502, 503])
def test_a_peer_that_does_not_serve_refuses(status: int) -> None:
    assert told(saying(answer(status)))[0] == [WatchLost(f"it answers {status}", refused=True)]


def test_a_closed_port_refuses() -> None:
    async def test(watch: Watch, events: list[Event]) -> None:
        await until_closed(watch, events)
        assert events == [WatchLost("the connection is refused", refused=True)]

    on_watch(asyncio.run(nowhere()), test)


def test_a_stream_that_breaks_is_lost() -> None:
    async def breaking(_: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + LINE)

    assert told(breaking)[0] == [HEARD, WatchLost("it broke")]


def test_a_watch_that_is_closed_on_purpose_is_no_loss() -> None:
    async def test(watch: Watch, events: list[Event]) -> None:
        await wait_until(lambda: events)
        watch.want(False)
        await wait_until(lambda: not watch.is_open)
        await asyncio.sleep(0.02)
        assert events == [HEARD]

    told(silent_after_a_line, test)


def test_a_reopened_watch_does_not_report_the_old_one() -> None:
    async def test(watch: Watch, events: list[Event]) -> None:
        await wait_until(lambda: events)
        watch.want(True)
        await wait_until(lambda: len(events) == 2)
        assert watch.is_open
        assert events == [HEARD, HEARD]

    _, server = told(silent_after_a_line, test)
    assert len(server.asked) == 2


def test_the_core_learns_of_the_end_even_if_a_bug_causes_it() -> None:
    reported: list[dict[str, object]] = []

    async def test(watch: Watch, events: list[Event]) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: reported.append(context))
        await until_closed(watch, events)
        assert events == [WatchLost("reading it failed")]

    async def run() -> None:
        async with serving(saying(HEAD + LINE)) as server:
            monkey = pytest.MonkeyPatch()
            with monkey.context() as patch:
                patch.setattr(module, "parse", lambda *_: 1 / 0)
                await _on_watch(server.url, test)

    asyncio.run(run())
    assert [type(context["exception"]) for context in reported] == [ZeroDivisionError]
