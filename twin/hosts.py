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
    sleeps_after_s: int
    """Without web traffic for so long, an app is put to sleep."""
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
        sleeps_after_s=30 * 60,
        remedy="run `heroku labs:enable runtime-dyno-metadata`",
    ),
    Host(
        name="Render",
        sign="RENDER",
        app_name="RENDER_SERVICE_NAME",
        address="RENDER_EXTERNAL_URL",
        sleeps_after_s=15 * 60,
        remedy="make it a web service",
    ),
)


def host_of(environ: Mapping[str, str]) -> Host | None:
    """The host that this process runs on, if it is a known one."""
    return next((host for host in HOSTS if environ.get(host.sign)), None)
