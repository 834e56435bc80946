"""`python -m twin`: binds `$PORT` before anything heavy is imported, then does what was asked.

The host waits at most 60 s for the port, and its router holds requests from then on: they queue in
the backlog while the rest is imported.
"""

import os
import sys

TYPE_CHECKING = False  # as in __init__.py
if TYPE_CHECKING:  # what is imported before a signal can be heard is imported below
    import socket
    from collections.abc import Callable

    from twin.process.signals import Signals


def main() -> int:
    if os.getpid() == 1:
        from twin.process.reaper import go_on_in_a_child

        go_on_in_a_child()
    arguments = sys.argv[1:]
    if [each for each in arguments if each != "--dry-run"] not in ([], ["serve"]):
        _prepare()
        return _run(arguments)
    from twin.process.signals import Signals

    signals = Signals()
    _prepare()
    status = _serve(signals, dry_run="--dry-run" in arguments)
    _in_time(lambda: (sys.stdout.flush(), sys.stderr.flush()))
    # Threads that a job left behind must not keep a twin from ending: its host would wait.
    os._exit(status)


def _prepare() -> None:
    """Have the standard streams in order, and what `.env` says in the environment."""
    from pathlib import Path

    from twin.process.standard_streams import mend_standard_streams
    from twin.settings.env_file import load_env
    from twin.settings.textfile import TextFileError

    mend_standard_streams()
    try:
        load_env(Path(".env"))
    except TextFileError as error:
        sys.exit(str(error))


def _serve(signals: "Signals", dry_run: bool) -> int:
    from contextlib import nullcontext

    try:
        with _bound() or nullcontext() as listener:
            from twin.commands.serve import serve

            return serve(listener, signals, dry_run)
    except ModuleNotFoundError:
        raise
    except Exception:  # noqa: BLE001 (whatever it is, it is told, and the process ends)
        from traceback import format_exc

        where = format_exc()
        _in_time(lambda: sys.stderr.write(where))
        return 1


def _in_time(write: "Callable[[], object]") -> None:
    """Give up if it takes too long: nobody may be reading."""
    from contextlib import suppress
    from threading import Thread

    from twin.process.output import LAST_S

    def writing() -> None:
        # The disk is full, the reader gone, or a job has closed or replaced the stream.
        with suppress(OSError, ValueError, AttributeError):
            write()

    thread = Thread(target=writing, daemon=True)
    thread.start()
    thread.join(LAST_S)


def _run(arguments: list[str]) -> int:
    """The exit status of a command; 1 if what it says cannot be written."""
    from twin.commands.cli import run

    try:
        try:
            return run(arguments)
        finally:
            sys.stdout.flush()
    except OSError as error:
        from errno import EDQUOT, EIO, ENOSPC, EPIPE

        if error.errno not in (EDQUOT, EIO, ENOSPC, EPIPE):
            raise
        # Else Python tries once more as it ends, and complains.
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        if error.errno == EPIPE:  # whoever reads has enough, as `head` has
            os.dup2(null, 2)
            return 1
        sys.exit(f"the answer cannot be written ({error.strerror}): make room there")


def _bound() -> "socket.socket | None":
    """The listening socket; None if PORT cannot be one, which the settings' check then reports."""
    from twin.process.forks import keep_from_children

    port = os.environ.get("PORT", "").strip() or "8000"
    if not port.isascii() or not port.isdigit() or len(port) > 9 or int(port) > 65535:
        return None
    try:
        listener = _listener(int(port))
    except OSError as error:
        sys.exit(f"port {port} cannot be used ({error.strerror}): set PORT to another one")
    listener.listen(2048)  # as many as uvicorn itself lets queue
    keep_from_children(lambda: [listener.fileno()])
    return listener


def _listener(port: int) -> "socket.socket":
    """On every address, of IPv4 and IPv6; of IPv4 alone where this machine has no IPv6."""
    from errno import EACCES, EADDRINUSE
    from socket import AF_INET, AF_INET6

    try:
        return _bind(AF_INET6, "::", port)
    except OSError as error:
        if error.errno in (EADDRINUSE, EACCES):
            raise
        return _bind(AF_INET, "0.0.0.0", port)  # noqa: S104 (hosts route to any of them)


def _bind(family: "socket.AddressFamily", address: str, port: int) -> "socket.socket":
    import socket

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
