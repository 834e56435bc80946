"""The environment, and a `twin.toml` if there is one, read once into one frozen value.

Every problem is reported at once.
"""

import os
import re
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from twin import __version__
from twin.core.durations import format_duration
from twin.core.pair.bounds import TWIN_BYTES, is_longer
from twin.core.pair.shift import Shift, parse_shift
from twin.core.pair.state import Rules
from twin.core.zones import zone
from twin.hosts import Host, Offer, host_of, offer_of
from twin.http.urls import base_url, page_url
from twin.settings.parser import Parser
from twin.settings.targets import ScaleSettings, read_targets

_PING_BEFORE_SLEEP_S = 5 * 60
"""A ping comes so much before the host would put the app to sleep: one may be lost or late."""

_PASSWORD_LENGTH = 8
"""Four guesses a second find a shorter one in the end."""

_SCHEME = r"[A-Za-z][A-Za-z0-9+.-]*://"


class SettingsError(Exception):
    """The settings cannot be used. `problems` are sentences, one for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Credentials:
    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says, by much the same names; all of it checked."""

    port: int
    name: str
    self_url: str | None
    peer_url: str | None
    own: Credentials
    """What callers must present."""
    peer: Credentials
    """What is presented to the peer."""
    self_ping_s: int
    jobs: tuple[str, ...]
    timezone: str
    rules: Rules
    standby_asleep: bool
    targets: tuple[ScaleSettings, ...]
    notify_urls: tuple[str, ...] = field(repr=False)
    """Whom to tell: addresses of Apprise, which hold passwords."""
    deadman_url: str | None = field(repr=False)
    """Fetched while on duty; who knows it can keep its alarm silent."""
    host: Host | None
    offer: Offer | None
    """What a known host counts the hours by."""
    release: str
    """What is deployed, in few letters."""


def read_settings(environ: Mapping[str, str], dry_run: bool = False) -> Settings:
    """`dry_run`: of every target, whatever the settings say.

    Raises SettingsError, with a sentence for each thing that is wrong and its remedy.
    """
    problems: list[str] = []
    read = Parser(environ, problems)
    host = host_of(environ)
    self_url = read.url("SELF_URL") or _told_url(read, host, environ)
    peer_url = read.url("PEER_URL")
    if peer_url is not None and peer_url == self_url:
        read.problem("PEER_URL is this twin's own URL: set it to the URL of the other twin")
    _check_what_is_sent(read)
    _check_certificates(read)
    timezone = read.parsed("TIMEZONE", lambda text: zone(text).key, "UTC")
    own = _own_credentials(read)
    settings = Settings(
        port=read.number("PORT", 8000, 0, 65535),
        name=_name(read, host, self_url),
        self_url=self_url,
        peer_url=peer_url,
        own=own,
        peer=Credentials(
            read.text("PEER_USERNAME") or own.username, read.text("PEER_PASSWORD") or own.password
        ),
        self_ping_s=_self_ping(read, host),
        jobs=_jobs(read),
        timezone=timezone,
        rules=Rules(
            takes_on_wake=read.choice("ON_WAKE", "take", "join"),
            shift=_shift(read, timezone),
        ),
        standby_asleep=not read.choice("STANDBY", "awake", "asleep"),
        targets=read_targets(environ, Path("twin.toml"), dry_run, problems),
        notify_urls=_notify_urls(read),
        deadman_url=_deadman_url(read),
        host=host,
        offer=offer_of(environ) if host else None,
        release=(read.text(host.release)[:7] if host else "") or __version__,
    )
    if is_longer(settings.name, TWIN_BYTES):
        read.problem(f"TWIN_NAME would be {settings.name!r}: set it to a shorter name")
    if problems:
        raise SettingsError(problems)
    return settings


def _told_url(read: Parser, host: Host | None, environ: Mapping[str, str]) -> str | None:
    """What the host says; somebody may have set it by hand, too."""
    if host is None:
        return None
    return read.parsed(host.address, lambda _: base_url(host.url(environ) or ""), None)


def _check_what_is_sent(read: Parser) -> None:
    """Bytes that are no text stand for half characters here, which no request can hold."""
    own = ("TWIN_NAME", "BASIC_AUTH_USERNAME", "BASIC_AUTH_PASSWORD")
    for name in (*own, "PEER_USERNAME", "PEER_PASSWORD"):
        try:
            read.text(name).encode()
        except UnicodeEncodeError:
            read.problem(f"{name} has bytes that are no text in UTF-8: write it anew")


