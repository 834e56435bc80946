"""`python -m twin`: binds `$PORT` before anything heavy is imported, then does what was asked.

The host waits at most 60 s for the port, and its router holds requests from then on: they queue in
the backlog while the rest is imported.
"""

import contextlib
import errno
import os
import socket
import sys
import traceback
from pathlib import Path


def main() -> int:
    if Path(".env").is_file():
        from dotenv import load_dotenv

        load_dotenv(".env")  # what is set in the environment already stays
    arguments = sys.argv[1:]
    if [each for each in arguments if each != "--dry-run"] in ([], ["serve"]):
        status = _serve(dry_run="--dry-run" in arguments)
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError):  # its disk is full, or its reader gone
                stream.flush()
        # Threads that a job left behind must not keep a twin from ending: its host would wait.
        os._exit(status)
    return _run(arguments)


def _serve(dry_run: bool) -> int:
    try:
        with _bound() or contextlib.nullcontext() as listener:
            from twin.commands.serve import serve

            return serve(listener, dry_run)
    except ModuleNotFoundError:
        raise
    except Exception:  # noqa: BLE001 (whatever it is, it is told, and the process ends)
        traceback.print_exc()
        return 1


def _run(arguments: list[str]) -> int:
    """The exit status of a command; 1 if whoever reads what it says has enough, as `head` has."""
    from twin.cli import run

    try:
        try:
            return run(arguments)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # Else Python tries once more as it ends, and complains.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _bound() -> socket.socket | None:
    """The listening socket; None if PORT cannot be one, which the settings' check then reports."""
    port = os.environ.get("PORT", "").strip() or "8000"
    if not port.isascii() or not port.isdigit() or len(port) > 9 or int(port) > 65535:
        return None
    try:
        listener = _listener(int(port))
    except OSError as error:
        sys.exit(f"port {port} cannot be used ({error.strerror}): set PORT to another one")
    listener.listen(2048)  # as many as uvicorn itself lets queue
    return listener


def _listener(port: int) -> socket.socket:
    """On every address, of IPv4 and IPv6; of IPv4 alone where this machine has no IPv6."""
    try:
        return _bind(socket.AF_INET6, "::", port)
    except OSError as error:
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            raise
        return _bind(socket.AF_INET, "0.0.0.0", port)  # noqa: S104 (hosts route to any of them)


def _bind(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    # With the protocol named: else asyncio does not see that it is TCP and leaves Nagle's algorithm
    # on, by which the answers on a connection that stays open take 40 ms each.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family is socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind((address, port))
    except OSError:
        listener.close()
        raise
    return listener


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ModuleNotFoundError as error:
        # One of ours: what the user's own jobs lack is told where they are read.
        sys.exit(
            f"the module {error.name} is not installed: run `python3 -m venv .venv && "
            ".venv/bin/pip install -r requirements.txt`, then `.venv/bin/python -m twin`; "
            "`make pair` makes that .venv, too"
        )
