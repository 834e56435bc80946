"""Apps that know each other, in their own world."""

from collections.abc import Mapping

from twin.core.pair.state import Rules
from twin.core.schedule.job import Job
from twin.sim.host import Host
from twin.sim.observer import Observer
from twin.sim.world import World


class Pair(World):
    """Hosts `a` and `b`, and more if there are more twins; none has booted yet."""

    observer: Observer

    def __init__(self, seed: int, jobs: Mapping[str, Job], rules: Rules, twins: int = 2) -> None:
        super().__init__(seed, jobs)
        self.observer = self.watched()
        peers = _APPS if twins == len(_APPS) else dict.fromkeys(_NAMES[:twins])
        self._hosts = {name: Host(self, name, peer, rules) for name, peer in peers.items()}

    def watched(self) -> Observer:
        return Observer(self)

    @property
    def hosts(self) -> Mapping[str, Host]:
        return self._hosts


_APPS = {"a": "b", "b": "a"}
_NAMES = "abcde"
