"""The streams that the peer keeps open to watch this twin."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from twin.core.pair.events import Watchers
from twin.core.pair.timeouts import LINE_EVERY_S
from twin.node.codec import dump_json
from twin.node.node import Node
from twin.web.connection import MOST_STREAMS

_WRITE_S = 0.1
"""A line takes well under a millisecond to write; a stuck stream must not delay the jobs."""


@dataclass(eq=False, slots=True)
class _Stream:
    news: asyncio.Event = field(default_factory=asyncio.Event)
    written: int = 0
    """The newest publication handed to the socket."""
    stuck: bool = False
    ended: bool = False
    """To make room for a newer one."""


class Streams:
    """Lives on one event loop; `publish` and `wait_until_written` are safe from every thread."""

    def __init__(
        self, node: Node, line_every_s: float = LINE_EVERY_S, write_s: float = _WRITE_S
    ) -> None:
        self._line_every_s = line_every_s
        self._write_s = write_s
        self._loop = asyncio.get_running_loop()
        self._node = node
        self._open: dict[_Stream, None] = {}
        """The oldest first."""
        self._published = 0
        self._progress = threading.Condition()
        self._closing = False

    def publish(self) -> None:
        """Write this twin's document to every open stream."""
        with self._progress:
            self._published += 1
        self._loop.call_soon_threadsafe(self._wake)

    def wait_until_written(self) -> None:
        """Return when every publication is handed to the sockets, or after 0.1 s."""
        with self._progress:
            target = self._published
            late = [stream for stream in self._open if not stream.stuck]
            if not self._progress.wait_for(
                lambda: all(s.written >= target or s not in self._open for s in late),
                self._write_s,
            ):
                for stream in late:
                    stream.stuck = stream.written < target

    def close(self) -> None:
        """Write once more, then end every stream."""
        self._closing = True
        self._wake()

    async def lines(self) -> AsyncIterator[bytes]:
        """The lines of a new stream: one at once, then at each publication and every 2 s."""
        stream, told = _Stream(), None
        self._count(stream, opened=True)
        try:
            while not stream.ended:
                closing = self._closing
                version = self._published
                stream.news.clear()
                document = self._node.document()
                yield dump_json(document if told is None else document.without(told)) + b"\n"
                told = document
                with self._progress:
                    stream.written, stream.stuck = version, False
                    self._progress.notify_all()
                if closing:
                    return
                if not self._closing and self._published == version:
                    await _wait(stream.news, self._line_every_s)
        finally:
            self._count(stream, opened=False)

    def _count(self, stream: _Stream, opened: bool) -> None:
        with self._progress:
            if opened:
                self._open[stream] = None
            else:
                self._open.pop(stream, None)
            if len(self._open) > MOST_STREAMS:  # they must not take the place of the host's probe
                oldest = next(iter(self._open))
                del self._open[oldest]
                oldest.ended = True
                oldest.news.set()
            self._progress.notify_all()
        self._node.handle(Watchers(len(self._open)))

    def _wake(self) -> None:
        for stream in self._open:
            stream.news.set()


async def _wait(event: asyncio.Event, timeout_s: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            await event.wait()
