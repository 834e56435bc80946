"""The hosts: the variables they set, and when they put an app to sleep."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Host:
    """A host, known by the variables it sets. Sources: the hosts' documentation."""

    name: str
    sign: str
    """A variable that only this host sets."""
    app_name: str
    """The variable that holds the app's name, if the host sets one."""
    address: str
    """The variable that holds the app's public URL or host name."""
    release: str
    """The variable that identifies the deployed version."""
    sleeps_after_s: int
    """How long an app stays awake without web traffic."""
    wakes_in_s: int
    """How long the router holds the request that wakes an app."""
    remedy: str
    """How to make the host set the name and URL."""

    def url(self, environ: Mapping[str, str]) -> str | None:
        address = environ.get(self.address)
        if not address:
            return None
        return address if "://" in address else f"https://{address}"


HOSTS = (
    Host(
        name="Heroku",
        sign="DYNO",
        app_name="HEROKU_APP_NAME",
        address="HEROKU_APP_DEFAULT_DOMAIN_NAME",
        release="HEROKU_RELEASE_VERSION",
        sleeps_after_s=30 * 60,
        wakes_in_s=75,
        remedy="run `heroku labs:enable runtime-dyno-metadata`",
    ),
    Host(
        name="Render",
        sign="RENDER",
        app_name="RENDER_SERVICE_NAME",
        address="RENDER_EXTERNAL_URL",
        release="RENDER_GIT_COMMIT",
        sleeps_after_s=15 * 60,
        wakes_in_s=60,
        remedy="make it a web service",
    ),
)


HEROKU, RENDER = HOSTS

WAKES_WITHIN_S = max(host.wakes_in_s for host in HOSTS) + 15.0
"""A sleeping twin answers, and claims the duty if it should, within this time: a boot listens and
claims for up to 7.5 s. The longest of all hosts, because the peer's host is unknown."""
ANSWERS_WITHIN_S = 30.0
"""How long a router waits for the beginning of an answer (Heroku's H12)."""
KILLS_AFTER_S = 30.0
"""From SIGTERM to SIGKILL: on Heroku and Render, and with docs/deploy.md's `docker run`."""
GRACE_S = KILLS_AFTER_S - 5.0
"""How long running jobs may take to end; the rest is for informing the peer."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One of a host's plans, for the command `plan`. Sources: the hosts' documentation."""

    key: str
    title: str
    host: Host
    budget_h: float | None
    """Hours a month that all such apps of one account share; None if they are not counted."""
    shared_by: str
    """The apps that share these hours."""
    sleeps: bool
    restarts_after_s: tuple[float, float] | None
    """The range of the age at which the host restarts a process; None if it never does."""
    boots_in_s: tuple[float, float]
    """The range of the time that a start takes."""
    overlaps_s: float
    """How long a deploy runs old and new side by side, once the new process serves."""
    costs: str
    """A month of two twins."""
    without_budget: str
    """The offer that counts no hours and never sleeps; empty if it is this one."""

    @property
    def sleeps_after_s(self) -> float | None:
        """How long an app stays awake without web traffic; None if it never sleeps."""
        return self.host.sleeps_after_s if self.sleeps else None


_DAY_S = 24 * 3600.0
_HEROKU_RESTARTS_S = (_DAY_S, _DAY_S + 216 * 60)
_HEROKU_BOOTS_S = (3.0, 10.0)
"""For an app as small as a twin. The router holds requests meanwhile."""

OFFERS = (
    Offer(
        key="heroku-eco",
        title="Heroku Eco",
        host=HEROKU,
        budget_h=1000,
        shared_by="all Eco dynos of the account",
        sleeps=True,
        restarts_after_s=_HEROKU_RESTARTS_S,
        boots_in_s=_HEROKU_BOOTS_S,
        overlaps_s=0.0,
        costs="$5, with all other Eco dynos of the account",
        without_budget="Heroku Basic, $7 for each twin",
    ),
    Offer(
        key="heroku-basic",
        title="Heroku Basic",
        host=HEROKU,
        budget_h=None,
        shared_by="",
        sleeps=False,
        restarts_after_s=_HEROKU_RESTARTS_S,
        boots_in_s=_HEROKU_BOOTS_S,
        overlaps_s=0.0,
        costs="$14, $7 for each twin",
        without_budget="",
    ),
    Offer(
        key="render-free",
        title="Render free",
        host=RENDER,
        budget_h=750,
        shared_by="all free services of the workspace",
        sleeps=True,
        restarts_after_s=None,
        boots_in_s=(10.0, 60.0),
        overlaps_s=60.0,
        costs="nothing",
        without_budget="one of Render's paid instances for each twin",
    ),
)


def offer_of(environ: Mapping[str, str]) -> Offer:
    """The smallest offer of this process's host; elsewhere Heroku Eco."""
    host = host_of(environ) or HEROKU
    return next(offer for offer in OFFERS if offer.host is host)


def host_of(environ: Mapping[str, str]) -> Host | None:
    """The host of this process, if it is a known one."""
    return next((host for host in HOSTS if environ.get(host.sign)), None)
