"""A door: one port of the router, with faults of its own."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

import h11

from twin.lab.changes import Changes
from twin.lab.ports import HOST, listening, reserved
from twin.lab.wire import Server, Wire

Fault = Literal["refuse", "hold", "delay", "drop"]
"""`refuse`: the port refuses connections, and requests on open ones are broken off.
`hold`: requests are accepted and not answered, open streams go silent, until the line heals.
`delay`: requests are passed on late. `drop`: requests are broken off without an answer."""


@dataclass(frozen=True, slots=True)
class Cut:
    """One fault in force."""

    fault: Fault
    seconds: float
    path: str
    """A pattern that a request's path must match from its beginning; empty for all."""


class Door:
    """An address of an app.

    On loopback all callers look alike: a caller that a test cuts off gets a door of its own.
    """

    def __init__(
        self, port: int, handle: Callable[["Door", Wire, h11.Request], Awaitable[None]]
    ) -> None:
        """Raises OSError when the port is taken."""
        self.port = port
        self.url = f"http://{HOST}:{port}"
        self._held_port = reserved(port)
        self._cuts: list[Cut] = []
        self._changes = Changes()
        self._server = Server(lambda wire, request: handle(self, wire, request))

    async def open(self) -> None:
        if not self._server.listens:
            await self._server.listen(listening(self.port))

    async def cut(self, fault: Fault, *, seconds: float = 0.0, path: str = "") -> None:
        """Add a fault."""
        self._cuts.append(Cut(fault, seconds, path))
        if fault == "refuse":
            self._server.refuse()

    async def heal(self) -> None:
        """End all faults. Requests that were held go on."""
        self._cuts.clear()
        self._changes.notify()
        await self.open()

    def break_streams(self) -> None:
        """Break every open connection, without a clean end."""
        self._server.abort()

    async def close(self) -> None:
        await self._server.close()
        self._held_port.close()

    async def admit(self, path: str) -> None:
        """Let a request pass, late or never. Raises ConnectionError to break it off."""
        for cut in self._matching(path):
            if cut.fault in ("refuse", "drop"):
                raise ConnectionAbortedError(f"cut: {cut}")
            if cut.fault == "delay":
                await asyncio.sleep(cut.seconds)
        await self.released(path)

    async def released(self, path: str) -> None:
        """Wait while the line is held."""
        if self._cuts:
            await self._changes.until(lambda: not self._holds(path), None)

    def _holds(self, path: str) -> bool:
        return any(cut.fault == "hold" for cut in self._matching(path))

    def _matching(self, path: str) -> list[Cut]:
        return [cut for cut in self._cuts if re.match(cut.path, path)]
