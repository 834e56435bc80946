"""The environment, read once into one frozen value; every problem is reported at once."""

import re
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from twin.address import base_url, page_url
from twin.core import plan
from twin.core.durations import format_duration, parse_duration
from twin.core.shift import Shift, parse_shift
from twin.core.state import Rules
from twin.core.timetable import Timetable, parse_timetable
from twin.core.zones import zone
from twin.duties.scaling import HerokuName, parse_target
from twin.hosts import Host, host_of

T = TypeVar("T")

_PING_BEFORE_SLEEP_S = 5 * 60
"""A ping comes so much before the host would put the app to sleep: one may be lost or late."""


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
class ScaleSettings:
    target: HerokuName
    api_url: str
    api_key: str = field(repr=False)
    timetable: Timetable | None
    rules: plan.Rules
    probe_url: str | None
    probe_every_s: int


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
    scale: ScaleSettings | None
    host: Host | None


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Raises SettingsError, with a sentence for each thing that is wrong and its remedy."""
    read = _Reader(environ)
    host = host_of(environ)
    self_url = read.url("SELF_URL") or (host.url(environ) if host else None)
    peer_url = read.url("PEER_URL")
    if peer_url is not None and peer_url == self_url:
        read.problem("PEER_URL is this twin's own URL: set it to the URL of the other twin")
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
        scale=_scale(read),
        host=host,
    )
    read.finish()
    return settings


class _Reader:
    """Reads one setting after the other, and keeps what is wrong with them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self._problems: list[str] = []

    def problem(self, sentence: str) -> None:
        self._problems.append(sentence)

    def finish(self) -> None:
        if self._problems:
            raise SettingsError(self._problems)

    def text(self, name: str) -> str:
        return self.environ.get(name, "").strip()

    def parsed(self, name: str, parse: Callable[[str], T], default: T) -> T:
        """The setting as `parse` reads it; a ValueError of it becomes a problem."""
        text = self.text(name)
        if not text:
            return default
        try:
            return parse(text)
        except ValueError as error:
            sentence = str(error)
            self.problem(sentence if sentence.startswith(name) else f"{name}: {sentence}")
            return default

    def duration(self, name: str, default: str, at_least_s: int = 1) -> int:
        seconds = self.parsed(name, parse_duration, parse_duration(default))
        if seconds < at_least_s:
            least = format_duration(at_least_s)
            self.problem(f"{name} is {self.text(name)}: use {least} or more")
        return seconds

    def number(self, name: str, default: int, least: int, most: int) -> int:
        text = self.text(name)
        if not text:
            return default
        if text.isascii() and text.isdigit() and least <= int(text) <= most:
            return int(text)
        self.problem(f"{name} is {text!r}: use a whole number from {least} to {most}")
        return default

    def choice(self, name: str, yes: str, no: str) -> bool:
        """Whether the setting is `yes`, which is the default, and not `no`."""
        text = self.text(name).lower()
        if text not in ("", yes, no):
            self.problem(f"{name} is {text!r}: use {yes} or {no}")
        return text != no

    def url(self, name: str) -> str | None:
        return self.parsed(name, base_url, None)


def _own_credentials(read: _Reader) -> Credentials:
    username, password = read.text("BASIC_AUTH_USERNAME"), read.text("BASIC_AUTH_PASSWORD")
    if not username:
        read.problem("BASIC_AUTH_USERNAME is not set: choose a name, the same for both twins")
    if ":" in username:
        read.problem("BASIC_AUTH_USERNAME holds a colon, which Basic authentication cannot send")
    if not password:
        read.problem("BASIC_AUTH_PASSWORD is not set: choose a long one, the same for both twins")
    return Credentials(username, password)


def _name(read: _Reader, host: Host | None, self_url: str | None) -> str:
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


def _self_ping(read: _Reader, host: Host | None) -> int:
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


def _jobs(read: _Reader) -> tuple[str, ...]:
    text = read.text("JOBS")
    if not text:
        return ("jobs",) if Path("jobs.py").exists() else ()
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _shift(read: _Reader, timezone: str) -> Shift | None:
    return read.parsed("SHIFT", lambda text: parse_shift(text, zone(timezone)), None)


def _scale(read: _Reader) -> ScaleSettings | None:
    if not read.text("SCALE_TARGET"):
        for name in ("SCALE_TIMETABLE", "PROBE_URL"):
            if read.text(name):
                read.problem(f"{name} is set, but SCALE_TARGET is not: name the app to be scaled")
        return None
    target = read.parsed("SCALE_TARGET", parse_target, None)
    timetable = _timetable(read)
    rules = _scale_rules(read, timetable)
    probe_url = read.parsed("PROBE_URL", page_url, None)
    if not (read.text("SCALE_TIMETABLE") or read.text("PROBE_URL")):
        why = "neither SCALE_TIMETABLE nor PROBE_URL, so nothing would be scaled"
        read.problem(f"SCALE_TARGET is set, but {why}: set one of them")
    api_key = read.text("SCALE_API_KEY")
    if not re.fullmatch("[!-~]*", api_key):  # it could not stand in a header, nor be shown here
        read.problem("SCALE_API_KEY has characters that no key has: copy it again")
    if not api_key:
        read.problem("SCALE_API_KEY is not set: make one with `heroku authorizations:create`")
    if target is None:
        return None
    return ScaleSettings(
        target=target,
        api_url=read.url("SCALE_API_URL") or "https://api.heroku.com",
        api_key=api_key,
        timetable=timetable,
        rules=rules,
        probe_url=probe_url,
        probe_every_s=read.duration("PROBE_EVERY", "15s"),
    )


def _timetable(read: _Reader) -> Timetable | None:
    zone_name = read.parsed("SCALE_TIMEZONE", lambda text: zone(text).key, "UTC")
    return read.parsed("SCALE_TIMETABLE", lambda text: parse_timetable(text, zone_name), None)


def _scale_rules(read: _Reader, timetable: Timetable | None) -> plan.Rules:
    rules = plan.Rules(
        max_quantity=read.number("SCALE_MAX", 3, 1, 1000),
        slow_s=read.duration("PROBE_SLOW", "5s"),
        fast_s=read.duration("PROBE_FAST", "1s"),
    )
    if rules.fast_s >= rules.slow_s:
        fast, slow = rules.fast_s, rules.slow_s
        read.problem(f"PROBE_FAST is {fast}s, and PROBE_SLOW {slow}s: make the first the shorter")
    if timetable is not None and timetable.highest() > rules.max_quantity:
        most = timetable.highest()
        read.problem(
            f"SCALE_TIMETABLE goes up to {most}, but SCALE_MAX is {rules.max_quantity}: "
            "raise SCALE_MAX, or lower the timetable"
        )
    return rules
