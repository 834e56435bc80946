"""Two twins on two hosts with an arbiter meet faults; a witness says what ran, where and when."""

import os
import signal
import threading
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Protocol

from network import HOSTS, Network
from processes import Twin, until

PORT = 8000
LEASE_S = 10.0
_SLOTS = """
from twin import every

@every("1s")
def tick(run):
    with open({file!r}, "a") as ticks:
        ticks.write(f"{{run.slot.timestamp():.0f}} {name}\\n")
"""
_WORKER = """
import os, sys, time
while True:
    with open(sys.argv[1], "a") as beats:
        beats.write(f"{os.getpid()} {time.clock_gettime(time.CLOCK_BOOTTIME)}\\n")
    time.sleep(0.05)
"""


class Database(Protocol):
    """The arbiter's server."""

    def forget(self) -> None: ...
    def crash(self) -> None: ...


@dataclass
class TwoHosts:
    network: Network
    database: Database
    folder: Path
    url_of: dict[str, str]
    """Of the arbiter, by host."""
    twins: dict[str, Twin] = field(default_factory=dict)

    # ---- the twins

    def start(self, host: str) -> Twin:
        folder = self.folder / host
        folder.mkdir(exist_ok=True)
        slots = _SLOTS.format(file=str(self.folder / "ticks"), name=host)
        (folder / "jobs.py").write_text(slots.replace("{name}", host))
        (folder / "worker.py").write_text(_WORKER)
        other = HOSTS[1 - HOSTS.index(host)]
        environ = {
            "SELF_URL": self.network.url(host, PORT),
            "PEER_URL": self.network.url(other, PORT),
            "ARBITER_URL": self.url_of[host],
            "RUN": f"python {folder / 'worker.py'} {self.folder / 'beats'}",
        }
        twin = Twin(host, folder, port=PORT, environ=environ, before=self.network.inside(host))
        twin.start()
        self.twins[host] = twin
        return twin

    def settle(self) -> None:
        for host in HOSTS:
            self.start(host)
        until(lambda: len(self._ticks()) > 3)

    @property
    def holder(self) -> str:
        return self._ticks()[-1][1]

    @property
    def other(self) -> str:
        return HOSTS[1 - HOSTS.index(self.holder)]

    def end(self) -> None:
        for twin in self.twins.values():
            twin.kill()

    # ---- faults; each ends healed

    def cut_from_the_other(self, seconds: float) -> None:
        self._cut([("a", "b")], seconds)

    def cut_from_the_arbiter(self, seconds: float) -> None:
        self._cut([(self.holder, "arbiter")], seconds)

    def isolate(self, seconds: float) -> None:
        self._cut([("a", "b"), (self.holder, "arbiter")], seconds)

    def freeze(self, seconds: float) -> None:
        """The twin alone: what it runs is not frozen, and has to be ended."""
        process = self._process(self.holder)
        os.kill(process, signal.SIGSTOP)
        wait(seconds)
        os.kill(process, signal.SIGCONT)
        wait(4)

    def kill(self) -> None:
        holder = self.holder
        self.twins[holder].kill()
        self.wait_for_another(holder)
        self.start(holder)
        wait(3)

    def terminate(self) -> None:
        holder = self.holder
        os.kill(self._process(holder), signal.SIGTERM)
        self.wait_for_another(holder)
        self.twins[holder].ends()
        self.start(holder)
        wait(3)

    def forget(self) -> None:
        self.database.forget()
        wait(6)

    def crash(self) -> None:
        self.database.crash()
        wait(6)

    def wait_for_another(self, than: str) -> None:
        until(lambda: self.holder != than)

    def _cut(self, lines: list[tuple[str, str]], seconds: float) -> None:
        for line in lines:
            self.network.cut(*line)
        wait(seconds)
        for line in lines:
            self.network.join(*line)
        wait(4)

    def _process(self, host: str) -> int:
        """`ip netns exec` becomes the twin's process."""
        process = self.twins[host].process
        assert process is not None
        return process.pid

    # ---- what happened

    def _ticks(self) -> list[tuple[int, str]]:
        file = self.folder / "ticks"
        lines = file.read_text().splitlines() if file.exists() else []
        return [(int(slot), host) for slot, host in (line.split() for line in lines)]

    def doubled(self) -> list[int]:
        """Slots that started more than once."""
        return [
            slot for slot, count in Counter(slot for slot, _ in self._ticks()).items() if count > 1
        ]

    def longest_gap_s(self) -> int:
        slots = sorted(slot for slot, _ in self._ticks())
        return max(later - slot for slot, later in pairwise(slots))

    def overlap_s(self) -> float:
        """For how long two workers were alive at once."""
        lives: dict[str, tuple[float, float]] = {}
        for line in (self.folder / "beats").read_text().splitlines():
            process, at = line.split()
            first, _ = lives.get(process, (float(at), 0.0))
            lives[process] = first, float(at)
        both = pairwise(sorted(lives.values()))
        return max((ends - begins for (_, ends), (begins, _) in both), default=0.0)


def wait(seconds: float) -> None:
    """Faults last for real time."""
    threading.Event().wait(seconds)
