"""`twin.toml`: a table for each target and each command, if there are several.

    [[target]]
    name = "my-app/web"
    timetable = "mon-fri 07:00=3 22:00=2; sat,sun =1"
    timezone = "Europe/Berlin"
    max = 5
    api_key_env = "OTHER_KEY"

    [[run]]
    name = "bot"
    command = "node bot.js"

Anybody may see the file: keys stay in the environment.
"""

import re
import tomllib
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from twin.core.parser import Parser
from twin.settings.textfile import TextFileError, read_text

KINDS = ("target", "run")
_REMEDY = 'correct it there; a line looks like name = "my-app" or max = 5'


def tables(file: Path, kind: str, keys: Collection[str], problems: list[str]) -> Iterator[Parser]:
    """The texts of each table of a kind by their keys, if there is a file. A table may have these
    `keys` and no others. Adds what is wrong to `problems`; what is wrong with the whole file, only
    for the first kind."""
    of_file = problems if kind == KINDS[0] else []
    for number, table in enumerate(_tables(file, kind, of_file, problems), start=1):
        name = table.get("name")
        shown = f' "{name}"' if isinstance(name, str) else ""
        texts: dict[str, str] = {}
        read = Parser(texts, problems, place=f"{file}, {kind} {number}{shown}")
        for key, value in table.items():
            if key in keys:
                texts[key] = _text(key, value, read)
            else:
                read.problem(_unknown(key, kind, keys))
        yield read


def _tables(file: Path, kind: str, of_file: list[str], problems: list[str]) -> list[dict[str, Any]]:
    try:
        content = tomllib.loads(read_text(file))
    except FileNotFoundError:
        return []
    except TextFileError as error:
        of_file.append(str(error))
        return []
    except (ValueError, RecursionError) as error:  # not TOML, or a thousand brackets deep
        of_file.append(f"{file} cannot be read: {error}: {_REMEDY}")
        return []
    below = " or ".join(f"[[{each}]]" for each in KINDS)
    unknown = content.keys() - set(KINDS)
    of_file += [
        f"{file}: {key} is unknown here: settings stand below lines {below}" for key in unknown
    ]
    found = content.get(kind, [])
    if isinstance(found, list) and all(isinstance(table, dict) for table in found):
        return found
    problems.append(f"{file}: begin each {kind} with a line [[{kind}]], in two pairs of brackets")
    return []


def _text(key: str, value: object, read: Parser) -> str:
    """As it would be written in the environment."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int):
        return str(value)
    if isinstance(value, list) and key == "env" and all(isinstance(one, str) for one in value):
        return " ".join(value)
    read.problem(f"{key} must be a text in quotes, a whole number, true or false")
    return ""


def _unknown(key: str, kind: str, keys: Collection[str]) -> str:
    if key == "api_key" and kind == "target":
        return (
            "api_key is a secret, and the file is not: put it into an environment variable, and "
            "name that with api_key_env"
        )
    near = get_close_matches(re.sub("^(scale|run)_", "", key.lower()), keys, n=1)
    remedy = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(keys))}"
    return f"{key} is no setting of a {kind}: {remedy}"
