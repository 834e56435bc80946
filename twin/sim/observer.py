"""Who sees everything, and says by name which promise was broken.

What the protocol says cannot be promised is excused here, and nothing else:

- Two on duty, while a line between the twins is cut, or loses or delays messages, and for the 8 s
  that healing may take. Two boots of one app, when their own URL was out of reach, for the 5 s
  until it is asked. The same for a boot from which the URL was taken without a word.
  Two new boots of two deploys that cross, while the URL of neither leads to it, and for 8 s more:
  they can hear each other only through the old ones, of which one may freeze. One new boot whose
  URL does not lead to it, and that cannot read the peer's answers.
  For 8 s after the end of a boot that began while its clock was an hour wrong: its last word seems
  to be the newest one's.
- A slot that is started twice, when a message was lost, late or unreadable from 8 s before its
  first start on, or in the time of two on duty, or when nobody living could be asked for it any
  more: its twin was killed or froze, or leaves or made way when a new boot gets its URL, and no
  watch that it could write to leads to somebody who passes it on, or whoever read it turned to the
  new boot with a line underway, or the URL was taken from it without a word and it has not asked
  there since.
- A slot that was announced and never began, when its twin was killed in between.
- A slot that nobody announced, when everybody who had a ledger was gone.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from twin.core.pair.document import Role
from twin.core.pair.events import Note
from twin.core.pair.knowledge import Fate
from twin.core.pair.state import Retired, State, Trouble, Waking
from twin.core.pair.timeouts import CLOCK_AHEAD_S
from twin.sim.slots import Slots

if TYPE_CHECKING:
    from collections.abc import Iterable

    from twin.core.pair.knowledge import Entry
    from twin.sim.process import Process
    from twin.sim.stream import Stream
    from twin.sim.world import World

HEALING_S = 8.0
OWN_URL_S = 9.0
"""The 5 s between two looks at one's own URL, and the time for the answer."""
STRANGERS_S = 75.0
"""Twins that cannot talk stand in for each other after 30 s, or 60 s, counted by looks that come
every 5 s once a claim is made."""
_LONG_AGO = float("-inf")


class BrokenPromiseError(AssertionError):
    """A promise, by its name, and how it came to be broken."""


