"""Requests to PROBE_URL, as new visitors would make them."""

import asyncio
import re
import socket
import ssl
from email.utils import parsedate_to_datetime

import httpx

from twin.clock import Clock
from twin.core.scaling.verdict import Probe, Verdict, judge
from twin.http.bounded import run
from twin.http.cause import cause
from twin.http.tls import tls

# A page that is larger is healthy enough; a download must not fill the twin's minutes and quota.
_BODY_BYTES = 1_000_000

# Of the time there is, the second probe has at least half, however late "not fast" is.
_PAUSE_OF_SLOW = 0.5


# Far more than any head has.
_HEAD_BYTES = 200_000
_STATUS_LINE = re.compile(rb"\s*HTTP/[0-9](?:\.[0-9])?[ \t]+([0-9]{3})(?![0-9])")
_AGENT = "twin-probe"
_BROKEN_OFF = ("Server disconnected", "peer closed connection")
"""What httpx says of an answer that ends before its end, in contrast to one that is only odd."""


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
                failure = await self._fetch(seen)
        except TimeoutError:
            failure, hangs = f"{seen.lacks} in {bound_s:.3g} s", seen.connected
        except (httpx.HTTPError, OSError) as error:  # of reading, httpx lets an SSLError pass
            failure, is_astray = _told(error), _is_astray(error)
        elapsed_s = self._clock.now().mono - began.mono
        pause_s = _pause_s(seen.retry_after, began.wall)
        return Probe(seen.status, elapsed_s, failure, hangs, is_astray, pause_s)

    async def _fetch(self, seen: "_Seen") -> str | None:
        """Why it is no whole answer; None if it is one."""
        try:
            await self._read(seen)
        except httpx.RemoteProtocolError as error:
            if any(words in str(error) for words in _BROKEN_OFF):
                return _told(error)
            seen.status = seen.status or await self._status()
            return _told(error) if seen.status is None else None
        return None

    async def _read(self, seen: "_Seen") -> None:
        # `trust_env` off: a visitor does not come through this machine's proxy.
        client = httpx.AsyncClient(
            verify=tls(),
            trust_env=False,
            timeout=None,  # noqa: S113 - the caller's bound is for all of it, httpx's for each part
        )
        watching = {"trace": seen.trace}
        async with (
            client,
            client.stream(
                "GET", self._url, headers={"User-Agent": _AGENT}, extensions=watching
            ) as answer,
        ):
            seen.status = answer.status_code
            seen.retry_after = answer.headers.get("Retry-After", "")
            async for _ in answer.aiter_raw():
                if answer.num_bytes_downloaded > _BODY_BYTES:
                    return

    async def _status(self) -> int | None:
        """The status of an answer that httpx refuses to read: browsers take far more heads than
        the rules allow. None if there is none."""
        url, heard, status = httpx.URL(self._url), b"", None
        context = tls() if url.scheme == "https" else None
        port = url.port or (443 if context else 80)
        reader, writer = await asyncio.open_connection(url.raw_host.decode(), port, ssl=context)
        try:
            request = b"GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\nConnection: close\r\n\r\n"
            writer.write(request % (url.raw_path, url.netloc, _AGENT.encode()))
            while status is None and len(heard) < _HEAD_BYTES:
                part = await reader.read(_HEAD_BYTES)
                if not part:
                    break
                heard += part
                status = _status_in(heard)
        finally:
            writer.close()
        return status


class _Seen:
    """How far a request has come: whatever follows may fail."""

    def __init__(self) -> None:
        self.connected = False
        self.status: int | None = None
        self.retry_after = ""

    @property
    def lacks(self) -> str:
        if self.status is not None:
            return "not all of it"
        return "no answer" if self.connected else "no connection"

    async def trace(self, event: str, _: object) -> None:
        self.connected = self.connected or event == "connection.connect_tcp.complete"


def _status_in(heard: bytes) -> int | None:
    """Of the first answer that is not an interim one; None if it does not begin as HTTP does."""
    lines = map(_STATUS_LINE.match, re.split(rb"\r?\n\r?\n", heard))
    line = next((line for line in lines if line is None or not line[1].startswith(b"1")), None)
    return int(line[1]) if line else None


def _checked(url: str) -> str:
    try:
        parsed = httpx.URL(url)
        parsed.host.encode("idna")
    except (httpx.InvalidURL, UnicodeError):
        raise ValueError("PROBE_URL is not a URL: write https://HOST/PATH") from None
    if parsed.userinfo:
        raise ValueError("PROBE_URL holds credentials: probe a page that needs none")
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ValueError(f"PROBE_URL is {url}: it must begin with https://HOST or http://HOST")
    return url


def _pause_s(retry_after: str, wall: float) -> float:
    """Seconds, or a date; 0 for what is neither."""
    if retry_after.isdecimal():
        return float(retry_after)
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - wall)
    except (ValueError, OverflowError):
        return 0.0


def _is_astray(error: BaseException) -> bool:
    """Whether the name is not found, or what is there cannot show that it is its own."""
    below: BaseException | None = error if isinstance(error, httpx.ConnectError) else None
    while below is not None:
        if isinstance(below, socket.gaierror):
            return True
        if isinstance(below, ssl.SSLError):  # one that ends in the middle may have too much to do
            return not isinstance(below, ssl.SSLEOFError | ssl.SSLZeroReturnError)
        below = below.__cause__ or below.__context__
    return False


def _told(error: Exception) -> str:
    if isinstance(error, httpx.ConnectError):
        return f"no connection: {cause(error)}"
    return f"the connection broke off: {cause(error)}"
