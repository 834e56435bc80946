"""The one way in which commands speak."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer
from typing import TextIO

from twin.log import printable

_SILENCE_S = 2.0
"""Whoever waits longer wants to know for what."""


def say(*lines: str, to: TextIO | None = None) -> None:
    """Print each line, on stdout if not said. What a terminal would obey is escaped: names and
    reasons are those of the peer and of platforms."""
    for line in lines:
        print(printable(line), file=to or sys.stdout)


@contextmanager
def waiting_for(what: str) -> Iterator[None]:
    """If it takes long, say on stderr what is waited for."""
    timer = Timer(_SILENCE_S, say, [f"waiting for {what} ..."], {"to": sys.stderr})
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
