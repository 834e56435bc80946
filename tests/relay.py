"""A relay of TCP connections: what a router does that decides once for each connection."""

import contextlib
import socket
import socketserver
import threading


class Relay(socketserver.ThreadingTCPServer):
    """Leads new connections to a port of this machine, which may change."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int] = ("127.0.0.1", 0), port: int = 0) -> None:
        super().__init__(address, Connection)
        self.port = port
        self.text = f"http://127.0.0.1:{self.server_address[1]}"


class Connection(socketserver.BaseRequestHandler):
    server: Relay

    def handle(self) -> None:
        there = "127.0.0.1", self.server.port
        with contextlib.suppress(OSError), socket.create_connection(there) as process:
            back = threading.Thread(target=pump, args=(process, self.request), daemon=True)
            back.start()
            pump(self.request, process)
            back.join()


def pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
