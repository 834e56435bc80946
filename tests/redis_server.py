"""A real Redis server, whose data and logs end with it."""

import contextlib
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from processes import WAIT_S, free_port, until


@dataclass
class RedisServer:
    folder: Path
    options: tuple[str, ...]
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--dir", str(self.folder)]
        command += ["--bind", "127.0.0.1", *self.options]
        with (self.folder / "log").open("ab") as log:
            self.process = process = subprocess.Popen(command, stdout=log, stderr=log)
        until(lambda: process.poll() is not None or _listens(self.port))
        assert process.poll() is None, (self.folder / "log").read_text()

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(WAIT_S)

    def pause(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def command(self, *words: str) -> str:
        """What redis-cli prints."""
        asked = ["redis-cli", "-p", str(self.port), *words]
        done = subprocess.run(asked, check=True, capture_output=True, text=True, timeout=WAIT_S)
        assert "ERR" not in done.stdout, done.stdout
        return done.stdout


@contextlib.contextmanager
def redis_server(*options: str) -> Iterator[RedisServer]:
    """Serves on a free loopback port. `options` are as on the command line of redis-server."""
    assert shutil.which("redis-server"), "no redis-server: apt-get install redis-server"
    with tempfile.TemporaryDirectory(prefix="redis") as folder:
        made = RedisServer(Path(folder), options)
        try:
            made.start()
            yield made
        finally:
            made.kill()


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
