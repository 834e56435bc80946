"""What is scaled, and how: from the environment, and from the tables of a `twin.toml`."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from twin.core.pair.bounds import TARGETS
from twin.core.scaling.observation import Rules
from twin.core.scaling.timetable import Timetable, parse_timetable
from twin.core.zones import zone
from twin.http.urls import page_url
from twin.scaling.platforms.registry import Access, TargetName, parse_docker_host, parse_target
from twin.settings.parser import Parser
from twin.settings.toml_file import tables

_NAMES = {
    "name": "SCALE_TARGET",
    "api_url": "SCALE_API_URL",
    "timetable": "SCALE_TIMETABLE",
    "timezone": "SCALE_TIMEZONE",
    "max": "SCALE_MAX",
    "window": "SCALE_WINDOW",
    "respect": "SCALE_RESPECT",
    "dry_run": "SCALE_DRY_RUN",
    "probe_url": "PROBE_URL",
    "probe_every": "PROBE_EVERY",
    "probe_slow": "PROBE_SLOW",
    "probe_fast": "PROBE_FAST",
}
"""The keys of a table, and what they are called in the environment."""

_LOOPBACK = re.compile(r"localhost|127\.[0-9.]+|::1")
_SLOW_MOST_S = 10 * 60
"""No visitor waits for longer, and a look that does holds up all others."""
_EVERY_MOST_S = 86_400
_MEMORY_MOST_S = 30 * 86_400
"""Longer than anybody plans for: it would never end."""


@dataclass(frozen=True, slots=True)
class ScaleSettings:
    """One target. A timetable, a probe or both."""

    target: TargetName
    access: Access
    timetable: Timetable | None
    rules: Rules
    probe_url: str | None = field(repr=False)
    """What follows the ? may be meant for nobody's eyes."""
    probe_every_s: int
    dry_run: bool
    """Whether changes are only told, and not made."""

    @property
    def is_beyond(self) -> bool:
        """Whether its platform is beyond this machine, so that to reach it takes our line."""
        host = urlsplit(self.access.docker_host).hostname
        return self.target.needs_key or (host is not None and not _LOOPBACK.fullmatch(host))


def read_targets(
    environ: Mapping[str, str], file: Path, dry_run: bool, problems: list[str]
) -> tuple[ScaleSettings, ...]:
    """All targets, first that of the environment; what is wrong is put into `problems`.

    `dry_run`: whatever they say.
    """
    targets: dict[TargetName, ScaleSettings] = {}
    for read in _readers(environ, file, problems):
        scale = _scale(read, environ)
        if scale is None:
            continue
        if scale.target in targets:
            read.problem(f"{scale.target} is named twice: keep one of the two")
        targets[scale.target] = replace(scale, dry_run=dry_run or scale.dry_run)
    if len(targets) > TARGETS:
        problems.append(f"{file} has {len(targets)} targets: one pair scales {TARGETS} at most")
    return tuple(targets.values())


def _readers(environ: Mapping[str, str], file: Path, problems: list[str]) -> Iterator[Parser]:
    texts = {key: environ.get(name, "") for key, name in _NAMES.items()}
    single = Parser(texts, problems, _NAMES)
    if single.text("name"):
        yield single
    else:
        for key in ("timetable", "probe_url"):
            if single.text(key):
                name = single.name(key)
                single.problem(f"{name} is set, but SCALE_TARGET is not: name what is to be scaled")
    yield from tables(file, [*_NAMES, "api_key_env"], problems)


def _scale(read: Parser, environ: Mapping[str, str]) -> ScaleSettings | None:
    target = read.parsed("name", parse_target, None)
    if not read.text("name"):
        read.problem("name is not set: name what is to be scaled, such as my-app or docker:shop")
    timetable = _timetable(read)
    probe_url = read.parsed("probe_url", page_url, None)
    if not (read.text("timetable") or read.text("probe_url")):
        what = f"neither {read.name('timetable')} nor {read.name('probe_url')} is set"
        read.problem(f"{what}, so nothing would be scaled: set one of them")
    rules, access = _rules(read, timetable), _access(read, environ, target)
    probe_every_s = read.duration("probe_every", "15s", at_most_s=_EVERY_MOST_S)
    dry_run = not read.choice("dry_run", "false", "true")
    if target is None:
        return None
    return ScaleSettings(target, access, timetable, rules, probe_url, probe_every_s, dry_run)


def _timetable(read: Parser) -> Timetable | None:
    where = read.parsed("timezone", lambda text: zone(text).key, "UTC")
    return read.parsed("timetable", lambda text: parse_timetable(text, where), None)


def _rules(read: Parser, timetable: Timetable | None) -> Rules:
    rules = Rules(
        max_quantity=read.number("max", 3, 1, 1000),
        slow_s=read.duration("probe_slow", "5s", at_most_s=_SLOW_MOST_S),
        fast_s=read.duration("probe_fast", "1s", at_most_s=_SLOW_MOST_S),
        window_s=read.duration("window", "10m", at_most_s=_MEMORY_MOST_S),
        respect_s=read.duration("respect", "15m", at_most_s=_MEMORY_MOST_S),
    )
    if rules.fast_s >= rules.slow_s:
        fast, slow = (f"{read.name(f'probe_{one}')} is" for one in ("fast", "slow"))
        read.problem(f"{fast} {rules.fast_s}s, and {slow} {rules.slow_s}s: make the first shorter")
    if timetable is not None and timetable.highest() > rules.max_quantity:
        name, most = read.name("max"), timetable.highest()
        read.problem(
            f"{read.name('timetable')} goes up to {most}, but {name} is {rules.max_quantity}: "
            f"raise {name}, or lower the timetable"
        )
    return rules


def _access(read: Parser, environ: Mapping[str, str], target: TargetName | None) -> Access:
    if target is not None and not target.needs_key:
        return Access(docker_host=_docker_host(read, environ))
    url = read.url("api_url") or Access().heroku_url
    return Access(heroku_url=url, heroku_key=_key(read, environ))


def _docker_host(read: Parser, environ: Mapping[str, str]) -> str:
    text = environ.get("DOCKER_HOST", "").strip() or Access().docker_host
    try:
        return parse_docker_host(text)
    except ValueError as error:
        read.problem(str(error))
        return text


def _key(read: Parser, environ: Mapping[str, str]) -> str:
    variable = read.text("api_key_env") or "SCALE_API_KEY"
    # In capitals, since anything else could be a key itself, which must not be repeated.
    if not re.fullmatch("[A-Z][A-Z0-9_]*", variable):
        read.problem("api_key_env must name an environment variable in capitals, such as OTHER_KEY")
        return ""
    key = environ.get(variable, "").strip()
    if not re.fullmatch("[!-~]*", key):  # it could not stand in a header, nor be shown here
        read.problem(f"{variable} has characters that no key has: copy it again")
    if not key:
        read.problem(f"{variable} is not set: make one with `heroku authorizations:create`")
    return key
