"""What a twin is told, and what it then wants done."""

from dataclasses import dataclass
from enum import Enum, auto
from math import inf

from twin.core.pair.document import Document
from twin.core.pair.knowledge import Fate

# ---- events: what the shell tells the core


class Via(Enum):
    """How a document came."""

    UPDATE = auto()
    DOWN = auto()
    LINE = auto()
    """A line of the watch."""
    ANSWER = auto()
    """The answer to a request of ours to the peer."""
    OWN = auto()
    """The answer of whoever our own public URL leads to."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


@dataclass(frozen=True, slots=True)
class Froze:
    """This process stood still for so long that the peer may have acted meanwhile."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Heard:
    document: Document
    via: Via
    asked_at: float = 0.0
    """For an answer: when its request was sent, as `Moment.mono`."""


@dataclass(frozen=True, slots=True)
class PlainUpdate:
    """`GET /update` of the first app of this kind: the peer takes the duty."""


@dataclass(frozen=True, slots=True)
class PlainDown:
    """`GET /down` of the first app of this kind: the peer leaves."""


class Failure(Enum):
    """Why a request to the peer brought no document."""

    REFUSED = auto()
    """The connection was refused, or answered with 5xx: nobody serves there."""
    DENIED = auto()
    """401 or 403: the credentials are wrong."""
    STRANGER = auto()
    """An answer that is no twin's."""
    LEGACY = auto()
    """404 or 405 where a twin answers: a legacy peer has no such endpoint."""


@dataclass(frozen=True, slots=True)
class Failed:
    failure: Failure
    why: str
    """A sentence that says what is wrong and what to change."""
    asked_at: float = inf
    """When the request was sent, as `Moment.mono`."""


@dataclass(frozen=True, slots=True)
class PlainConfirmed:
    """A legacy peer answered our plain update with `{"status": "Update"}`."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What the peer's `/healthz`, which needs no credentials, told."""

    on_duty: bool
    boot: str
    alive: bool


@dataclass(frozen=True, slots=True)
class WatchLost:
    """Our stream from the peer broke, fell silent or could not be opened."""

    why: str
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Watchers:
    """How many streams of ours the peer now reads."""

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
    """The peer reached us at this URL, and we did not know our own."""

    url: str


@dataclass(frozen=True, slots=True)
class RunNow:
    """Somebody wants this job run once, beside its slots."""

    job: str


@dataclass(frozen=True, slots=True)
class Remember:
    """Something that whoever has the duty next shall know."""

    key: str
    text: str
    term: int
    """Of the claim that the writer goes by: the word of one who has lost the duty counts less."""


@dataclass(frozen=True, slots=True)
class Leave:
    """This process shall end."""

    because: str


Event = (
    Tick
    | Froze
    | Heard
    | PlainUpdate
    | PlainDown
    | Failed
    | PlainConfirmed
    | Looked
    | WatchLost
    | Watchers
    | Ended
    | LearnedUrl
    | RunNow
    | Remember
    | Leave
)

# ---- effects: what the core wants done, in the order in which it must happen


class Request(Enum):
    """What to send, with this twin's document as it is at the time of sending."""

    UPDATE = auto()
    """`POST /update` to the peer."""
    DOWN = auto()
    """`POST /down` to the peer."""
    STATUS = auto()
    """`GET /status` of the peer."""
    OWN = auto()
    """`POST /update` to our own public URL, to see whose boot answers."""
    LOOK = auto()
    """`GET /healthz` of the peer, which needs no credentials."""


@dataclass(frozen=True, slots=True)
class Send:
    request: Request


@dataclass(frozen=True, slots=True)
class Publish:
    """Write this twin's document to every open watch, before what follows."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Keep a stream from the peer open, or close it."""

    open: bool


@dataclass(frozen=True, slots=True)
class Start:
    """Run this job for this slot."""

    job: str
    slot: int


@dataclass(frozen=True, slots=True)
class Note:
    """A line for the log."""

    event: str
    values: tuple[tuple[str, object], ...] = ()
    warning: bool = False


Effect = Send | Publish | Watch | Start | Note
