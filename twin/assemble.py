"""Makes the real parts and joins them."""

import asyncio
import os
import secrets
import selectors
import socket
from collections.abc import Callable, Collection, Coroutine, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from twin import __version__
from twin.clock import Clock
from twin.core.command import Command
from twin.core.pair.events import Start
from twin.core.pair.state import State, boot_name
from twin.core.pair.timeouts import SILENCE_S
from twin.core.schedule.job import Job
from twin.duties import Duties
from twin.hosts import GRACE_S
from twin.http.request import run
from twin.log import Log
from twin.node.client import Client
from twin.node.context import Context
from twin.node.keepalive import KeepAwake
from twin.node.node import Node, Outlets
from twin.node.peer import PeerLink
from twin.node.runner import Runner, Scheduled
from twin.node.scheduler import Scheduler
from twin.node.watch import Watch
from twin.notify.notifier import Notifier
from twin.notify.peer_watch import PeerWatch
from twin.process.forks import keep_from_children
from twin.process.signals import Signals
from twin.settings.settings import Settings
from twin.shutdown import Shutdown
from twin.web.actions import Peering
from twin.web.app import Parts, make_app
from twin.web.server import Server, make_server
from twin.web.snapshot import About
from twin.web.streams import Streams
from twin.web.throttle import LimitedLog, Throttle
from twin.worker.commands import Commands
from twin.worker.outputs import Outputs
from twin.worker.program import Begin, Script, command_of
from twin.worker.script_names import digest_of
from twin.worker.scripts import Scripts

if TYPE_CHECKING:
    from twin.node.arbiter import ArbiterLink

_ERRORS = Throttle(free=3, each_s=20.0)
"""Limits lines of the log that anybody can cause."""
_STOP_S = 2
"""A script whose runs took all the time there is still hears SIGTERM so long before the end."""
_PAGE_S = 5.0
"""A page of a command that takes longer is bad."""


def serve(
    settings: Settings,
    listener: socket.socket,
    signals: Signals,
    clock: Clock,
    log: Log,
    write: Callable[[str], object],
) -> None:
    """Run one twin until a signal ends it. `write` takes what commands write."""
    duties, scripts = Duties(settings, clock), Scripts(clock, log, Outputs())
    commands = Commands(_begins(settings, scripts))
    own = {each.job.name: each for each in (*duties.jobs, *commands.jobs)}
    selector = selectors.DefaultSelector()
    keep_from_children(lambda: _descriptors(selector))
    serving = _serve(settings, own, duties, scripts, commands, listener, signals, clock, log, write)
    run(serving, asyncio.SelectorEventLoop(selector))


def _begins(settings: Settings, scripts: Scripts) -> dict[Command, Begin]:
    """All that runs as long as the duty, and how."""
    begins: dict[Command, Begin] = {}
    if settings.commands:
        from twin.worker.attendant import shell

        begins |= {command: shell(command) for command in settings.commands}
    for name in settings.jobs:
        script = Script(name, settings.timezone, settings.job_retries, int(GRACE_S) - _STOP_S)
        begins[command_of(script)] = scripts.begin(script)
    return begins


def _descriptors(selector: selectors.BaseSelector) -> Iterator[int]:
    """Everything that the loop waits for, connections of both directions, and its own."""
    if isinstance(selector, selectors.EpollSelector):
        yield selector.fileno()
    yield from (key.fd for key in (selector.get_map() or {}).values())


