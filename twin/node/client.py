"""HTTP requests to twins: to the peer's URL and to our own."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

from twin.core.pair.timeouts import SILENCE_S
from twin.http.request import Answer, Connections, Login, NoAnswerError, whole
from twin.node.codec import CALLED, DOCUMENT_BYTES
from twin.settings.settings import Credentials

if TYPE_CHECKING:
    import httpx


def login(credentials: Credentials) -> Login:
    return credentials.username.encode(), credentials.password.encode()


class Client:
    """Keeps connections open. Lives on one event loop."""

    def __init__(
        self,
        timeout_s: float = SILENCE_S,
        most_bytes: int = DOCUMENT_BYTES,
        make: Callable[[], Connections] = Connections,
    ) -> None:
        self._timeout_s = timeout_s
        self._most_bytes = most_bytes
        self._make = make
        self._made: asyncio.Task[Connections] | None = None

    async def fetch(
        self,
        method: str,
        url: str,
        auth: Login | None = None,
        body: bytes | None = None,
        timeout_s: float | None = None,
        keep: bool = True,
    ) -> Answer:
        """The whole answer, cut if it is too long. Raises one of `NO_ANSWER`."""
        timeout_s = timeout_s or self._timeout_s
        asking = self.stream(method, url, auth, body, timeout_s, keep)
        return await whole(asking, timeout_s, self._most_bytes)

    @contextlib.asynccontextmanager
    async def stream(
        self,
        method: str,
        url: str,
        auth: Login | None = None,
        body: bytes | None = None,
        timeout_s: float | None = None,
        keep: bool = True,
    ) -> AsyncIterator["httpx.Response"]:
        """The answer as soon as its head arrives, within `timeout_s`. Raises one of `NO_ANSWER`.

        `keep`: leave the connection open for the next request, which then reaches the same process
        even where the router leads new connections to another.
        """
        connections, timeout_s = await self._connections(), timeout_s or self._timeout_s
        headers = {CALLED: url} if keep else {CALLED: url, "Connection": "close"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        asking = connections.answering(method, url, timeout_s, auth, headers, content=body)
        async with asking as answer:
            yield answer

    async def close(self) -> None:
        if self._made is not None:
            with contextlib.suppress(NoAnswerError):
                await (await self._connections()).aclose()

    async def _connections(self) -> Connections:
        """The httpx client. A thread makes it, because importing httpx and reading the certificates
        is slow."""
        made = self._made = self._made or asyncio.create_task(asyncio.to_thread(self._make))
        try:
            return await asyncio.shield(made)  # callers share it: shield it from a cancelled one
        except (OSError, RuntimeError) as error:  # no file or thread left: try again later
            if self._made is made:
                self._made = None
            raise NoAnswerError(str(error)) from error
