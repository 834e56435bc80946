"""A real nginx as a proxy, with its defaults except for a test's directives."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from processes import WAIT_S, free_port, until

PATH = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
"""Debian installs it outside of users' PATH."""

_CONFIG = """
daemon off; master_process off;
pid {folder}/pid; error_log {folder}/error.log info;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  {http}
  server {{ listen 127.0.0.1:{port}; {server} }}
}}
"""


@dataclass(frozen=True)
class Nginx:
    port: int
    folder: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.folder / "error.log").read_text(errors="replace")


@contextlib.contextmanager
def nginx(server: str, http: str = "", port: int | None = None) -> Iterator[Nginx]:
    """Serves on a free loopback port until the block ends.

    `server` are directives of its one server, such as `location / { proxy_pass http://a:80; }`;
    `http` are directives beside it: `map`, `upstream`, types.
    """
    assert PATH, "no nginx: apt-get install nginx-light"
    with tempfile.TemporaryDirectory(prefix="nginx") as folder:
        made = Nginx(port or free_port(), Path(folder))
        config = made.folder / "nginx.conf"
        config.write_text(_CONFIG.format(folder=folder, http=http, port=made.port, server=server))
        complaints = made.folder / "stderr"
        with complaints.open("wb") as stderr:
            process = subprocess.Popen([PATH, "-p", folder, "-c", str(config)], stderr=stderr)
        try:
            until(lambda: process.poll() is not None or _listens(made.port))
            assert process.poll() is None, complaints.read_text(errors="replace")
            yield made
        finally:
            process.terminate()
            process.wait(WAIT_S)


def proxy_to(url: str, more: str = "") -> str:
    """The usual minimum: `Host` is then the upstream's."""
    return f"location / {{ proxy_pass {url}; {more} }}"


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
