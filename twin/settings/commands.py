"""Which commands run on duty: `RUN`, and the tables `[[run]]` of a `twin.toml`."""

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath

from twin.core.command import Command, Restart
from twin.core.parser import Parser
from twin.http.urls import page_url
from twin.settings.toml_file import tables

_NAMES = {
    "command": "RUN",
    "stop_within": "RUN_STOP_WITHIN",
    "restart": "RUN_RESTART",
    "probe_url": "RUN_PROBE_URL",
}
"""The keys of a table, and what they are called in the environment."""

_STOP_MOST_S = 20
"""Hosts kill an app 30 s after SIGTERM, and the other twin has yet to be told."""
_COMMANDS_MOST = 20
_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}"


def read_commands(
    environ: Mapping[str, str], file: Path, problems: list[str]
) -> tuple[Command, ...]:
    """All commands, first that of the environment; what is wrong is put into `problems`."""
    commands: dict[str, Command] = {}
    for read in _readers(environ, file, problems):
        command = _command(read)
        if command.name in commands:
            read.problem(f"two commands are named {command.name}: give one another name")
        commands[command.name] = command
    if len(commands) > _COMMANDS_MOST:
        problems.append(f"there are {len(commands)} commands: one pair runs {_COMMANDS_MOST}")
    return tuple(commands.values())


def _readers(environ: Mapping[str, str], file: Path, problems: list[str]) -> Iterator[Parser]:
    texts = {key: environ.get(name, "") for key, name in _NAMES.items()}
    single = Parser(texts, problems, _NAMES)
    if single.text("command"):
        yield single
    else:
        for key in _NAMES:
            if single.text(key):
                single.problem(f"{single.name(key)} is set, but RUN is not: set it to a command")
    yield from tables(file, "run", [*_NAMES, "name", "env"], problems)


def _command(read: Parser) -> Command:
    line = read.text("command")
    if not line:
        read.problem('command is not set: write what to run, such as command = "node bot.js"')
    return Command(
        name=_name(read, line),
        line=line,
        stop_within_s=read.duration("stop_within", "10s", at_most_s=_STOP_MOST_S),
        restart=read.parsed("restart", _restart, Restart.ALWAYS),
        probe_url=read.parsed("probe_url", _probe_url, None),
        env=tuple(read.text("env").replace(",", " ").split()),
    )


def _name(read: Parser, line: str) -> str:
    # Not by all of the line, which may hold a secret.
    called = re.sub("[^A-Za-z0-9._-]", "", PurePath(program(line)).name)[:60]
    name = read.text("name") or called or "command"
    if not re.fullmatch(_NAME, name):
        read.problem(f"name is {name!r}: use up to 60 letters, digits, dots, hyphens, underscores")
    return name


def program(line: str) -> str:
    """The program that a command starts, as it is written there; empty if none can be seen."""
    try:
        words = shlex.split(line)
    except ValueError:  # the shell reports the mistake
        words = line.split()
    first = len(words) - words[::-1].index("&&") if "&&" in words else 0
    return next((each for each in words[first:] if not re.match(r"\w+=|exec$", each)), "")


def _restart(text: str) -> Restart:
    try:
        return Restart(text.lower())
    except ValueError:
        raise ValueError(f"{text!r} is unknown: use {', '.join(Restart)}") from None


def _probe_url(text: str) -> str:
    page_url(re.sub(r"\$PORT\b|\$\{PORT\}", "80", text))
    return text
