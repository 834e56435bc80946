"""The standby's open stream from the twin on duty."""

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus

from twin.core.pair.events import Failed, Failure, Heard, Via, WatchLost
from twin.core.pair.timeouts import WATCH_SILENCE_S
from twin.http.request import NoAnswerError, decoded
from twin.node.client import Client, login
from twin.node.codec import DOCUMENT_BYTES, NoTwinError, parse
from twin.node.failures import failure_of, failure_of_status
from twin.node.node import Node
from twin.settings.settings import Settings


class Watch:
    """Keeps at most one stream open, and reports its lines and its end to the core."""

    def __init__(
        self,
        settings: Settings,
        node: Node,
        client: Client,
        silence_s: float = WATCH_SILENCE_S,
        most_bytes: int = DOCUMENT_BYTES,
    ) -> None:
        self._silence_s = silence_s
        self._most_bytes = most_bytes
        self._loop = asyncio.get_running_loop()
        self._node = node
        self._client = client
        self._auth = login(settings.peer)
        self._task: asyncio.Task[WatchLost] | None = None

    @property
    def is_open(self) -> bool:
        return self._task is not None

    def want(self, wanted: bool) -> None:
        """Open the stream, or close it; safe from every thread."""
        self._loop.call_soon_threadsafe(self._change, wanted)

    async def close(self) -> None:
        task = self._task
        self._change(False)
        if task is not None:
            await asyncio.wait({task})

    def _change(self, wanted: bool) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
        if wanted:
            self._task = self._loop.create_task(self._read())
            self._task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[WatchLost]) -> None:
        if task is not self._task:
            return  # the core closed it
        self._task = None
        # The core must learn of every end, even one that a bug causes.
        failed = task.cancelled() or task.exception() is not None
        self._node.handle(WatchLost("reading it failed") if failed else task.result())
        if not task.cancelled():
            task.result()  # the loop logs what this raises

    async def _read(self) -> WatchLost:
        url = self._node.look().peer.url or ""
        try:
            stream = self._client.stream("GET", f"{url}/watch", self._auth, None, self._silence_s)
            async with asyncio.timeout(self._silence_s) as silence:
                async with stream as answer:
                    if answer.status_code != HTTPStatus.OK:
                        return self._refused(failure_of_status(answer.status_code, url))
                    known = None
                    async for line in _lines(decoded(answer), self._most_bytes):
                        silence.reschedule(self._loop.time() + self._silence_s)
                        document = parse(line, self._node.look().wall)
                        known = document if known is None else document.after(known)
                        self._node.handle(Heard(known, Via.LINE))
            return WatchLost("it was closed")
        except TimeoutError:
            return WatchLost(f"silent for {self._silence_s:g} s")
        except NoAnswerError as error:
            failed = failure_of(error)
            return WatchLost("it broke") if failed is None else self._refused(failed)
        except NoTwinError as error:
            return WatchLost(f"{url} sends what is no twin's: {error}")

    def _refused(self, failed: Failed) -> WatchLost:
        refused = failed.failure is Failure.REFUSED
        if not refused:
            self._node.handle(failed)
        return WatchLost(failed.why, refused)


async def _lines(chunks: AsyncIterator[bytes], most_bytes: int) -> AsyncIterator[bytes]:
    """Yields whole lines. Raises NoTwinError for a line that is too long."""
    rest = b""
    async for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line
        if len(rest) > most_bytes:
            raise NoTwinError(f"a line of more than {most_bytes} bytes")
