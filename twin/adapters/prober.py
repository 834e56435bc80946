"""One request to PROBE_URL, as a new visitor would make it."""

import asyncio

import httpx

from twin.adapters.cause import cause
from twin.clock import Clock
from twin.core.verdict import Probe

# By then an answer is slow anyway; the rest tells a late answer from none.
_BOUND_OF_SLOW = 1.2

# A page that is larger is healthy enough; a download must not fill the twin's minutes and quota.
_BODY_BYTES = 1_000_000


class Prober:
    """Fetches `url` and says what it saw; called from a thread without an event loop.

    Every call opens a connection of its own, because a visitor's would be new too. Sends no
    credentials and follows no redirect. Takes at most 1.2 times `slow_s`, however slowly the answer
    drips; only the resolver of host names has its own limit.
    """

    def __init__(self, url: str, slow_s: float, clock: Clock) -> None:
        """Raises ValueError for a URL that cannot be probed."""
        self._url = _checked(url)
        self._bound_s = slow_s * _BOUND_OF_SLOW
        self._clock = clock
        # Made once: reading the certificates takes longer than many an answer.
        self._tls = httpx.create_ssl_context(trust_env=False)

    def __call__(self) -> Probe:
        return asyncio.run(self._probe())

    async def _probe(self) -> Probe:
        seen: list[int] = []
        failure = None
        began = self._clock.now().mono
        try:
            async with asyncio.timeout(self._bound_s):
                await self._fetch(seen)
        except TimeoutError:
            failure = f"not all of it in {self._bound_s:g} s" if seen else self._silence()
        except httpx.HTTPError as error:
            failure = _told(error)
        elapsed_s = self._clock.now().mono - began
        return Probe(seen[0] if seen else None, elapsed_s, failure)

    async def _fetch(self, seen: list[int]) -> None:
        """Puts the status into `seen` as soon as it is there, as what follows may fail."""
        # `trust_env` off: a visitor does not come through this machine's proxy.
        client = httpx.AsyncClient(
            verify=self._tls,
            trust_env=False,
            timeout=None,  # noqa: S113 - the caller's bound is for all of it, httpx's for each part
        )
        async with (
            client,
            client.stream("GET", self._url, headers={"User-Agent": "twin-probe"}) as answer,
        ):
            seen.append(answer.status_code)
            async for _ in answer.aiter_raw():
                if answer.num_bytes_downloaded > _BODY_BYTES:
                    return

    def _silence(self) -> str:
        return f"no answer in {self._bound_s:g} s"


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


def _told(error: httpx.HTTPError) -> str:
    if isinstance(error, httpx.ConnectError):
        return f"no connection: {cause(error)}"
    return f"the connection broke off: {cause(error)}"
