"""One step in the making: the state so far, and the effects so far."""

from dataclasses import replace
from typing import Any

from twin.core.moment import Moment
from twin.core.pair.belief import believed
from twin.core.pair.bounds import WHY_BYTES, shortened
from twin.core.pair.events import Effect, Note, Publish, Request, Send, Start, Watch
from twin.core.pair.knowledge import Entry, Knowledge
from twin.core.pair.state import Peer, Stage, State


class Step:
    """Rules read `state` and change it by these methods; nobody outside the step sees the turn."""

    def __init__(self, state: State, now: Moment) -> None:
        self.before = state
        self.state = state
        self.now = now
        self._effects: list[Effect] = []
        self._starts: list[Start] = []
        self._entries: dict[str, Entry] = {}
        self._upcoming: dict[str, int] | None = None

    @property
    def peer(self) -> Peer:
        return self.state.peer

    def is_fresh(self, asked_at: float) -> bool:
        """Whether what came is the answer to a question asked since this process last froze."""
        thawed_at = self.state.thawed_at
        return thawed_at is None or asked_at >= thawed_at

    def change(self, **fields: Any) -> None:
        self.state = replace(self.state, **fields)

    def change_peer(self, **fields: Any) -> None:
        self.state = replace(self.state, peer=replace(self.state.peer, **fields))

    def enter(self, stage: Stage) -> None:
        if stage != self.state.stage:
            self.state = replace(self.state, stage=stage)

    def learn(self, knowledge: Knowledge) -> None:
        merged = self.state.knowledge.merge(knowledge)
        if merged is not self.state.knowledge:
            self.state = replace(self.state, knowledge=merged)

    def believe(self, told: Knowledge) -> None:
        """Learn what another twin tells, as far as it can be true; log once why not the rest."""
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
        """By job, its first slot to look at; may be changed. Copied once a step, not once a job."""
        if self._upcoming is None:
            self._upcoming = dict(self.state.upcoming)
        return self._upcoming

    def close_the_books(self) -> None:
        """Put what was recorded and expected into the state."""
        state = self.state
        self.change(
            knowledge=state.knowledge.merge(Knowledge(ledger=self._entries)),
            upcoming=state.upcoming if self._upcoming is None else self._upcoming,
            wall=self.now.wall,
        )

    def send(self, request: Request) -> None:
        """Ask for a request, if there is an address to send it to."""
        url = self.state.url if request is Request.OWN else self.state.peer.url
        if url is not None and Send(request) not in self._effects:
            self._effects.append(Send(request))

    def watch(self, wanted: bool) -> None:
        self._effects.append(Watch(wanted))

    def start(self, job: str, slot: int) -> None:
        self._starts.append(Start(job, slot))

    def note(self, event: str, **values: object) -> None:
        self._effects.append(Note(event, tuple(values.items())))

    def warn(self, event: str, **values: object) -> None:
        self._effects.append(Note(event, tuple(values.items()), warning=True))

    def result(self) -> tuple[State, tuple[Effect, ...]]:
        """The new state, and the effects in the order in which they must happen.

        Whatever the peer does not know yet is published first, then sent; a job starts last.
        """
        before, after = self.before, self.state
        if before.role is not after.role:
            self.state = after = replace(after, role_since=self.now.wall)
        told = (before.role, before.vouches) == (after.role, after.vouches)
        publish = () if told and before.knowledge is after.knowledge else (Publish(),)
        return after, (*publish, *self._effects, *self._starts)
