"""DEADMAN_URL: fetched every minute on duty. When that stops, its service calls the standby.

A host wakes a sleeping app at any request, so that the twin that is left takes the duty even when
the other one went without a word.
"""

import asyncio
import ssl

import httpx

from twin.adapters.bounded import run
from twin.adapters.jobsfile import Scheduled
from twin.adapters.tls import tls
from twin.clock import Clock
from twin.core.jobs import AlreadyTold, Job, Run
from twin.core.schedules import every
from twin.log import Log

DEADMAN_JOB = "twin.deadman"

_TIMEOUT_S = 10.0
_HEADERS = {"User-Agent": "twin"}


class Deadman:
    """One call fetches `url` once; called from a thread without an event loop.

    What follows the host's name in the URL is a secret, and never shown.
    """

    def __init__(self, url: str, log: Log) -> None:
        self._url = httpx.URL(url)
        self._log = log
        self._failing = False

    def __call__(self) -> None:
        """Any status below 400 will do. Raises AlreadyTold: only a change is logged."""
        why = run(self._fetch())
        if bool(why) is not self._failing:
            self._failing = bool(why)
            if why:
                self._log.error("deadman.failed", because=why)
            else:
                self._log.info("deadman.recovered")
        if why:
            raise AlreadyTold(why)

    async def _fetch(self) -> str:
        """Why it failed; empty if it did not. Takes 10 s at most, however slowly it drips."""
        # Without a client around it, which would log the URL for whoever listens to httpx.
        transport = httpx.AsyncHTTPTransport(verify=tls(), trust_env=False)
        request = httpx.Request("GET", self._url, headers=_HEADERS)
        host = self._url.host
        try:
            async with asyncio.timeout(_TIMEOUT_S), transport:
                answer = await transport.handle_async_request(request)
                await answer.aclose()
        except TimeoutError:
            return f"{host} did not answer in {_TIMEOUT_S:g} s"
        except (httpx.HTTPError, ssl.SSLError) as error:  # of reading, httpx lets it pass
            why = str(error) or type(error).__name__
            return f"{host} cannot be reached ({why}): check DEADMAN_URL"
        if answer.status_code >= 400:
            return f"{host} answers {answer.status_code}: check DEADMAN_URL"
        return ""


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
