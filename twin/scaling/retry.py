"""A target whose platform is asked again at once if that may help, and else ever more seldom."""

import math
from collections.abc import Callable
from dataclasses import replace
from random import SystemRandom
from threading import Event
from typing import TypeVar

from twin.clock import Clock
from twin.core.scaling.backoff import Backoff, quick_pause_s, stands_s
from twin.core.scaling.target import AGAIN, Counted, Reading, TargetError

T = TypeVar("T")

_RANDOM = SystemRandom()
_TRIES_WITHIN_S = 5.0
"""A request takes 4 s at most: with the one that has begun by then, a call takes 9 s."""


class Retrying:
    """Asks `target` by the rules in `core.scaling.backoff`, and repeats its last answer in between.

    `stopped` ends all waiting; `chance` gives random numbers from 0 to 1. For one thread at a time.
    """

    def __init__(
        self,
        target: Counted,
        clock: Clock,
        stopped: Event,
        chance: Callable[[], float] = _RANDOM.random,
    ) -> None:
        self._target = target
        self._clock = clock
        self._reads = _Requests(clock, stopped, chance)
        self._writes = _Requests(clock, stopped, chance)
        self._reading = Reading(0)
        self._told_at = -math.inf

    @property
    def name(self) -> str:
        return self._target.name

    def read(self) -> Reading:
        age_s = self._clock.now().wall - self._told_at
        if not 0 <= age_s < stands_s(self._target.requests_left):
            self._note(self._reads.ask(self._target.read))
        return self._reading

    def inspect(self) -> Reading:
        return self._reads.ask(self._target.inspect)

    def write(self, quantity: int) -> int:
        """Raises TargetError also if the platform then states another quantity than asked for."""
        return self._writes.ask(lambda: self._write(quantity), quantity)

    def is_closed(self) -> bool:
        return self._target.is_closed()  # once: it is one look of many

    def _write(self, quantity: int) -> int:
        stands = self._target.write(quantity)
        self._note(replace(self._reading, quantity=stands))
        if stands != quantity:
            text = (
                f"{self.name} was to be scaled to {quantity}, which its platform accepted, but it "
                f"stands at {stands}: see there what keeps it. {AGAIN.capitalize()}"
            )
            raise TargetError(text, heals=True, stands=stands)
        return stands

    def _note(self, reading: Reading) -> None:
        self._reading, self._told_at = reading, self._clock.now().wall


class _Requests:
    """Requests of one kind: reads that succeed say nothing about writes."""

    def __init__(self, clock: Clock, stopped: Event, chance: Callable[[], float]) -> None:
        self._clock = clock
        self._stopped = stopped
        self._chance = chance
        self._backoff = Backoff()

    def ask(self, request: Callable[[], T], wanted: int | None = None) -> T:
        """Raises TargetError."""
        began = self._clock.now()
        last = self._backoff.stops(began.wall, wanted)
        if last is not None:
            # Raised again and again, it would grow with each traceback.
            raise last.with_traceback(None)
        try:
            answer = self._tried(request, began.mono)
        except TargetError as error:
            self._backoff = self._backoff.after(error, began.wall, self._chance(), wanted)
            raise (self._backoff.error or error) from None
        self._backoff = Backoff(worked_at=began.wall)
        return answer

    def _tried(self, request: Callable[[], T], began: float) -> T:
        tries = 0
        while True:
            try:
                return request()
            except TargetError as error:
                tries += 1
                pause_s = quick_pause_s(error, tries, self._chance())
                late = self._clock.now().mono - began >= _TRIES_WITHIN_S
                if pause_s is None or late or self._stopped.wait(self._clock.real_s(pause_s)):
                    raise
