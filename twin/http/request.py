"""Requests to other servers: TLS, limits of time and size, and failures, in one place.

Redirects are not followed. A proxy of this machine is not used: it would answer in the other's
place, and read what is sent. httpx is imported with the first request: an app that was just woken
answers sooner.
"""

import asyncio
import contextlib
import ssl
import zlib
from collections.abc import AsyncIterator, Coroutine, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic_core import from_json

from twin.http.cause import cause

if TYPE_CHECKING:
    import httpx
if find_spec("httpx") is None:  # reported at the start, not with every request
    raise ModuleNotFoundError("No module named 'httpx'", name="httpx")

T = TypeVar("T")
Login = tuple[bytes, bytes]
"""Username and password."""

_HEADERS = {"User-Agent": "twin", "Accept": "*/*", "Accept-Encoding": "identity"}
_PART_BYTES = 65_536
_INFLATED = ("gzip", "x-gzip", "deflate")
_EITHER_HEAD = zlib.MAX_WBITS | 32
"""zlib finds out from the head whether it is gzip or deflate."""
_BROKEN_OFF = ("Server disconnected", "peer closed connection")
"""How httpx describes an answer that ends too early, in contrast to one that it cannot read."""


class NoAnswerError(Exception):
    """There is no answer; the text is the reason that the system gives."""


class NoConnectionError(NoAnswerError):
    """No connection came about."""


class BrokenError(NoAnswerError):
    """The connection broke off, as one that was kept open does when the other end is gone."""


class OddAnswerError(BrokenError):
    """httpx cannot read the answer. A browser may: it accepts more than the rules allow."""


NO_ANSWER = (NoAnswerError, TimeoutError)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    @property
    def content(self) -> dict[str, object]:
        """The JSON object in it; empty if there is none."""
        try:
            content = from_json(self.body)
        except ValueError:
            return {}
        return content if isinstance(content, dict) else {}


def make_transport(uds: str | None = None) -> "httpx.AsyncBaseTransport":
    """Connects over the network, or to the Unix socket at the path `uds`."""
    import httpx

    from twin.http.tls import tls

    return httpx.AsyncHTTPTransport(verify=tls(), trust_env=False, uds=uds)


class Connections:
    """Connections that are kept open, and the cookies that came over them.

    Not httpx's client: it logs every URL, which may hold a secret, and refuses an answer that leads
    to a place it cannot read.
    """

    def __init__(self, transport: "httpx.AsyncBaseTransport | None" = None) -> None:
        import httpx

        self._transport = transport or make_transport()
        self._cookies = httpx.Cookies()

    @contextlib.asynccontextmanager
    async def answering(
        self,
        method: str,
        url: str,
        timeout_s: float,
        auth: Login | None = None,
        headers: Mapping[str, str] | None = None,
        **request: Any,
    ) -> AsyncIterator["httpx.Response"]:
        """The answer once its head is there, within `timeout_s`; the caller reads the rest.

        `request` holds more of httpx's options: content, json, extensions. Raises one of
        `NO_ANSWER`, also while the rest is read.
        """
        import httpx

        try:
            headers = {**_HEADERS, **(headers or {})}
            asked = httpx.Request(method, url, headers=headers, cookies=self._cookies, **request)
            if auth is not None:
                next(httpx.BasicAuth(*auth).auth_flow(asked))
            async with asyncio.timeout(timeout_s):
                answer = await self._transport.handle_async_request(asked)
            answer.request = asked
            self._cookies.extract_cookies(answer)
            try:
                yield answer
            finally:
                await answer.aclose()
        except httpx.ConnectError as error:
            raise NoConnectionError(cause(error)) from error
        except httpx.RemoteProtocolError as error:
            is_broken = any(words in str(error) for words in _BROKEN_OFF)
            raise (BrokenError if is_broken else OddAnswerError)(cause(error)) from error
        except httpx.ReadError as error:
            raise BrokenError(cause(error)) from error
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, ssl.SSLError) as error:
            # The third is of host names, the last of reading: httpx lets both pass.
            raise NoAnswerError(cause(error)) from error

    async def aclose(self) -> None:
        await self._transport.aclose()


async def whole(
    asking: contextlib.AbstractAsyncContextManager["httpx.Response"],
    timeout_s: float,
    most_bytes: int,
) -> Answer:
    """All of what is `answering`, within `timeout_s`, however slowly it drips.

    A body over `most_bytes` is cut after the part that exceeds them. Raises one of `NO_ANSWER`.
    """
    async with asyncio.timeout(timeout_s), asking as answer:
        body = bytearray()
        async for part in decoded(answer):
            body += part
            if len(body) > most_bytes:
                break
        return Answer(answer.status_code, answer.headers, bytes(body))


async def decoded(answer: "httpx.Response") -> AsyncIterator[bytes]:
    """The body as its sender wrote it, though a proxy compressed it unasked.

    Yields 64 kB at most at a time, so that a reader of a gzip bomb can stop early. Ends early where
    the compression is damaged. Other compressions are left as they are.
    """
    if answer.headers.get("content-encoding", "").strip().lower() not in _INFLATED:
        async for chunk in answer.aiter_raw():
            yield chunk
        return
    inflate = zlib.decompressobj(_EITHER_HEAD)
    async for chunk in answer.aiter_raw():
        rest = chunk
        while rest:
            try:
                part = inflate.decompress(rest, _PART_BYTES)
            except zlib.error:
                return
            yield part
            rest = inflate.unconsumed_tail


# ---- for threads without an event loop


def fetch(
    method: str,
    url: str,
    *,
    timeout_s: float,
    most_bytes: int,
    transport: "httpx.AsyncBaseTransport | None" = None,
    **request: Any,
) -> Answer:
    """The whole answer, over a connection of its own. Raises one of `NO_ANSWER`."""

    async def once() -> Answer:
        async with contextlib.aclosing(Connections(transport)) as connections:
            asking = connections.answering(method, url, timeout_s, **request)
            return await whole(asking, timeout_s, most_bytes)

    return run(once())


async def connection(url: "httpx.URL") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A bare connection to the server that a URL names. Raises OSError."""
    from twin.http.tls import tls

    secure = url.scheme == "https"
    port = url.port or (443 if secure else 80)
    host = url.raw_host.decode()
    return await asyncio.open_connection(host, port, ssl=tls() if secure else None)


def run(work: Coroutine[Any, Any, T], loop: asyncio.AbstractEventLoop | None = None) -> T:
    """Like `asyncio.run`, which would also wait for a resolver of host names that hangs.

    `loop` is closed at the end; it is a new one if not given.
    """
    loop = loop or asyncio.new_event_loop()
    try:
        return loop.run_until_complete(work)
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
