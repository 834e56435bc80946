"""A script that starts itself anew by `exec`, as reloaders do, is served again."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from twin.worker.script_names import path_of


def serve_again(serving: str, name: str, **variables: str) -> None:
    """Have `exec` of the script NAME run the file `serving` instead, with these variables."""
    execve, worker = os.execve, os.getpid()

    def replaced(path: Any, args: list[Any], env: Mapping[Any, Any]) -> None:
        if os.getpid() == worker:  # a child may run another program
            args, env = _served(list(map(os.fsdecode, args)), serving, name), {**env, **variables}
            path = sys.executable if args[0] == sys.executable else path
        execve(path, args, env)

    # All forms of `exec` come down to these two.
    forms: dict[str, Any] = {"execve": replaced}
    forms["execv"] = lambda path, args: replaced(path, args, os.environ)
    for form, function in forms.items():
        setattr(os, form, function)


def _served(args: list[str], serving: str, name: str) -> list[str]:
    """What to run instead: unchanged, if it is not the script."""
    if args and _is_script(args[0]):  # by its first line
        args = [sys.executable, *args]
    first = next((i for i, arg in enumerate(args[1:], 1) if not arg.startswith("-")), 0)
    if args[first - 1 : first + 1] == ["-m", name]:
        return [*args[: first - 1], serving, *args[first:]]
    if first and _is_script(args[first]):
        known_as = args[first] if path_of(name) else name
        return [*args[:first], serving, known_as, *args[first + 1 :]]
    return args


def _is_script(arg: str) -> bool:
    own = getattr(sys.modules["__main__"], "__file__", None)
    return own is not None and Path(arg).resolve() == Path(own).resolve()
