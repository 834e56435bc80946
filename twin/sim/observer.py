"""Sees everything, and reports a broken promise by its name.

It excuses only what the protocol does not promise:

- Two twins on duty while a line between them is cut, or loses or delays messages, and for the 8 s
  that healing may take.
- Two boots of one app on duty while their own URL is out of reach, and for the 5 s until they ask
  it again. The same for a boot whose URL moved away without notice.
- Two new boots of two deploys that cross on duty, while neither has its URL, and for 8 s more: they
  hear each other only through the old boots, of which one may freeze.
- A new boot on duty that does not have its URL and cannot read the peer's answers.
- Two on duty for 8 s after the end of a boot that began while its clock was an hour wrong: its last
  message seems to be the newest boot's.
- A slot that starts twice when a message was lost, late or unreadable from 8 s before its first
  start on, or during double duty.
- A slot that starts twice when no living process could report its first start. Its twin was killed
  or froze, or it left or made way when a new boot got the URL, and no watch that it could write to
  leads to a process that passes it on. Or the reader of its watch turned to the new boot with a
  line underway. Or its URL moved away without notice and it has not asked there since.
- A slot that was announced and never began because its twin was killed in between.
- A slot that was never announced because every process with a ledger was gone.
"""

from __future__ import annotations

from collections import Counter
from math import inf
from typing import TYPE_CHECKING

from twin.core.pair.document import Role
from twin.core.pair.events import Effect
from twin.core.pair.knowledge import Fate
from twin.core.pair.state import Retired, State, Trouble, Waking
from twin.core.pair.timeouts import CLOCK_AHEAD_S
from twin.sim.slots import Slots
from twin.sim.spells import Spells

if TYPE_CHECKING:
    from collections.abc import Iterable

    from twin.core.pair.knowledge import Entry
    from twin.sim.parts import Boot, Line
    from twin.sim.world import World

HEALING_S = 8.0
OWN_URL_S = 9.0
"""The 5 s between two requests to the own URL, and the time for the answer."""
_BACK_S = 11.5
"""A boot that made way asks at its URL 11 s after it last heard the newer boot."""
STRANGERS_S = 75.0
"""Twins that cannot talk stand in for each other after 30 s or 60 s, measured in rounds of 5 s once
a claim is made."""
_AT_ONCE_S = 3.0
"""Both twins' clocks may be 1.5 s off."""
_LONG_AGO = float("-inf")


class BrokenPromiseError(AssertionError):
    """A promise was broken: its name, and how."""


