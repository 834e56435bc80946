"""All that one twin holds in mind, as one frozen value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from twin.core.moment import Moment
from twin.core.pair.document import Document, Role
from twin.core.pair.knowledge import NOBODY, Claim, Knowledge
from twin.core.pair.shift import Shift
from twin.core.pair.timeouts import REOPEN_S
from twin.core.schedule.job import Job


@dataclass(frozen=True, slots=True)
class Rules:
    """Settings that the decisions depend on."""

    takes_on_wake: bool = True
    """`ON_WAKE=take`; without it a waking twin joins, if its peer is on duty."""
    shift: Shift | None = None


def boot_name(began_ms: int, tail: str) -> str:
    """Names of boots sort by age: also that of one whose clock began in 1970."""
    return f"{began_ms:013d}-{tail}"


class Trouble(StrEnum):
    """What is wrong with the way the two are wired."""

    NONE = ""
    DENIED = "denied"
    STRANGER = "stranger"
    SAME_NAME = "same name"


@dataclass(frozen=True, slots=True)
class Peer:
    """What is known of the other twin, by its newest boot."""

    url: str | None = None
    """Where it is asked: `PEER_URL`, else what its newest message says."""
    url_is_set: bool = False
    """Whether that is `PEER_URL`, which no message changes."""
    told_url: str | None = None
    """What its newest message says of its own URL."""
    twin: str = ""
    boot: str = ""
    role: Role | None = None
    doubts: bool = False
    """It stands by, and gets no answer that it can read: it needs our calls."""
    left: bool = False
    """Its newest boot said that its process ends: it sleeps, or is gone."""
    heard_at: Moment | None = None
    shown: Claim = NOBODY
    """The highest claim that its newest message showed."""
    refused: bool = False
    """Nobody served at its URL when last asked."""
    legacy: bool = False
    trouble: Trouble = Trouble.NONE
    trouble_why: str = ""
    there_until: float = 0.0
    """In trouble: until when (`Moment.mono`) silence does not mean that it is gone: a twin was seen
    at its URL."""
    wakes: tuple[float, ...] = ()
    """When boots of it came whose predecessor had ended without a word (`Moment.mono`)."""

    @property
    def ever_heard(self) -> bool:
        return self.heard_at is not None or self.legacy

    def is_there(self, mono: float) -> bool:
        """Whether a twin that we cannot talk to was seen at its URL just now."""
        return bool(self.trouble) and mono < self.there_until


# ---- the stages of a boot's life: exactly one at a time. All times are `Moment.mono`.


@dataclass(frozen=True, slots=True)
class Waking:
    role: ClassVar = Role.WAKING
    since: float
    ask_own_at: float
    peer_took: bool = False
    """An `/update` of a peer that holds or claims the duty came: perhaps what woke us."""


@dataclass(frozen=True, slots=True)
class Holding:
    """Our claim is the highest; on duty once it is confirmed."""

    since: float
    not_before: float = 0.0
    """The peer's word confirms it only from here on: an older boot of ours may still be at it."""
    confirmed: bool = False
    standing_in: bool = False
    """Confirmed only by the look of an unreachable peer's `/healthz`."""
    repeat_at: float = 0.0
    look_at: float = 0.0
    off_duty_since: float | None = None
    """Since when the peer's `/healthz` has not shown it on duty."""
    ask_at: float | None = None
    """When to ask a peer that dropped its watch without a word, or whose shift began."""

    @property
    def role(self) -> Role:
        return Role.ON_DUTY if self.confirmed else Role.CLAIMING


@dataclass(frozen=True, slots=True)
class Standby:
    role: ClassVar = Role.STANDBY
    since: float
    watching: bool = False
    opened_at: float = 0.0
    """When the watch was opened last."""
    reopen_at: float = 0.0
    pause_s: float = REOPEN_S
    """From one opening to the next, at least."""
    doubt_since: float | None = None
    """Since when nobody is known to be on duty."""
    asks_in_vain: bool = True
    """No question of this doubt brought an answer that could be read."""
    ask_at: float = 0.0
    refused_at: float | None = None
    failures: int = 0
    """How often in a row a legacy peer was not there."""


@dataclass(frozen=True, slots=True)
class Retired:
    """A newer boot of this app is there. Serves on, starts nothing."""

    role: ClassVar = Role.LEAVING
    ask_own_at: float
    failed_from: float
    """From when on our URL, if it leads to us, shows that the newer boot's deploy has failed."""
    vouches_until: float | None = None
    """Until when the newer boot counts as alive; None once it was not heard for long."""


