"""The pair's history on this twin: kept, told to the peer, and caught up on with its help."""

import threading

from twin.core.moment import Moment
from twin.core.pair.hearsay import credible
from twin.core.pair.history import Change, History, Life, Look, Record

RECENT_S = 60.0
"""Every message carries so much of the history; it may be that late, and nothing is missed."""
_LIFE_EVERY_S = 5.0
"""How exactly it is known when a boot ended that could not say so."""
_ASK_EVERY_S = 15.0


class KeptHistory:
    """Safe to use from every thread."""

    def __init__(self) -> None:
        self._history = History()
        self._lock = threading.Lock()
        self._in_step_until = 0.0
        """The wall time up to which all that the peer recorded is known here."""
        self._asked_at = float("-inf")

    def record(self, record: Record) -> None:
        """What this twin saw and did itself."""
        with self._lock:
            self._history.merge(record)

    def believe(self, record: Record, wall: float) -> None:
        """What the peer told, as far as it can be true at `wall`."""
        with self._lock:
            self._history.merge_told(credible(record, wall))

    def between(self, since: float, until: float) -> Record:
        with self._lock:
            return self._history.between(since, until)

    def story(self, since: float, until: float) -> Record:
        with self._lock:
            return self._history.story(since, until)

    def twins(self) -> Record:
        with self._lock:
            return self._history.twins()

    def newest_look(self, target: str) -> Look | None:
        with self._lock:
            return self._history.newest_look(target)

    def recent(self, wall: float) -> Record:
        with self._lock:
            return self._history.recent(wall - RECENT_S, wall + RECENT_S)

    def changed(self, twin: str, boot: str, role: str, because: str, wall: float) -> None:
        self.record(Record(changes=(Change(int(wall * 1000), twin, boot, role, because),)))

    def lives(self, twin: str, boot: str, wall: float, release: str = "") -> None:
        """This boot is awake now."""
        with self._lock:
            if abs(wall - self._history.lived_until(boot)) < _LIFE_EVERY_S:
                return
            self._history.merge(Record(lives={boot: Life(twin, int(wall), int(wall), release)}))
            self._history.forget(wall)

    def heard(self, peer: str, boot: str, now: Moment) -> float | None:
        """A message of the peer came, and what is recent with it. The wall time from which on it
        may know more, if it is to be asked for that now."""
        self.lives(peer, boot, now.wall)
        with self._lock:
            if abs(now.wall - self._in_step_until) <= RECENT_S:
                self._in_step_until = now.wall
                return None
            if now.mono - self._asked_at < _ASK_EVERY_S:
                return None
            self._asked_at = now.mono
            return max(0.0, min(self._in_step_until, now.wall) - RECENT_S)

    def caught_up(self, wall: float) -> None:
        """All that the peer knew at `wall` is known here."""
        with self._lock:
            self._in_step_until = wall
