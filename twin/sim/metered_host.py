"""An app on a rented host: it sleeps when idle, restarts every day, and is metered."""

from math import inf
from random import Random

from twin.core.pair.document import Role
from twin.core.pair.state import Rules
from twin.hosts import Offer
from twin.sim.budget import Meter
from twin.sim.host import Host
from twin.sim.parts import Answerer
from twin.sim.process import Process
from twin.sim.world import World


class MeteredHost(Host):
    """`due_at` is the time of the host's next own action; `do_what_is_due` performs it.

    An app that pings itself is never idle, because the settings refuse a self-ping that is too rare
    for the host. So its pings need not be played.
    """

    def __init__(
        self,
        world: World,
        name: str,
        peer: str,
        rules: Rules,
        offer: Offer,
        sleeps_on_standby: bool,
        meter: Meter,
    ) -> None:
        super().__init__(world, name, peer, rules)
        self.sleeps = self.wakes = self.restarts = 0
        self._offer = offer
        self._sleeps_on_standby = sleeps_on_standby
        self._meter = meter
        self._asked_at = world.now
        self._restart_at = inf
        # Its own generator: the host acts the same however many slots and messages are played.
        self._random = Random(f"{world.seed} {name}")  # noqa: S311 - luck is no secret

    # ---- the host's own actions

    def due_at(self) -> float:
        front = self.front
        if front is None or front.state.role is Role.LEAVING:
            return inf
        return min(self._restart_at, self._idle_at(front))

    def do_what_is_due(self) -> None:
        front, now = self.front, self.world.now
        if front is None or self.due_at() > now:
            return
        if self._idle_at(front) <= now:
            self.sleeps += 1
            self.terminate(front, "idle", sleep=True)
        else:
            self.restarts += 1
            self.terminate(front, "started anew, as every day")
            self.boot()

    def _idle_at(self, front: Process) -> float:
        after_s = self._offer.sleeps_after_s
        if after_s is None or not self._sleeps_on_standby or front.state.role is not Role.STANDBY:
            return inf
        # It lost the duty by a request of its peer's, which came before now.
        return self._asked_at + after_s

    # ---- events

    def boot(self, to_front: bool = True) -> None:
        self.wakes += self.asleep
        self.boot_s = self._random.uniform(*self._offer.boots_in_s)
        super().boot(to_front)
        self._count()

    def lead_to(self, process: Process) -> None:
        self._asked_at = self.world.now
        if self._offer.restarts_after_s is not None:
            age_s = self._random.uniform(*self._offer.restarts_after_s)
            self._restart_at = self.world.now + age_s
        super().lead_to(process)

    def exited(self, process: Process) -> None:
        super().exited(process)
        self._count()

    def kill(self, process: Process, silently: bool = False) -> None:
        super().kill(process, silently)
        self._count()

    def lead(self, answer: Answerer) -> None:
        self._asked_at = self.world.now
        super().lead(answer)

    def _count(self) -> None:
        self._meter.set(self.name, bool(self.boots or self.alive), self.world.now)
