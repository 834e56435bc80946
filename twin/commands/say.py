"""The output of commands."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Timer
from typing import TextIO

from twin.log import printable

_SILENCE_S = 2.0
"""A longer wait needs an explanation."""


def say(*lines: str, to: TextIO | None = None) -> None:
    """Print lines, on stdout if not given. What a terminal would obey is escaped: names and reasons
    come from the peer and from platforms."""
    for line in lines:
        print(printable(line), file=to or sys.stdout)


@contextmanager
def waiting_for(what: str) -> Iterator[None]:
    """If it takes long, say on stderr what it waits for."""
    timer = Timer(_SILENCE_S, say, [f"waiting for {what} ..."], {"to": sys.stderr})
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def table(rows: Sequence[Sequence[str]], left: int) -> list[str]:
    """Aligned lines; the first `left` columns hold words, the others numbers."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if number < left else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
