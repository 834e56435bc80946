"""A web process for the platform's tests, controlled by its environment.

STUB_BOOT_S: listens this late. STUB_EXIT: exits at once with this status. STUB_STUBBORN: ignores
SIGTERM. Paths: / answers with the dyno, its pid and the request; /slow/2 answers after 2 s; /stream
sends a chunk every 50 ms; /silent sends one and no more; /exit ends the process in the middle.
"""

import json
import os
import signal
import socketserver
import sys
import threading
from http.server import BaseHTTPRequestHandler

NEVER = threading.Event()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path, _, argument = self.path[1:].partition("/")
        if path == "exit":
            os._exit(3)
        if path == "slow":
            NEVER.wait(float(argument))
        if path in ("stream", "silent"):
            self.stream(path)
            return
        told = {"headers": {k.lower(): v for k, v in self.headers.items()}, "body": self.sent()}
        self.answer({"dyno": os.environ["DYNO"], "pid": os.getpid(), **told})

    do_POST = do_GET  # noqa: N815 - the base class calls it so

    def sent(self) -> str:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()

    def answer(self, value: object) -> None:
        body = json.dumps({**value, "environ": dict(os.environ)} if isinstance(value, dict) else {})
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def stream(self, path: str) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"3\r\nab\n\r\n")
                NEVER.wait(0.05 if path == "stream" else 60)
        except OSError:
            print("stream closed", flush=True)
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


def main() -> None:
    print("hello from", os.environ["DYNO"], flush=True)
    print("and from stderr", file=sys.stderr, flush=True)
    if status := os.environ.get("STUB_EXIT"):
        sys.exit(int(status))
    if os.environ.get("STUB_STUBBORN"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    NEVER.wait(float(os.environ.get("STUB_BOOT_S", "0")))
    if "PORT" not in os.environ:
        NEVER.wait()
    Server(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()


if __name__ == "__main__":
    main()
