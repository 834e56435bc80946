"""Wrong credentials: counted, logged, and judged at a limited rate.

A guesser gets four verdicts a second, over any number of connections. After five wrong attempts
every attempt waits in line before it is judged, right or wrong. So the time until the answer, or a
missing answer, says nothing about the password.

Twice a second the newest and the oldest in line are judged, so that right credentials get through a
flood within the 3 s that a twin waits. A guesser who waits for each verdict comes back right after
it, so a newcomer is the newest at the next one. Guessers who hang up early leave the newcomer as
the oldest.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from twin.clock import Clock
from twin.log import Log
from twin.web.throttle import Throttle

_FREE = 5
"""A person mistypes some times; a peer with an old password tries once a minute."""
_EACH_S = 0.25
_TELL_EVERY_S = 60.0


@dataclass(eq=False, frozen=True, slots=True)
class _Attempt:
    right: bool
    is_gone: Callable[[], bool]
    verdict: asyncio.Future[bool]


class Refusals:
    """Lives on one event loop."""

    def __init__(self, clock: Clock, log: Log, most_waiting: int) -> None:
        """Each that waits holds a connection."""
        self._clock = clock
        self._log = log
        self._most_waiting = most_waiting
        self._throttle = Throttle(_FREE, _EACH_S)
        self._told_at = float("-inf")
        self._waiting: deque[_Attempt] = deque()
        self._judging: asyncio.Task[None] | None = None

    @property
    def count(self) -> int:
        """Since the boot."""
        return self._throttle.count

    async def judge(self, right: bool, is_gone: Callable[[], bool]) -> bool | None:
        """Whether the credentials are right, once it may be told; None if too many wait for that.

        `is_gone` says whether who presented them has hung up.
        """
        if not self._waiting and not self._wait_s():
            return self._count(right)
        if len(self._waiting) >= self._most_waiting:
            self._drop_those_gone()
        if len(self._waiting) >= self._most_waiting:
            return None
        attempt = _Attempt(right, is_gone, asyncio.get_running_loop().create_future())
        self._waiting.append(attempt)
        if self._judging is None or self._judging.done():
            self._judging = asyncio.create_task(self._judge_all())
        return await attempt.verdict

    async def _judge_all(self) -> None:
        while self._waiting:
            await asyncio.sleep(self._wait_s())
            self._drop_those_gone()
            for end in (self._waiting.pop, self._waiting.popleft):
                if self._waiting:
                    attempt = end()
                    attempt.verdict.set_result(self._count(attempt.right))

    def _drop_those_gone(self) -> None:
        waiting = deque[_Attempt]()
        for attempt in self._waiting:
            if attempt.verdict.done():  # its request was cancelled
                continue
            if attempt.is_gone():
                attempt.verdict.set_result(False)  # which nobody reads
            else:
                waiting.append(attempt)
        self._waiting = waiting

    def _count(self, right: bool) -> bool:
        if not right:
            mono = self._clock.now().mono
            self._throttle = self._throttle.happened(mono)
            self._tell(mono)
        return right

    def _wait_s(self) -> float:
        return self._throttle.wait_s(self._clock.now().mono)

    def _tell(self, mono: float) -> None:
        if mono >= self._told_at + _TELL_EVERY_S:
            self._told_at = mono
            why = "wrong credentials: if it is the other twin, set BASIC_AUTH_* alike on both"
            self._log.warning("login.failed", count=self.count, because=why)
