"""What the hosts tell a process about itself, and when they put it to sleep."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Host:
    """A kind of host, by the variables it sets. Sources: the hosts' documentation."""

    name: str
    sign: str
    """A variable that only this host sets."""
    app_name: str
    """The variable that holds the app's name, where the host tells it."""
    address: str
    """The variable that holds the app's public URL or host name."""
    release: str
    """The variable that says what is deployed."""
    sleeps_after_s: int
    """Without web traffic for so long, an app is put to sleep."""
    wakes_in_s: int
    """For so long the router holds the request that wakes an app."""
    remedy: str
    """How an app can be made to know its own name and URL."""

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
"""A sleeping twin has answered, and taken the duty if it is to, within so long: a boot listens and
claims for up to 7.5 s. The longest of all hosts, since nobody knows on which one a peer lives."""
ANSWERS_WITHIN_S = 30.0
"""So long a router waits for the beginning of an answer (Heroku's H12)."""
KILLS_AFTER_S = 30.0
"""From SIGTERM to SIGKILL: on Heroku and Render, and with docs/deploy.md's `docker run`."""
GRACE_S = KILLS_AFTER_S - 5.0
"""Running jobs may take so long to end; the rest is for telling the peer."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One way to rent an app on a host, as `plan` knows it. Sources: the hosts' documentation."""

    key: str
    title: str
    host: Host
    budget_h: float | None
    """Hours a month that all such apps of one account share; None if they are not counted."""
    shared_by: str
    """Whose hours these are."""
    sleeps: bool
    restarts_after_s: tuple[float, float] | None
    """The age, from and to, at which a process is replaced by a new one; None if it never is."""
    boots_in_s: tuple[float, float]
    """How long a start takes, from and to."""
    costs: str
    """A month of two twins."""
    without_budget: str
    """What counts no hours there and never sleeps, for who wants none of this; nothing if it is
    this offer."""

    @property
    def sleeps_after_s(self) -> float | None:
        """Without web traffic for so long, an app is put to sleep; None if it never is."""
        return self.host.sleeps_after_s if self.sleeps else None


_DAY_S = 24 * 3600.0
_HEROKU_RESTARTS_S = (_DAY_S, _DAY_S + 216 * 60)
_HEROKU_BOOTS_S = (3.0, 10.0)
"""Of an app as small as a twin. The router holds what arrives meanwhile."""

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
        costs="nothing",
        without_budget="one of Render's paid instances for each twin",
    ),
)


def offer_of(environ: Mapping[str, str]) -> Offer:
    """The smallest offer of the host that this process runs on; elsewhere Heroku Eco."""
    host = host_of(environ) or HEROKU
    return next(offer for offer in OFFERS if offer.host is host)


def host_of(environ: Mapping[str, str]) -> Host | None:
    """The host that this process runs on, if it is a known one."""
    return next((host for host in HOSTS if environ.get(host.sign)), None)
