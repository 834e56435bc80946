"""Waiting until something is so."""

import asyncio
from collections.abc import Callable


class Changes:
    """Wakes all that wait when something changes; each checks its own condition."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def notify(self) -> None:
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)

    async def until(self, holds: Callable[[], bool], timeout_s: float | None) -> None:
        """Return as soon as `holds()` is true; raise TimeoutError after `timeout_s`."""
        async with asyncio.timeout(timeout_s):
            while not holds():
                changed = asyncio.get_running_loop().create_future()
                self._waiting.add(changed)
                try:
                    await changed
                finally:
                    self._waiting.discard(changed)
