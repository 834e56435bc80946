"""What a script would do, found out by starting it without a twin."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from twin.core.schedule.job import Job
from twin.core.schedule.written import read
from twin.worker.alone import NO_SUCH_JOB, READY_AFTER_S
from twin.worker.channel import Told
from twin.worker.child import how
from twin.worker.life import SCRIPT
from twin.worker.script_names import label_of

_ENDS_WITHIN_S = READY_AFTER_S + 5.0


class ScriptError(Exception):
    """A script cannot be used as it is; the text says which, and why."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A job that was run."""

    job: str
    state: str
    seconds: float
    why: str


def jobs_of(names: Sequence[str], timezone: str, environ: Mapping[str, str]) -> dict[str, Job]:
    """The jobs that these scripts register up to their loop, by name. What they print goes to
    stderr. Raises ScriptError."""
    jobs: dict[str, Job] = {}
    for name in names:
        status, (told, *_) = _started(name, None, timezone, 0, environ, _ENDS_WITHIN_S)
        if status:
            raise ScriptError(f"{name}: {how(status)}, before its jobs were known")
        for each in told:
            jobs[each["name"]] = Job(each["name"], read(each["schedule"]), **each["options"])
    return jobs


def run_one(
    names: Sequence[str], job: str, timezone: str, retries: int, environ: Mapping[str, str]
) -> Ran | list[str]:
    """Run a job of one of these scripts; if none has it, the names of all jobs there are. Raises
    ScriptError."""
    known: list[str] = []
    # The one that its name begins with is tried first: to start a script has effects.
    for name in sorted(names, key=lambda name: not job.startswith(f"{label_of(name)}.")):
        status, (told, *ended) = _started(name, job, timezone, retries, environ, None)
        if ended:
            run = ended[0]
            return Ran(job, run["state"], run["seconds"], run["why"])
        if status != NO_SUCH_JOB:
            raise ScriptError(f"{name}: {how(status)}, before {job} was run")
        known += [each["name"] for each in told]
    return known


def _started(
    name: str,
    job: str | None,
    timezone: str,
    retries: int,
    environ: Mapping[str, str],
    within_s: float | None,
) -> tuple[int, list[Any]]:
    """The exit status, and what was told: a list of all jobs, then how the run ended."""
    with tempfile.TemporaryFile() as answer:
        told: Told = {"job": job, "answer": answer.fileno(), "timezone": timezone}
        told |= {"retries": retries, "served": {}, "ended": {}, "term": 0}
        process = subprocess.Popen(  # noqa: S603 (what the user wants run)
            [sys.executable, "-u", SCRIPT, name, json.dumps(told)],
            env={"TZ": timezone, **environ},
            pass_fds=(answer.fileno(),),
            stdin=subprocess.DEVNULL if job is None else None,
            stdout=2 if job is None else None,
            start_new_session=job is None,
        )
        try:
            with suppress(subprocess.TimeoutExpired):
                process.wait(within_s)
        finally:
            if job is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            process.kill()
            process.wait()
        answer.seek(0)
        return process.returncode, [json.loads(line) for line in answer] or [[]]
