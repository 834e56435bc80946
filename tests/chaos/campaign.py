"""Many faults on pairs of real processes: `make chaos FAULTS=300 PAIRS=4 SEED=1`.

A job with a slot every second records its runs. The report compares the effects of every fault with
the promises of the protocol. Ctrl-C ends the campaign with the report so far.
"""

import asyncio
import contextlib
import os
import random
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
from account import Account, Struck
from faults import FAULTS, FIRST_WAKE, Fault, Scene
from real_pair import AUTH, a_pair
from report import Lag, Report
from witness import Witness

from twin.clock import Clock
from twin.lab.app import App
from twin.lab.limits import Limits

_ON_A_SECOND = 0.3
"""The share of the others that hit within a few milliseconds of a slot."""
_WHOLE_S = 60.0
_LAG_EVERY_S = 0.05
# Faults come fast: a series of crashes must not make the platform wait longer.
LIMITS = Limits(backoff_s=0.05, backoff_most_s=0.2, calm_s=1.0)

Say = Callable[[str], None]


async def chaos(
    report: Report,
    directory: Path,
    faults: int,
    pairs: int,
    say: Say,
    kinds: tuple[Fault, ...] = FAULTS,
    early: float = 0.2,
) -> None:
    """Fills the report; after a cancellation it holds everything judged so far.

    `early`: the share of faults followed by the next one before the pair is whole again.
    """
    lag = Lag()
    numbers = iter(range(1, faults + 1))
    measuring = asyncio.create_task(_measure(lag))
    try:
        async with asyncio.TaskGroup() as group:
            for number in range(1, pairs + 1):
                place = directory / f"pair{number}"
                place.mkdir()
                torment = Torment(report, place, number, numbers, say, kinds, early, lag)
                group.create_task(torment.run())
    finally:
        measuring.cancel()


async def _measure(lag: Lag) -> None:
    clock = Clock()
    while True:
        due = clock.now().wall + _LAG_EVERY_S
        await asyncio.sleep(_LAG_EVERY_S)
        at = clock.now().wall
        lag.add(at, max(0.0, at - due))


