"""`run JOB`: runs one job once, in the foreground, for one-off dynos and schedulers."""

import math
import os
import shlex
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from twin.clock import Clock
from twin.commands.say import say, waiting_for
from twin.core.pair.knowledge import Fate
from twin.core.pair.state import State
from twin.core.schedule.job import Run
from twin.duties import Duties
from twin.log import Log
from twin.node.context import Alone, Context
from twin.node.runner import outcome
from twin.notify.notifier import Notifier
from twin.settings.settings import Settings
from twin.worker.child import without_secrets
from twin.worker.readout import Ran, ScriptError, run_one

_ALERTS_S = 30.0
"""For alerts: a mail server may take its time."""


def run_job(settings: Settings, name: str) -> int:
    """Exit status 1 if the job failed. The pair does not know of it."""
    clock, log = Clock(), Log(settings.name)
    duties = Duties(settings, clock)
    own = {each.job.name: each for each in duties.jobs}
    if name not in own:
        return _run_of_script(settings, name, list(own), log)
    scheduled, began = own[name], clock.now()
    urls = (settings.self_url, settings.peer_url)
    alone = Alone(State.at_wake(settings.name, "", *urls, settings.rules, {}, began))
    notifier = Notifier(settings.name, settings.notify_urls, clock, log)
    duties.start(Context(settings, clock, log, alone, notifier.tell))
    slot = datetime.fromtimestamp(math.floor(began.wall), UTC)
    run = Run(scheduled.job, slot, term=0, late=timedelta(), ask_peer_heard_at=lambda: None)
    fate, why = outcome(scheduled, run, log)
    seconds = round(clock.now().mono - began.mono, 3)
    _tell(log, name, fate, seconds, why)
    with waiting_for("alerts to be sent"):
        notifier.close(_ALERTS_S)
    return 1 if fate is Fate.FAILED else 0


def _run_of_script(settings: Settings, name: str, own: list[str], log: Log) -> int:
    environ = without_secrets(os.environ, settings.key_names)
    try:
        ran = run_one(settings.jobs, name, settings.timezone, settings.job_retries, environ)
    except ScriptError as error:
        say(str(error), to=sys.stderr)
        return 1
    if not isinstance(ran, Ran):
        say(_which(name, ran + own), to=sys.stderr)
        return 1
    _tell(log, name, ran.state, round(ran.seconds, 3), ran.why)
    return 1 if ran.state == Fate.FAILED else 0


def _tell(log: Log, name: str, state: str, seconds: float, why: str) -> None:
    because = {"because": why} if why else {}
    log.info("job.ended", job=name, state=state, seconds=seconds, **because)


def _which(name: str, jobs: Sequence[str]) -> str:
    alike = [shlex.quote(job) for job in jobs if job.startswith(f"{name} ")]
    if len(alike) > 1:
        return f"several jobs begin with {name!r}; quote one: {', '.join(alike)}"
    if not jobs:
        return f"there is no job {name!r}, nor any other: set JOBS, or write a jobs.py"
    known = ", ".join(map(shlex.quote, jobs))
    return f"there is no job {name!r}; the jobs are: {known}"
