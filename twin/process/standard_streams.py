"""Repairs stdin, stdout and stderr."""

import os
import sys
from io import TextIOWrapper


def mend_standard_streams() -> None:
    """Open them if closed, buffer by line, and escape characters that they lack."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            _open_nowhere(number, name)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(line_buffering=True, errors="backslashreplace")


def _open_nowhere(number: int, name: str) -> None:
    """Otherwise the next open file, such as the port, would get the number."""
    null = os.open(os.devnull, os.O_RDWR)
    if null != number:
        os.dup2(null, number)
        os.close(null)
    os.set_inheritable(number, True)
    mode = "r" if name == "stdin" else "w"
    setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 (for ever)
