"""Questions to the arbiter: sends the core's, and reports the answers to it."""

import asyncio
from concurrent.futures import TimeoutError as LateError

from twin.arbiter import Arbiter, SilentError
from twin.clock import Clock
from twin.core.pair.arbiter import Question
from twin.core.pair.events import AskArbiter, Ruled
from twin.core.pair.timeouts import SILENCE_S
from twin.node.node import Node

_LEAVES_S = 2.0
"""How long a process that ends waits until its release has arrived."""
_HELD_UP = "this twin was held up"


class ArbiterLink:
    """Lives on one event loop."""

    def __init__(self, arbiter: Arbiter, node: Node, clock: Clock) -> None:
        self._loop = asyncio.get_running_loop()
        self._arbiter = arbiter
        self._node = node
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()

    def send(self, asking: AskArbiter) -> None:
        """Start asking; safe from every thread."""
        self._loop.call_soon_threadsafe(self._begin, asking)

    def rule(self, question: Question) -> Ruled:
        """The answer; waits for it on a thread that is not the loop's."""
        asked_at = self._clock.now().mono
        asking = asyncio.run_coroutine_threadsafe(self._ask(question, asked_at), self._loop)
        try:
            return asking.result(2 * SILENCE_S)
        except LateError:
            return Ruled(question, asked_at, None, _HELD_UP)

    async def close(self) -> None:
        """Wait for what is underway, and close the connections."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_LEAVES_S)
        await self._arbiter.close()

    def _begin(self, asking: AskArbiter) -> None:
        task = self._loop.create_task(self._report(asking))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _report(self, asking: AskArbiter) -> None:
        self._node.handle(await self._ask(asking.question, asking.asked_at))

    async def _ask(self, question: Question, asked_at: float) -> Ruled:
        try:
            return Ruled(question, asked_at, await self._arbiter.ask(question))
        except SilentError as error:
            return Ruled(question, asked_at, None, str(error))
