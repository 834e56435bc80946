"""Requests to twins: to the peer's URL, and to our own."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from importlib.util import find_spec
from typing import TYPE_CHECKING

from twin.core.pair.timeouts import SILENCE_S
from twin.http.decoded import decoded
from twin.node.codec import CALLED, DOCUMENT_BYTES
from twin.node.failures import Answer
from twin.settings.settings import Credentials

if TYPE_CHECKING:  # imported with the first request: an app that was just woken answers sooner
    import httpx
if find_spec("httpx") is None:  # told at the start, and not of every request
    raise ModuleNotFoundError("No module named 'httpx'", name="httpx")

TIMEOUT_S = SILENCE_S

Login = tuple[bytes, bytes]


def login(credentials: Credentials) -> Login:
    return credentials.username.encode(), credentials.password.encode()


class NoAnswerError(Exception):
    """There was no connection, or it failed; why, its cause says."""


class BrokenError(NoAnswerError):
    """It broke off: one that was kept open does when the other end is gone."""


NO_ANSWER = (NoAnswerError, TimeoutError)


class Client:
    """Keeps connections open. Lives on one event loop."""

    def __init__(self) -> None:
        self._made: asyncio.Task[httpx.AsyncClient] | None = None

    async def fetch(
        self,
        method: str,
        url: str,
        auth: Login | None = None,
        body: bytes | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> Answer:
        """Takes `timeout_s` at most, however slowly the answer drips; one that is too long is cut.

        Raises one of `NO_ANSWER`.
        """
        request = self.stream(method, url, auth, body, timeout_s)
        async with asyncio.timeout(timeout_s), request as answer:
            content = bytearray()
            async for chunk in decoded(answer):
                content += chunk
                if len(content) > DOCUMENT_BYTES:
                    break
            return Answer(answer.status_code, bytes(content))

    @contextlib.asynccontextmanager
    async def stream(
        self,
        method: str,
        url: str,
        auth: Login | None = None,
        body: bytes | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> AsyncIterator["httpx.Response"]:
        """The head of an answer, to read the rest from; each part may take `timeout_s`.

        Raises one of `NO_ANSWER`, also while it is read.
        """
        client = await self._client()
        from httpx import HTTPError, InvalidURL, ReadError, RemoteProtocolError, TimeoutException

        headers = {CALLED: url}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            async with client.stream(
                method, url, content=body, headers=headers, auth=auth, timeout=timeout_s
            ) as answer:
                yield answer
        except TimeoutException as error:
            raise TimeoutError from error
        except (ReadError, RemoteProtocolError) as error:
            raise BrokenError(str(error)) from error
        except (HTTPError, InvalidURL, UnicodeError, ssl.SSLError) as error:
            # The third is of host names, the last of reading: httpx lets both pass.
            raise NoAnswerError(str(error)) from error

    async def close(self) -> None:
        if self._made is not None:
            with contextlib.suppress(NoAnswerError):
                await (await self._client()).aclose()

    async def _client(self) -> "httpx.AsyncClient":
        made = self._made = self._made or asyncio.create_task(asyncio.to_thread(_make))
        try:
            return await asyncio.shield(made)  # whoever gives up waiting leaves it to the others
        except (OSError, RuntimeError) as error:  # no file or thread is left: there may be, later
            if self._made is made:
                self._made = None
            raise NoAnswerError(str(error)) from error


def _make() -> "httpx.AsyncClient":
    import httpx

    from twin.http.tls import tls

    # `trust_env` off: a proxy of the machine would answer in the peer's place.
    headers = {"User-Agent": "twin", "Accept-Encoding": "identity"}
    return httpx.AsyncClient(verify=tls(), trust_env=False, headers=headers)
