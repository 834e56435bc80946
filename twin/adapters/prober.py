"""Requests to PROBE_URL, as new visitors would make them."""

import asyncio
import re
import socket
import ssl
from email.utils import parsedate_to_datetime
from typing import Any

import httpcore
import httpx

from twin.adapters.bounded import run
from twin.adapters.cause import cause
from twin.adapters.tls import tls
from twin.clock import Clock
from twin.core.verdict import Probe, Verdict, judge

# A page that is larger is healthy enough; a download must not fill the twin's minutes and quota.
_BODY_BYTES = 1_000_000

# Of the time there is, the second probe has at least half, however late "not fast" is.
_PAUSE_OF_SLOW = 0.5


# Far more than any head has; the parser itself stops before.
_HEAD_BYTES = 200_000
_STATUS_LINE = re.compile(rb"\s*HTTP/[0-9](?:\.[0-9])?[ \t]+([0-9]{3})(?![0-9])")
_HEADERS: dict[bytes | str, bytes | str] = {"Accept": "*/*", "User-Agent": "twin-probe"}
_FAILURES = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException)


class Prober:
    """Fetches `url` and says what it saw; called from a thread without an event loop.

    Every request opens a connection of its own, because a visitor's would be new too. Sends no
    credentials and follows no redirect.
    """

    def __init__(self, url: str, slow_s: float, fast_s: float, clock: Clock) -> None:
        """Raises ValueError for a URL that cannot be probed."""
        self._url = _checked(url)
        self._slow_s = slow_s
        self._pause_s = min(fast_s, slow_s * _PAUSE_OF_SLOW)
        self._clock = clock

    def __call__(self) -> tuple[Probe, ...]:
        """One probe if it went well, else two; within `slow_s`, however slowly an answer drips.

        The second is begun `fast_s` after the first: a moment later if that has failed, and
        meanwhile if it hangs. So both are known when the first has become too slow.
        """
        return run(self._probes())

    def once(self) -> Probe:
        """One probe, whatever comes of it."""
        return run(self._probe(self._slow_s))

    async def _probes(self) -> tuple[Probe, ...]:
        first = asyncio.create_task(self._probe(self._slow_s))
        pause = asyncio.create_task(asyncio.sleep(self._pause_s))
        await asyncio.wait({first, pause}, return_when=asyncio.FIRST_COMPLETED)
        if first.done() and self._is_well(first.result()):
            pause.cancel()
            return (first.result(),)
        await pause
        second = asyncio.create_task(self._probe(self._slow_s - self._pause_s))
        if self._is_well(await first):
            second.cancel()
            await asyncio.wait({second})
            return (first.result(),)
        return first.result(), await second

    def _is_well(self, probe: Probe) -> bool:
        return judge(probe, self._slow_s) is Verdict.HEALTHY

    async def _probe(self, bound_s: float) -> Probe:
        seen = _Seen()
        failure, hangs, is_astray = None, False, False
        began = self._clock.now()
        try:
            async with asyncio.timeout(bound_s):
                await self._fetch(seen)
        except TimeoutError:
            failure, hangs = f"{seen.lacks} in {bound_s:.3g} s", seen.connected
        except httpcore.RemoteProtocolError as error:
            failure = None if seen.is_understood() else _told(error)
        except (*_FAILURES, ssl.SSLError) as error:  # of reading, httpcore lets the last pass
            failure, is_astray = _told(error), _is_astray(error)
        elapsed_s = self._clock.now().mono - began.mono
        pause_s = _pause_s(seen.retry_after, began.wall)
        return Probe(seen.status, elapsed_s, failure, hangs, is_astray, pause_s)

    async def _fetch(self, seen: "_Seen") -> None:
        # No proxy: a visitor does not come through this machine's.
        pool = httpcore.AsyncConnectionPool(tls(), network_backend=_Network(seen))
        async with pool, pool.stream("GET", self._url, headers=_HEADERS) as answer:
            seen.status, size = answer.status, 0
            seen.retry_after = dict(answer.headers).get(b"Retry-After", b"")
            async for part in answer.aiter_stream():
                size += len(part)
                if size > _BODY_BYTES:
                    return


