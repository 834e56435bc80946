"""Ports on loopback."""

import random
import re
import socket
from itertools import count
from pathlib import Path

HOST = "127.0.0.1"

# Below the range of outgoing connections: none of them takes a port before its dyno binds it.
_LOWEST, _HIGHEST = 10_000, 32_000
_TRIES = 200
_next = count(random.SystemRandom().randrange(_LOWEST, _HIGHEST))


def free_port() -> int:
    """A port that nobody listens on, a different one at every call."""
    for number in (next(_next) for _ in range(_TRIES)):
        port = _LOWEST + number % (_HIGHEST - _LOWEST)
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
        return port
    raise OSError(f"no free port between {_LOWEST} and {_HIGHEST}")


def reserved(port: int) -> socket.socket:
    """A socket that holds `port` and refuses connections: bound, but not listening.

    While it is open, `listening(port)` can come and go, and nobody else gets the port. Raises
    OSError when the port is taken.
    """
    holder = socket.socket()
    try:
        # Not yet SO_REUSEPORT: it would bind beside another program of the same user.
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind((HOST, port))
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    except OSError as error:
        holder.close()
        raise OSError(error.errno, f"port {port}: {error.strerror}; choose another") from None
    return holder


def listening(port: int) -> socket.socket:
    """A socket for a server on a port that `reserved` holds."""
    # Named as TCP: otherwise asyncio leaves Nagle's algorithm on, 40 ms for a small answer.
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    server.bind((HOST, port))
    server.setblocking(False)
    return server


def is_bound(port: int) -> bool:
    """Whether somebody listens on `port`.

    Reads the kernel's tables: a trial connection would reach the app as a request that never comes.
    Connects only on systems without these tables.
    """
    tables = [table for name in ("tcp", "tcp6") if (table := Path("/proc/net", name)).exists()]
    if not tables:
        with socket.socket() as trial:
            trial.settimeout(0.2)  # loopback answers at once or not at all
            return trial.connect_ex((HOST, port)) == 0
    listener = re.compile(rf":{port:04X} [0-9A-F]+:0000 0A ")  # local, any remote, LISTEN
    return any(listener.search(table.read_text()) for table in tables)
