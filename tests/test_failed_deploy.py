"""Both apps are deployed at once, side by side, with a version that dies after some seconds."""

import contextlib
import socket
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

from processes import Twin, until

from twin.clock import Clock

SERVES_FOR_S = 3.0
BACK_WITHIN_S = 15.0


class Url(socketserver.ThreadingTCPServer):
    """The URL of an app: a router that leads new connections to one of the app's processes."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Connection)
        self.port = 0
        self.text = f"http://127.0.0.1:{self.server_address[1]}"


class Connection(socketserver.BaseRequestHandler):
    server: Url

    def handle(self) -> None:
        with contextlib.suppress(OSError), socket.create_connection(self.there) as process:
            back = threading.Thread(target=pump, args=(process, self.request), daemon=True)
            back.start()
            pump(self.request, process)
            back.join()

    @property
    def there(self) -> tuple[str, int]:
        return "127.0.0.1", self.server.port


def pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def two_urls() -> Iterator[dict[str, Url]]:
    with Url() as a, Url() as b:
        for url in (a, b):
            threading.Thread(target=url.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield {"a": a, "b": b}
        finally:
            a.shutdown()
            b.shutdown()


def start(name: str, directory: Path, urls: dict[str, Url]) -> Twin:
    """A new process of this app, which does not have the URL yet."""
    directory.mkdir(exist_ok=True)
    peer = urls["b" if name == "a" else "a"]
    twin = Twin(name, directory, environ={"SELF_URL": urls[name].text, "PEER_URL": peer.text})
    twin.start()
    return twin


def lead(urls: dict[str, Url], twins: list[Twin]) -> None:
    for twin in twins:
        urls[twin.name].port = twin.port


def roles(twins: list[Twin]) -> list[str]:
    return sorted(twin.role() for twin in twins)


def test_a_version_of_both_that_dies_leaves_nobody_on_duty_for_15_s_at_most(tmp_path: Path) -> None:
    old: list[Twin] = []
    new: list[Twin] = []
    with two_urls() as urls:
        try:
            old += [start(name, tmp_path / "old", urls) for name in urls]
            lead(urls, old)
            until(lambda: roles(old) == ["on_duty", "standby"])
            new += [start(name, tmp_path / "new", urls) for name in urls]
            until(lambda: all(twin.status() for twin in new))
            lead(urls, new)
            until(lambda: roles(old) == ["leaving", "leaving"])
            threading.Event().wait(SERVES_FOR_S)
            for twin in new:
                twin.kill()
            clock = Clock()
            died_at = clock.now().mono
            lead(urls, old)
            until(lambda: "on_duty" in roles(old))
            vacant_s = clock.now().mono - died_at
            assert vacant_s < BACK_WITHIN_S
            until(lambda: roles(old) == ["on_duty", "standby"])
        finally:
            for twin in (*old, *new):
                twin.kill()