class _Seen:
    """How far a request has come: whatever follows may fail."""

    def __init__(self) -> None:
        self.connected = False
        self.has_ended = False
        self.status: int | None = None
        self.retry_after = b""
        self._heard = b""

    def hear(self, part: bytes) -> None:
        self.has_ended = not part
        if len(self._heard) < _HEAD_BYTES:
            self._heard += part

    def is_understood(self) -> bool:
        """Whether what the parser refuses is an answer to a browser, which asks for a status, and
        for the rest of an answer if it breaks off."""
        if self.status is not None:
            return not self.has_ended
        self.status = _status_in(self._heard)
        return self.status is not None

    @property
    def lacks(self) -> str:
        if self.status is not None:
            return "not all of it"
        return "no answer" if self.connected else "no connection"


class _Network(httpcore.AnyIOBackend):
    """The network, of which `seen` hears all that comes."""

    def __init__(self, seen: _Seen) -> None:
        self._seen = seen

    async def connect_tcp(self, *where: Any, **how: Any) -> httpcore.AsyncNetworkStream:
        stream = await super().connect_tcp(*where, **how)
        self._seen.connected = True
        return _Overheard(stream, self._seen)


class _Overheard(httpcore.AsyncNetworkStream):
    def __init__(self, stream: httpcore.AsyncNetworkStream, seen: _Seen) -> None:
        self._stream = stream
        self._seen = seen

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 (httpcore's)
        part = await self._stream.read(max_bytes, timeout)
        self._seen.hear(part)
        return part

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 (httpcore's)
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(self, *how: Any, **more: Any) -> httpcore.AsyncNetworkStream:
        return _Overheard(await self._stream.start_tls(*how, **more), self._seen)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _status_in(heard: bytes) -> int | None:
    """Of the first answer that is not an interim one; None if it does not begin as HTTP does."""
    for head in re.split(rb"\r?\n\r?\n", heard):
        line = _STATUS_LINE.match(head)
        if line is None or not line[1].startswith(b"1"):
            return int(line[1]) if line else None
    return None


def _checked(url: str) -> httpcore.URL:
    try:
        parsed = httpx.URL(url)
        parsed.host.encode("idna")
    except (httpx.InvalidURL, UnicodeError):
        raise ValueError("PROBE_URL is not a URL: write https://HOST/PATH") from None
    if parsed.userinfo:
        raise ValueError("PROBE_URL holds credentials: probe a page that needs none")
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ValueError(f"PROBE_URL is {url}: it must begin with https://HOST or http://HOST")
    return httpcore.URL(
        scheme=parsed.raw_scheme, host=parsed.raw_host, port=parsed.port, target=parsed.raw_path
    )


def _pause_s(retry_after: bytes, wall: float) -> float:
    """Seconds, or a date; 0 for what is neither."""
    text = retry_after.decode("ascii", "replace")
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - wall)
    except (ValueError, OverflowError):
        return 0.0


def _is_astray(error: BaseException) -> bool:
    """Whether the name is not found, or what is there cannot show that it is its own."""
    below: BaseException | None = error if isinstance(error, httpcore.ConnectError) else None
    while below is not None:
        if isinstance(below, socket.gaierror):
            return True
        if isinstance(below, ssl.SSLError):  # one that ends in the middle may have too much to do
            return not isinstance(below, ssl.SSLEOFError | ssl.SSLZeroReturnError)
        below = below.__cause__ or below.__context__
    return False


def _told(error: Exception) -> str:
    if isinstance(error, httpcore.ConnectError):
        return f"no connection: {cause(error)}"
    return f"the connection broke off: {cause(error)}"
