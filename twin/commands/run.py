"""`run JOB`: one job, once, in the foreground: for one-off dynos and schedulers."""

import math
import shlex
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from twin.assemble import load_jobs
from twin.clock import Clock
from twin.commands.say import say, waiting_for
from twin.core.pair.knowledge import Fate
from twin.core.schedule.job import Run
from twin.log import Log
from twin.node.runner import outcome
from twin.scaling.duty_jobs import Duties
from twin.settings.settings import Settings
from twin.worker.jobsfile import JobsError

_TELL_S = 30.0
"""What there is to tell people is waited for so long: a mail server may take its time."""


def run_job(settings: Settings, name: str) -> int:
    """Exit status 0 if the job ended well, else 1. The pair is not asked, and not told."""
    clock, log = Clock(), Log(settings.name)
    duties = Duties(settings, clock, log)
    try:
        jobs = load_jobs(settings, duties, log)
    except JobsError as error:
        say(*error.problems, to=sys.stderr)
        return 1
    scheduled = jobs.get(name)
    if scheduled is None:
        say(_which(name, list(jobs)), to=sys.stderr)
        return 1
    began = clock.now()
    slot = datetime.fromtimestamp(math.floor(began.wall), UTC)
    run = Run(scheduled.job, slot, term=0, late=timedelta(), ask_peer_heard_at=lambda: None)
    fate, why = outcome(scheduled, run, log)
    seconds = round(clock.now().mono - began.mono, 3)
    log.info(
        "job.ended", job=name, state=fate, seconds=seconds, **({"because": why} if why else {})
    )
    with waiting_for("people to be told"):
        duties.close(_TELL_S)
    return 1 if fate is Fate.FAILED else 0


def _which(name: str, jobs: Sequence[str]) -> str:
    alike = [shlex.quote(job) for job in jobs if job.startswith(f"{name} ")]
    if len(alike) > 1:
        return f"several jobs begin with {name!r}; quote one: {', '.join(alike)}"
    if not jobs:
        return f"there is no job {name!r}, nor any other: set JOBS, or write a jobs.py"
    known = ", ".join(map(shlex.quote, jobs))
    return f"there is no job {name!r}; the jobs are: {known}"
