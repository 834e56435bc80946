"""A few open connections to one database."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

C = TypeVar("C")

CONNECTIONS = 4
"""Free databases allow about 20, and in a deploy each of two twins has two boots. At 20 ms a round
trip, four carry 200 questions a second."""


class Pool(Generic[C]):
    """Lends each connection to one task at a time, and makes new ones when they are needed."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[C]],
        is_quiet: Callable[[C], Awaitable[bool]],
        drop: Callable[[C], Awaitable[None]],
    ) -> None:
        """`is_quiet` tells whether an idle connection is open and has nothing to be read."""
        self._connect = connect
        self._is_quiet = is_quiet
        self._drop = drop
        self._idle: list[C] = []
        self._free = asyncio.Semaphore(CONNECTIONS)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[C]:
        """One connection. A failure drops it and the idle ones: they may lead to the same server,
        which is gone, hangs, or has become a replica."""
        async with self._free:
            one = await self._idle_one() or await self._connect()
            try:
                yield one
            except BaseException:
                await self._drop(one)
                await self.close()
                raise
            self._idle.append(one)

    async def close(self) -> None:
        """Drop the idle connections."""
        while self._idle:
            await self._drop(self._idle.pop())

    async def _idle_one(self) -> C | None:
        while self._idle:
            one = self._idle.pop()
            if await self._is_quiet(one):
                return one
            await self._drop(one)
        return None
