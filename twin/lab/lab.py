"""`python -m twin lab`: a whole pair, or more twins, on this machine, and what happens."""

import argparse
import asyncio
import contextlib
import re
import secrets
import shlex
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import h11

from twin.clock import Clock, shifted
from twin.core.scaling.timetable import parse_timetable
from twin.core.scaling.timetable_parser import TimetableError
from twin.lab.app import App
from twin.lab.arbiter import lacking
from twin.lab.collected import Line
from twin.lab.limits import Limits
from twin.lab.narration import narrated
from twin.lab.platform import Platform
from twin.lab.ports import HOST
from twin.lab.wire import Wire
from twin.log import printable

_SPEED_MOST = 360.0
"""Faster, an app would be put to sleep (30 min of the day) before its twin has settled."""
_TIMETABLE = "07:00=3 22:00=2 03:00=1"
_USER = "twin"
_NAMES = "abcde"
_PORTS = len(_NAMES) + 3


@dataclass(frozen=True)
class Options:
    speed: float
    clock: Clock
    timetable: str
    jobs: Path
    run: str
    """A command for the pair; empty for none."""
    port: int
    verbose: bool
    twins: int
    arbiter: bool


def main(arguments: list[str]) -> int:
    """Run until Ctrl-C or SIGTERM. Returns 0, or 2 if the lab cannot start."""
    options = parsed(arguments)
    try:
        asyncio.run(Lab(options, sys.stdout).run())
    except OSError as error:
        print(f"The lab could not start: {error.strerror or error}", file=sys.stderr)
        return 2
    return 0


def parsed(arguments: list[str]) -> Options:
    """Raises SystemExit 2, with a sentence on stderr, for wrong arguments."""
    parser = argparse.ArgumentParser(
        prog="python -m twin lab",
        description="Runs the whole pair on this machine: both twins as real processes behind a"
        " small platform, and an app for them to scale. With --arbiter, up to five twins and the"
        " database that decides between them. Ctrl-C ends it all.",
    )
    add = parser.add_argument
    add("--speed", type=_speed, default=1.0, metavar="N", help="the day goes by N times as fast")
    add("--start", type=_hour, metavar="HH:MM", help="what time it is (UTC) when the lab starts")
    add("--timetable", type=_timetable, default=_TIMETABLE, help="default: %(default)s")
    add("--jobs", type=_file, metavar="FILE", help="a jobs file; default: one job to look at")
    add("--run", default="", metavar="COMMAND", help="a command that runs on duty, such as a bot")
    add("--twins", type=_twins, default=2, metavar="N", help="so many twins; default: 2")
    add("--arbiter", action="store_true", help="start a Redis that decides who is on duty")
    add(
        "--port", type=_port, default=0, metavar="N", help="use ports from N on; default: free ones"
    )
    add("--verbose", action="store_true", help="every line of every process, as it was written")
    given = parser.parse_args(arguments)
    if given.twins > 2 and not given.arbiter:
        parser.error(f"--twins {given.twins}: more than two twins need --arbiter")
    if given.arbiter and (wrong := lacking()):
        parser.error(wrong)
    jobs = given.jobs or Path(__file__).with_name("demo_jobs.py")
    clock = _clock(given.start, given.speed)
    return Options(
        *(given.speed, clock, given.timetable, jobs, given.run, given.port, given.verbose),
        *(given.twins, given.arbiter),
    )


