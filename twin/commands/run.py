"""`run JOB`: one job, once, in the foreground: for one-off dynos and schedulers."""

import math
import sys
import traceback
from datetime import UTC, datetime, timedelta

from twin.adapters.jobsfile import JobsError
from twin.assemble import load_jobs
from twin.clock import Clock
from twin.config import Settings
from twin.core.jobs import Run
from twin.log import Log


def run_job(settings: Settings, name: str) -> int:
    """Exit status 0 if the job ended well, else 1. The pair is not asked, and not told."""
    clock, log = Clock(), Log(settings.name)
    try:
        jobs = load_jobs(settings, clock, log)
    except JobsError as error:
        print(*error.problems, sep="\n", file=sys.stderr)
        return 1
    scheduled = jobs.get(name)
    if scheduled is None:
        known = ", ".join(jobs) or "none: set JOBS, or write a jobs.py"
        print(f"there is no job {name!r}; the jobs are: {known}", file=sys.stderr)
        return 1
    began = clock.now()
    slot = datetime.fromtimestamp(math.floor(began.wall), UTC)
    run = Run(scheduled.job, slot, term=0, late=timedelta(), ask_peer_heard_at=lambda: None)
    try:
        scheduled.call(run)
    except Exception:  # noqa: BLE001 (around a job, whatever it raises)
        traceback.print_exc()
        log.error("job.failed", job=name)
        return 1
    log.info("job.done", job=name, seconds=round(clock.now().mono - began.mono, 3))
    return 0
