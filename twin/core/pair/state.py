"""The whole state of one twin, as one frozen value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from twin.core.moment import Moment
from twin.core.pair.document import Document, Role
from twin.core.pair.knowledge import NOBODY, Claim, Knowledge
from twin.core.pair.lease import Lease
from twin.core.pair.shift import Shift
from twin.core.pair.timeouts import REOPEN_S
from twin.core.schedule.job import Job


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings that the rules depend on."""

    takes_on_wake: bool = True
    """`ON_WAKE=take`; without it a waking twin joins, if its peer is on duty."""
    shift: Shift | None = None
    lease_s: float | None = None
    """The length of a lease from the arbiter; None without one."""
    goes_on: bool = False
    """`ARBITER_DOWN=pair`, as in `Lease`."""


def boot_name(began_ms: int, tail: str) -> str:
    """A name that sorts by age, even if the clock began in 1970."""
    return f"{began_ms:013d}-{tail}"


class Trouble(StrEnum):
    """How the two are misconfigured."""

    NONE = ""
    DENIED = "denied"
    STRANGER = "stranger"
    SAME_NAME = "same name"


@dataclass(frozen=True, slots=True)
class Peer:
    """What this twin knows of the other one: of its newest boot."""

    url: str | None = None
    """Where to ask it: `PEER_URL`, else the URL in its newest message."""
    url_is_set: bool = False
    """Whether that is `PEER_URL`, which no message changes."""
    told_url: str | None = None
    """The URL in its newest message."""
    twin: str = ""
    boot: str = ""
    role: Role | None = None
    doubts: bool = False
    """It is a standby in doubt that can read no answer: it needs calls."""
    left: bool = False
    """Its newest boot said that it leaves: it sleeps, or is gone."""
    heard_at: Moment | None = None
    shown: Claim = NOBODY
    """The highest claim that its newest message showed."""
    refused: bool = False
    """Nothing served at its URL when last asked."""
    legacy: bool = False
    trouble: Trouble = Trouble.NONE
    trouble_why: str = ""
    there_until: float = 0.0
    """In trouble: until when (`Moment.mono`) its silence confirms nothing, since a twin was seen at
    its URL."""
    wakes: tuple[float, ...] = ()
    """When boots of it woke after one that ended without a word (`Moment.mono`)."""

    @property
    def ever_heard(self) -> bool:
        return self.heard_at is not None or self.legacy

    def is_there(self, mono: float) -> bool:
        """Whether a twin that cannot be talked to was just seen at its URL."""
        return bool(self.trouble) and mono < self.there_until


# ---- the stages of a boot's life: exactly one at a time. All times are `Moment.mono`.


@dataclass(frozen=True, slots=True)
class Waking:
    role: ClassVar = Role.WAKING
    since: float
    ask_own_at: float
    peer_took: bool = False
    """An `/update` of a peer that holds or claims the duty came, and perhaps woke this app."""


@dataclass(frozen=True, slots=True)
class Holding:
    """The own claim is the highest; on duty once it is confirmed."""

    since: float
    not_before: float = 0.0
    """The peer's word confirms it only from here on: an older boot may still be on duty."""
    confirmed: bool = False
    standing_in: bool = False
    """Confirmed without the word of a peer that cannot be talked to."""
    repeat_at: float = 0.0
    look_at: float = 0.0
    off_duty_since: float | None = None
    """Since when the peer's `/healthz` has not shown it on duty."""
    ask_at: float | None = None
    """When to ask a peer that dropped its watch without a word, or whose shift began."""
    hand_over_at: float | None = None
    """When to ask the peer (again) to take the duty, on request."""
    hand_over_until: float = 0.0

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
    """At least, from one opening to the next."""
    doubt_since: float | None = None
    """The start of the doubt."""
    asks_in_vain: bool = True
    """No question of this doubt has brought a readable answer."""
    ask_at: float = 0.0
    refused_at: float | None = None
    failures: int = 0
    """Failed looks at a legacy peer in a row."""


@dataclass(frozen=True, slots=True)
class Retired:
    """A newer boot of this app goes on. This one serves, and starts nothing."""

    role: ClassVar = Role.LEAVING
    ask_own_at: float
    failed_from: float
    """From here on the deploy has failed if the own URL still leads to this boot."""
    vouches_until: float | None = None
    """Until when the newer boot counts as alive; None after a long silence."""