class Observer:
    def __init__(self, world: World) -> None:
        self.world = world
        self.disturbed_at = _LONG_AGO
        self.wrongly_wired_at = _LONG_AGO
        self.clock_set_at = _LONG_AGO
        self.longest_vacancy_s = 0.0
        self.double_duty_s = 0.0
        self.excused: Counter[str] = Counter()
        """Slots that were started twice, by why that cannot be helped."""
        self.slots = Slots()
        self.starts = 0
        self.handovers = 0
        self._taken_by = ""
        self.steps = 0
        self._looked_at = world.now
        self._holders = 0
        self._vacant_since: float | None = None
        self._suspended_since: float | None = None
        self._forgotten: set[tuple[str, int]] = set()
        self._slowest_s = 0.0
        self._excused_at = _LONG_AGO
        self._ghost_at = _LONG_AGO
        """When a boot ended whose name was from a clock an hour off."""

    @property
    def excused_doubles(self) -> int:
        return self.excused.total()

    # ---- what it is told

    def disturbed(self) -> None:
        """Something happened to the pair: time is counted anew from here."""
        self.look()
        self.disturbed_at = self.world.now

    def clock_set(self, by_s: float) -> None:
        self.disturbed()
        if by_s > CLOCK_AHEAD_S:
            # The slots of that time come again, or were run before.
            self.clock_set_at = self.world.now + by_s

    def stopped(self, process: Process) -> None:
        """It was killed, or froze."""
        self.disturbed()
        if process.is_misnamed:
            self._ghost_at = self.world.now
        self._forget(process)

    def left_unread(self, stream: Stream) -> None:
        """Its reader closed it while a line was underway."""
        if stream.writer is None or stream.writer not in self._processes():
            self._forget_slots(stream.told.items())

    def hidden(self, process: Process) -> None:
        """Its URL leads to another. While it leaves, or after it made way, it passes nothing on."""
        if not _serves(process):
            self._forget(process)

    def _forget(self, process: Process) -> None:
        """What nobody else can be asked for."""
        if any(_is_read(stream) for stream in process.streams):
            return
        underway = process.watch.told if process.watch is not None else {}
        known = process.state.knowledge.ledger
        self._forget_slots((*known.items(), *underway.items()), besides=process)

    def _forget_slots(
        self, entries: Iterable[tuple[str, Entry]], besides: Process | None = None
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

    def stepped(self, process: Process, before: State) -> None:
        self.steps += 1
        after = process.state
        if isinstance(before.stage, Retired) and isinstance(after.stage, Waking):
            self.disturbed()
        if after.peer.trouble in (Trouble.DENIED, Trouble.SAME_NAME):
            self.wrongly_wired_at = self.world.now
        if after.on_duty and not before.on_duty:
            self._taken(process)

    def _taken(self, process: Process) -> None:
        self.handovers += self._taken_by not in ("", process.host.name)
        self._taken_by = process.host.name
        self._begins_to_count(process)

    def _begins_to_count(self, process: Process) -> None:
        """Whether it begins to count from now on, as it may if nobody it can hear has a ledger."""
        others = [one for one in self._processes() if one is not process and one.acts]
        lines = self.world.lines
        hurt_at = max(lines.hurt_at, lines.garbled_at, self.wrongly_wired_at)
        lines_are_well = self.world.now - hurt_at > HEALING_S
        reached = [one for one in others if one.host.front is one and _serves(one)]
        reached = [one for one in reached if self.world.now - one.awake_since > HEALING_S]
        if lines_are_well and any(one.state.knowledge.ledger for one in reached):
            return
        entries, now = process.state.knowledge.ledger.values(), process.state.wall
        if any(one.boot == process.boot and one.why.startswith("not counted") for one in entries):
            self.slots.are_nobodys(self.world.jobs, now)

    def noted(self, process: Process, note: Note) -> None:
        self.slots.noted(process, note)

    def started(self, process: Process, job: str, slot: int) -> None:
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

    def _why_twice(self, job: str, slot: int, at: float, by: list[Process]) -> str:
        """Why a slot that was first started at `at` may start again; nothing if it may not."""
        lines, healing_at = self.world.lines, at - HEALING_S
        whys = {
            "cut off": bool(lines.cut) or lines.hurt_at >= healing_at,
            "unreadable": lines.garbled_at >= healing_at,
            "wired wrongly": self.wrongly_wired_at >= healing_at,
            "own URL cut off": lines.own_hurt_at >= healing_at,
            "forgotten": (job, slot) in self._forgotten,
            "its URL was taken": _had_just_lost_its_url(by[1], at),
            "two on duty": self._excused_at >= at,
            "the clock was set": self.clock_set_at >= at,
            "deploys cross": self._are_crossing(by),
        }
        return next((why for why, holds in whys.items() if holds), "")

    # ---- what it checks after every event

    def look(self) -> None:
        now = self.world.now
        self._slowest_s = max(self._slowest_s, self.world.lines.quality.slowest_s)
        acting = [process for process in self._processes() if process.acts]
        holders = [process for process in acting if process.state.on_duty]
        if self._holders > 1:
            self.double_duty_s += now - self._looked_at
        self._looked_at, self._holders = now, len(holders)
        if len(holders) > 1:
            if not self._is_excused(holders):
                self._broken("one on duty", " and ".join(map(_named, holders)))
            self._excused_at = now
        awake = [p for p in acting if _serves(p)]
        vacant = bool(awake) and not holders
        self._vacant_since = self._check_vacancy(self._vacant_since, vacant, "somebody on duty")
        suspended = vacant and all(p.state.role is Role.STANDBY for p in awake)
        name = "never both suspended"
        self._suspended_since = self._check_vacancy(self._suspended_since, suspended, name)

    def _is_excused(self, holders: list[Process]) -> bool:
        now, lines = self.world.now, self.world.lines
        if (
            lines.cut
            or now - max(lines.hurt_at, self.wrongly_wired_at, self._ghost_at) <= HEALING_S
        ):
            return True
        if len({p.host.name for p in holders}) == 1 and now - lines.own_hurt_at <= OWN_URL_S:
            return True
        if any(now - _astray_since(p) <= OWN_URL_S for p in holders):
            return True
        # The peer's calls, all that could be understood, went to the older boot.
        unreadable = now - lines.garbled_at <= HEALING_S
        if unreadable and any(map(self._is_hidden, holders)):
            return True
        return self._are_crossing(holders)

    def _are_crossing(self, processes: list[Process]) -> bool:
        """Whether the URL of none led to it until just now, but to an older boot beside it."""
        return all(self._is_hidden(process) for process in processes)

    def _is_hidden(self, process: Process) -> bool:
        led_to = self.world.now - process.reached_since
        return led_to < HEALING_S and process.reached_since > process.born_at

    def _check_vacancy(self, since: float | None, vacant: bool, name: str) -> float | None:
        now = self.world.now
        if since is not None:
            self.longest_vacancy_s = max(self.longest_vacancy_s, now - since)
            lines = self.world.lines
            late_at = lines.late_one_came_at(now)
            quiet_since = max(since, self.disturbed_at, lines.hurt_at, late_at)
            wired = now - self.wrongly_wired_at > STRANGERS_S
            # The last message that arrived was underway for so long.
            bound_s = HEALING_S + self._slowest_s
            # What a stranger hears of a third boot's claim makes it count anew.
            if now - quiet_since > (bound_s if wired else 2 * STRANGERS_S):
                self._broken(name, f"nobody was for {now - since:.2f} s")
        if not vacant:
            return None
        return now if since is None else since

    # ---- what it checks at the end of a calm

    def check_agreement(self) -> None:
        """After a fault healed: exactly one on duty, and all know the same."""
        if wrong := self.disagreement():
            self._broken("after a fault heals all agree", wrong)

    def disagreement(self) -> str:
        """What the twins do not agree on; nothing if they do."""
        processes = [p for p in self._processes() if p.acts and _serves(p)]
        holders = [process for process in processes if process.state.on_duty]
        if processes and len(holders) != 1:
            return f"{len(holders)} are on duty"
        for process in processes:
            if process.state.knowledge != holders[0].state.knowledge:
                return f"the ledgers of {process.boot} and {holders[0].boot}"
        return ""

    def awaits_the_dead(self) -> bool:
        """Whether a run of a boot that is gone still counts as running."""
        alive = self._processes()
        boots = {process.boot for process in alive}
        entries = (entry for one in alive for entry in one.state.knowledge.ledger.values())
        return any(entry.fate is Fate.RUNNING and entry.boot not in boots for entry in entries)

    def check_slots(self, since: float, until: float) -> None:
        """Every slot between was run, or was skipped with its reason."""
        if lost := self.slots.lost(self.world.jobs.values(), since, until):
            self._broken("no slot is lost", lost)

    # ---- helpers of its own

    def _processes(self) -> list[Process]:
        return [process for host in self.world.hosts.values() for process in host.alive]

    def _broken(self, promise: str, how: str) -> None:
        text = f"seed {self.world.seed}: {promise}: {how}"
        self.world.story.tell(self.world.now, "observer", "BROKEN", f"{promise}: {how}")
        raise BrokenPromiseError(f"{text}\n{self.world.story}")


def _astray_since(process: Process) -> float:
    """Since when another boot has its URL, and it is on duty and has not found out."""
    front = process.host.front
    if front is None or front is process:
        return _LONG_AGO
    return max(front.reached_at, process.state.role_since - process.host.clock_off_s)


def _had_just_lost_its_url(process: Process, at: float) -> bool:
    front = process.host.front
    return front not in (None, process) and 0 <= at - front.reached_at <= OWN_URL_S


def _named(process: Process) -> str:
    return f"{process.host.name} {process.boot}"


def _serves(process: Process) -> bool:
    return process.state.role is not Role.LEAVING


def _is_read(stream: Stream) -> bool:
    """Whether what was written comes to somebody who can be asked for it, or passes it on."""
    reader = stream.reader
    can_be_asked = reader.host.front is reader or reader.state.retired or not reader.state.reached
    return stream.read and stream.flows and reader.acts and can_be_asked