class Lab:
    """One run of the lab."""

    def __init__(self, options: Options, screen: TextIO) -> None:
        self._options = options
        self._screen = screen
        self._bold = screen.isatty()
        self._password = secrets.token_urlsafe(9)
        self._stop = asyncio.Event()
        # One more than the timetable needs, so that the fail-safe shows at any hour.
        self._most = 1 + parse_timetable(options.timetable, "UTC").highest()

    async def run(self) -> None:
        """Raises OSError when a port is taken."""
        options = self._options
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            loop.add_signal_handler(number, self._stop.set)
        port = iter([options.port + n if options.port else 0 for n in range(_PORTS)])
        twins = [(name, next(port)) for name in _NAMES[: options.twins]]
        shop_port = next(port)
        platform = Platform(speed=options.speed, clock=options.clock, api_port=next(port))
        async with platform:
            apps = [await self._create(platform, name, its_port) for name, its_port in twins]
            shop = await platform.create_target(port=shop_port)
            arbiter = [platform.create_arbiter(next(port))] if options.arbiter else []
            await self._configure(platform, apps, shop)
            self._introduce(platform, apps, shop)
            platform.log.subscribe(self._show)
            for app in (*arbiter, shop):
                await app.start()
            waking = asyncio.create_task(self._wake(*apps))
            await self._stop.wait()
            self._print("\nStopping everything.")
            waking.cancel()
            await asyncio.gather(waking, return_exceptions=True)
        self._print("Nothing is left running.")

    async def _create(self, platform: Platform, name: str, port: int) -> App:
        app = await platform.create(
            f"twin-{name}",
            procfile={"web": "python -m twin"},
            config={"TWIN_NAME": name},
            sleeps=True,
            port=port,
        )
        app.asleep = True  # as it is on Eco before the first request
        return app

    async def _configure(self, platform: Platform, twins: list[App], shop: App) -> None:
        # The router has to bind the addresses first.
        shared = {
            "BASIC_AUTH_USERNAME": _USER,
            "BASIC_AUTH_PASSWORD": self._password,
            "JOBS": str(self._options.jobs),
            "LAB_EVERY": f"{max(1, round(10 * self._options.speed))}s",
            # A takeover takes real seconds, however fast the day goes by.
            "LAB_GRACE": f"{max(1, round(60 * self._options.speed))}s",
            "RUN": self._command(),
            "SCALE_TARGET": shop.name,
            "SCALE_API_URL": platform.api.url,
            "SCALE_API_KEY": platform.api.key,
            "SCALE_TIMETABLE": self._options.timetable,
            "SCALE_MAX": str(self._most),
            "PROBE_URL": shop.url,
        }
        if platform.arbiter:
            shared["ARBITER_URL"] = platform.arbiter_url
        for twin in twins:
            await twin.set_config({**shared, "SELF_URL": twin.url, **_peer_of(twin, twins)})

    def _command(self) -> str:
        """Where it was typed: a dyno has a folder of its own."""
        run = self._options.run
        return f"cd {shlex.quote(str(Path.cwd()))} && {run}" if run else ""

    async def _wake(self, *apps: App) -> None:
        """Request each one after the other, as a first visitor would."""
        for app in apps:
            with contextlib.suppress(OSError, h11.ProtocolError, TimeoutError):
                async with asyncio.timeout(Limits().queue_s):  # the router answers by then
                    await _fetch(app.door.port, "/healthz")

    def _introduce(self, platform: Platform, twins: list[App], shop: App) -> None:
        day_h = 24 / self._options.speed
        day = "takes 24 hours" if day_h == 24 else f"goes by in {day_h * 60:.3g} minutes"
        now = datetime.fromtimestamp(platform.clock.now().wall, UTC)
        lines = [
            f"{'The pair runs' if len(twins) == 2 else f'{len(twins)} twins run'} on this machine."
            " Ctrl-C ends it, and everything it started.",
            "",
            *self._addresses(platform, twins, shop),
            "",
            f"It is {now:%H:%M} UTC, and a day {day}. To try from another terminal:",
            "",
            *self._to_try(platform, twins, shop),
            "",
        ]
        self._print("\n".join(lines))

    def _addresses(self, platform: Platform, twins: list[App], shop: App) -> Iterator[str]:
        login = f"     log in as {_USER}, password {self._password}"
        for twin in twins:
            yield f"  {twin.name:<12}  {twin.url}/{login if twin is twins[-1] else ''}"
        if platform.arbiter:
            yield f"  arbiter       {platform.arbiter_url}     decides who is on duty"
        yield f"  shop          {shop.url}/     the app that they scale: {self._options.timetable}"
        yield f"  Platform API  {platform.api.url}/     key {platform.api.key}"

    def _to_try(self, platform: Platform, twins: list[App], shop: App) -> Iterator[str]:
        who = "the other one" if len(twins) == 2 else "another one"
        twin, arbiter = "the process number of the twin on duty, from below", "that of the arbiter"
        yield f"  curl -u {_USER}:{self._password} {twins[0].url}/status"
        yield f"  kill -KILL PID     {twin}: {who} takes over"
        if platform.arbiter:
            port = platform.arbiter_url.rpartition(":")[2]
            yield f"  kill -STOP PID     {arbiter}: nobody takes over meanwhile; -CONT ends it"
            yield f"  redis-cli -p {port} flushall     the arbiter forgets everything"
        yield f"""  echo '{{"latency_s": 6}}' > {platform.control(shop.name)}"""
        yield f"{'':21}the shop answers in 6 s: it gets {self._most} dynos; 0 ends it"

    def _show(self, line: Line) -> None:
        if self._options.verbose:
            self._print(printable(str(line).expandtabs()))
        elif self._stop.is_set() and line.source.endswith("[router]"):
            pass  # the apps go down one after the other
        elif told := narrated(line, bold=self._bold):
            self._print(told)

    def _print(self, text: str) -> None:
        try:
            self._screen.write(text + "\n")
            self._screen.flush()
        except BrokenPipeError:  # the reader of a pipe has ended
            self._stop.set()


