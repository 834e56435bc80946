"""The lab's arbiter: a real Redis server, kept running like a dyno."""

import shlex
import shutil
from importlib.util import find_spec
from pathlib import Path

_SERVERS = ("redis-server", "valkey-server")


def lacking() -> str:
    """What an arbiter lacks on this machine, with the remedy; empty if nothing."""
    if _server() is None:
        return "--arbiter needs redis-server: install it, such as by `apt-get install redis-server`"
    if find_spec("redis") is None:
        return (
            "--arbiter needs the Python package redis: "
            "run `.venv/bin/pip install -r requirements-strict.txt`"
        )
    return ""


def command(port: int, folder: Path) -> str:
    """Runs a server that remembers everything, as an arbiter should."""
    options = {
        "port": port,
        "bind": "127.0.0.1",
        "dir": folder,
        "save": "",
        "appendonly": "yes",
        "appendfsync": "always",
    }
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    return shlex.join([_server() or _SERVERS[0], *words])


def _server() -> str | None:
    return next(filter(None, (shutil.which(name) for name in _SERVERS)), None)