class Observer:
    def __init__(self, world: World) -> None:
        self.world = world
        self.disturbed_at = _LONG_AGO
        self.miswired = Spells()
        """When a twin knew that it cannot talk to the other: wrong password, or equal names."""
        self.clock_set_at = _LONG_AGO
        self.longest_vacancy_s = 0.0
        self.double_duty_s = 0.0
        self.excused: Counter[str] = Counter()
        """Slots that started twice, by the reason that excuses it."""
        self.slots = Slots()
        self.starts = 0
        self.handovers = 0
        self._taken_by = ""
        self.steps = 0
        self._looked_at = world.now
        self._holders = 0
        self._vacant_since: float | None = None
        self._left_alone_since: float | None = None
        self._suspended_since: float | None = None
        self._forgotten: set[tuple[str, int]] = set()
        self._slowest_s = 0.0
        self._double_duty = Spells()
        self._ghost_at = _LONG_AGO
        """When a boot ended that had its name from a clock an hour off."""

    @property
    def excused_doubles(self) -> int:
        return self.excused.total()

    # ---- events

    def disturbed(self) -> None:
        """A fault struck the pair: start counting time again."""
        self.look()
        self.disturbed_at = self.world.now

    def clock_set(self, by_s: float) -> None:
        self.disturbed()
        if by_s > CLOCK_AHEAD_S:
            # The slots of that time come again, or ran before.
            self.clock_set_at = self.world.now + by_s

    def stopped(self, process: Boot) -> None:
        """The process was killed or froze."""
        self.disturbed()
        if process.is_misnamed:
            self._ghost_at = self.world.now
        self._forget(process)

    def left_unread(self, stream: Line) -> None:
        """The reader closed a watch while a line was underway."""
        if stream.writer is None or stream.writer not in self._processes():
            self._forget_slots(stream.told.items())

    def hidden(self, process: Boot) -> None:
        """Its URL now leads to another process. While it leaves, or after it made way, it passes
        nothing on."""
        if not _serves(process):
            self._forget(process)

    def _forget(self, process: Boot) -> None:
        """Forget the slots that only this process knew."""
        if any(_is_read(stream) for stream in process.streams):
            return
        underway = process.watch.told if process.watch is not None else {}
        known = process.state.knowledge.ledger
        self._forget_slots((*known.items(), *underway.items()), besides=process)

    def _forget_slots(
        self, entries: Iterable[tuple[str, Entry]], besides: Boot | None = None
    ) -> None:
        fronts = [host.front for host in self.world.hosts.values()]
        known = [
            front.state.knowledge.ledger
            for front in fronts
            if front is not None and front is not besides and front.acts
        ]
        for job, entry in entries:
            if not any(job in ledger and ledger[job].slot >= entry.slot for ledger in known):
                self._forgotten.add((job, entry.slot))

    def stepped(self, process: Boot, before: State) -> None:
        self.steps += 1
        after = process.state
        if isinstance(before.stage, Retired) and isinstance(after.stage, Waking):
            self.disturbed()
        if after.peer.trouble in (Trouble.DENIED, Trouble.SAME_NAME):
            self.miswired.note(self.world.now)
        if after.on_duty and not before.on_duty:
            self._taken(process, before)

    def _taken(self, process: Boot, before: State) -> None:
        self.handovers += self._taken_by not in ("", process.host.name)
        self._taken_by = process.host.name
        self._begins_to_count(process, before)

    def _begins_to_count(self, process: Boot, before: State) -> None:
        """Whether it starts counting now, as it may if no twin in its reach has a ledger."""
        others = [one for one in self._processes() if one is not process and one.acts]
        lines = self.world.lines
        ill = (lines.hurt, lines.unreadable, self.miswired)
        lines_are_well = not any(spells.within(HEALING_S, self.world.now) for spells in ill)
        reached = [one for one in others if one.host.front is one and _serves(one)]
        reached = [one for one in reached if self.world.now - one.awake_since > HEALING_S]
        if lines_are_well and any(one.state.knowledge.ledger for one in reached):
            return
        known, now = before.knowledge.ledger, process.state.wall
        new = [one for job, one in process.state.knowledge.ledger.items() if job not in known]
        if any(one.boot in ("", process.boot) and "not counted" in one.why for one in new):
            self.slots.are_nobodys(self.world.jobs, now)

    def saw(self, process: Boot, effect: Effect) -> None:
        self.slots.saw(process, effect)

    def started(self, process: Boot, job: str, slot: int) -> None:
        now = self.world.now
        self.starts += 1
        at, by = self.slots.begun(job, slot, now, process)
        self.world.story.tell(now, f"{process.host.name} {process.boot[-4:]}", f"runs {job} {slot}")
        if (at, by) == (now, process):
            return
        if why := self._why_twice(job, slot, at, [process, by]):
            self.excused[why] += 1
        else:
            self._broken("never two starts of one slot", f"{job} {slot}, first by boot {by.boot}")

    def _why_twice(self, job: str, slot: int, at: float, by: list[Boot]) -> str:
        """Why a slot first started at `at` may start again; empty if it may not."""
        lines = self.world.lines
        whys = {
            "cut off": lines.hurt.within(HEALING_S, at),
            "unreadable": lines.unreadable.within(HEALING_S, at),
            "wired wrongly": self.miswired.within(HEALING_S, at),
            "own URL cut off": lines.own_hurt.within(HEALING_S, at),
            "forgotten": (job, slot) in self._forgotten,
            "its URL was taken": _had_just_lost_its_url(by[1], at),
            "two on duty": self._double_duty.within(_AT_ONCE_S, at),
            "the clock was set": self.clock_set_at >= at,
            "deploys cross": self._are_crossing(by),
        }
        return next((why for why, holds in whys.items() if holds), "")

    # ---- checks after every event

    def look(self) -> None:
        now = self.world.now
        self._slowest_s = max(self._slowest_s, self.world.lines.quality.slowest_s)
        if self.world.lines.cut:  # whether or not something is sent
            self.world.lines.hurt.note(now)
        acting = [process for process in self._processes() if process.acts]
        holders = [process for process in acting if self.acts(process)]
        if self._holders > 1:
            self.double_duty_s += now - self._looked_at
        self._looked_at, self._holders = now, len(holders)
        if len(holders) > 1:
            if not self._is_excused(holders):
                self._broken("one on duty", " and ".join(map(_named, holders)))
            self._double_duty.note(now)
        awake = [p for p in acting if _serves(p)]
        vacant = bool(awake) and not holders
        self._vacant_since = self._check_vacancy(self._vacant_since, vacant, "somebody on duty")
        within_s = _BACK_S + 2 * self._slowest_s  # there and back, after its last message
        left_alone = not (awake or holders) and any(map(_could_come_back, acting))
        self._left_alone_since = self._check_vacancy(
            self._left_alone_since,
            left_alone,
            "a failed deploy is noticed",
            within_s,
            hurt_at=self.world.lines.own_hurt.ended_at,
        )
        suspended = vacant and all(p.state.role is Role.STANDBY for p in awake)
        name = "never both suspended"
        self._suspended_since = self._check_vacancy(self._suspended_since, suspended, name)

    def acts(self, process: Boot) -> bool:
        """Whether it may start jobs."""
        return process.state.on_duty

    def _is_excused(self, holders: list[Boot]) -> bool:
        now, lines = self.world.now, self.world.lines
        ill = lines.hurt.within(HEALING_S, now) or self.miswired.within(HEALING_S, now)
        if lines.cut or ill or now - self._ghost_at <= HEALING_S:
            return True
        of_one_app = len({p.host.name for p in holders}) == 1
        if of_one_app and lines.own_hurt.within(OWN_URL_S, now):
            return True
        if any(now - _astray_since(p) <= OWN_URL_S for p in holders):
            return True
        # All of the peer's readable requests went to the older boot.
        unreadable = lines.unreadable.within(HEALING_S, now)
        if unreadable and any(map(self._is_hidden, holders)):
            return True
        return self._are_crossing(holders)

    def _are_crossing(self, processes: list[Boot]) -> bool:
        """Whether none had its URL until just now: each URL led to an older boot beside it."""
        return all(self._is_hidden(process) for process in processes)

    def _is_hidden(self, process: Boot) -> bool:
        reached_since = process.reached_at if process.host.front is process else inf
        return self.world.now - reached_since < HEALING_S and reached_since > process.born_at

    def _check_vacancy(
        self,
        since: float | None,
        vacant: bool,
        name: str,
        within_s: float = HEALING_S,
        hurt_at: float = _LONG_AGO,
    ) -> float | None:
        """`hurt_at`: when a message that matters was last lost or delayed, beside those between the
        twins."""
        now = self.world.now
        if since is not None:
            self.longest_vacancy_s = max(self.longest_vacancy_s, now - since)
            lines = self.world.lines
            late_at = lines.late_one_came_at(now)
            quiet_since = max(since, self.disturbed_at, lines.hurt.ended_at, late_at, hurt_at)
            wired = now - self.miswired.ended_at > STRANGERS_S
            # The last message to arrive was underway for this long.
            bound_s = within_s + self._slowest_s
            # A twin that cannot talk starts counting again when it hears of a third boot's claim.
            if now - quiet_since > (bound_s if wired else 2 * STRANGERS_S):
                self._broken(name, f"nobody was for {now - since:.2f} s")
        if not vacant:
            return None
        return now if since is None else since

    # ---- checks at the end of a calm

    def check_agreement(self) -> None:
        """Check after healing: exactly one twin is on duty, and all have the same knowledge."""
        if wrong := self.disagreement():
            self._broken("after a fault heals all agree", wrong)

    def disagreement(self) -> str:
        """The point on which the twins disagree; empty if they agree."""
        processes = [p for p in self._processes() if p.acts and _serves(p)]
        holders = [process for process in processes if process.state.on_duty]
        if processes and len(holders) != 1:
            return f"{len(holders)} are on duty"
        for process in processes:
            if process.state.knowledge != holders[0].state.knowledge:
                return f"the ledgers of {process.boot} and {holders[0].boot}"
        return ""

    def awaits_the_dead(self) -> bool:
        """Whether the run of a dead boot still counts as running."""
        alive = self._processes()
        boots = {process.boot for process in alive}
        entries = (entry for one in alive for entry in one.state.knowledge.ledger.values())
        return any(entry.fate is Fate.RUNNING and entry.boot not in boots for entry in entries)

    def check_slots(self, since: float, until: float) -> None:
        """Check that every slot between ran, or was skipped with a reason."""
        if lost := self.slots.lost(self.world.jobs.values(), since, until):
            self._broken("no slot is lost", lost)

    # ---- internals

    def _processes(self) -> list[Boot]:
        return [process for host in self.world.hosts.values() for process in host.alive]

    def _broken(self, promise: str, how: str) -> None:
        text = f"seed {self.world.seed}: {promise}: {how}"
        self.world.story.tell(self.world.now, "observer", "BROKEN", f"{promise}: {how}")
        raise BrokenPromiseError(f"{text}\n{self.world.story}")


def _astray_since(process: Boot) -> float:
    """Since when another boot has had its URL."""
    front = process.host.front
    if front is None or front is process:
        return _LONG_AGO
    return front.reached_at


def _had_just_lost_its_url(process: Boot, at: float) -> bool:
    front = process.host.front
    return front not in (None, process) and 0 <= at - front.reached_at <= OWN_URL_S


def _could_come_back(process: Boot) -> bool:
    """Whether it made way for a newer boot although its URL leads to it."""
    return isinstance(process.state.stage, Retired) and process.host.front is process


def _named(process: Boot) -> str:
    return f"{process.host.name} {process.boot}"


def _serves(process: Boot) -> bool:
    return process.state.role is not Role.LEAVING


def _is_read(stream: Line) -> bool:
    """Whether written lines reach a process that answers for them or passes them on."""
    reader = stream.reader
    can_be_asked = reader.host.front is reader or reader.state.retired or not reader.state.reached
    return stream.read and stream.flows and reader.acts and can_be_asked
