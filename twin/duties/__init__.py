"""The duties of the pair itself. A new one is one file here, and one entry in `_duties`."""

from collections.abc import Iterator
from typing import Any

from twin.clock import Clock
from twin.duties.duty import Duty
from twin.duties.scaling import ScalingDuty
from twin.node.context import Context
from twin.settings.settings import Settings


def _duties(settings: Settings, clock: Clock) -> Iterator[Duty]:
    yield ScalingDuty(settings, clock)
    if settings.deadman_url is not None:
        # Imported only if it is set: an HTTP client takes long to import.
        from twin.duties.deadman import Deadman

        yield Deadman(settings.deadman_url, clock)


class Duties:
    """All of them. Made before the node, which needs to know the jobs."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._all = list(_duties(settings, clock))
        self.jobs = [job for duty in self._all for job in duty.jobs]
        self.quiet = frozenset(each.job.name for each in self.jobs)
        """Jobs whose slots are not worth a log line each: they log what changes."""

    def start(self, context: Context) -> None:
        for duty in self._all:
            duty.start(context)

    def status(self, wall: float) -> dict[str, Any]:
        return {name: value for duty in self._all for name, value in duty.status(wall).items()}

    def stop(self) -> None:
        for duty in self._all:
            duty.stop()
