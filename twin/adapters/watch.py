"""The standby's open stream from the twin on duty."""

import asyncio

import httpx

from twin.adapters.peer import failure_of, failure_of_status
from twin.config import Settings
from twin.core.events import Failed, Failure, Heard, Via, WatchLost
from twin.core.limits import WATCH_SILENCE_S
from twin.node import Node
from twin.wire import NoTwinError, parse


class Watch:
    """Keeps at most one stream open, and tells the core of every line and of its end."""

    def __init__(self, settings: Settings, node: Node) -> None:
        self._loop = asyncio.get_running_loop()
        self._node = node
        username, password = settings.peer.username.encode(), settings.peer.password.encode()
        self._client = httpx.AsyncClient(
            auth=httpx.BasicAuth(username, password),
            timeout=WATCH_SILENCE_S,
            trust_env=False,
            headers={"User-Agent": "twin"},
        )
        self._task: asyncio.Task[None] | None = None

    @property
    def is_open(self) -> bool:
        return self._task is not None and not self._task.done()

    def want(self, wanted: bool) -> None:
        """Open the stream, or close it; safe from every thread."""
        self._loop.call_soon_threadsafe(self._change, wanted)

    async def close(self) -> None:
        self._change(False)
        await self._client.aclose()

    def _change(self, wanted: bool) -> None:
        if self._task is not None:
            self._task.cancel()
        self._task = self._loop.create_task(self._read()) if wanted else None

    async def _read(self) -> None:
        url = self._node.look().peer.url or ""
        lost = WatchLost("it was closed")
        try:
            async with self._client.stream("GET", f"{url}/watch") as answer:
                if answer.status_code == httpx.codes.OK:
                    await self._lines(answer)
                else:
                    lost = self._refused(failure_of_status(answer.status_code, url))
        except httpx.TimeoutException:
            lost = WatchLost(f"silent for {WATCH_SILENCE_S:g} s")
        except httpx.HTTPError as error:
            lost = self._broke(error)
        except NoTwinError as error:
            lost = WatchLost(f"{url} sends what is no twin's: {error}")
        self._node.handle(lost)

    async def _lines(self, answer: httpx.Response) -> None:
        async for line in answer.aiter_lines():
            self._node.handle(Heard(parse(line.encode()), Via.LINE))

    def _refused(self, failed: Failed) -> WatchLost:
        refused = failed.failure is Failure.REFUSED
        if not refused:
            self._node.handle(failed)
        return WatchLost(failed.why, refused)

    def _broke(self, error: httpx.HTTPError) -> WatchLost:
        failed = failure_of(error)
        return WatchLost("it broke") if failed is None else self._refused(failed)
