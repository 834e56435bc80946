"""`.env`: settings in a file instead of the environment."""

from io import StringIO
from pathlib import Path

from twin.settings.textfile import TextFileError, read_text


def load_env(file: Path) -> None:
    """Add its settings to the environment; variables that are set already stay.

    Raises TextFileError if the file is there, but cannot be used.
    """
    if not file.exists() or (file / "pyvenv.cfg").exists():  # a virtual environment of that name
        return
    text = read_text(file)
    from dotenv import load_dotenv
    from dotenv.parser import parse_stream

    for statement in parse_stream(StringIO(text)):
        if statement.error:  # the library would skip it, and a setting would be missing
            why = (
                f"line {statement.original.line} is not NAME=VALUE, or a quotation mark is missing"
            )
            raise TextFileError(f"{file} cannot be used: {why}: correct the line")
    try:
        load_dotenv(stream=StringIO(text))
    except ValueError:  # its text would repeat a part of what may be a secret
        why = "has a name with = in it, or letters that the locale lacks: set LC_ALL=C.UTF-8"
        raise TextFileError(f"{file} cannot be used: it {why}") from None
