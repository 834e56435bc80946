"""A shop scaled by a real pair in a fast day, and its observers."""

import asyncio
import contextlib
import json
import re
import signal
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import h11
from real_pair import Pair, a_pair

from twin.clock import Clock, shifted
from twin.lab.app import App
from twin.lab.platform_api import PlatformApi
from twin.lab.ports import HOST, free_port
from twin.lab.wire import Server, Wire


class Change(NamedTuple):
    """A change of the shop's quantity, as the platform saw it."""

    wall: float
    was: int
    to: int
    by_hand: bool


class Call(NamedTuple):
    """A request to the Platform API and its status."""

    wall: float
    method: str
    path: str
    status: int

    @property
    def reads(self) -> bool:
        """Whether it requests the quantity, and not the maintenance mode."""
        return self.method == "GET" and "/formation" in self.path


@dataclass
class People:
    """The receiver of alerts, and the dead man's switch."""

    clock: Clock
    letters: list[dict[str, Any]] = field(default_factory=list)
    called_at: list[float] = field(default_factory=list)
    """The times of calls to the dead man's switch, in real seconds."""

    @property
    def titles(self) -> list[str]:
        """One per alert, even if several share a letter."""
        return [title for letter in self.letters for title in _titles(letter)]

    @property
    def longest_silence_s(self) -> float:
        pauses = (later - earlier for earlier, later in pairwise(self.called_at))
        return max(pauses, default=0.0)

    async def hear(self, wire: Wire, request: h11.Request) -> None:
        body = await wire.body()
        if request.method == b"POST":
            self.letters.append(json.loads(body))
        else:
            self.called_at.append(self.clock.now().mono)
        await wire.answer(200, [], b"")


_BY_OPENING = {
    "has been down since": "is down",
    "has failed to scale since": "cannot be scaled",
    "can be scaled again": "can be scaled again",
    "has been up again since": "is up again",
}


def _titles(letter: dict[str, Any]) -> Iterator[str]:
    lines = [line for line in str(letter["message"]).splitlines() if line.startswith("- ")]
    if not lines:
        yield str(letter["title"])
    for line in lines:
        opening = next(words for words in _BY_OPENING if words in line)
        yield f"{line.split()[1]} {_BY_OPENING[opening]}"


@dataclass
class Day:
    """All times of day are in UTC. All durations are in the day's seconds unless stated
    otherwise."""

    pair: Pair
    shop: App
    quantity: int
    """The shop's quantity at the start."""
    people: People
    clock: Clock
    _by_hand: set[int] = field(default_factory=set)
    """The indexes of manual changes."""

    # ---- time

    @property
    def wall(self) -> float:
        return self.clock.now().wall

    async def until(self, time: str) -> None:
        """Wait for this time of the day."""
        left_s = _wall(time) - self.wall
        assert left_s > 0, f"it is past {time} already"
        await asyncio.sleep(self.clock.real_s(left_s))

    async def passes(self, seconds: float) -> None:
        await asyncio.sleep(self.clock.real_s(seconds))

    # ---- actions

    async def hands_over(self, how: str) -> None:
        """Move the duty to the other twin: by a signal, after which the platform restarts the app,
        or by request."""
        holder, mark = await self.pair.holder(), self.pair.platform.log.count
        if how == "down":
            await self.pair.get(self.pair.other(holder), "/down")
        else:
            await holder.kill(signal.Signals[how])
        await self.pair.taken(self.pair.other(holder), after=mark)

    async def scaled_by_hand(self, quantity: int) -> None:
        self._by_hand.add(len(self.changes))
        await self.shop.scale("web", quantity)

    def behaves(self, latency_s: float = 0.0, status: int = 200) -> None:
        """Set the shop's latency and status."""
        self.pair.platform.behave(latency_s=latency_s, status=status)

    @property
    def api(self) -> PlatformApi:
        return self.pair.platform.api

    async def becomes(self, quantity: int, within_s: float) -> None:
        """Wait until the shop has this quantity. `within_s` is real time."""
        await self.shop.changes.until(lambda: self.shop.formation["web"] == quantity, within_s)

    async def alerts(self, title: str, times: int = 1, within_s: float = 10.0) -> None:
        """Wait for this alert."""
        async with asyncio.timeout(within_s):
            while self.people.titles.count(title) < times:  # noqa: ASYNC110 (no event announces it)
                await asyncio.sleep(0.02)

    # ---- observations

    @property
    def changes(self) -> list[Change]:
        made, was = [], self.quantity
        for nth, (at, (to,)) in enumerate(self._found(r"shop\[api\]: Scaled to web@(\d+)")):
            made.append(Change(at, was, was := int(to), nth in self._by_hand))
        return made

    @property
    def quantities(self) -> list[int]:
        return [change.to for change in self.changes]

    @property
    def calls(self) -> list[Call]:
        pattern = r"event=api.answered method=(\w+) path=(\S+) status=(\d+)"
        found = self._found(pattern)
        return [Call(at, method, path, int(status)) for at, (method, path, status) in found]

    def looks_until(self, change: Change, since: float | str) -> int:
        """The number of reads of the quantity between `since` and its change."""
        since = _wall(since) if isinstance(since, str) else since
        assert change.wall >= since, f"{change} was too early"
        return sum(
            call.method == "GET" and since <= call.wall <= change.wall for call in self.calls
        )

    def logged(self, event: str) -> list[str]:
        """The fields of the twins' lines with this event."""
        return [rest for _, (rest,) in self._found(rf"twin-\S+: \S+ event={re.escape(event)} (.*)")]

    def _found(self, pattern: str) -> Iterator[tuple[float, tuple[str, ...]]]:
        for line in self.pair.platform.log.lines:
            if found := re.search(pattern, str(line)):
                yield line.at, found.groups()


@contextlib.asynccontextmanager
async def a_day(
    directory: Path, start: str, rate: float, quantity: int, probe_every: str
) -> AsyncIterator[Day]:
    """From `start` on, the pair is awake, one twin is on duty, and the shop has `quantity`
    dynos."""
    clock = shifted(_wall(start), rate)
    people, port = People(clock), free_port()
    server = Server(people.hear)
    await server.listen_on(port)
    try:
        async with a_pair(directory, clock=clock, JOBS="") as pair:
            shop = await pair.platform.create_target("shop", web=quantity)
            await shop.start()
            await shop.up()
            for app in (pair.a, pair.b):
                await app.set_config(
                    {
                        "SCALE_TARGET": shop.name,
                        "SCALE_API_URL": pair.platform.api.url,
                        "SCALE_API_KEY": pair.platform.api.key,
                        "SCALE_TIMETABLE": "07:00=3 22:00=2 03:00=1",
                        "PROBE_URL": shop.url,
                        "PROBE_EVERY": probe_every,
                        "PROBE_SLOW": "2s",
                        "NOTIFY_URLS": f"json://{HOST}:{port}",
                        "DEADMAN_URL": f"http://{HOST}:{port}/alive",
                    }
                )
            await pair.wake(pair.a, pair.b)
            await pair.holder()
            yield Day(pair, shop, quantity, people, clock)
    finally:
        await server.close()


def _wall(time: str) -> float:
    """The moment of a time on the day of all stories; `24:00` ends it."""
    hour, minute = map(int, time.split(":"))
    return datetime(2026, 11, 21, tzinfo=UTC).timestamp() + 3600 * hour + 60 * minute