def _peer_of(twin: App, twins: list[App]) -> dict[str, str]:
    """More than two twins find each other in the arbiter's list."""
    if len(twins) > 2:
        return {}
    return {"PEER_URL": next(other.url for other in twins if other is not twin)}


async def _fetch(port: int, path: str) -> None:
    wire = await Wire.connect(HOST, port)
    try:
        headers = [("Host", f"{HOST}:{port}"), ("Connection", "close")]
        await wire.send(h11.Request(method="GET", target=path, headers=headers), h11.EndOfMessage())
        await wire.receive()
    finally:
        await wire.close()


def _clock(start: str | None, speed: float) -> Clock:
    """The machine's clock, unless the day starts at another time or passes faster."""
    real = Clock()
    if start is None and speed == 1:
        return real
    now = datetime.fromtimestamp(real.now().wall, UTC)
    if start is not None:
        hour, minute = map(int, start.split(":"))
        now = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return shifted(now.timestamp(), speed)


def _checked(text: str, fits: Callable[[str], object], wanted: str) -> str:
    if not fits(text):
        raise argparse.ArgumentTypeError(f"{text!r}: {wanted}")
    return text


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 1 <= speed <= _SPEED_MOST:
        raise argparse.ArgumentTypeError(f"{text!r}: give a number from 1 to {_SPEED_MOST:g}")
    return speed


def _twins(text: str) -> int:
    most = len(_NAMES)
    fits = text.isdecimal() and 2 <= int(text) <= most
    return int(_checked(text, lambda _: fits, f"give a number from 2 to {most}"))


def _hour(text: str) -> str:
    wanted = "give a time of day such as 06:55"
    return _checked(text, re.compile(r"([01]\d|2[0-3]):[0-5]\d").fullmatch, wanted)


def _timetable(text: str) -> str:
    try:
        parse_timetable(text, "UTC")
    except TimetableError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def _port(text: str) -> int:
    most = 65_536 - _PORTS
    fits = text.isdecimal() and 1024 <= int(text) <= most
    return int(_checked(text, lambda _: fits, f"give a port from 1024 to {most}"))


def _file(text: str) -> Path:
    return Path(_checked(text, lambda text: Path(text).is_file(), "no such file")).resolve()
