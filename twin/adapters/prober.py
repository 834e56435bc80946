"""Requests to PROBE_URL, as new visitors would make them."""

import asyncio
import ssl

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
        failure, hangs = None, False
        began = self._clock.now().mono
        try:
            async with asyncio.timeout(bound_s):
                await self._fetch(seen)
        except TimeoutError:
            failure, hangs = f"{seen.lacks} in {bound_s:.3g} s", seen.connected
        except (httpx.HTTPError, ssl.SSLError) as error:  # of reading, httpx lets it pass
            failure = _told(error)
        return Probe(seen.status, self._clock.now().mono - began, failure, hangs)

    async def _fetch(self, seen: "_Seen") -> None:
        # `trust_env` off: a visitor does not come through this machine's proxy.
        client = httpx.AsyncClient(
            verify=tls(),
            trust_env=False,
            timeout=None,  # noqa: S113 - the caller's bound is for all of it, httpx's for each part
        )
        headers, watching = {"User-Agent": "twin-probe"}, {"trace": seen.trace}
        async with (
            client,
            client.stream("GET", self._url, headers=headers, extensions=watching) as answer,
        ):
            seen.status = answer.status_code
            async for _ in answer.aiter_raw():
                if answer.num_bytes_downloaded > _BODY_BYTES:
                    return


class _Seen:
    """How far a request has come: whatever follows may fail."""

    def __init__(self) -> None:
        self.connected = False
        self.status: int | None = None

    @property
    def lacks(self) -> str:
        if self.status is not None:
            return "not all of it"
        return "no answer" if self.connected else "no connection"

    async def trace(self, event: str, _: object) -> None:
        self.connected = self.connected or event == "connection.connect_tcp.complete"


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


def _told(error: Exception) -> str:
    if isinstance(error, httpx.ConnectError):
        return f"no connection: {cause(error)}"
    return f"the connection broke off: {cause(error)}"