@dataclass(frozen=True, slots=True)
class Leaving:
    role: ClassVar = Role.LEAVING
    retired: bool = False
    """A newer boot of this app goes on: this one no longer speaks for its twin."""


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
    """The end of a freeze, until the peer has answered a question asked since, or had the time to:
    until then a message may be old."""
    reached: bool | None = None
    """Whether the own URL led to this boot when last asked; None while nobody answered there. If
    not, the peer may be unable to ask this boot."""
    watchers: int = 0
    told: bool = False
    """Whether the peer has told this boot what ran, since it woke or last froze on duty: by an
    answer, a line of the watch or a release. A call may be old, since a router may have held it."""
    froze_until: float = 0.0
    """The wall time at which this boot last thawed on duty."""
    no_record_until: float | None = None
    """If this boot took the duty and no twin in reach had a record: the wall time up to which slots
    are unknown. None as soon as a record of earlier ones is found."""
    jobs: Mapping[str, Job] = field(default_factory=dict)
    upcoming: Mapping[str, int] = field(default_factory=dict)
    """On duty: by job, its first slot that has neither run nor been skipped."""
    due_at: float = 0.0
    """On duty: the wall time of the first of `upcoming` that is still ahead."""
    overdue: bool = False
    """A slot of `upcoming` has passed, and waits for a run of its job."""
    over_from: Mapping[str, float] = field(default_factory=dict)
    """By boot, the `Moment.mono` from which its runs count as over; -inf once they are recorded."""
    ask_runs_at: float = 0.0
    """When to ask again after a run on the other twin."""
    in_shift: bool = False
    lease: Lease | None = None
    """In strict mode."""
    refused: frozenset[str] = frozenset()
    """The reasons for refused knowledge that the log has already."""

    @property
    def role(self) -> Role:
        return self.stage.role

    @property
    def retired(self) -> bool:
        """Whether this boot retired for a newer one."""
        match self.stage:
            case Leaving(retired=retired):
                return retired
        return isinstance(self.stage, Retired)

    @property
    def vouches(self) -> bool:
        """Whether it has just heard that newer boot."""
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
    def newer_boot(self) -> str:
        """The newest boot of this app, if that is not this one; else empty."""
        newest = self.knowledge.boots.get(self.twin, "")
        return newest if newest > self.boot else ""

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
        """The state in which a boot begins: it knows nothing, and listens."""
        return cls(
            twin=twin,
            boot=boot,
            url=url,
            rules=rules,
            stage=Waking(since=now.mono, ask_own_at=now.mono),
            peer=Peer(url=peer_url, url_is_set=peer_url is not None),
            knowledge=Knowledge(boots={twin: boot}),
            woke_at=now,
            role_since=now.wall,
            wall=now.wall,
            jobs=jobs,
            in_shift=rules.shift is not None and rules.shift.contains(now.wall),
            lease=None
            if rules.lease_s is None
            else Lease(length_s=rules.lease_s, goes_on=rules.goes_on),
        )

    def document(self, running: tuple[str, ...] = (), ticked_ago_s: float = 0.0) -> Document:
        """This twin's document; `running` and `ticked_ago_s` as in `Document`."""
        return Document(
            twin=self.twin,
            boot=self.boot,
            url=self.url,
            role=self.role,
            leaving=self.role is Role.LEAVING and not self.retired,
            retired=self.retired,
            vouches=self.vouches,
            doubts=self._doubts,
            pleads=self._pleads,
            confirms="" if self.lease is None else self.lease.confirms,
            running=running,
            ticked_ago_s=ticked_ago_s,
            claim=self._claim_shown,
            ledger=self.knowledge.ledger,
            memos=self.knowledge.memos,
            boots=self.knowledge.boots,
        )

    @property
    def _doubts(self) -> bool:
        stage = self.stage
        if not isinstance(stage, Standby):
            return False
        return stage.doubt_since is not None and stage.asks_in_vain

    @property
    def _pleads(self) -> bool:
        return self.lease is not None and self.lease.is_silent and self.on_duty

    @property
    def _claim_shown(self) -> Claim:
        """Hides another's claim after a freeze: to show it confirms it, and messages lie unread."""
        claim = self.knowledge.claim
        return claim if self.thawed_at is None or claim.boot == self.boot else NOBODY
