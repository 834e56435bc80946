"""The pair's history on this twin: kept, shared with the peer, and completed from the peer."""

import threading

from twin.core.moment import Moment
from twin.core.pair.hearsay import credible
from twin.core.pair.history import Change, History, Life, Look, Record

RECENT_S = 60.0
"""Every message carries this much of the history, so a message this late misses nothing."""
_LIFE_EVERY_S = 5.0
"""The precision of the end of a boot that died silently."""
_ASK_EVERY_S = 15.0


class KeptHistory:
    """Safe to use from every thread."""

    def __init__(self) -> None:
        self._history = History()
        self._lock = threading.Lock()
        self._in_step_until = 0.0
        """The wall time up to which this twin has everything that the peer recorded."""
        self._asked_at = float("-inf")

    def record(self, record: Record) -> None:
        """Record what this twin did."""
        with self._lock:
            self._history.merge(record)

    def believe(self, record: Record, wall: float) -> None:
        """Merge the peer's records, as far as they are possible at `wall`."""
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
        """Note a message of the peer, which carries its recent history. Returns the wall time from
        which to ask the peer for more; None if nothing is missing."""
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
        """Everything that the peer knew at `wall` is known here."""
        with self._lock:
            self._in_step_until = wall