def _check_certificates(read: Parser) -> None:
    """SSL_CERT_FILE is used by adapters.tls, and by OpenSSL itself; here it is only checked."""
    file = read.text("SSL_CERT_FILE")
    if not file:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
    except ssl.SSLError:
        read.problem(
            f"SSL_CERT_FILE is {file}, which holds no certificate in PEM: name a file that has a "
            "line `-----BEGIN CERTIFICATE-----`"
        )
    except (OSError, ValueError) as error:  # the latter for a name that no file can have
        why = getattr(error, "strerror", None) or error
        read.problem(
            f"SSL_CERT_FILE is {file}, which cannot be read ({why}): name a file of certificates"
        )


def _own_credentials(read: Parser) -> Credentials:
    username, password = read.text("BASIC_AUTH_USERNAME"), read.text("BASIC_AUTH_PASSWORD")
    if not username:
        read.problem("BASIC_AUTH_USERNAME is not set: choose a name, the same for both twins")
    if ":" in username:
        read.problem("BASIC_AUTH_USERNAME holds a colon, which Basic authentication cannot send")
    if not password:
        read.problem("BASIC_AUTH_PASSWORD is not set: choose a long one, the same for both twins")
    elif len(password) < _PASSWORD_LENGTH:
        read.problem(
            f"BASIC_AUTH_PASSWORD has fewer than {_PASSWORD_LENGTH} characters and can be guessed: "
            "use a longer one on both twins, such as what `openssl rand -hex 16` prints"
        )
    return Credentials(username, password)


def _name(read: Parser, host: Host | None, self_url: str | None) -> str:
    """What the twin is called, on every boot alike: the boots of one app know each other by it."""
    told = read.text("TWIN_NAME") or (read.text(host.app_name) if host else "")
    if told:
        return told
    if self_url is not None:
        parts = urlsplit(self_url)
        return (parts.hostname or "") + (f":{parts.port}" if parts.port else "")
    if host is not None:
        read.problem(
            f"TWIN_NAME is not set, and {host.name} does not tell an app its name: "
            f"set it to the app's name, or {host.remedy}"
        )
    return socket.gethostname()


def _self_ping(read: Parser, host: Host | None) -> int:
    if host is None:
        return read.duration("SELF_PING", "15m")
    longest_s = host.sleeps_after_s - _PING_BEFORE_SLEEP_S
    seconds = read.duration("SELF_PING", format_duration(min(15 * 60, longest_s)))
    if seconds > longest_s:
        after, use = format_duration(host.sleeps_after_s), format_duration(longest_s)
        read.problem(
            f"SELF_PING is {read.text('SELF_PING')}, but {host.name} puts an app to sleep "
            f"after {after}: use {use} or less"
        )
    return seconds


def _jobs(read: Parser) -> tuple[str, ...]:
    text = read.text("JOBS")
    if not text:
        return ("jobs",) if Path("jobs.py").exists() else ()
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        # A module is looked for when it is read: to find it may take running its package.
        if name.endswith(".py") and not os.path.isfile(name):  # noqa: PTH113 (no name is too long)
            read.problem(
                f"JOBS: there is no file {str(Path(name).absolute())!r}: name the jobs file"
            )
    return names


def _shift(read: Parser, timezone: str) -> Shift | None:
    return read.parsed("SHIFT", lambda text: parse_shift(text, zone(timezone)), None)


def _notify_urls(read: Parser) -> tuple[str, ...]:
    """Split as Apprise does it: a comma ends an address only where another one begins."""
    urls = re.split(rf"\s+|,(?={_SCHEME})", read.text("NOTIFY_URLS"))
    urls = [url for each in urls if (url := each.strip(","))]
    for number, url in enumerate(urls, start=1):
        if not re.match(_SCHEME, url):
            read.problem(
                f"NOTIFY_URLS: address {number} of {len(urls)} does not begin with what it is for, "
                "such as mailto:// or slack://"
            )
    return tuple(urls)


def _deadman_url(read: Parser) -> str | None:
    url = read.text("DEADMAN_URL")
    try:
        return page_url(url) if url else None
    except ValueError:  # whose text may repeat the URL, which is a secret in itself
        read.problem("DEADMAN_URL is no URL: write it like https://hc-ping.com/…")
        return None
