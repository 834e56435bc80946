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
from twin.core.command import Command
from twin.core.durations import format_duration
from twin.core.pair.bounds import TWIN_BYTES, is_longer
from twin.core.pair.shift import parse_shift
from twin.core.pair.state import Rules
from twin.core.parser import Parser
from twin.core.zones import zone
from twin.hosts import Host, Offer, host_of, offer_of
from twin.http.urls import base_url, page_url, safe_url
from twin.settings.commands import read_commands
from twin.settings.targets import ScaleSettings, read_targets

_PING_BEFORE_SLEEP_S = 5 * 60
"""A ping comes so long before the host would put the app to sleep: one may be lost or late."""
_PASSWORD_LENGTH = 8
"""Four guesses a second find a shorter one in the end."""
_ARBITERS = ("redis://", "rediss://", "postgres://", "postgresql://")
_SHORTEST_LEASE_S, _LONGEST_LEASE_S = 10.0, 60.0
"""An answer may take 3 s, and a lease has to be renewed before it ends."""
_SCHEME = r"[A-Za-z][A-Za-z0-9+.-]*://"


class SettingsError(Exception):
    """The settings cannot be used. Each of `problems` is a sentence."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Credentials:
    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """The environment, by much the same names; all of it checked."""

    port: int
    name: str
    self_url: str | None
    peer_url: str | None
    own: Credentials
    """Callers must present these."""
    peer: Credentials
    """Presented to the peer."""
    self_ping_s: int
    jobs: tuple[str, ...]
    """Scripts, as files or modules."""
    job_retries: int
    """How often a run that failed is repeated, where its job does not say."""
    timezone: str
    rules: Rules
    standby_asleep: bool
    targets: tuple[ScaleSettings, ...]
    commands: tuple[Command, ...]
    notify_urls: tuple[str, ...] = field(repr=False)
    """Apprise URLs, which hold passwords."""
    deadman_url: str | None = field(repr=False)
    """Fetched while on duty. A secret: anybody who knows it can keep its alarm silent."""
    arbiter_url: str | None = field(repr=False)
    """The database of strict mode; holds a password."""
    host: Host | None
    offer: Offer | None
    """By which a known host counts the hours."""
    release: str
    """The deployed version, in few letters."""

    @property
    def key_names(self) -> frozenset[str]:
        """The variables that hold keys, beside those that the twin has names for."""
        return frozenset(each.key_env for each in self.targets if each.key_env)


def read_settings(environ: Mapping[str, str], dry_run: bool = False) -> Settings:
    """`dry_run` holds for every target, whatever the settings say.

    Raises SettingsError, with a sentence for each problem and its remedy.
    """
    problems: list[str] = []
    read = Parser(environ, problems)
    host = host_of(environ)
    self_url = read.parsed("SELF_URL", safe_url, None)
    if self_url is None and host is not None:
        self_url = read.parsed(host.address, lambda _: base_url(host.url(environ) or ""), None)
    peer_url = read.parsed("PEER_URL", safe_url, None)
    if peer_url is not None and peer_url == self_url:
        read.problem("PEER_URL is this twin's own URL: set it to the URL of the other twin")
    _check_encoding(read)
    _check_certificates(read)
    timezone = read.parsed("TIMEZONE", lambda text: zone(text).key, "UTC")
    own = _own_credentials(read)
    settings = Settings(
        port=read.number("PORT", 8000, 0, 65535),
        name=_name(read, host, self_url),
        self_url=self_url,
        peer_url=peer_url,
        own=own,
        peer=_peer_credentials(read, own),
        self_ping_s=_self_ping(read, host),
        jobs=_jobs(read),
        job_retries=read.number("JOB_RETRIES", 0, 0, 100),
        timezone=timezone,
        rules=_rules(read, timezone),
        standby_asleep=not read.choice("STANDBY", "awake", "asleep"),
        targets=read_targets(environ, Path("twin.toml"), dry_run, problems),
        commands=read_commands(environ, Path("twin.toml"), problems),
        notify_urls=_notify_urls(read),
        deadman_url=_deadman_url(read),
        arbiter_url=_arbiter_url(read),
        host=host,
        offer=offer_of(environ) if host else None,
        release=(read.text(host.release)[:7] if host else "") or __version__,
    )
    if is_longer(settings.name, TWIN_BYTES):
        read.problem(f"TWIN_NAME would be {settings.name!r}: set it to a shorter name")
    if problems:
        raise SettingsError(problems)
    return settings


def _rules(read: Parser, timezone: str) -> Rules:
    lease_s = float(read.duration("ARBITER_LEASE", "10s"))
    if not _SHORTEST_LEASE_S <= lease_s <= _LONGEST_LEASE_S:
        read.problem(f"ARBITER_LEASE is {read.text('ARBITER_LEASE')}: use 10s to 60s")
    stops = read.choice("ARBITER_DOWN", "stop", "pair")
    return Rules(
        takes_on_wake=read.choice("ON_WAKE", "take", "join"),
        shift=read.parsed("SHIFT", lambda text: parse_shift(text, zone(timezone)), None),
        lease_s=lease_s if read.text("ARBITER_URL") else None,
        goes_on=not stops,
    )


def _arbiter_url(read: Parser) -> str | None:
    url = read.text("ARBITER_URL")
    if url and not url.startswith(_ARBITERS):
        read.problem(f"ARBITER_URL must begin with {', '.join(_ARBITERS[:-1])} or {_ARBITERS[-1]}")
    return url or None


def _check_encoding(read: Parser) -> None:
    """Bytes that are not UTF-8 show up as half characters, which no request can hold."""
    own = ("TWIN_NAME", "BASIC_AUTH_USERNAME", "BASIC_AUTH_PASSWORD")
    for name in (*own, "PEER_USERNAME", "PEER_PASSWORD"):
        try:
            read.text(name).encode()
        except UnicodeEncodeError:
            read.problem(f"{name} is not valid UTF-8: set it again")


def _check_certificates(read: Parser) -> None:
    """SSL_CERT_FILE is used by http.tls, and by OpenSSL itself; here it is only checked."""
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
    except (OSError, ValueError) as error:  # ValueError: no file can have this name
        why = getattr(error, "strerror", None) or error
        read.problem(
            f"SSL_CERT_FILE is {file}, which cannot be read ({why}): name a file of certificates"
        )


def _own_credentials(read: Parser) -> Credentials:
    username, password = read.text("BASIC_AUTH_USERNAME"), read.text("BASIC_AUTH_PASSWORD")
    if not username:
        read.problem("BASIC_AUTH_USERNAME is not set: choose a name, the same for both twins")
    _check_username(read, "BASIC_AUTH_USERNAME")
    if not password:
        read.problem("BASIC_AUTH_PASSWORD is not set: choose a long one, the same for both twins")
    elif len(password) < _PASSWORD_LENGTH:
        read.problem(
            f"BASIC_AUTH_PASSWORD has fewer than {_PASSWORD_LENGTH} characters and can be guessed: "
            "use a longer one on both twins, such as what `openssl rand -hex 16` prints"
        )
    return Credentials(username, password)


def _peer_credentials(read: Parser, own: Credentials) -> Credentials:
    _check_username(read, "PEER_USERNAME")
    username = read.text("PEER_USERNAME") or own.username
    return Credentials(username, read.text("PEER_PASSWORD") or own.password)


def _check_username(read: Parser, name: str) -> None:
    if ":" in read.text(name):
        read.problem(f"{name} holds a colon, which Basic authentication cannot send: leave it out")


def _name(read: Parser, host: Host | None, self_url: str | None) -> str:
    """The same on every boot: the boots of one app know each other by it."""
    name = read.text("TWIN_NAME") or (read.text(host.app_name) if host else "")
    if name:
        return name
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
        # A module is looked up when it is loaded: that may need running its package.
        if name.endswith(".py") and not os.path.isfile(name):  # noqa: PTH113 (no name is too long)
            read.problem(
                f"JOBS: there is no file {str(Path(name).absolute())!r}: name the jobs file"
            )
    return names


def _notify_urls(read: Parser) -> tuple[str, ...]:
    """Split like Apprise does: a comma ends an address only if another one begins there."""
    urls = re.split(rf"\s+|,(?={_SCHEME})", read.text("NOTIFY_URLS"))
    urls = [url for each in urls if (url := each.strip(","))]
    for number, url in enumerate(urls, start=1):
        if not re.match(_SCHEME, url):
            read.problem(
                f"NOTIFY_URLS: address {number} of {len(urls)} does not begin with its service, "
                "such as mailto:// or slack://"
            )
    return tuple(urls)


def _deadman_url(read: Parser) -> str | None:
    url = read.text("DEADMAN_URL")
    try:
        return page_url(url) if url else None
    except ValueError:  # its text may repeat the URL, which is a secret
        read.problem("DEADMAN_URL is no URL: write it like https://hc-ping.com/…")
        return None
