"""Lines of `key=value` on stdout, like the platform's own."""

import contextlib
import logging
import re
import sys
from typing import Protocol

# Heroku splits a line that is longer than 10,000 bytes.
_LINE_BYTES = 9_000
_PLAIN = re.compile(r"""[^ ="'\\]+""")


class Stream(Protocol):
    """Like a text file; with an `encoding` if it cannot write every character."""

    def write(self, text: str, /) -> object: ...

    def flush(self) -> object: ...


class Log:
    """Writes one line an event: `at=info event=duty.taken twin=a because="peer silent for 6.1 s"`.

    Safe to use from every thread. Values must hold no secrets.
    """

    def __init__(self, twin: str, stream: Stream | None = None) -> None:
        self._twin = twin
        self._stream = stream or sys.stdout
        self._encoding: str = getattr(self._stream, "encoding", None) or "utf-8"

    def info(self, event: str, /, **values: object) -> None:
        self._write("info", event, values)

    def warning(self, event: str, /, **values: object) -> None:
        self._write("warning", event, values)

    def error(self, event: str, /, **values: object) -> None:
        self._write("error", event, values)

    def written(self, lines: str) -> None:
        """Pass on what a script wrote, as it wrote it."""
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(lines)
            self._stream.flush()

    def _write(self, level: str, event: str, values: dict[str, object]) -> None:
        line = pairs({"at": level, "event": event, "twin": self._twin, **values})
        cut = line.encode(self._encoding, "backslashreplace")[:_LINE_BYTES]
        # A full disk, a reader that has ended, a closed file (ValueError): none must end a twin.
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(cut.decode(self._encoding, "ignore") + "\n")
            self._stream.flush()


def hush_requests() -> None:
    """Keep URLs, which may hold secrets, out of the logs of libraries.

    By a filter: a jobs file may change levels.
    """
    for library in ("httpx", "urllib3.connectionpool"):
        logging.getLogger(library).addFilter(_is_warning)


def _is_warning(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING


def pairs(values: dict[str, object]) -> str:
    """`key=value` pairs in one line; a value with other than plain characters is quoted."""
    return " ".join(f"{key}={_quoted(value)}" for key, value in values.items())


def _quoted(value: object) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    if _PLAIN.fullmatch(text) and text.isprintable():
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{printable(escaped)}"'


def printable(text: str) -> str:
    """The text in one line; characters that a terminal would obey are escaped."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)
