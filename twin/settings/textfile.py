"""Text files that people write."""

from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from pathlib import Path

_SAVE = "save it as UTF-8"


class TextFileError(Exception):
    """The file cannot be read. The text is a sentence with the remedy."""


def read_text(file: Path) -> str:
    """UTF-8, with or without a byte order mark. Raises FileNotFoundError or TextFileError."""
    try:
        return _decoded(file.read_bytes())
    except FileNotFoundError:
        raise
    except IsADirectoryError:
        why = "it is a directory: remove it, or make it a file"
    except OSError as error:
        why = f"{error.strerror}: let this user read it, or remove it"
    except ValueError as error:
        why = f"{error}: {_SAVE}"
    raise TextFileError(f"{file} cannot be read: {why}")


def _decoded(content: bytes) -> str:
    """Raises ValueError, whose text repeats nothing of the content."""
    if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        raise ValueError("it is UTF-16, as Windows PowerShell writes it")
    try:
        text = content.removeprefix(BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(f"line {line} is not UTF-8") from None
    before, nul, _ = text.partition("\0")
    if nul:
        line = before.count("\n") + 1
        raise ValueError(f"line {line} holds a NUL character")
    return text
