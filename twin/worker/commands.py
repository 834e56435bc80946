"""All commands of this twin, each as a continuous job of the pair."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from twin.core.command import RUN_JOB, Command
from twin.core.moment import iso
from twin.core.pair.knowledge import Fate
from twin.core.schedule.job import Job, Run
from twin.core.schedule.schedules import every
from twin.node.runner import Scheduled
from twin.worker.program import Begin

if TYPE_CHECKING:
    from twin.worker.attendant import Attendant, Surroundings

_TOLD_S = 5
"""To hear that the duty has gone, and to tell that the command has ended."""
_SHOWN = 200
"""Characters of its last words."""


class Commands:
    """Made before the node, which needs to know the jobs; `start` before the first of them runs."""

    def __init__(self, commands: Mapping[Command, Begin]) -> None:
        """Each with how its process is started."""
        self._commands = commands
        self._attendants: dict[str, Attendant] = {}
        self.jobs = [self._scheduled(each) for each in commands]
        self.quiet = frozenset(each.job.name for each in self.jobs)

    def start(self, around: Surroundings) -> None:
        from twin.worker.attendant import Attendant  # not in the memory of a twin without commands

        self._pair = around.pair
        self._attendants = {
            command.name: Attendant(command, begin, around)
            for command, begin in self._commands.items()
        }

    def role_changed(self) -> None:
        for attendant in self._attendants.values():
            attendant.wake()

    def status(self) -> list[dict[str, Any]]:
        return [self._status(attendant) for attendant in self._attendants.values()]

    def restart(self, name: str) -> str:
        """Start it anew. Why that cannot be done now; empty if it can."""
        attendant = self._attendants.get(name)
        if attendant is None:
            return f"there is no command {name}"
        if not attendant.in_charge:
            return f"{name} has not started here yet: it may still end on the other twin"
        attendant.restart("somebody asked for it")
        return ""

    def _scheduled(self, command: Command) -> Scheduled:
        def run(run: Run) -> None:
            self._attendants[command.name].run(run)

        job = Job(
            RUN_JOB + command.name,
            every("1s", None, "UTC"),
            grace_s=86_400,
            catch_up=True,
            timeout_s=command.stop_within_s + _TOLD_S,
            continuous=True,
            pausable=False,
        )
        return Scheduled(job, run)

    def _status(self, attendant: Attendant) -> dict[str, Any]:
        """What this twin knows of it. The rest is known where it runs."""
        name = attendant.command.name
        told = {"name": name, "state": "off", "twin": None, "since": None}
        if attendant.in_charge:
            return {**told, **_in_charge(attendant, self._pair.look().twin)}
        entry = self._pair.look().knowledge.ledger.get(RUN_JOB + name)
        if entry is not None and entry.fate is Fate.RUNNING:
            told |= {"state": "elsewhere", "twin": entry.twin, "since": iso(entry.slot)}
        return told


def _in_charge(attendant: Attendant, twin: str) -> dict[str, Any]:
    lives = attendant.lives
    waits = "ended" if lives.again_at is None else "waiting"
    return {
        "state": "running" if attendant.is_running else waits,
        "twin": twin,
        "since": iso(attendant.since),
        "restarts": max(0, lives.starts - 1),
        "why": attendant.why or None,
        "words": attendant.output.rstrip().rpartition("\n")[2][-_SHOWN:],
    }
