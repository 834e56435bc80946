"""`twin.toml`: the targets, where there are several; a table for each.

    [[target]]
    name = "my-app/web"
    timetable = "mon-fri 07:00=3 22:00=2; sat,sun =1"
    timezone = "Europe/Berlin"
    max = 5
    api_key_env = "OTHER_KEY"

The file may be shown to everybody: keys stay in the environment.
"""

import tomllib
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from twin.settings.parser import Parser
from twin.settings.textfile import TextFileError, read_text

_REMEDY = 'correct it there; a line looks like name = "my-app" or max = 5'


def tables(file: Path, keys: Collection[str], problems: list[str]) -> Iterator[Parser]:
    """What the file says of each target, if there is a file; texts have the name of their key.

    A table may have these keys and no others. What is wrong is put into `problems`.
    """
    for number, table in enumerate(_targets(file, problems), start=1):
        name = table.get("name")
        shown = f' "{name}"' if isinstance(name, str) else ""
        texts: dict[str, str] = {}
        read = Parser(texts, problems, place=f"{file}, target {number}{shown}")
        for key, value in table.items():
            if key in keys:
                texts[key] = _text(key, value, read)
            else:
                read.problem(_unknown(key, keys))
        yield read


def _targets(file: Path, problems: list[str]) -> list[dict[str, Any]]:
    try:
        content = tomllib.loads(read_text(file))
    except FileNotFoundError:
        return []
    except TextFileError as error:
        problems.append(str(error))
        return []
    except (ValueError, RecursionError) as error:  # it is not TOML, or a thousand brackets deep
        problems.append(f"{file} cannot be read: {error}: {_REMEDY}")
        return []
    targets = content.pop("target", [])
    below = "settings stand below lines [[target]]"
    problems += [f"{file}: {key} is unknown here: {below}" for key in content]
    if isinstance(targets, list) and all(isinstance(table, dict) for table in targets):
        return targets
    problems.append(f"{file}: begin each target with a line [[target]], in two pairs of brackets")
    return []


def _text(key: str, value: object, read: Parser) -> str:
    """As it would be written in the environment."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int):
        return str(value)
    read.problem(f"{key} must be a text in quotes, a whole number, true or false")
    return ""


def _unknown(key: str, keys: Collection[str]) -> str:
    if key == "api_key":
        return (
            "api_key is a secret, and the file is not: put it into an environment variable, and "
            "name that with api_key_env"
        )
    near = get_close_matches(key.lower().removeprefix("scale_"), keys, n=1)
    remedy = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(keys))}"
    return f"{key} is no setting of a target: {remedy}"
