"""The targets and how they are scaled, from the environment and the tables of a `twin.toml`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from twin.core.pair.bounds import TARGETS
from twin.core.parser import Parser
from twin.core.scaling.observation import Rules
from twin.core.scaling.timetable import Timetable, parse_timetable
from twin.core.zones import zone
from twin.http.urls import page_url
from twin.scaling.platforms import Address, read_address
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
"""The keys of a table, and their names in the environment."""
_SLOW_MOST_S = 10 * 60
"""No visitor waits longer, and a look that does holds up all others."""
_EVERY_MOST_S = 86_400
_MEMORY_MOST_S = 30 * 86_400
"""Longer than anybody plans for: it would never end."""


@dataclass(frozen=True, slots=True)
class ScaleSettings:
    """One target. A timetable, a probe or both."""

    target: Address
    timetable: Timetable | None
    rules: Rules
    probe_url: str | None = field(repr=False)
    """The query string may hold a secret."""
    probe_every_s: int
    dry_run: bool
    """Whether changes are only logged, and not made."""
    key_env: str = ""
    """The variable that holds its key, if it is named."""


def read_targets(
    environ: Mapping[str, str], file: Path, dry_run: bool, problems: list[str]
) -> tuple[ScaleSettings, ...]:
    """All targets, first that of the environment. Adds what is wrong to `problems`.

    `dry_run` holds for all of them, whatever they say.
    """
    targets: dict[str, ScaleSettings] = {}
    for read in _readers(environ, file, problems):
        scale = _scale(read, environ)
        if scale is None:
            continue
        name = scale.target.name
        if name in targets:
            read.problem(f"{name} is named twice: keep one of the two")
        targets[name] = replace(scale, dry_run=dry_run or scale.dry_run)
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
    yield from tables(file, "target", [*_NAMES, "api_key_env"], problems)


def _scale(read: Parser, environ: Mapping[str, str]) -> ScaleSettings | None:
    if not read.text("name"):
        read.problem("name is not set: name what is to be scaled, such as my-app or docker:shop")
    where = read.parsed("timezone", lambda text: zone(text).key, "UTC")
    timetable = read.parsed("timetable", lambda text: parse_timetable(text, where), None)
    probe_url = read.parsed("probe_url", page_url, None)
    if not (read.text("timetable") or read.text("probe_url")):
        what = f"neither {read.name('timetable')} nor {read.name('probe_url')} is set"
        read.problem(f"{what}, so nothing would be scaled: set one of them")
    rules = _rules(read, timetable)
    target = read.parsed("name", lambda text: read_address(text, read, environ), None)
    probe_every_s = read.duration("probe_every", "15s", at_most_s=_EVERY_MOST_S)
    dry_run = not read.choice("dry_run", "false", "true")
    if target is None:
        return None
    key_env = read.text("api_key_env")
    return ScaleSettings(target, timetable, rules, probe_url, probe_every_s, dry_run, key_env)


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
