"""Interfaces between the parts of a world, so that no two files import each other."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from twin.core.moment import Moment
from twin.core.pair.arbiter import Answer, Question
from twin.core.pair.document import Document
from twin.core.pair.events import Effect, Event, Request
from twin.core.pair.knowledge import Entry
from twin.core.pair.state import State

Answerer = Callable[["Boot | None"], None]
"""Takes the boot that gets the request; None if the host refused it."""


class App(Protocol):
    """One of the two apps: a name, which is its URL, and its boots."""

    name: str
    password: str
    clock_off_s: float
    pages: bool
    """Whether its router answers for a dead app with its own page, such as a 404."""

    @property
    def alive(self) -> Sequence["Boot"]: ...
    @property
    def front(self) -> "Boot | None": ...
    @property
    def is_calm(self) -> bool: ...
    def lead(self, answer: Answerer) -> None: ...


class Boot(Protocol):
    """One process of an app."""

    dead: bool
    frozen: bool
    born_at: float
    awake_since: float
    reached_at: float
    """Since when its app's URL has led to it."""
    is_misnamed: bool
    """Whether its name lies about its age."""

    @property
    def host(self) -> App: ...
    @property
    def boot(self) -> str: ...
    @property
    def now(self) -> Moment: ...
    @property
    def state(self) -> State: ...
    @property
    def acts(self) -> bool: ...
    @property
    def streams(self) -> Sequence["Line"]: ...
    @property
    def watch(self) -> "Line | None": ...
    def when_awake(self, act: Callable[[], None]) -> None: ...
    def step(self, event: Event) -> None: ...
    def document(self) -> Document: ...
    def answer(self, asked: "Asked") -> Event | None: ...
    def look(self) -> State: ...
    def read_by(self, stream: "Line") -> None: ...
    def read_no_more_by(self, stream: "Line") -> None: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """A request on its way."""

    by: Boot
    kind: Request
    document: Document | None
    at: float
    """In the asker's `Moment.mono`."""


class Line(Protocol):
    """A watch, as seen by its two ends and the observer."""

    flows: bool
    """False once a line was lost: the watch is half-open, and silent from then on."""
    read: bool
    """Whether the reader still waits for lines."""
    told: Mapping[str, Entry]
    """The ledger of the last line written, whether it has arrived or not."""

    @property
    def reader(self) -> Boot: ...
    @property
    def writer(self) -> Boot | None: ...
    def write(self, document: Document) -> None: ...
    def stall(self, gone: bool = False) -> None: ...
    def end(self) -> None: ...


class Arbiter(Protocol):
    def ask(
        self, by: Boot, question: Question, answered: Callable[[Answer | None], None]
    ) -> None: ...


class Witness(Protocol):
    """Receives the events of a world."""

    def disturbed(self) -> None: ...
    def clock_set(self, by_s: float) -> None: ...
    def stopped(self, process: Boot) -> None: ...
    def left_unread(self, stream: Line) -> None: ...
    def hidden(self, process: Boot) -> None: ...
    def stepped(self, process: Boot, before: State) -> None: ...
    def saw(self, process: Boot, effect: Effect) -> None: ...
    def started(self, process: Boot, job: str, slot: int) -> None: ...
    def look(self) -> None: ...
