"""Lines of `key=value` on stdout, as the platform's own are."""

import contextlib
import logging
import re
import sys
import threading
from typing import TextIO

# Heroku splits a line that is longer than 10,000 bytes.
_LINE_BYTES = 9_000
_PLAIN = re.compile(r"""[^ ="'\\]+""")


class Log:
    """Writes one line an event: `at=info event=duty.taken twin=a because="peer silent for 6.1 s"`.

    Safe to share among threads. Values are written as they are: what must not be seen has to stay
    out of them.
    """

    def __init__(self, twin: str, stream: TextIO | None = None) -> None:
        self._twin = twin
        self._stream = stream or sys.stdout
        self._lock = threading.Lock()

    def info(self, event: str, /, **values: object) -> None:
        self._write("info", event, values)

    def warning(self, event: str, /, **values: object) -> None:
        self._write("warning", event, values)

    def error(self, event: str, /, **values: object) -> None:
        self._write("error", event, values)

    def _write(self, level: str, event: str, values: dict[str, object]) -> None:
        line = pairs({"at": level, "event": event, "twin": self._twin, **values})
        # A full disk, or a reader that is gone, must not end what is told of.
        with self._lock, contextlib.suppress(OSError):
            self._stream.write(line.encode()[:_LINE_BYTES].decode(errors="ignore") + "\n")
            self._stream.flush()


def hush_requests() -> None:
    """Libraries tell which URLs they fetch, and what follows the host in ours is often a secret.

    A filter, since a jobs file may set levels as it likes.
    """
    for library in ("httpx", "urllib3.connectionpool"):
        logging.getLogger(library).addFilter(_is_warning)


def _is_warning(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING


def pairs(values: dict[str, object]) -> str:
    """`key=value` pairs in one line; a value with anything but plain characters is quoted."""
    return " ".join(f"{key}={_quoted(value)}" for key, value in values.items())


def _quoted(value: object) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    if _PLAIN.fullmatch(text) and text.isprintable():
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    if not escaped.isprintable():
        escaped = "".join(c if c.isprintable() else repr(c)[1:-1] for c in escaped)
    return f'"{escaped}"'
