"""What a job is, and what it is told when it runs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from twin.core.schedule.schedules import Schedule


class AlreadyTold(Exception):  # noqa: N818 (it names what is known, as the runner asks for it)
    """A run failed, and its duty has logged that: once, and not at every slot."""


@dataclass(frozen=True, slots=True)
class Job:
    """A name and its slots, and what is allowed to happen to them. The function is elsewhere.

    The name is what the ledgers of both twins know the job by.
    """

    name: str
    schedule: Schedule

    grace_s: int = 300
    """A missed slot this late still runs. A deploy or a wake takes a minute or two: five cover it,
    and a job that must not be late at all says so."""

    catch_up: bool = False
    """Whether the newest missed slot runs even when nobody has a ledger. Not by default: after
    both twins were gone nobody knows whether it already ran."""

    timeout_s: int = 3_600
    """After an hour a run counts as hanging, and no longer keeps the next twin from the job's
    slots. A slow job takes minutes; one that needs longer says so."""

    pausable: bool = True
    """Whether its slots are skipped in a pause. Not so those of what tells that a twin lives."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a job, as the job may see it."""

    job: Job

    slot: datetime
    """When it was due (UTC). The same for both twins, so it can name what the run makes."""

    term: int
    """The term of the claim it runs under. Grows; a store that remembers the highest can refuse
    what an older holder still writes."""

    late: timedelta
    """How long after the slot it began."""

    ask_peer_heard_at: Callable[[], datetime | None] = field(repr=False)

    @property
    def peer_heard_at(self) -> datetime | None:
        """When the peer was last heard (UTC), None if never. Asked anew at each look.

        Cut off from each other, both twins are on duty. A job that must not run twice looks at
        this, before what it cannot take back, and stops when it is longer ago than it can bear.
        """
        return self.ask_peer_heard_at()
