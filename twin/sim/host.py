"""One app: its URL, its boots, and its host's actions."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from twin.core.pair.state import Rules
from twin.hosts import KILLS_AFTER_S
from twin.sim.process import Process

if TYPE_CHECKING:
    from twin.sim.parts import Answerer
    from twin.sim.world import World

HELD_S = 30.0
"""How long a router holds a request for an app that is not serving yet."""


class Host:
    """The host of one twin. `peer` is the name, and so the URL, of the other twin's host."""

    def __init__(self, world: World, name: str, peer: str | None, rules: Rules) -> None:
        self.world = world
        self.name = name
        self.peer = peer
        self.rules = rules
        self.knows_its_url = True
        self.password = "right"  # noqa: S105 - a word of the story
        self.clock_off_s = 0.0
        self.boot_s = 2.0
        self.holds = False
        """Whether the router holds requests while no process serves, instead of refusing them."""
        self.pages = False
        """Whether the router answers for a dead app with its own page, such as a 404."""
        self.alive: list[Process] = []
        self.front: Process | None = None
        """The process to which the URL leads."""
        self.asleep = False
        self.boots = 0
        """The number of processes that start and do not serve yet."""
        self._held: list[tuple[float, Answerer]] = []
        world.add(self)

    # ---- the host's actions

    def boot(self, to_front: bool = True) -> None:
        """Start a process, which serves `boot_s` later. Without `to_front` the URL stays put."""
        self.asleep = False
        self.boots += 1
        self._tell("boots")
        self.world.after(self.boot_s, partial(self._serve, to_front))

    def _serve(self, to_front: bool) -> None:
        self.boots -= 1
        process = Process(world=self.world, host=self)
        self.alive.append(process)
        self.world.observer.disturbed()
        if to_front or self.front is None:
            self.lead_to(process)
        process.begin()

    def lead_to(self, process: Process) -> None:
        """Point the URL at this process, and deliver the held requests."""
        before, self.front = self.front, process
        if before is not None:
            self.world.observer.hidden(before)
        process.reached_at = self.world.now
        self.world.observer.disturbed()
        self._tell("its URL leads to", process.boot)
        held, self._held = self._held, []
        for since, answer in held:
            if self.world.now - since < HELD_S:
                process.when_awake(partial(answer, process))
            else:
                answer(None)

    def kill(self, process: Process, silently: bool = False) -> None:
        """End a process at once. `silently`: its streams stay open, as after a power cut."""
        if process in self.alive:
            self._tell("is killed" + (" silently" if silently else ""), process.boot)
            self.world.observer.stopped(process)
            self._remove(process)
            process.die(silently)

    def exited(self, process: Process) -> None:
        self._tell("exits", process.boot)
        self.world.observer.stopped(process)
        self._remove(process)
        process.die(silently=False)

    def _remove(self, process: Process) -> None:
        self.alive.remove(process)
        if self.front is process:
            self.front = self.alive[-1] if self.alive else None

    def terminate(self, process: Process, because: str, sleep: bool = False) -> None:
        """SIGTERM, and after 30 s SIGKILL. `sleep`: any request then wakes the app."""
        self.world.observer.disturbed()
        self.asleep = sleep
        process.terminate(because)
        self.world.after(KILLS_AFTER_S, partial(self.kill, process))

    def set_clock(self, off_s: float) -> None:
        self._tell("its clock is set", f"{off_s - self.clock_off_s:+.3f} s")
        self.world.observer.clock_set(abs(off_s - self.clock_off_s))
        self.clock_off_s = off_s
        for process in self.alive:
            process.beat()

    # ---- requests

    def lead(self, answer: Answerer) -> None:
        """Take a request that has arrived for this app."""
        if self.front is not None:
            self.front.when_awake(partial(answer, self.front))
        elif self.boots or self.asleep or self.holds:
            self._held.append((self.world.now, answer))
            self.world.after(HELD_S, self._give_up)
            if self.asleep and not self.boots:
                self._tell("is woken by a request")
                self.boot()
        else:
            answer(None)

    def _give_up(self) -> None:
        since = self.world.now - HELD_S
        given_up = [answer for held_at, answer in self._held if held_at <= since]
        self._held = [held for held in self._held if held[0] > since]
        for answer in given_up:
            answer(None)

    @property
    def is_calm(self) -> bool:
        if self.boots or self._held or len(self.alive) > 1:
            return False
        return all(process.is_calm for process in self.alive)

    def _tell(self, what: str, why: str = "") -> None:
        self.world.story.tell(self.world.now, self.name, what, why)
