"""How often a pair asks its arbiter in a month, and which free databases have room for that.

The handovers are left out: a release and a claim each, and a look now and then.
"""

from collections.abc import Callable
from dataclasses import dataclass

HOUR_S = 3600.0
LEASES_S = (10, 15, 20, 30, 45, 60)
"""Those that are suggested: from the shortest that is allowed to the longest."""
_JOIN, _RENEW, _START = 10, 12, 12
"""Commands of Redis for one question: the script, and those that it calls."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a month of questions depends on."""

    on_duty_s: float
    """How long some twin is on duty."""
    standby_s: float
    """How long the other twins are awake, all together."""
    slots: int
    """How many slots start."""
    renews: int
    """How often a lease is renewed before it ends."""
    join_every_s: float
    """How often a standby looks at the record."""

    def questions(self, lease_s: float) -> "Questions":
        return Questions(
            renewals=round(self.on_duty_s * self.renews / lease_s),
            joins=round(self.standby_s / self.join_every_s),
            starts=self.slots,
        )


@dataclass(frozen=True, slots=True)
class Questions:
    renewals: int
    joins: int
    starts: int

    @property
    def total(self) -> int:
        return self.renewals + self.joins + self.starts

    @property
    def commands(self) -> int:
        """Commands of Redis, if those within a script count."""
        return self.renewals * _RENEW + self.joins * _JOIN + self.starts * _START


@dataclass(frozen=True, slots=True)
class Service:
    """A database that is free or cheap. Sources: the services' documentation, November 2026."""

    name: str
    is_redis: bool
    host_ends: tuple[str, ...] = ()
    """How the names of its hosts end; empty if others' end so, too."""
    commands: int | None = None
    """A month; None if they are not counted."""
    connections: int | None = None
    hours: float | None = None
    """A month in which the smallest database may be awake; None if they are not counted."""


UPSTASH = Service("Upstash's free plan", True, (".upstash.io",), commands=500_000)
REDIS_CLOUD = Service(
    "Redis Cloud's free plan",
    True,
    (".redis-cloud.com", ".redislabs.com", ".rlrcp.com"),
    connections=30,
)
HEROKU = Service("Heroku Key-Value Store mini", True, connections=20)
NEON = Service("Neon's free plan", False, (".neon.tech",), hours=400)
"""100 hours of a whole unit, of which the smallest database has a quarter."""
SERVICES = (UPSTASH, REDIS_CLOUD, HEROKU, NEON)


def services_for(is_redis: bool, host: str) -> tuple[Service, ...]:
    """The one whose host this is; if it is none's, all of its kind."""
    kind = tuple(service for service in SERVICES if service.is_redis is is_redis)
    own = tuple(service for service in kind if host.endswith(service.host_ends))
    return own or kind


def lease_for(load: Load, most: int, counted: Callable[[Questions], int]) -> int | None:
    """The shortest of LEASES_S with which at most so many are counted; None if there is none."""
    fitting = (lease_s for lease_s in LEASES_S if counted(load.questions(lease_s)) <= most)
    return next(fitting, None)


def day_dry(load: Load, hours: float) -> int | None:
    """The day on which a database that never suspends has used up its hours; None if it has not."""
    return int(hours // 24) + 1 if load.on_duty_s > hours * HOUR_S else None
