"""The jobs of scripts as both twins know them: who is on duty runs them, and the other asks which.

Every message has a digest of them, so that a standby asks when they have changed.
"""

import threading
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

from twin.core.moment import Moment
from twin.core.pair.bounds import JOBS, NAME_BYTES, is_longer
from twin.core.pair.document import Document
from twin.core.schedule.job import Job
from twin.core.schedule.written import read, write

_ASK_EVERY_S = 2.0
"""While a script starts, its jobs change with each that it registers."""


class SharedJobs:
    """Safe to use from every thread. `learn` must be set before the first is learned."""

    learn: Callable[[Mapping[str, Job]], None]
    """Has this twin show the jobs that its peer runs."""

    def __init__(self, own: Mapping[str, Job]) -> None:
        """`own`: the pair's own jobs, which every twin has."""
        self._own = own
        self._lock = threading.Lock()
        self._seen: Mapping[str, Job] = {}
        self._digest = digest_of({})
        self._asked_at = float("-inf")

    def is_own(self, job: str) -> bool:
        """Whether the pair itself has this job, and no script."""
        return job in self._own

    def digest(self, jobs: Mapping[str, Job]) -> str:
        """Of all jobs that a twin knows, but for the pair's own."""
        with self._lock:
            if jobs is not self._seen:
                self._seen, self._digest = jobs, digest_of(self._of_scripts(jobs))
            return self._digest

    def lacks(self, document: Document, known: Mapping[str, Job], now: Moment) -> bool:
        """Whether the holder, who told this, is now to be asked for its jobs."""
        if not document.holds or document.jobs_digest in ("", self.digest(known)):
            return False
        with self._lock:
            if now.mono < self._asked_at + _ASK_EVERY_S:
                return False
            self._asked_at = now.mono
            return True

    def told(self, jobs: Mapping[str, Job]) -> list[dict[str, Any]]:
        """What to answer to somebody who asks for them."""
        return [
            {"name": name, "schedule": write(job.schedule), "grace_s": job.grace_s}
            for name, job in self._of_scripts(jobs).items()
        ]

    def _of_scripts(self, jobs: Mapping[str, Job]) -> dict[str, Job]:
        return {name: job for name, job in jobs.items() if not self.is_own(name)}


def digest_of(jobs: Mapping[str, Job]) -> str:
    lines = sorted(f"{name} {write(job.schedule)}" for name, job in jobs.items())
    return sha256("\n".join(lines).encode(errors="backslashreplace")).hexdigest()[:16]


def jobs_told(told: object) -> dict[str, Job]:
    """What `SharedJobs.told` of another twin holds. Raises ValueError if it cannot be a twin's."""
    if not isinstance(told, list) or len(told) > JOBS:
        raise ValueError("a list of jobs is expected")
    jobs: dict[str, Job] = {}
    for each in told:
        match each:
            case {"name": str(name), "schedule": list(schedule), "grace_s": int(grace_s)}:
                if is_longer(name, NAME_BYTES):
                    raise ValueError("a job's name is too long")
                jobs[name] = Job(name, read(schedule), grace_s=grace_s, asked=True)
            case _:
                raise ValueError("a job without name or schedule")
    return jobs
