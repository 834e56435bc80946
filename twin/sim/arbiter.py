"""The arbiter in the simulated world: it answers by `decide`, and may be silent, slow or empty."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import inf
from typing import TYPE_CHECKING

from twin.core.pair.arbiter import Answer, Question, Store, decide
from twin.core.pair.timeouts import SILENCE_S

if TYPE_CHECKING:
    from twin.sim.parts import Boot
    from twin.sim.world import World

NAME = "arbiter"
"""Of its end of the lines to it."""


class Arbiter:
    def __init__(self, world: World) -> None:
        self._world = world
        self.store = Store()
        self.is_down = False
        self.slow_s = 0.0
        """By how much each question is late."""
        self.flushed_at = -inf

    def ask(self, by: Boot, question: Question, answered: Callable[[Answer | None], None]) -> None:
        """Take a question; `answered` is called once, while its asker is awake."""
        end = partial(_end, [answered])
        self._world.after(SILENCE_S, partial(by.when_awake, partial(end, None)))
        there = self._way_s(by.host.name, NAME)
        if there is not None:
            arrive = partial(self._decide, question, partial(self._back, by, end))
            self._world.send(there + self.slow_s, arrive)

    def _decide(self, question: Question, back: Callable[[Answer], None]) -> None:
        if not self.is_down:
            self.store, answer = decide(self.store, question, int(self._world.now * 1000))
            back(answer)

    def _back(self, by: Boot, end: Callable[[Answer], None], answer: Answer) -> None:
        way = self._way_s(NAME, by.host.name)
        if way is not None:
            self._world.send(way, partial(by.when_awake, partial(end, answer)))

    def flush(self) -> None:
        self._tell("loses its memory")
        self.store, self.flushed_at = Store(), self._world.now

    @property
    def is_ill(self) -> bool:
        return self.is_down or self.slow_s > 0

    def heal(self) -> None:
        self.slow_s = 0.0
        if self.is_down:
            self.set_down(False)

    def set_down(self, is_down: bool) -> None:
        self._tell("is down" if is_down else "is up")
        self.is_down = is_down

    def _way_s(self, source: str, target: str) -> float | None:
        return self._world.lines.way_s(source, target, self._world.now)

    def _tell(self, what: str) -> None:
        self._world.story.tell(self._world.now, NAME, what, "")


def _end(waiting: list[Callable[[Answer | None], None]], answer: Answer | None) -> None:
    if waiting:
        waiting.pop()(answer)
