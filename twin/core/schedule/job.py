"""A job, and the context of its run."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from twin.core.schedule.schedules import Schedule

GRACE_S = 300


class AlreadyTold(Exception):  # noqa: N818 (a fact for the runner)
    """A run failed, and its duty has logged the failure: once, instead of at every slot."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job's name, its schedule, and the rules for its slots. The function is elsewhere.

    The name identifies the job in the ledgers of both twins.
    """

    name: str
    schedule: Schedule

    grace_s: int = GRACE_S
    """A missed slot this late still runs. A deploy or a wake takes a minute or two: five cover it,
    and a job that must not be late at all says so."""

    catch_up: bool = False
    """Whether the newest missed slot runs even without a ledger. Off by default: after both twins
    were gone, it is unknown whether the slot already ran."""

    timeout_s: int = 3_600
    """After this time a run counts as hanging, and no longer keeps the next twin from the job's
    slots. A slow job takes minutes; a job that needs more than an hour sets a longer time."""

    continuous: bool = False
    """Whether one run lasts as long as the duty. Its slots are moments at which it may begin, so
    none is missed; `timeout_s` is how long it may take to end once the duty has gone."""

    pausable: bool = True
    """Whether a pause skips its slots. It does not for a job that reports that a twin is alive."""

    asked: bool = False
    """Whether a slot begins when its script asks for it, and not by itself."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a job, as visible to the job."""

    job: Job

    slot: datetime
    """When the run was due (UTC). The same on both twins, so it can name the run's results."""

    term: int
    """The term of the claim it runs under. It only grows: a store that keeps the highest term can
    refuse late writes of an older holder."""

    late: timedelta
    """How long after the slot the run began."""

    ask_peer_heard_at: Callable[[], datetime | None] = field(repr=False)

    @property
    def peer_heard_at(self) -> datetime | None:
        """When the peer was last heard (UTC); None if never. Current at each access.

        While cut off from each other, both twins are on duty. A job that must not run twice checks
        this before an irreversible step, and stops if the peer was last heard too long ago.
        """
        return self.ask_peer_heard_at()
