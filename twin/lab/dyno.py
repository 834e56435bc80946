"""A dyno: one process of an app, from launch to exit."""

import asyncio
import enum
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

from twin.lab.collected import Log
from twin.lab.limits import Limits
from twin.lab.ports import is_bound
from twin.lab.process import Guard, Process

_LOOK_EVERY_S = 0.03
"""Short beside a boot. A look takes milliseconds of a thread: the kernel walks its connections."""


class State(enum.Enum):
    STARTING = "starting"
    UP = "up"
    STOPPING = "stopping"
    ASLEEP = "asleep"
    CRASHED = "crashed"
    STOPPED = "stopped"


class Dyno:
    """A restart makes another Dyno with the same name."""

    def __init__(self, name: str, port: int, log: Log, limits: Limits) -> None:
        self.name = name
        """`web.1`; not unique: when one dyno replaces another, both have it for a while."""
        self.port = port
        """Where a web dyno listens; 0 for other process types."""
        self.source = ""
        self.state = State.STARTING
        self.pid = 0
        self.launched_at = 0.0
        """By the event loop's clock, as is `bound_at`."""
        self.bound_at: float | None = None
        self.exit_status: int | None = None
        """Negative for a signal; None while the process lives."""
        self.life: asyncio.Task[None]
        """Done when the process has ended."""
        self._log = log
        self._limits = limits
        self._process: Process
        self._after = State.CRASHED

    async def launch(
        self,
        app: str,
        command: str,
        environ: Mapping[str, str],
        directory: Path,
        guard: Guard,
        changed: Callable[[], None],
    ) -> None:
        """Start the process; `changed` is called at every change of state."""
        self.source = f"{app}[{self.name}]"
        self._manager = f"{app}[manager]"
        self._changed = changed
        self.launched_at = asyncio.get_running_loop().time()
        self._process = await Process.start(
            command,
            environ=environ,
            directory=directory,
            guard=guard,
            written=lambda text: self._log.write(self.source, text),
        )
        self.pid = self._process.pid
        self._say("dyno.starting", pid=self.pid, port=self.port or "-", command=command)
        self.life = asyncio.create_task(self._live())

    def signal(self, number: int) -> None:
        self._process.signal(number)

    async def stop(self, after: State = State.STOPPED) -> None:
        """SIGTERM, then SIGKILL at the limit; returns when the process has ended."""
        if self.life.done():
            self._become(after)
            return
        self._after = after
        self._become(State.STOPPING)
        self._say("dyno.stopping", pid=self.pid)
        self.signal(signal.SIGTERM)
        done, _ = await asyncio.wait({self.life}, timeout=self._limits.stop_s)
        if not done:
            self._log.error(self._manager, "R12", "Exit timeout", dyno=self.name)
            self.signal(signal.SIGKILL)
            await asyncio.wait({self.life})

    async def _live(self) -> None:
        binding = asyncio.create_task(self._bind())
        try:
            self.exit_status = await self._process.ended()
        finally:
            binding.cancel()
        self._say("dyno.exited", pid=self.pid, status=self.exit_status)
        self._become(self._after)

    async def _bind(self) -> None:
        """A web dyno is up once it listens, another one at once."""
        loop = asyncio.get_running_loop()
        while self.port and not await asyncio.to_thread(is_bound, self.port):
            if loop.time() - self.launched_at > self._limits.boot_s:
                self._log.error(self._manager, "R10", "Boot timeout", dyno=self.name)
                self.signal(signal.SIGKILL)
                return
            await asyncio.sleep(_LOOK_EVERY_S)
        self.bound_at = loop.time()
        self._say("dyno.up", pid=self.pid, seconds=round(self.bound_at - self.launched_at, 2))
        if self.state is State.STARTING:
            self._become(State.UP)

    def _become(self, state: State) -> None:
        self.state = state
        self._changed()

    def _say(self, event: str, /, **values: object) -> None:
        self._log.info(self._manager, event, dyno=self.name, **values)

    def __repr__(self) -> str:
        return f"<Dyno {self.source} pid={self.pid} {self.state.value}>"
