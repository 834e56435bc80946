import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

from node_bench import WALL, Bench, bench, job

from twin.core.pair.document import Document, Role
from twin.core.pair.events import Leave
from twin.node.codec import parse
from twin.web.connection import MOST_STREAMS
from twin.web.streams import Streams

Test = Callable[[Bench, Streams], Awaitable[None]]


def on_streams(test: Test, **pace: float) -> None:
    """Runs `test` with a twin on duty that publishes to real streams; 10 s at most."""

    async def run() -> None:
        made = bench(job())
        made.take_duty()
        streams = Streams(made.node, **pace)
        outlets = made.node.outlets
        made.node.outlets = replace(outlets, publish=streams.publish)
        async with asyncio.timeout(10):
            await test(made, streams)

    asyncio.run(run())


@contextlib.asynccontextmanager
async def opened(streams: Streams) -> AsyncIterator[AsyncIterator[bytes]]:
    lines = streams.lines()
    try:
        yield lines
    finally:
        await lines.aclose()  # type: ignore[attr-defined]


async def line(lines: AsyncIterator[bytes]) -> Document:
    text = await anext(lines)
    assert text.count(b"\n") == 1
    assert text.endswith(b"\n")
    return parse(text, WALL)


def test_a_new_watcher_gets_a_line_at_once() -> None:
    async def test(_: Bench, streams: Streams) -> None:
        async with opened(streams) as lines:
            assert (await line(lines)).role is Role.ON_DUTY

    on_streams(test, line_every_s=60)


def test_a_publication_is_a_line_at_once() -> None:
    async def test(made: Bench, streams: Streams) -> None:
        async with opened(streams) as lines:
            await line(lines)
            coming = asyncio.ensure_future(line(lines))
            await asyncio.sleep(0)
            made.clock.move(10)
            await asyncio.to_thread(made.node.handle, Leave("SIGTERM"))
            assert (await coming).leaving

    on_streams(test, line_every_s=60)


def test_a_line_repeats_no_slot_of_the_stream() -> None:
    async def test(made: Bench, streams: Streams) -> None:
        made.clock.move(10)
        made.node.tick()
        async with opened(streams) as lines:
            assert list((await line(lines)).ledger) == ["jobs.post"]
            assert not (await line(lines)).ledger
        async with opened(streams) as another:
            assert list((await line(another)).ledger) == ["jobs.post"]

    on_streams(test, line_every_s=0.02)


def test_without_news_a_heartbeat_line_comes_regularly() -> None:
    async def test(_: Bench, streams: Streams) -> None:
        async with opened(streams) as lines:
            for _line in range(4):
                await line(lines)

    on_streams(test, line_every_s=0.02)


def test_the_twin_learns_the_number_of_watchers() -> None:
    async def test(made: Bench, streams: Streams) -> None:
        async with opened(streams) as one, opened(streams) as two:
            await line(one)
            await line(two)
            assert made.node.look().watchers == 2
        assert made.node.look().watchers == 0

    on_streams(test, line_every_s=60)


def test_the_oldest_of_too_many_streams_ends() -> None:
    async def test(made: Bench, streams: Streams) -> None:
        async with contextlib.AsyncExitStack() as stack:
            opened_ones = [
                await stack.enter_async_context(opened(streams)) for _ in range(MOST_STREAMS + 2)
            ]
            for each in opened_ones:
                await line(each)
            assert made.node.look().watchers == MOST_STREAMS
            ended = [[text async for text in each] for each in opened_ones[:2]]
            assert ended == [[], []]
            coming = asyncio.ensure_future(line(opened_ones[2]))
            await asyncio.sleep(0)
            streams.publish()
            await coming

    on_streams(test, line_every_s=60)


def test_waiting_ends_only_when_the_line_is_written() -> None:
    async def test(_: Bench, streams: Streams) -> None:
        async with opened(streams) as lines:
            await line(lines)
            coming = asyncio.ensure_future(line(lines))
            await asyncio.sleep(0)  # the first line is written, the stream waits for news
            streams.publish()
            waiting = asyncio.ensure_future(asyncio.to_thread(streams.wait_until_written))
            await coming  # composed, and on its way into the socket
            await asyncio.sleep(0.05)
            assert not waiting.done()
            after = asyncio.ensure_future(line(lines))  # asked for the next: that one is written
            await waiting
            after.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await after

    on_streams(test, line_every_s=60, write_s=5)


def test_without_watchers_there_is_no_wait() -> None:
    async def test(_: Bench, streams: Streams) -> None:
        streams.publish()
        assert await seconds_to_write(streams) < 5

    on_streams(test, write_s=5)


def test_a_stuck_watcher_holds_up_the_jobs_once_and_not_for_long() -> None:
    async def test(_: Bench, streams: Streams) -> None:
        async with opened(streams) as lines:
            await line(lines)  # and never asks for more
            streams.publish()
            assert await seconds_to_write(streams) >= 1
            streams.publish()
            assert await seconds_to_write(streams) < 1

    on_streams(test, write_s=1)


def test_a_watcher_that_moves_again_is_waited_for_again() -> None:
    async def test(_: Bench, streams: Streams) -> None:
        async with opened(streams) as lines:
            await line(lines)
            streams.publish()
            await seconds_to_write(streams)
            await line(lines)
            coming = asyncio.ensure_future(line(lines))
            await asyncio.sleep(0.01)
            assert not coming.done()  # all is written
            streams.publish()
            await coming
            streams.publish()
            assert await seconds_to_write(streams) > 0.05

    on_streams(test)


def test_a_watcher_that_drops_is_not_waited_for() -> None:
    async def test(_: Bench, streams: Streams) -> None:
        async with opened(streams) as lines:
            await line(lines)
            streams.publish()
            waiting = asyncio.ensure_future(asyncio.to_thread(streams.wait_until_written))
            await asyncio.sleep(0.02)
        await waiting

    on_streams(test, write_s=5)


def test_the_last_line_before_the_end_says_leaving() -> None:
    async def test(made: Bench, streams: Streams) -> None:
        async with opened(streams) as lines:
            await line(lines)
            made.node.handle(Leave("SIGTERM"))
            streams.close()
            last = [await line(lines)]
            with contextlib.suppress(StopAsyncIteration):
                while True:
                    last.append(await line(lines))
            assert last[-1].leaving

    on_streams(test, line_every_s=60)


def test_a_watch_that_is_opened_at_the_end_gets_its_one_line() -> None:
    async def test(made: Bench, streams: Streams) -> None:
        made.node.handle(Leave("SIGTERM"))
        streams.close()
        async with opened(streams) as lines:
            assert [parse(text, WALL).leaving async for text in lines] == [True]

    on_streams(test)


async def seconds_to_write(streams: Streams) -> float:
    began = time.monotonic()  # noqa: TID251 (how long a real thread is held up)
    await asyncio.to_thread(streams.wait_until_written)
    return time.monotonic() - began  # noqa: TID251 (as above)
