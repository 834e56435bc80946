"""One bot, one token: the second half of `make chaos FAULTS=200 PAIRS=3 SEED=1`.

A pair runs a bot that polls a platform. The platform answers 409 to a poll while another bot is
connected, as chat services do. Faults hit the twins and the bot, and it is counted how often two
bots were there, how long none was, and which processes of theirs are left behind.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from campaign import LIMITS, Torment
from faults import FAULTS, FIRST_WAKE, Fault, Scene
from real_pair import a_pair
from report import Lag, Report
from witness import Witness

from twin.clock import Clock
from twin.lab.app import App
from twin.lab.platform import Platform

BOT = """
import http.client, os, random, signal, socket, subprocess, sys, threading, time
from pathlib import Path
kind = Path(os.environ["KIND"]).read_text()
def end(*_):
    time.sleep(0.2)
    sys.exit()
signal.signal(signal.SIGTERM, signal.SIG_IGN if kind == "stubborn" else end)
if kind == "crashing":
    Path(os.environ["KIND"]).write_text("patient")
    threading.Timer(random.uniform(0, 3), os._exit, [3]).start()
door = socket.create_server(("127.0.0.1", int(os.environ["PORT"])))
child = subprocess.Popen(["sleep", "600"])
# What is left behind without Twin would hold up the end of its app.
apart = "TWIN_TERM" in os.environ
daemon = subprocess.Popen(["sleep", "600"], start_new_session=True) if apart else child
pids = f"pid={os.getpid()}&pid={child.pid}&pid={daemon.pid}"
line = http.client.HTTPConnection("127.0.0.1", int(os.environ["PLATFORM"]))
while True:
    line.request("GET", f"/poll?{pids}")
    line.getresponse().read()
"""
KINDS = ("patient", "patient", "patient", "stubborn", "crashing")
_STOP_WITHIN_S = 2
_POLL_S = 0.3
_GAP_S = 0.1
"""A busy machine takes so long from one poll to the next."""


@dataclass
class Service:
    """The platform: one bot at a time may poll, and whoever does always has a poll open."""

    conflicts: list[float] = field(default_factory=list)
    gaps: list[tuple[float, float]] = field(default_factory=list)
    """From the end of a poll to the beginning of the next, of whichever bot."""
    processes: set["Proc"] = field(default_factory=set)
    """All of all bots that ever polled."""
    newest: int = 0
    _open: dict[int, socket.socket] = field(default_factory=dict)
    """By a bot's first process, the connection with its poll."""
    _polled_at: float = 0.0

    async def serve(self) -> asyncio.Server:
        return await asyncio.start_server(self._connection, "127.0.0.1", 0)

    def is_polled(self) -> bool:
        return bool(self._open)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = writer.get_extra_info("socket")
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                request = await reader.readuntil(b"\r\n\r\n")
                status = await self._poll(request.decode().split()[1], line, reader)
                writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
        writer.close()

    async def _poll(self, path: str, line: socket.socket, reader: asyncio.StreamReader) -> str:
        pids = [int(pid) for pid in parse_qs(urlsplit(path).query)["pid"]]
        self.processes |= {found for pid in pids if (found := proc(pid))}
        if any(not _is_closed(each) for each in self._open.values()):
            self.conflicts.append(_now())
            await asyncio.sleep(_POLL_S)
            return "409 Conflict"
        if self._polled_at and not self._open:
            self.gaps.append((self._polled_at, _now()))
        self._open[pids[0]], self.newest = line, pids[0]
        ends = _now() + _POLL_S
        while _now() < ends and not reader.at_eof():  # noqa: ASYNC110 (a reader that only looks)
            await asyncio.sleep(0.01)
        del self._open[pids[0]]
        self._polled_at = _now()
        return "200 OK"


def _is_closed(line: socket.socket) -> bool:
    """Whether its other end is gone, though nobody has read that yet."""
    try:
        with socket.socket(fileno=os.dup(line.fileno())) as copy:
            return copy.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def _now() -> float:
    return Clock().now().wall


class Proc(NamedTuple):
    pid: int
    began: int
    """Numbers are used again."""


