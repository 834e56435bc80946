"""DEADMAN_URL: fetched every minute on duty. When that stops, its service calls the standby.

A host wakes a sleeping app at any request, so that the twin that is left takes the duty even when
the other one went without a word.
"""

import asyncio

import httpx

from twin.clock import Clock
from twin.core.schedule.job import AlreadyTold, Job, Run
from twin.core.schedule.schedules import every
from twin.duties.duty import Duty
from twin.http.cause import cause
from twin.http.request import Answer, NoAnswerError, connection, fetch, run
from twin.node.runner import Scheduled

DEADMAN_JOB = "twin.deadman"

_NO_SUCH_CHECK = b"OK (not found)"
"""What healthchecks.io answers, with 200, to the URL of a check that it does not have."""


class Deadman(Duty):
    """Called from threads without an event loop.

    The part of the URL after the host's name is a secret, and never shown.
    """

    def __init__(self, url: str, clock: Clock, timeout_s: float = 10.0) -> None:
        self._url = httpx.URL(url)
        self._timeout_s = timeout_s
        self._failing = False
        # In real time, however fast the wall clock runs.
        limit_s = round(3 * timeout_s / clock.real_s(1))
        schedule = every("1m", None, "UTC")
        # Caught up on, so that a twin that takes the duty calls at once.
        job = Job(
            DEADMAN_JOB, schedule, grace_s=120, catch_up=True, timeout_s=limit_s, pausable=False
        )
        self.jobs = [Scheduled(job, self._call)]

    def _call(self, _: Run) -> None:
        """Raises AlreadyTold unless the answer is 200 to 299: only a change is logged."""
        why = self.fetched()
        if bool(why) is not self._failing:
            self._failing = bool(why)
            if why:
                self.context.log.error("deadman.failed", because=why)
            else:
                self.context.log.info("deadman.recovered")
        if why:
            raise AlreadyTold(why)

    def fetched(self) -> str:
        """Why a fetch failed; empty if it did not."""
        try:
            # The first bytes of the body are enough.
            answer = fetch("GET", str(self._url), timeout_s=self._timeout_s, most_bytes=0)
        except (NoAnswerError, OSError) as error:
            return self._no_answer(error)
        return self._wrong(answer)

    def reached(self) -> str:
        """Why no connection comes about; empty if one does. Sends no request, which of any method
        would count as a call, and end an alarm."""
        try:
            run(asyncio.wait_for(self._connect(), self._timeout_s))
        except OSError as error:
            return self._no_answer(error)
        return ""

    @property
    def host(self) -> str:
        return self._url.host

    async def _connect(self) -> None:
        _, writer = await connection(self._url)
        writer.transport.abort()  # nothing was sent that could be lost
        await writer.wait_closed()

    def _no_answer(self, error: Exception) -> str:
        if isinstance(error, TimeoutError):
            return f"{self.host} did not answer in {self._timeout_s:g} s"
        return f"{self.host} cannot be reached ({cause(error)}): check DEADMAN_URL"

    def _wrong(self, answer: Answer) -> str:
        """What is wrong with an answer; empty if nothing is."""
        if answer.is_success:
            if answer.body.strip() != _NO_SUCH_CHECK:
                return ""
            return f"{self.host} knows no such check: copy DEADMAN_URL again"
        if 300 <= answer.status < 400:
            where = self._led_to(answer.headers.get("Location", ""))
            told = f"{self.host} answers {answer.status} and leads to {where}"
            return f"{told}, which counts as no call: set DEADMAN_URL to the URL there"
        return f"{self.host} answers {answer.status}: check DEADMAN_URL"

    def _led_to(self, location: str) -> str:
        """Scheme and host alone: what follows them may be a secret, too."""
        try:
            url = self._url.join(location)
        except httpx.InvalidURL:
            return "what is no URL"
        return f"{url.scheme}://{url.netloc.decode()}"