@dataclass(frozen=True, slots=True)
class Leaving:
    role: ClassVar = Role.LEAVING
    retired: bool = False
    """A newer boot of this app was heard of: this one no longer speaks for its twin."""


Stage = Waking | Holding | Standby | Retired | Leaving


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    twin: str
    boot: str
    url: str | None
    rules: Rules
    stage: Stage
    peer: Peer
    knowledge: Knowledge = field(default_factory=Knowledge)
    woke_at: Moment
    role_since: float
    """Wall time of the last change of role."""
    wall: float
    """Wall time of the last step, to notice a clock that is set back."""
    thawed_at: float | None = None
    """Of a process that froze, until the peer has answered a question asked since, or had the time
    to: until then what it hears may be old."""
    reached: bool | None = None
    """Whether our URL led to this boot when last asked; None while nobody answered there. Unless it
    did, the peer may be unable to ask us anything."""
    watchers: int = 0
    jobs: Mapping[str, Job] = field(default_factory=dict)
    upcoming: Mapping[str, int] = field(default_factory=dict)
    """On duty: by job, its first slot that is neither run nor skipped."""
    due_at: float = 0.0
    """On duty: the wall time of the first of `upcoming` that is still ahead."""
    overdue: bool = False
    """A slot of `upcoming` has passed, and waits for a run of its job to end."""
    over_from: Mapping[str, float] = field(default_factory=dict)
    """By boot, the `Moment.mono` from which its runs are taken to be over."""
    ask_runs_at: float = 0.0
    """When to ask again how a run is going that started on the other twin."""
    in_shift: bool = False
    refused: frozenset[str] = frozenset()
    """Why something that the other told was not believed, as far as the log has it."""

    @property
    def role(self) -> Role:
        return self.stage.role

    @property
    def retired(self) -> bool:
        """Whether this boot made way for a newer one."""
        match self.stage:
            case Leaving(retired=retired):
                return retired
        return isinstance(self.stage, Retired)

    @property
    def vouches(self) -> bool:
        """Whether it has just heard that newer one."""
        return isinstance(self.stage, Retired) and self.stage.vouches_until is not None

    @property
    def on_duty(self) -> bool:
        return self.role is Role.ON_DUTY

    @property
    def alone(self) -> bool:
        """No peer is configured, and none was ever heard."""
        return self.peer.url is None and not self.peer.ever_heard

    @property
    def claim_is_ours(self) -> bool:
        claim = self.knowledge.claim
        return claim.is_by(self.twin, self.boot) and not claim.released

    @property
    def newer_boot_claims(self) -> bool:
        """Whether the highest claim is of a newer boot of this app."""
        claim = self.knowledge.claim
        return claim.twin == self.twin and claim.boot > self.boot

    @classmethod
    def at_wake(
        cls,
        twin: str,
        boot: str,
        url: str | None,
        peer_url: str | None,
        rules: Rules,
        jobs: Mapping[str, Job],
        now: Moment,
    ) -> "State":
        """How a boot begins: it knows nothing, and listens."""
        return cls(
            twin=twin,
            boot=boot,
            url=url,
            rules=rules,
            stage=Waking(since=now.mono, ask_own_at=now.mono),
            peer=Peer(url=peer_url, url_is_set=peer_url is not None),
            woke_at=now,
            role_since=now.wall,
            wall=now.wall,
            jobs=jobs,
            in_shift=rules.shift is not None and rules.shift.contains(now.wall),
        )

    def document(self, running: tuple[str, ...] = (), ticked_ago_s: float = 0.0) -> Document:
        """What this twin tells the other; `running` and `ticked_ago_s` as in `Document`."""
        return Document(
            twin=self.twin,
            boot=self.boot,
            url=self.url,
            role=self.role,
            leaving=self.role is Role.LEAVING and not self.retired,
            retired=self.retired,
            vouches=self.vouches,
            doubts=self._doubts,
            running=running,
            ticked_ago_s=ticked_ago_s,
            claim=self._claim_shown,
            ledger=self.knowledge.ledger,
            memos=self.knowledge.memos,
        )

    @property
    def _doubts(self) -> bool:
        stage = self.stage
        if not isinstance(stage, Standby):
            return False
        return stage.doubt_since is not None and stage.asks_in_vain

    @property
    def _claim_shown(self) -> Claim:
        """To show another's claim confirms it: not before all is read that came in a freeze."""
        claim = self.knowledge.claim
        return claim if self.thawed_at is None or claim.boot == self.boot else NOBODY
