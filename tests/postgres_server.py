"""A real PostgreSQL server, whose data and logs end with it."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from processes import WAIT_S, free_port, until

_BIN = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
"""Debian installs each version there, outside of users' PATH."""
PASSWORD = "s3cret/of:both"
_FAST = """
fsync = off
full_page_writes = off
shared_buffers = 16MB
unix_socket_directories = ''
"""


@dataclass
class PostgresServer:
    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return self.url_of("postgres", PASSWORD)

    def url_of(self, user: str, password: str) -> str:
        return f"postgres://{user}:{quote(password, safe='')}@127.0.0.1:{self.port}/postgres"

    def start(self, *options: str) -> None:
        """`options` are settings, as name=value."""
        command = _as_its_user("postgres", "-D", str(self.folder / "data"), "-p", str(self.port))
        command += ["-h", "127.0.0.1"]
        command += [f"--{option}" for option in options]
        log = self.folder / "log"
        log.unlink(missing_ok=True)
        with log.open("wb") as stderr:
            self.process = subprocess.Popen(command, stderr=stderr)
        process, ready = self.process, "database system is ready to accept"
        until(lambda: ready in log.read_text() or process.poll() is not None)
        assert process.poll() is None, log.read_text()

    def kill(self) -> None:
        """As in a crash: it recovers when it starts again."""
        if self.process is not None and self.process.poll() is None:
            self.resume()
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(WAIT_S)

    def pause(self) -> None:
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        """To it and to the processes of its connections."""
        assert self.process is not None
        first = self.process.pid
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        for process in (first, *map(int, children)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)

    def sql(self, *statements: str) -> str:
        """What psql prints for them, without titles."""
        asked = [str(_BIN[-1] / "psql"), self.url, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]
        asked += [f"--command={statement}" for statement in statements]
        done = subprocess.run(asked, check=True, capture_output=True, text=True, timeout=WAIT_S)
        return done.stdout.strip()


@contextlib.contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Serves on a free loopback port; its superuser `postgres` has PASSWORD."""
    assert _BIN, "no PostgreSQL: apt-get install postgresql"
    folder = Path(tempfile.mkdtemp(prefix="postgres"))
    made = PostgresServer(folder)
    try:
        (folder / "password").write_text(PASSWORD)
        if os.geteuid() == 0:
            for each in (folder, folder / "password"):
                shutil.chown(each, "postgres", "postgres")
        init = ["--auth=scram-sha-256", f"--pwfile={folder}/password", "--username=postgres"]
        init += ["--no-sync", "--no-instructions", "--encoding=UTF8", "--locale=C.UTF-8"]
        # A language in which "a" comes before "B".
        init += ["--locale-provider=icu", "--icu-locale=en-US"]
        command = _as_its_user("initdb", "-D", str(folder / "data"), *init)
        subprocess.run(command, check=True, capture_output=True)
        with (folder / "data/postgresql.conf").open("a") as settings:
            settings.write(_FAST)
        made.start()
        yield made
    finally:
        made.kill()
        shutil.rmtree(folder)


def _as_its_user(program: str, *arguments: str) -> list[str]:
    """It refuses to run as root."""
    if os.geteuid() != 0:
        return [str(_BIN[-1] / program), *arguments]
    user = pwd.getpwnam("postgres")
    become = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    return [*become, str(_BIN[-1] / program), *arguments]