class Torment:
    """One pair, hit until the numbers run out."""

    def __init__(
        self,
        report: Report,
        directory: Path,
        number: int,
        numbers: Iterator[int],
        say: Say,
        kinds: tuple[Fault, ...],
        early: float,
        lag: Lag,
    ) -> None:
        self._report = report
        self._directory = directory
        self._number = number
        self._numbers = numbers
        self._say = say
        self._lag = lag
        # S311: the moments of faults, not a secret
        self._draw = random.Random(f"{report.seed} {number}")  # noqa: S311
        self._kinds = kinds
        self._early = early
        self._bag: list[Fault] = []
        self._strikes: list[Struck] = []

    async def run(self) -> None:
        async with a_pair(self._directory, limits=LIMITS, with_lines=True) as pair:
            scene = Scene(pair, Witness(), self._draw)
            pair.platform.log.subscribe(scene.witness.read)
            account = Account(pair, scene.witness, scene.stops, self._strikes)
            try:
                await self._one(scene, 0, FIRST_WAKE)
                for number in self._numbers:
                    await self._one(scene, number, self._next())
                # A job whose run has an unknown fate continues half a minute later.
                await asyncio.sleep(3)
            except TimeoutError as error:
                self._report.stopped.append(f"pair {self._number}: {error}")
            finally:
                self._report.add(account, self._lag)

    async def _one(self, scene: Scene, number: int, fault: Fault) -> None:
        target = self._target(scene, fault)
        await self._moment(scene)
        was_whole = bool(self._strikes) and self._strikes[-1].awaited
        struck = Struck(number, self._number, fault, target.name, scene.now, was_whole)
        self._strikes.append(struck)
        scene.tell("fault.begins", number=number, fault=fault.name, target=target.name)
        await fault.strike(scene, target)
        struck.healed_at = scene.now
        scene.tell("fault.ended", number=number)
        if number == 0 or self._draw.random() >= self._early:
            await self._whole(scene, struck)
            struck.awaited = True
        else:
            await scene.wait(0, 3)
        self._say(f"{number:4} pair {self._number} {fault.name}, {target.name}")

    def _next(self) -> Fault:
        """Each kind with its planned frequency, in random order."""
        if not self._bag:
            self._bag = [fault for fault in self._kinds for _ in range(fault.often)]
            self._draw.shuffle(self._bag)
        return self._bag.pop()

    def _target(self, scene: Scene, fault: Fault) -> App:
        held = [app for app in (scene.pair.a, scene.pair.b) if scene.is_held_by(app)]
        holder = held[0] if held else self._draw.choice((scene.pair.a, scene.pair.b))
        return holder if fault.of_holder else scene.other(holder)

    async def _moment(self, scene: Scene) -> None:
        await scene.wait(0, 1.5)
        if self._draw.random() < _ON_A_SECOND:
            left_s = 1 - scene.now % 1
            await asyncio.sleep(left_s + self._draw.uniform(-0.03, 0.03))

    async def _whole(self, scene: Scene, struck: Struck) -> None:
        """Wait until exactly one is on duty, the other watches, and both have the same knowledge.

        Raises TimeoutError with the last answers of the two.
        """
        ends = scene.now + _WHOLE_S
        async with httpx.AsyncClient(auth=AUTH, trust_env=False, timeout=2) as client:
            one_at = float("inf")
            while scene.now < ends:
                told = [await _status(client, app) for app in (scene.pair.a, scene.pair.b)]
                one_at = min(one_at, scene.now) if _is_one(told) else float("inf")
                if one_at < ends and _is_whole(scene, told):
                    healed_at = max(struck.healed_at, scene.witness.moved_at)
                    struck.one_s = max(0.0, one_at - healed_at)
                    struck.whole_at = scene.now
                    return
                await asyncio.sleep(0.2)
        raise TimeoutError(f"not whole again in {_WHOLE_S:g} s: {told}")


async def _status(client: httpx.AsyncClient, app: App) -> dict[str, Any]:
    """The status of an app's newest process, asked directly and not over the faulty lines."""
    with contextlib.suppress(httpx.HTTPError, ValueError, IndexError):
        answer = await client.get(f"http://127.0.0.1:{app.dynos[0].port}/status")
        return dict(answer.json())
    return {"role": "gone"}


def _is_one(told: list[dict[str, Any]]) -> bool:
    return sorted(each["role"] for each in told) == ["on_duty", "standby"]


def _is_whole(scene: Scene, told: list[dict[str, Any]]) -> bool:
    alone = all(len(app.lives) == 1 for app in (scene.pair.a, scene.pair.b))
    watched = any(each["role"] == "on_duty" and each["watchers"] for each in told)
    same = told[0]["claim"] == told[1]["claim"]
    slots = [each["ledger"].get("tick", {"slot": 0})["slot"] for each in told]
    return alone and watched and same and abs(slots[0] - slots[1]) <= 1  # asked one by one


def main() -> int:
    faults, pairs, seed = (
        int(os.environ.get(name, default))
        for name, default in (("FAULTS", "60"), ("PAIRS", "4"), ("SEED", "1"))
    )
    directory = Path(tempfile.mkdtemp(prefix="twin-chaos-"))
    report = Report(seed, directory / "failures.log")
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(_until_told(chaos(report, directory, faults, pairs, print)))
    print(report)
    hit = sum(each.struck.number > 0 for each in report.tried)
    print(f"{hit} faults of {faults}, SEED={seed}: {report.broken} broken")
    if report.broken:
        return 1
    shutil.rmtree(directory)
    return 0


async def _until_told(work: Any) -> None:
    task = asyncio.ensure_future(work)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    await task


if __name__ == "__main__":
    sys.exit(main())
