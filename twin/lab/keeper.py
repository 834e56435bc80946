"""The dyno manager: keeps one dyno running."""

import asyncio
import contextlib
from functools import partial
from typing import Protocol

from twin.lab.collected import Log
from twin.lab.dyno import Dyno, State
from twin.lab.limits import Limits


class Owner(Protocol):
    """What a keeper needs of its app."""

    name: str
    log: Log
    limits: Limits

    async def launch(self, name: str) -> Dyno:
        """Start the dyno `name`."""

    def leave(self, dyno: Dyno, after: State) -> None:
        """Stop a dyno in the background."""

    def changed(self) -> None:
        """The state of a dyno has changed."""

    def cycle_after_s(self) -> float:
        """How long a dyno may run."""


class Keeper:
    """Restarts what ends, whatever its exit status, and waits longer after each crash in a row.

    At every release and once a day ("cycling") it also replaces the dyno: the new one starts as
    soon as the old one gets SIGTERM.
    """

    def __init__(self, name: str, owner: Owner) -> None:
        self.name = name
        self.dyno: Dyno | None = None
        """The newest; None until the first is launched."""
        self.respawn = True
        """False leaves the dyno down when it ends, until `restart`."""
        self._owner = owner
        self._crashes = 0
        self._backs_off = False
        self._retired: State | None = None
        self._again = asyncio.Event()
        self.task = asyncio.create_task(self._keep())
        """Done once it is retired, and has left its last dyno."""

    @property
    def state(self) -> State:
        """For the router. Between two dynos it is starting, unless it backs off."""
        if self._backs_off:
            return State.CRASHED
        if self.dyno is None or self.dyno.state is State.CRASHED:
            return State.STARTING
        return self.dyno.state

    def restart(self) -> None:
        """Start a new dyno at once, beside the old one while that stops."""
        self.respawn = True
        self._crashes = 0
        self._again.set()

    def retire(self, after: State = State.STOPPED) -> None:
        """Start no more; the state of the last dyno becomes `after`."""
        self._retired = after
        self._again.set()

    async def _keep(self) -> None:
        # Never cancelled: a process that was just being launched would be left over.
        while True:
            self._again.clear()
            self.dyno = dyno = await self._owner.launch(self.name)
            ended = await self._ended(dyno)
            if ended and not self._retired:
                await self._back_off(dyno)
            if self._retired:
                return self._owner.leave(dyno, self._retired)
            if not ended:
                self._owner.leave(dyno, State.STOPPED)

    async def _ended(self, dyno: Dyno) -> bool:
        """True if it ended by itself, False if it is to be replaced."""
        if self._retired:
            return False
        again = asyncio.create_task(self._again.wait())
        await asyncio.wait(
            {dyno.life, again},
            timeout=self._owner.cycle_after_s(),
            return_when=asyncio.FIRST_COMPLETED,
        )
        again.cancel()
        if not dyno.life.done() and not self._again.is_set():
            self._say("dyno.cycling")
        return dyno.life.done()

    async def _back_off(self, dyno: Dyno) -> None:
        limits = self._owner.limits
        lived_s = asyncio.get_running_loop().time() - dyno.launched_at
        self._crashes = 1 if lived_s > limits.calm_s else self._crashes + 1
        say = partial(self._say, "dyno.crashed", status=dyno.exit_status)
        if not self.respawn:
            say(restart="no")
            await self._pause(None)
        elif self._crashes == 1:
            say(restart="at once")
        else:
            # The exponent is bounded: a process that never starts crashes for ever.
            wait_s = min(limits.backoff_s * 2 ** min(self._crashes - 2, 30), limits.backoff_most_s)
            say(restart=f"in {wait_s:.2g} s")
            await self._pause(wait_s)

    async def _pause(self, wait_s: float | None) -> None:
        self._backs_off = True
        self._owner.changed()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._again.wait(), wait_s)
        self._backs_off = False

    def _say(self, event: str, /, **values: object) -> None:
        self._owner.log.info(f"{self._owner.name}[manager]", event, dyno=self.name, **values)
