"""The end of a boot, in order, while it still serves."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from twin.clock import Clock
from twin.core.pair.events import Leave
from twin.duties import Duties
from twin.hosts import GRACE_S
from twin.node.node import Node
from twin.node.peer import PeerLink
from twin.node.runner import Runner
from twin.notify.notifier import Notifier
from twin.web.server import Server
from twin.web.streams import Streams
from twin.worker.scripts import Scripts

T = TypeVar("T")

_ALERTS_S = 5.0
"""For the last alerts, if the jobs leave that much of the grace."""


@dataclass(slots=True)
class Shutdown:
    node: Node
    link: PeerLink
    runner: Runner
    scripts: Scripts
    duties: Duties
    notifier: Notifier
    streams: Streams
    server: Server
    clock: Clock
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    """A resolver of host names that hangs may hold all threads of the loop."""
    _task: asyncio.Task[None] | None = None

    def begin(self, because: str) -> None:
        """At the first signal; hosts repeat SIGTERM, and people press Ctrl-C twice."""
        if self._task is None:
            self._task = asyncio.create_task(self._leave(because))

    async def _leave(self, because: str) -> None:
        try:
            ends_at = self.clock.now().mono + GRACE_S
            self.node.handle(Leave(because))  # releases the duty, and tells the peer
            self.duties.stop()
            self.notifier.hurry()
            if not await self._wait(self.runner.wait_until_idle, GRACE_S):
                self.scripts.cut_off()
                self.runner.cut_off()
            left_s = max(0.0, ends_at - self.clock.now().mono)
            await self._wait(self.notifier.close, min(left_s, _ALERTS_S))
            await self.link.down()
            self.streams.close()
        finally:
            self.server.end()

    async def _wait(self, wait: Callable[[float], T], seconds: float) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, wait, seconds)
