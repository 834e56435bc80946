"""What every duty is."""

from collections.abc import Sequence
from typing import Any

from twin.node.context import Context
from twin.node.runner import Scheduled


class Duty:
    """Work of the pair itself, done by the twin on duty. `jobs` run after `start`, if at all."""

    jobs: Sequence[Scheduled]
    context: Context

    def start(self, context: Context) -> None:
        self.context = context

    def status(self, wall: float) -> dict[str, Any]:  # noqa: ARG002 (most have none)
        """Its part of `/status` at `wall` (epoch seconds), by the names of its fields."""
        return {}

    def stop(self) -> None:
        """This twin ends: a job that runs ends as soon as it can."""
