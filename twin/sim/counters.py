"""An observer that also counts handovers, gaps in the duty, and runs."""

from collections import Counter
from math import inf

from twin.sim.observer import Observer
from twin.sim.parts import Boot
from twin.sim.world import World


class Counters(Observer):
    """Counts from `begin` on."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.runs: Counter[str] = Counter()
        """The slots that ran, by job."""
        self.doubles: Counter[str] = Counter()
        self.gap_s = self.longest_gap_s = 0.0
        """How long no twin was on duty."""
        self.quiet: list[tuple[float, int]] = []
        """The stretches (since, until] in which every slot ran."""
        self._begun_at = inf
        self._ran: set[tuple[str, int]] = set()
        self._ran_until: dict[str, int] = {}
        self._holder: str | None = None
        self._gap_since = inf

    def begin(self) -> None:
        self._begun_at = self.world.now
        self.runs.clear()
        self.handovers = 0
        self.gap_s = self.longest_gap_s = 0.0
        if self._holder is None:
            self._gap_since = self.world.now

    def end(self) -> None:
        """Close a gap that lasts until the end."""
        self._close_gap()

    def started(self, process: Boot, job: str, slot: int) -> None:
        super().started(process, job, slot)
        if slot < self._begun_at:
            return
        if (job, slot) in self._ran or slot <= self._ran_until.get(job, 0):
            self.doubles[job] += 1
        else:
            self._ran.add((job, slot))
            self.runs[job] += 1

    def ran(self, job: str, count: int, since: float, until: int) -> None:
        """Count the slots of the job in the quiet stretch (since, until], which all ran. All slots
        until then are then accounted for."""
        self.runs[job] += count
        self._ran_until[job] = until
        self.quiet.append((since, until))

    def look(self) -> None:
        super().look()
        holder = next(
            (
                host.name
                for host in self.world.hosts.values()
                for process in host.alive
                if process.acts and process.state.on_duty
            ),
            None,
        )
        if holder == self._holder:
            return
        self._holder = holder
        if holder is None:
            self._gap_since = self.world.now
            return
        self._close_gap()

    def _close_gap(self) -> None:
        gap_s = max(self.world.now - self._gap_since, 0.0)
        self.gap_s += gap_s
        self.longest_gap_s = max(self.longest_gap_s, gap_s)
        self._gap_since = inf