def proc(pid: int) -> Proc | None:
    """The living process with this number."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if told[0] == "Z" else Proc(pid, int(told[19]))


def alive(processes: set[Proc]) -> set[Proc]:
    return {each for each in processes if proc(each.pid) == each}


@dataclass
class Hit:
    number: int
    fault: str
    bot: str
    at: float
    until: float = float("inf")


@dataclass
class Findings:
    hits: list[Hit] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    """Told with the fault in whose course each came."""
    excused: list[str] = field(default_factory=list)
    left: set[Proc] = field(default_factory=set)
    gaps: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """By fault and kind of bot, the longest time without a bot."""
    stopped: list[str] = field(default_factory=list)

    @property
    def broken(self) -> int:
        return len(self.conflicts) + len(self.left) + len(self.stopped)

    def add(self, hits: list[Hit], service: Service) -> None:
        self.hits += hits
        for hit in hits:
            gaps = [end - since for since, end in service.gaps if hit.at <= since < hit.until]
            if hit.number and max(gaps, default=0.0) > _GAP_S:
                self.gaps[f"{hit.fault}, {hit.bot}"].append(max(gaps))
            count = sum(hit.at <= at < hit.until for at in service.conflicts)
            if count:
                thawed = hit.fault == CONTAINER.name and count == 1
                told = self.excused if thawed or hit.fault in CROSSING else self.conflicts
                told.append(f"{hit.number} {hit.fault}, {hit.bot} bot: {count}")

    def __str__(self) -> str:
        rows = [
            f"{name:50} {len(gaps):3}   {median(gaps):5.2f} s  {max(gaps):6.2f} s"
            for name, gaps in sorted(self.gaps.items())
        ]
        return "\n".join(
            [
                f"{'without a bot, after':50} {'n':>3}   {'median':>7}  {'longest':>8}",
                *rows,
                *(f"CONFLICT {each}" for each in self.conflicts),
                *(f"excused  {each}" for each in self.excused),
                *(f"LEFT     process {each.pid}" for each in sorted(self.left)),
                *(f"STOPPED  {each}" for each in self.stopped),
            ]
        )


# ---- faults of the bot, and of all that runs in a twin's container

_service: dict[int, Service] = {}
"""By the scene whose bot it serves."""


async def kill_bot(scene: Scene, _: App) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(_service[id(scene)].newest, signal.SIGKILL)


async def freeze_container(scene: Scene, app: App) -> None:
    """The twin, its keepers and its bot at once, and back in any order."""
    its = [dyno.pid for dyno in app.dynos]
    its += [pid for root in its for pid in _descendants(root)]
    await scene.signal(app, signal.SIGSTOP)
    _signal_all(its, signal.SIGSTOP)
    await scene.wait(8.5, 11)
    scene.draw.shuffle(its)
    _signal_all(its, signal.SIGCONT)
    await scene.signal(app, signal.SIGCONT)


def _signal_all(pids: list[int], number: int) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _descendants(root: int) -> Iterator[int]:
    for file in Path(f"/proc/{root}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for pid in map(int, file.read_text().split()):
                yield pid
                yield from _descendants(pid)


KILL_BOT = Fault("bot killed", kill_bot, often=3)
CONTAINER = Fault("holder's container frozen", freeze_container, often=2)
"""Whoever thaws first runs first: a bot may poll once more before its keeper kills it."""
CROSSING = {"both deployed, overlap", "deployed, new one killed"}
"""Where the README says that both twins may be on duty for some seconds."""
BOT_FAULTS = (*(fault for fault in FAULTS if not fault.is_cut), KILL_BOT, CONTAINER)


class BotTorment(Torment):
    """One pair and its bot, hit until the numbers are used up."""

    def __init__(self, findings: Findings, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self._findings = findings
        self._hits: list[Hit] = []

    async def run(self) -> None:
        service, kind = Service(), self._directory / "kind"
        bot = self._directory / "bot.py"
        bot.write_text(BOT)
        kind.write_text("patient")
        server = await service.serve()
        config: dict[str, Any] = {
            "RUN": f"{sys.executable} {bot}",
            "RUN_STOP_WITHIN": f"{_STOP_WITHIN_S}s",
            "PLATFORM": str(server.sockets[0].getsockname()[1]),
            "KIND": str(kind),
        }
        try:
            async with a_pair(self._directory, limits=LIMITS, with_lines=True, **config) as pair:
                scene = Scene(pair, Witness(), self._draw)
                _service[id(scene)] = service
                pair.platform.log.subscribe(scene.witness.read)
                await self._strike(scene, 0, FIRST_WAKE, "patient", service)
                for number in self._numbers:
                    chosen = self._draw.choice(KINDS)
                    kind.write_text(chosen)
                    await self._strike(scene, number, self._next(), chosen, service)
        except TimeoutError as error:
            self._findings.stopped.append(f"pair {self._number}: {error}")
        finally:
            server.close()
            await asyncio.sleep(0.5)
            self._findings.left |= alive(service.processes)
            self._findings.add(self._hits, service)

    async def _strike(
        self, scene: Scene, number: int, fault: Fault, bot: str, service: Service
    ) -> None:
        hit = Hit(number, fault.name, bot, _now())
        if self._hits:
            self._hits[-1].until = hit.at
        self._hits.append(hit)
        await self._one(scene, number, fault)
        await _until(service.is_polled)
        with contextlib.suppress(TimeoutError):
            await _until(lambda: not _strangers(scene, service), 5)
        self._findings.left |= _strangers(scene, service)


def _strangers(scene: Scene, service: Service) -> set[Proc]:
    """Processes of bots that belong to no twin."""
    dynos = [dyno for app in (scene.pair.a, scene.pair.b) for dyno in app.lives]
    theirs = {pid for dyno in dynos for pid in _descendants(dyno.pid)}
    return {each for each in alive(service.processes) if each.pid not in theirs}


async def _until(fact: Callable[[], bool], timeout_s: float = 30.0) -> None:
    """Raises TimeoutError."""
    async with asyncio.timeout(timeout_s):
        while not fact():  # noqa: ASYNC110 (facts of other processes)
            await asyncio.sleep(0.02)


async def bots(
    findings: Findings,
    directory: Path,
    faults: int,
    pairs: int,
    seed: int,
    say: Callable[[str], None],
    kinds: tuple[Fault, ...] = BOT_FAULTS,
) -> None:
    numbers, report = iter(range(1, faults + 1)), Report(seed, directory / "failures.log")
    async with asyncio.TaskGroup() as group:
        for number in range(1, pairs + 1):
            place = directory / f"pair{number}"
            place.mkdir()
            torment = BotTorment(findings, report, place, number, numbers, say, kinds, 0.1, Lag())
            group.create_task(torment.run())


async def without_twin(directory: Path, times: int) -> str:
    """The same bot as the app itself, as people have it: deployed, restarted, killed."""
    service, bot, kind = Service(), directory / "bot.py", directory / "kind"
    bot.write_text(BOT)
    kind.write_text("patient")
    server = await service.serve()
    port = str(server.sockets[0].getsockname()[1])
    counts: list[str] = []
    async with Platform(limits=LIMITS) as platform:
        config = {"PLATFORM": port, "KIND": str(kind)}
        app = await platform.create("bot", procfile={"web": f"python {bot}"}, config=config)
        await app.start()
        faults: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
            "deployed, overlap": partial(app.deploy, overlap_s=2),
            "restarted by its host": app.cycle,
            "killed": app.kill,
        }
        for name, strike in faults.items():
            hit = 0
            for _ in range(times):
                await _until(lambda: service.is_polled() and len(app.lives) == 1)
                before = len(service.conflicts)
                await strike()
                await asyncio.sleep(3)
                hit += len(service.conflicts) > before
            counts.append(f"{name} {hit} of {times}")
    server.close()
    return f"without Twin, with a conflict: {', '.join(counts)}"


def main() -> int:
    faults, pairs, seed = (
        int(os.environ.get(name, default))
        for name, default in (("FAULTS", "60"), ("PAIRS", "3"), ("SEED", "1"))
    )
    findings = Findings()
    directory = Path(tempfile.mkdtemp(prefix="twin-bots-"))
    asyncio.run(bots(findings, directory, faults, pairs, seed, print))
    print(findings)
    print(asyncio.run(without_twin(directory, 10)))
    print(
        f"{sum(hit.number > 0 for hit in findings.hits)} faults, SEED={seed}: "
        f"{len(findings.conflicts)} with a conflict, {len(findings.excused)} excused, "
        f"{len(findings.left)} processes left; logs in {directory}"
    )
    return 1 if findings.broken else 0


if __name__ == "__main__":
    sys.exit(main())
