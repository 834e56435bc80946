"""One app: the URL that leads to it, its boots, and what its host does to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from twin.core.pair.state import Rules
from twin.hosts import KILLS_AFTER_S
from twin.sim.process import Process

if TYPE_CHECKING:
    from twin.sim.world import World

HELD_S = 30.0
"""How long a router keeps a request for an app that is not serving yet."""

Answerer = Callable[["Process | None"], None]
"""Takes the process to which a request was led; None if the host refused it."""


class Host:
    """Where one twin runs. `peer` is the name, and so the URL, of the other's host."""

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
        """Whether the router keeps requests while nobody serves, instead of refusing them."""
        self.pages = False
        """Whether the router answers for a dead app with a page of its own, such as a 404."""
        self.alive: list[Process] = []
        self.front: Process | None = None
        """Whom the URL leads to."""
        self.asleep = False
        self.boots = 0
        """How many processes are starting, and do not serve yet."""
        self._held: list[tuple[float, Answerer]] = []

    # ---- what the host does

    def boot(self, to_front: bool = True) -> None:
        """Start a process; it serves `boot_s` later. Without `to_front` the URL stays put."""
        self.asleep = False
        self.boots += 1
        self._tell("boots")
        self.world.after(self.boot_s, lambda: self._serve(to_front))

    def _serve(self, to_front: bool) -> None:
        self.boots -= 1
        process = Process(self)
        self.alive.append(process)
        self.world.observer.disturbed()
        if to_front or self.front is None:
            self.lead_to(process)
        process.begin()

    def lead_to(self, process: Process) -> None:
        """Let the URL lead to this process, and hand it the requests that waited."""
        before, self.front = self.front, process
        if before is not None:
            self.world.observer.hidden(before)
        process.reached_at = self.world.now
        self.world.observer.disturbed()
        self._tell("its URL leads to", process.boot)
        held, self._held = self._held, []
        for since, answer in held:
            if self.world.now - since < HELD_S:
                process.when_awake(lambda answer=answer: answer(process))  # type: ignore[misc]
            else:
                answer(None)

    def kill(self, process: Process, silently: bool = False) -> None:
        """End a process at once. Silently, as by a power cut: nobody sees its streams close."""
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
        self.world.after(KILLS_AFTER_S, lambda: self.kill(process))

    def set_clock(self, off_s: float) -> None:
        self._tell("its clock is set", f"{off_s - self.clock_off_s:+.3f} s")
        self.world.observer.clock_set(abs(off_s - self.clock_off_s))
        self.clock_off_s = off_s
        for process in self.alive:
            process.beat()

    # ---- what the host is asked

    def lead(self, answer: Answerer) -> None:
        """A request for this app has arrived."""
        if self.front is not None:
            front = self.front
            front.when_awake(lambda: answer(front))
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
