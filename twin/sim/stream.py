"""One watch: lines from the twin on duty to the one on standby."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from twin.core.pair.events import Failed, Failure, Heard, Via, WatchLost
from twin.core.pair.timeouts import LINE_EVERY_S, WATCH_SILENCE_S

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twin.core.pair.document import Document
    from twin.core.pair.knowledge import Entry
    from twin.sim.parts import Boot
    from twin.sim.world import World

NEVER_NOTICED_S = 60.0
"""How long a writer takes to notice that its reader is gone, if no error says so."""


class Stream:
    """Lines arrive in the order of writing; after a lost line none arrives."""

    def __init__(self, world: World, reader: Boot, to: str) -> None:
        self.world = world
        self.reader = reader
        self.to = to
        self.writer: Boot | None = None
        self.told: Mapping[str, Entry] = {}
        """The ledger of the last line written, whether it has arrived or not."""
        self.read = True
        """Whether the reader still waits for lines."""
        self.flows = True
        """False once a line was lost: the watch is half-open, and silent from then on."""
        self._written_at = self._comes_at = self._read_at = self.world.now
        self._beats = self.world.every(LINE_EVERY_S, self._beat)
        self._expect_a_line()
        there = self._way_s(reader.host.name, to)
        if there is not None:
            self.world.send(there, partial(self.world.hosts[to].lead, self._opened))

    # ---- the writer's end

    def _opened(self, writer: Boot | None) -> None:
        if writer is None and self.world.hosts[self.to].pages:
            self._fail(Failed(Failure.STRANGER, "a page that is no twin's"))
        elif writer is None:
            self._break("refused", refused=True)
        elif writer.host.password != self.reader.host.password:
            self._fail(Failed(Failure.DENIED, "401: set TWIN_PASSWORD to one value on both"))
        elif self.read:
            self.writer = writer
            writer.read_by(self)
            self.write(writer.document())

    def write(self, document: Document) -> None:
        if not (self.read and self.flows):
            return
        self._catch_up()
        self._written_at = now = self.world.now
        way = self._way_s(self.to, self.reader.host.name)
        if way is None:
            self.flows = False
            self._expect_a_line()
            return
        if now + way > self._comes_at + WATCH_SILENCE_S:
            self._expect_a_line()
        self._comes_at = max(self._comes_at, now + way)
        self.told = document.ledger
        self.world.send(
            self._comes_at - now,
            partial(self.reader.when_awake, partial(self._read_line, document)),
        )

    def _beat(self) -> bool:
        writer = self.writer
        if writer is not None and not writer.frozen:
            self.write(writer.document())
        return self.read and self.flows

    def stall(self, gone: bool = False) -> None:
        """The writer freezes or dies silently."""
        self._catch_up()
        if gone:
            self.writer = None
            self.flows = False
        self._expect_a_line()

    def end(self) -> None:
        """The writer closes the watch, or was killed while its kernel could still close it."""
        self.stall()
        self.writer = None
        way = self._way_s(self.to, self.reader.host.name) if self.flows else None
        if way is not None:
            comes_at = max(self._comes_at, self.world.now + way)
            self.world.send(comes_at - self.world.now, partial(self._break, "closed"))

    # ---- the reader's end

    def _read_line(self, document: Document) -> None:
        if not self.read:
            return
        self._read_at = self.world.now
        if self.world.lines.is_garbled(self.reader.host.name, self.to, self.world.now):
            self._lose("it sends what is no twin's", refused=False)
        else:
            self.reader.step(Heard(document, Via.LINE))

    def close(self) -> None:
        """The reader closes the watch, or is gone."""
        if not self.read:
            return
        self.read = False
        if self.world.now < self._comes_at:
            self.world.observer.left_unread(self)
        back = self._way_s(self.reader.host.name, self.to) if self.flows else None
        self.world.after(NEVER_NOTICED_S if back is None else back, self._notice)

    def _notice(self) -> None:
        writer = self.writer
        if writer is not None:
            writer.read_no_more_by(self)

    def _expect_a_line(self) -> None:
        due_s = self._comes_at + WATCH_SILENCE_S - self.world.now
        self.world.after(max(due_s, 0.0), partial(self.reader.when_awake, self._check_silence))

    def _check_silence(self) -> None:
        left_s = self._read_at + WATCH_SILENCE_S - self.world.now
        if left_s <= 0.001:
            self._lose(f"no line for {WATCH_SILENCE_S} s", refused=False)
        elif self.read and (self._is_silent or self.world.now < self._comes_at):
            self.world.after(left_s, partial(self.reader.when_awake, self._check_silence))

    @property
    def _is_silent(self) -> bool:
        return not self.flows or self.writer is None or self.writer.frozen

    def _break(self, why: str, refused: bool = False) -> None:
        self.reader.when_awake(partial(self._lose, why, refused))

    def _fail(self, failed: Failed) -> None:
        self.reader.when_awake(partial(self.reader.step, failed))
        self._break(failed.why)

    def _lose(self, why: str, refused: bool) -> None:
        if self.read:
            self.close()
            self.reader.step(WatchLost(why, refused))

    def _catch_up(self) -> None:
        """Count the heartbeats that rested in quiet time as written and received."""
        last = self._beats.next_at - LINE_EVERY_S
        if last > self._written_at and self.flows and self.writer is not None:
            self._written_at = last
            came_at = last + self.world.lines.quality.fastest_s
            self._comes_at = max(self._comes_at, came_at)
            self._read_at = max(self._read_at, came_at)

    def _way_s(self, source: str, target: str) -> float | None:
        return self.world.lines.way_s(source, target, self.world.now)
