"""One step in progress: the state and the effects so far."""

from dataclasses import replace
from typing import Any

from twin.core.moment import Moment
from twin.core.pair.arbiter import Question
from twin.core.pair.belief import believed
from twin.core.pair.bounds import WHY_BYTES, shortened
from twin.core.pair.events import (
    AskArbiter,
    Effect,
    Finished,
    Note,
    Publish,
    Request,
    RoleChanged,
    Send,
    Skipped,
    Start,
    Watch,
)
from twin.core.pair.knowledge import Entry, Fate, Knowledge
from twin.core.pair.state import Peer, Stage, State


class Step:
    """Rules read `state`, and change it by these methods; the caller sees the result only."""

    def __init__(self, state: State, now: Moment) -> None:
        self.before = state
        self.state = state
        self.now = now
        self._effects: list[Effect] = []
        self._starts: list[Start] = []
        self._because = ""
        self._entries: dict[str, Entry] = {}
        self._upcoming: dict[str, int] | None = None

    @property
    def peer(self) -> Peer:
        return self.state.peer

    def is_fresh(self, asked_at: float) -> bool:
        """Whether the question was asked after this process last froze."""
        thawed_at = self.state.thawed_at
        return thawed_at is None or asked_at >= thawed_at

    def change(self, **fields: Any) -> None:
        self.state = replace(self.state, **fields)

    def change_peer(self, **fields: Any) -> None:
        self.state = replace(self.state, peer=replace(self.state.peer, **fields))

    def enter(self, stage: Stage, because: str = "") -> None:
        """`because`: why the role changes, if it does."""
        if stage != self.state.stage:
            self.state = replace(self.state, stage=stage)
        self._because = because or self._because

    def learn(self, knowledge: Knowledge) -> None:
        merged = self.state.knowledge.merge(knowledge)
        if merged is not self.state.knowledge:
            self.state = replace(self.state, knowledge=merged)

    def believe(self, told: Knowledge) -> None:
        """Learn from another twin what can be true; log once why the rest is refused."""
        state = self.state
        knowledge, refused = believed(state.knowledge, told, state.jobs.keys(), self.now.wall)
        if knowledge is not state.knowledge:
            self.change(knowledge=knowledge)
        for why in refused:
            if why not in state.refused:
                self.warn("knowledge.refused", because=why)
                self.change(refused=self.state.refused | {why})

    def entry(self, job: str) -> Entry | None:
        return self._entries.get(job) or self.state.knowledge.ledger.get(job)

    def record(self, job: str, entry: Entry) -> None:
        why = shortened(entry.why, WHY_BYTES)
        self._entries[job] = entry if why == entry.why else replace(entry, why=why)

    @property
    def upcoming(self) -> dict[str, int]:
        """By job, its next slot to serve; a mutable copy, made once a step."""
        if self._upcoming is None:
            self._upcoming = dict(self.state.upcoming)
        return self._upcoming

    def close_the_books(self) -> None:
        """Move the recorded entries and the upcoming slots into the state."""
        state = self.state
        self.change(
            knowledge=state.knowledge.merge(Knowledge(ledger=self._entries)),
            upcoming=state.upcoming if self._upcoming is None else self._upcoming,
            wall=self.now.wall,
        )

    def send(self, request: Request, url: str | None = None) -> None:
        """Send a request, if its URL is known; `url` as in `Send`."""
        to = url or (self.state.url if request is Request.OWN else self.state.peer.url)
        if to is not None and Send(request, url) not in self._effects:
            self._effects.append(Send(request, url))

    def ask_arbiter(self, question: Question) -> None:
        self._effects.append(AskArbiter(question, self.now.mono))

    def change_lease(self, **fields: Any) -> None:
        assert self.state.lease is not None, "only in strict mode"  # noqa: S101
        self.state = replace(self.state, lease=replace(self.state.lease, **fields))

    def watch(self, wanted: bool) -> None:
        self._effects.append(Watch(wanted))

    @property
    def starts(self) -> tuple[Start, ...]:
        return tuple(self._starts)

    def start(self, job: str, slot: int) -> None:
        self._starts.append(Start(job, slot))

    def skip(self, job: str, first: int, last: int, count: int, because: str) -> None:
        self._effects.append(Skipped(job, first, last, count))
        self.note("slot.skipped", job=job, slot=first, last=last, count=count, because=because)

    def finish(self, job: str, entry: Entry, **values: object) -> None:
        """The run of this entry is over."""
        self._effects.append(Finished(job, entry.slot, entry.fate))
        tell = self.note if entry.fate in (Fate.DONE, Fate.CANCELLED) else self.warn
        because = {"because": entry.why} if entry.why else {}
        tell("slot.ended", job=job, slot=entry.slot, state=entry.fate, **values, **because)

    def note(self, event: str, **values: object) -> None:
        self._effects.append(Note(event, tuple(values.items())))

    def warn(self, event: str, **values: object) -> None:
        self._effects.append(Note(event, tuple(values.items()), warning=True))

    def result(self) -> tuple[State, tuple[Effect, ...]]:
        """The new state, and the effects in the order in which they must happen.

        News are published first, then sent; jobs start last.
        """
        before, after = self.before, self.state
        if before.role is not after.role:
            self.state = after = replace(after, role_since=self.now.wall)
            self._effects.insert(0, RoleChanged(after.role, self._because))
        told = (before.role, before.vouches) == (after.role, after.vouches)
        publish = () if told and before.knowledge is after.knowledge else (Publish(),)
        return after, (*publish, *self._effects, *self._starts)
