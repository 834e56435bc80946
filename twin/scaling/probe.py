"""Requests to PROBE_URL, as new visitors would make them."""

import asyncio
import re
import socket
import ssl
from contextlib import aclosing
from email.utils import parsedate_to_datetime

import httpx

from twin.clock import Clock
from twin.core.scaling.verdict import Probe, Verdict, judge
from twin.http.cause import cause, causes
from twin.http.request import (
    Connections,
    NoAnswerError,
    NoConnectionError,
    OddAnswerError,
    connection,
    run,
)

# A page that is larger is healthy enough; a download must not fill the twin's minutes and quota.
_BODY_BYTES = 1_000_000

# Of the time there is, the second probe has at least half, however late "not fast" is.
_PAUSE_OF_SLOW = 0.5


# Far more than any head has.
_HEAD_BYTES = 200_000
_STATUS_LINE = re.compile(rb"\s*HTTP/[0-9](?:\.[0-9])?[ \t]+([0-9]{3})(?![0-9])")
_AGENT = "twin-probe"
_HEADERS = {"User-Agent": _AGENT, "Accept-Encoding": "gzip, deflate"}
"""As a visitor's browser, which takes a compressed page."""


class Prober:
    """Fetches `url` and says what it saw; called from a thread without an event loop.

    Every request opens a connection of its own, because a visitor's would be new too. Sends no
    credentials and follows no redirect.
    """

    def __init__(self, url: str, slow_s: float, fast_s: float, clock: Clock) -> None:
        self._url = url
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
                await self._fetch(seen, bound_s)
        except TimeoutError:
            failure, hangs = f"{seen.lacks} in {bound_s:.3g} s", seen.connected
        except (NoAnswerError, OSError) as error:
            failure, is_astray = _told(error), _is_astray(error)
        elapsed_s = self._clock.now().mono - began.mono
        pause_s = _pause_s(seen.retry_after, began.wall)
        return Probe(seen.status, elapsed_s, failure, hangs, is_astray, pause_s)

    async def _fetch(self, seen: "_Seen", bound_s: float) -> None:
        """Raises NoAnswerError or OSError unless there is a whole answer."""
        try:
            await self._read(seen, bound_s)
        except OddAnswerError:
            seen.status = seen.status or await self._status()
            if seen.status is None:
                raise

    async def _read(self, seen: "_Seen", bound_s: float) -> None:
        connections, watching = Connections(), {"trace": seen.trace}
        asking = connections.answering(
            "GET", self._url, bound_s, headers=_HEADERS, extensions=watching
        )
        async with aclosing(connections), asking as answer:
            seen.status = answer.status_code
            seen.retry_after = answer.headers.get("Retry-After", "")
            async for _ in answer.aiter_raw():
                if answer.num_bytes_downloaded > _BODY_BYTES:
                    return

    async def _status(self) -> int | None:
        """The status of an answer that httpx cannot read; None if there is none."""
        url, heard, status = httpx.URL(self._url), b"", None
        reader, writer = await connection(url)
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
    if not isinstance(error, NoConnectionError):
        return False
    for each in causes(error):
        if isinstance(each, socket.gaierror):
            return True
        if isinstance(each, ssl.SSLError):  # one that ends in the middle may have too much to do
            return not isinstance(each, ssl.SSLEOFError | ssl.SSLZeroReturnError)
    return False


def _told(error: Exception) -> str:
    how = "no connection" if isinstance(error, NoConnectionError) else "the connection broke off"
    return f"{how}: {cause(error)}"
