"""The events that a twin receives, and the effects that it returns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from math import inf

from twin.core.pair.arbiter import Answer, Question
from twin.core.pair.document import Document, Role
from twin.core.pair.knowledge import Fate
from twin.core.schedule.job import Job

# ---- events: from the shell to the core


class Via(Enum):
    """How a document came."""

    UPDATE = auto()
    DOWN = auto()
    LINE = auto()
    """A line of the watch."""
    ANSWER = auto()
    """The answer to a request to the peer."""
    OWN = auto()
    """The answer of the boot that the own URL leads to."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


@dataclass(frozen=True, slots=True)
class Froze:
    """This process stood still so long that the peer may have acted meanwhile."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Heard:
    document: Document
    via: Via
    asked_at: float = 0.0
    """For an answer: when its request was sent, as `Moment.mono`."""


@dataclass(frozen=True, slots=True)
class PlainUpdate:
    """`GET /update` of a legacy peer, or by curl: the peer takes the duty."""


@dataclass(frozen=True, slots=True)
class TakeDuty:
    """Asks a standby to claim the duty: a `GET /down`, or the button on the page."""

    because: str


@dataclass(frozen=True, slots=True)
class HandOver:
    """Asks a holder to have its peer take the duty, within `within_s` at most."""

    within_s: float


class Failure(Enum):
    """Why a request to the peer brought no document."""

    REFUSED = auto()
    """The connection was refused, or a router answered 502 or the like: nothing serves there."""
    DENIED = auto()
    """401 or 403: the credentials are wrong."""
    STRANGER = auto()
    """The answer is no twin's."""
    LEGACY = auto()
    """404 or 405: a legacy peer has no such endpoint."""


@dataclass(frozen=True, slots=True)
class Failed:
    failure: Failure
    why: str
    """A sentence with the cause and the remedy."""
    asked_at: float = inf
    """When the request was sent, as `Moment.mono`."""


@dataclass(frozen=True, slots=True)
class PlainConfirmed:
    """A legacy peer answered our plain update with `{"status": "Update"}`."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What the peer's `/healthz` shows, which needs no credentials."""

    on_duty: bool
    boot: str
    alive: bool


@dataclass(frozen=True, slots=True)
class WatchLost:
    """The watch broke, fell silent or could not be opened."""

    why: str
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Watchers:
    """How many watches the peer now keeps open here."""

    count: int


@dataclass(frozen=True, slots=True)
class Ended:
    """A run on this twin is over."""

    job: str
    slot: int
    fate: Fate
    seconds: float
    why: str = ""


@dataclass(frozen=True, slots=True)
class LearnedUrl:
    """The peer reached this twin at this URL, and the twin did not know its own."""

    url: str


@dataclass(frozen=True, slots=True)
class RunNow:
    """Somebody asks for one run of this job, beside its slots."""

    job: str


@dataclass(frozen=True, slots=True)
class Declared:
    """The jobs of this twin are these from now on."""

    jobs: Mapping[str, Job]
    counted_from: Mapping[str, float] = field(default_factory=dict)
    """By name, of those that are new, or there anew: the wall time after which their slots count,
    whatever the ledger has of that name."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The script of a job that is `asked` for is ready to run its newest slot."""

    job: str


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The script of a job, which does not run now, wants no more of its slots."""

    job: str


@dataclass(frozen=True, slots=True)
class Remember:
    """A memo for the next holder."""

    key: str
    text: str
    term: int
    """Of the highest claim that the writer knows: a twin that has lost the duty counts less."""


@dataclass(frozen=True, slots=True)
class Ruled:
    """The arbiter's answer to `question`."""

    question: Question
    asked_at: float
    """When it was asked, as `Moment.mono`."""
    answer: Answer | None
    """None if there was none in time."""
    why: str = ""
    """Why there was none: a sentence without secrets."""


@dataclass(frozen=True, slots=True)
class Leave:
    """This process ends."""

    because: str


Event = (
    Tick
    | Froze
    | Heard
    | PlainUpdate
    | TakeDuty
    | HandOver
    | Failed
    | PlainConfirmed
    | Looked
    | WatchLost
    | Watchers
    | Ended
    | LearnedUrl
    | RunNow
    | Declared
    | Asked
    | Cancelled
    | Remember
    | Ruled
    | Leave
)

# ---- effects: from the core to the shell, in the order in which they must happen


class Request(Enum):
    """A request, with this twin's document as of the time of sending."""

    UPDATE = auto()
    """`POST /update` to the peer."""
    DOWN = auto()
    """`POST /down` to the peer."""
    TAKE = auto()
    """`GET /down` to the peer: take the duty. Carries no document."""
    STATUS = auto()
    """`GET /status` to the peer."""
    OWN = auto()
    """`POST /update` to the own URL, to find out which boot answers there."""
    LOOK = auto()
    """`GET /healthz` to the peer, which needs no credentials."""


@dataclass(frozen=True, slots=True)
class Send:
    request: Request
    url: str | None = None
    """Of another twin than `State.peer`. Sent over a new connection: one that is kept may lead to
    an older boot."""


@dataclass(frozen=True, slots=True)
class AskArbiter:
    question: Question
    asked_at: float
    """Comes back with the answer."""


@dataclass(frozen=True, slots=True)
class Publish:
    """Write this twin's document to every open watch, before what follows."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Open the watch, or close it."""

    open: bool


@dataclass(frozen=True, slots=True)
class Start:
    """Run this job for this slot."""

    job: str
    slot: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """The slots of this job from `first` to `last` are recorded as skipped."""

    job: str
    first: int
    last: int
    count: int


@dataclass(frozen=True, slots=True)
class Finished:
    """The run for this slot, here or on the other twin, is over, as far as this twin knows."""

    job: str
    slot: int
    fate: Fate


@dataclass(frozen=True, slots=True)
class RoleChanged:
    """The role of this twin has changed, and why."""

    role: Role
    because: str


@dataclass(frozen=True, slots=True)
class Note:
    """A line for the log, which only people read."""

    event: str
    values: tuple[tuple[str, object], ...] = ()
    warning: bool = False


Effect = Send | AskArbiter | Publish | Watch | Start | Skipped | Finished | RoleChanged | Note
