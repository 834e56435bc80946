"""Scripts in real workers of a twin that runs in this process, and is on duty alone."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from processes import until

from twin.assemble import starting
from twin.clock import Clock
from twin.core.command import RUN_JOB
from twin.core.pair.events import Leave, RunNow
from twin.core.pair.knowledge import Entry
from twin.core.pair.state import Rules, State, boot_name
from twin.log import Log
from twin.node.node import Node, Outlets
from twin.node.runner import Runner
from twin.node.scheduler import Scheduler
from twin.worker.attendant import Surroundings
from twin.worker.commands import Commands
from twin.worker.outputs import Outputs
from twin.worker.program import Script, command_of
from twin.worker.scripts import Scripts

ENVIRON = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


@dataclass
class Served:
    """A twin, and all that its scripts wrote."""

    node: Node
    commands: Commands
    scripts: Scripts
    log: io.StringIO
    folder: Path

    def said(self, script: str) -> str:
        runs = self.scripts.outputs.told(RUN_JOB + str(self.folder / script))
        return "".join(run["output"] for run in reversed(runs))

    def says(self, script: str, words: str, times: int = 1) -> str:
        """All it wrote, once `words` are so many times among it."""
        until(lambda: self.said(script).count(words) >= times)
        return self.said(script)

    def jobs(self) -> dict[str, str]:
        """The schedules of the scripts' jobs, by name."""
        jobs = self.node.look().jobs
        return {name: str(job.schedule) for name, job in jobs.items() if "twin." not in name[:5]}

    def entry(self, job: str) -> Entry | None:
        return self.node.look().knowledge.ledger.get(job)

    def run_now(self, job: str) -> None:
        self.node.handle(RunNow(job))

    def ends(self) -> None:
        """The duty goes, and with it all scripts."""
        self.node.handle(Leave("the test ends"))
        until(lambda: not any(each["state"] == "running" for each in self.commands.status()))


@contextmanager
def served(
    folder: Path,
    *names: str,
    grace_s: int = 2,
    retries: int = 0,
    timezone: str = "UTC",
    **environ: str,
) -> Iterator[Served]:
    """These scripts, run from this folder."""
    clock, output = Clock(), io.StringIO()
    log = Log("a", output)
    paths = [str(folder / name) for name in names]
    scripts = Scripts(clock, log, Outputs())
    kept = [Script(path, timezone, retries, grace_s, 2) for path in paths]
    commands = Commands({command_of(each): scripts.begin(each) for each in kept})
    own = {each.job.name: each for each in commands.jobs}
    scripts.own = {name: each.job for name, each in own.items()}
    now = clock.now()
    boot = boot_name(int(now.wall * 1000), "a")
    state = State.at_wake("a", boot, None, None, Rules(), scripts.own, now)
    node = scripts.node = Node(state, clock, log, commands.quiet)
    scripts.announced = lambda: None
    around = Surroundings(
        *(node, clock, log, {**ENVIRON, **environ}, output.write, lambda _: "", print),
        scripts.outputs,
    )
    commands.start(around)
    runner = Runner(own, node, clock, log, lambda: None)
    node.outlets = Outlets(
        send=lambda _request, _url: None,
        watch=lambda _: None,
        publish=lambda: None,
        start=starting(own, runner, scripts),
        running=lambda: runner.running() + scripts.running(),
        catch_up=lambda _: None,
        role_changed=commands.role_changed,
    )
    scheduler = Scheduler(node)
    scheduler.start()
    twin = Served(node, commands, scripts, output, folder)
    try:
        yield twin
    finally:
        node.handle(Leave("the test ends"))
        runner.wait_until_idle(10)
        scheduler.stop()
