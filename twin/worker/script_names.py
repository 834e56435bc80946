"""The names of scripts, as JOBS has them: a file, or a module as `python -m` takes it."""

from pathlib import Path


def path_of(name: str) -> Path | None:
    """The file of a script; None for a module that is not in this folder."""
    if name.endswith(".py") or "/" in name:
        return Path(name)
    file = Path(f"{name}.py")
    return file if file.is_file() else None


def label_of(name: str) -> str:
    """What the names of its jobs begin with."""
    return Path(name).stem if name.endswith(".py") or "/" in name else name


def digest_of(name: str) -> str | None:
    """Of its file, to tell whether both twins have the same; None if that cannot be read."""
    from hashlib import sha256  # brings OpenSSL along, 4 MB in each worker

    path = path_of(name)
    try:
        return None if path is None else sha256(path.read_bytes()).hexdigest()[:12]
    except OSError:
        return None
