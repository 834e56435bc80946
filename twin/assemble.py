"""The only place where the real parts are made and joined."""

import asyncio
import secrets
import selectors
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from twin import __version__
from twin.clock import Clock
from twin.core.pair.events import Leave
from twin.core.pair.state import State, boot_name
from twin.hosts import GRACE_S
from twin.http import bounded
from twin.log import Log
from twin.node.client import Client
from twin.node.keepalive import KeepAwake
from twin.node.node import Node, Outlets
from twin.node.peer import PeerLink
from twin.node.runner import Runner
from twin.node.scheduler import Scheduler
from twin.node.watch import Watch
from twin.process.forks import keep_from_children
from twin.process.signals import Signals
from twin.scaling.duty_jobs import Duties
from twin.settings.settings import Settings
from twin.web.actions import Peering
from twin.web.app import Parts, make_app
from twin.web.limited_log import LimitedLog
from twin.web.server import Server, make_server
from twin.web.snapshot import About
from twin.web.streams import Streams
from twin.worker.jobsfile import Scheduled, load

T = TypeVar("T")

_TELL_S = 5.0
"""And what people are to be told, so long, if the jobs leave it."""


def serve(
    settings: Settings, listener: socket.socket, signals: Signals, clock: Clock, log: Log
) -> None:
    """Run one twin until a signal ends it. Raises JobsError if its jobs cannot be loaded."""
    duties = Duties(settings, clock, log)
    scheduled = load_jobs(settings, duties, log)
    selector = selectors.DefaultSelector()
    keep_from_children(lambda: _descriptors(selector))
    serving = _serve(settings, scheduled, duties, listener, signals, clock, log)
    bounded.run(serving, asyncio.SelectorEventLoop(selector))


def load_jobs(settings: Settings, duties: Duties, log: Log) -> dict[str, Scheduled]:
    """The user's jobs and the pair's own, by name. Raises JobsError."""
    jobs = load(settings.jobs, settings.timezone, log) + duties.jobs
    return {each.job.name: each for each in jobs}


def _descriptors(selector: selectors.BaseSelector) -> Iterator[int]:
    """All that the loop waits for, connections of both directions, and what it waits with."""
    if isinstance(selector, selectors.EpollSelector):
        yield selector.fileno()
    yield from (key.fd for key in (selector.get_map() or {}).values())


async def _serve(
    settings: Settings,
    scheduled: dict[str, Scheduled],
    duties: Duties,
    listener: socket.socket,
    signals: Signals,
    clock: Clock,
    log: Log,
) -> None:
    now = clock.now()
    state = State.at_wake(
        twin=settings.name,
        boot=boot_name(int(now.wall * 1000), secrets.token_hex(3)),
        url=settings.self_url,
        peer_url=settings.peer_url,
        rules=settings.rules,
        jobs={name: each.job for name, each in scheduled.items()},
        now=now,
    )
    log.info("twin.woke", boot=state.boot, version=__version__, port=listener.getsockname()[1])
    node = duties.node = Node(state, clock, log, duties.quiet, settings.release)
    streams, client = Streams(node), Client()
    link, watch = PeerLink(settings, node, clock, client), Watch(settings, node, client)
    runner = Runner(scheduled, node, clock, log, streams.wait_until_written)
    node.outlets = Outlets(
        link.send, watch.want, streams.publish, runner.start, runner.running, link.catch_up
    )
    scheduler = Scheduler(node)
    keep_awake = KeepAwake(settings, node, link, watch, client, clock, log, duties.watch_the_peer)
    peering = Peering(link.hand_over, link.pass_on, link.boot_at)
    parts = Parts(node, streams, peering, About(settings.offer, duties.shown), clock, log)
    limited = LimitedLog(clock, log)
    server = make_server(make_app(parts, settings.own), limited)

    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: limited.tell("task.failed", context["message"], context.get("exception"))
    )
    leave = _Leaving(node, link, runner, duties, streams, server, clock)
    signals.call(leave.begin, asyncio.get_running_loop())
    scheduler.start()
    chores = asyncio.create_task(keep_awake.run())
    chores.add_done_callback(_tell_how_it_ended)
    await server.serve(sockets=[listener])
    chores.cancel()
    await asyncio.wait({chores})
    scheduler.stop()
    await watch.close()
    await link.close()
    await client.close()
    log.info("twin.left")


class _Leaving:
    """The end of a boot, in order, while it still serves."""

    def __init__(
        self,
        node: Node,
        link: PeerLink,
        runner: Runner,
        duties: Duties,
        streams: Streams,
        server: Server,
        clock: Clock,
    ) -> None:
        self._node = node
        self._link = link
        self._runner = runner
        self._duties = duties
        self._streams = streams
        self._server = server
        self._clock = clock
        self._thread = ThreadPoolExecutor(1)
        self._task: asyncio.Task[None] | None = None

    def begin(self, because: str) -> None:
        """At the first signal; hosts repeat SIGTERM, and people press Ctrl-C twice."""
        if self._task is None:
            self._task = asyncio.create_task(self._leave(because))

    async def _leave(self, because: str) -> None:
        try:
            ends_at = self._clock.now().mono + GRACE_S
            self._node.handle(Leave(because))  # releases the duty, and tells the peer
            self._duties.stop()
            if not await self._apart(self._runner.wait_until_idle, GRACE_S):
                self._runner.cut_off()
            left_s = max(0.0, ends_at - self._clock.now().mono)
            await self._apart(self._duties.close, min(left_s, _TELL_S))
            await self._link.down()
            self._streams.close()
        finally:
            self._server.end()

    async def _apart(self, wait: Callable[[float], T], seconds: float) -> T:
        """On a thread of its own: a resolver of names that hangs may hold all of the loop's."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, wait, seconds)


def _tell_how_it_ended(task: asyncio.Task[None]) -> None:
    if not task.cancelled():
        task.result()  # the loop reports what this raises, at once and not when all is over