async def _serve(
    settings: Settings,
    own: dict[str, Scheduled],
    duties: Duties,
    scripts: Scripts,
    commands: Commands,
    listener: socket.socket,
    signals: Signals,
    clock: Clock,
    log: Log,
    write: Callable[[str], object],
) -> None:
    scripts.own = {name: each.job for name, each in own.items()}
    state = _state(settings, scripts.own, clock)
    log.info("twin.woke", boot=state.boot, version=__version__, port=listener.getsockname()[1])
    node = Node(state, clock, log, duties.quiet | commands.quiet, settings.release)
    notifier = Notifier(settings.name, settings.notify_urls, clock, log)
    context = Context(settings, clock, log, node, notifier.tell)
    duties.start(context)
    if commands.jobs:
        _start_commands(commands, context, node, write, scripts.outputs)
    scripts.node = node
    streams, client = Streams(node), Client()
    arbiter = _arbiter(settings, node, clock)
    link, watch = PeerLink(settings, node, clock, client), Watch(settings, node, client)
    scripts.announced = streams.wait_until_written
    runner = Runner(own, node, clock, log, streams.wait_until_written)
    node.outlets = Outlets(
        link.send,
        watch.want,
        streams.publish,
        starting(own, runner, scripts),
        lambda: runner.running() + scripts.running(),
        link.catch_up,
        commands.role_changed,
        link.ask_for_jobs,
        *((arbiter.send, arbiter.rule) if arbiter is not None else ()),
    )
    node.jobs.learn = scripts.learn
    keep_awake = KeepAwake(settings, node, client, clock, log)
    peering = Peering(link.pass_on, link.boot_at, link.outputs)
    digests = {name: digest_of(name) for name in settings.jobs}
    shown = (duties.status, commands, scripts.outputs.told, scripts.why_not_run)
    about = About(settings.offer, *shown, digests, settings.timezone)
    app = make_app(Parts(node, streams, peering, about, clock, log), settings.own)
    server = make_server(app, errors := LimitedLog(clock, log, _ERRORS))
    _log_failed_tasks(errors)
    shutdown = Shutdown(node, link, runner, scripts, duties, notifier, streams, server, clock)
    signals.call(shutdown.begin, asyncio.get_running_loop())
    await _run(server, listener, Scheduler(node), _chores(keep_awake, PeerWatch(context)))
    for part in (watch, link, client, arbiter):
        if part is not None:
            await part.close()
    log.info("twin.left")


def _arbiter(settings: Settings, node: Node, clock: Clock) -> "ArbiterLink | None":
    if settings.arbiter_url is None:
        return None
    from twin.arbiter import connect
    from twin.node.arbiter import ArbiterLink

    return ArbiterLink(connect(settings.arbiter_url, timeout_s=SILENCE_S), node, clock)


def _start_commands(
    commands: Commands,
    context: Context,
    node: Node,
    write: Callable[[str], object],
    outputs: Outputs,
) -> None:
    from twin.worker.attendant import Surroundings  # not in the memory of a twin without commands

    commands.start(
        Surroundings(
            pair=node,
            clock=context.clock,
            log=context.log,
            environ=os.environ,
            write=write,
            look_at=_look_at,
            alert=context.alert,
            outputs=outputs,
            keys=context.settings.key_names,
        )
    )


def starting(
    own: Collection[str], runner: Runner, scripts: Scripts
) -> Callable[[Start, State], None]:
    """Starts a slot on a thread if it is one of the twin's own jobs, else in its script."""

    def start(start: Start, state: State) -> None:
        if start.job in own:
            runner.start(start, state)
        else:
            scripts.start(start)

    return start


def _state(settings: Settings, jobs: Mapping[str, Job], clock: Clock) -> State:
    now = clock.now()
    return State.at_wake(
        twin=settings.name,
        boot=boot_name(int(now.wall * 1000), secrets.token_hex(3)),
        url=settings.self_url,
        peer_url=settings.peer_url,
        rules=settings.rules,
        jobs=jobs,
        now=now,
    )


def _log_failed_tasks(log: LimitedLog) -> None:
    def failed(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        log.error("task.failed", context["message"], context.get("exception"))

    asyncio.get_running_loop().set_exception_handler(failed)


async def _run(
    server: Server, listener: socket.socket, scheduler: Scheduler, chores: Coroutine[Any, Any, None]
) -> None:
    """Until the server ends."""
    scheduler.start()
    task = asyncio.create_task(chores)
    task.add_done_callback(_report_end)
    await server.serve(sockets=[listener])
    task.cancel()
    await asyncio.wait({task})
    scheduler.stop()


def _look_at(url: str) -> str:
    """Why a command's page is bad; empty if it is not."""
    from twin.scaling.probe import Prober  # an HTTP client takes long to import

    probe = Prober(url, _PAGE_S, _PAGE_S, Clock()).once()
    return "" if probe.status is not None and probe.status < 400 else str(probe)


async def _chores(keep_awake: KeepAwake, peer_watch: PeerWatch) -> None:
    await asyncio.gather(keep_awake.run(), peer_watch.run())


def _report_end(task: asyncio.Task[None]) -> None:
    if not task.cancelled():
        task.result()  # the loop reports at once what this raises
