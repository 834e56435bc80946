"""DEADMAN_URL: fetched every minute on duty. When that stops, its service calls the standby.

A host wakes a sleeping app at any request, so that the twin that is left takes the duty even when
the other one went without a word.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

import httpx

from twin.clock import Clock
from twin.core.schedule.job import AlreadyTold, Job, Run
from twin.core.schedule.schedules import every
from twin.http.bounded import run
from twin.http.tls import tls
from twin.log import Log
from twin.worker.jobsfile import Scheduled

DEADMAN_JOB = "twin.deadman"

_TIMEOUT_S = 10.0
_HEADERS = {"User-Agent": "twin"}
_NO_SUCH_CHECK = b"OK (not found)"
"""What healthchecks.io answers, with 200, to the URL of a check that it does not have."""


class Deadman:
    """One call fetches `url` once; called from a thread without an event loop.

    What follows the host's name in the URL is a secret, and never shown.
    """

    def __init__(self, url: str, log: Log) -> None:
        self._url = httpx.URL(url)
        self._log = log
        self._failing = False

    def __call__(self) -> None:
        """Only 200 to 299 will do. Raises AlreadyTold: only a change is logged."""
        why = self.fetched()
        if bool(why) is not self._failing:
            self._failing = bool(why)
            if why:
                self._log.error("deadman.failed", because=why)
            else:
                self._log.info("deadman.recovered")
        if why:
            raise AlreadyTold(why)

    def fetched(self) -> str:
        """Why a fetch failed; empty if it did not. Takes 10 s at most, however slowly it drips."""
        return run(self._within(self._fetch()))

    def reached(self) -> str:
        """Why no connection comes about; empty if one does. Sends no request, which of any method
        would count as a call, and end an alarm."""
        return run(self._within(self._connect()))

    @property
    def host(self) -> str:
        return self._url.host

    async def _within(self, trying: Coroutine[Any, Any, str]) -> str:
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                return await trying
        except TimeoutError:
            return f"{self.host} did not answer in {_TIMEOUT_S:g} s"
        except (httpx.HTTPError, OSError) as error:  # an SSLError of reading, httpx lets pass
            why = str(error) or type(error).__name__
            return f"{self.host} cannot be reached ({why}): check DEADMAN_URL"

    async def _connect(self) -> str:
        url, secure = self._url, self._url.scheme == "https"
        port = url.port or (443 if secure else 80)
        host = url.raw_host.decode()
        _, writer = await asyncio.open_connection(host, port, ssl=tls() if secure else None)
        writer.transport.abort()  # nothing was sent that could be lost
        await writer.wait_closed()
        return ""

    async def _fetch(self) -> str:
        # Without a client around it, which would log the URL for whoever listens to httpx.
        transport = httpx.AsyncHTTPTransport(verify=tls(), trust_env=False)
        request = httpx.Request("GET", self._url, headers=_HEADERS)
        async with transport:
            answer = await transport.handle_async_request(request)
            beginning = await anext(answer.aiter_bytes(), b"")
            await answer.aclose()
        return self._wrong(answer, beginning)

    def _wrong(self, answer: httpx.Response, beginning: bytes) -> str:
        """What is wrong with an answer that begins so; empty if nothing is."""
        if answer.is_success and beginning.strip() != _NO_SUCH_CHECK:
            return ""
        if answer.is_success:
            return f"{self.host} knows no such check: copy DEADMAN_URL again"
        where = self._led_to(answer.headers.get("Location"))
        if answer.is_redirect:
            told = f"{self.host} answers {answer.status_code} and leads to {where}"
            return f"{told}, which counts as no call: set DEADMAN_URL to the URL there"
        return f"{self.host} answers {answer.status_code}: check DEADMAN_URL"

    def _led_to(self, location: str | None) -> str:
        """Scheme and host alone: what follows them may be a secret, too."""
        try:
            url = self._url.join(location or "")
        except httpx.InvalidURL:
            return "what is no URL"
        return f"{url.scheme}://{url.netloc.decode()}"


def deadman_job(url: str, clock: Clock, log: Log) -> Scheduled:
    deadman = Deadman(url, log)

    def fetch(_: Run) -> None:
        deadman()

    # Caught up on, so that a twin that takes the duty calls at once. Its limit is in real time,
    # however fast the wall clock runs.
    limit_s = round(3 * _TIMEOUT_S / clock.real_s(1))
    schedule = every("1m", None, "UTC")
    job = Job(DEADMAN_JOB, schedule, grace_s=120, catch_up=True, timeout_s=limit_s, pausable=False)
    return Scheduled(job, fetch)
