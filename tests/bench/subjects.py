"""What is measured: twins, and the baselines that they are held against."""

import contextlib
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from processes import Twin, free_port, twins, until

from twin.clock import Clock

BARE = """
import os
import fastapi, httpx, schedule, uvicorn
app = fastapi.FastAPI()
@app.get("/")
async def root():
    return {"status": "ok"}
port = int(os.environ["PORT"])
uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)
"""
LOOP = """
import schedule, time
def job(second):
    print((time.time() - second) % 60 * 1000, flush=True)
for second in range(60):
    schedule.every().minute.at(f":{second:02d}").do(job, second)
while True:
    schedule.run_pending()
    time.sleep(1)
"""
TEN_JOBS = """
from twin import cron
for number in range(10):
    cron("0 0 1 1 *", name=f"job{number}")(lambda: None)
"""


def now() -> float:
    return Clock().now().mono


def rest(seconds: float) -> None:
    threading.Event().wait(seconds)


@contextlib.contextmanager
def place() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="twin-bench-") as directory:
        yield Path(directory)


class Bare:
    """FastAPI, httpx and schedule imported, one route, under uvicorn."""

    def __init__(self, like: Twin) -> None:
        self.port = free_port()
        self._like = like
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> subprocess.Popen[bytes]:
        """In the environment of the twin that it is held against."""
        environ = {**self._like.settings, "PORT": str(self.port), "WEB_CONCURRENCY": "1"}
        self.process = subprocess.Popen([sys.executable, "-c", BARE], env=environ)
        return self.process

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@contextlib.contextmanager
def solo(directory: Path, jobs: str = TEN_JOBS, **environ: str) -> Iterator[Twin]:
    """A twin that knows of no peer, not started."""
    with twins(directory, jobs, **environ) as (twin, _):
        del twin.environ["PEER_URL"]
        yield twin


@contextlib.contextmanager
def bare(like: Twin) -> Iterator[Bare]:
    made = Bare(like)
    try:
        yield made
    finally:
        made.kill()


@contextlib.contextmanager
def pair(directory: Path, jobs: str = TEN_JOBS, **environ: str) -> Iterator[tuple[Twin, Twin]]:
    """The one on duty, and the one that watches it."""
    with twins(directory, jobs, **environ) as (a, b):
        a.start()
        b.start()
        yield settled(a, b)


def settled(a: Twin, b: Twin, timeout_s: float = 60.0) -> tuple[Twin, Twin]:
    """Wait until one is on duty and the other watches it."""

    def found() -> tuple[Twin, Twin] | None:
        told = {each.name: each.status() for each in (a, b)}
        for holder, other in ((a, b), (b, a)):
            roles = told[holder.name].get("role"), told[other.name].get("role")
            if roles == ("on_duty", "standby") and told[holder.name]["watchers"]:
                return holder, other
        return None

    return until(found, timeout_s)  # type: ignore[no-any-return]


def answers(port: int, request: bytes, process: subprocess.Popen[bytes]) -> tuple[float, float]:
    """When the port took a connection, and when the first byte of an answer came."""
    while True:
        with contextlib.suppress(ConnectionRefusedError):
            connection = socket.create_connection(("127.0.0.1", port))
            break
        assert process.poll() is None, "it has ended"
        rest(0.001)
    bound_at = now()
    with connection:
        connection.sendall(request)
        assert connection.recv(1)
        return bound_at, now()


def cpu_s(process: subprocess.Popen[bytes] | None) -> float:
    """What it has used so far, of threads that have ended too, in seconds to the nanosecond."""
    assert process is not None
    # The clock of another process, as clock_getcpuclockid(3) makes it. TID251: of a real process.
    return time.clock_gettime((~process.pid << 3) | 2)


def resident_mb(process: subprocess.Popen[bytes] | None) -> float:
    assert process is not None
    return memory_mb(process.pid)


def memory_mb(pid: int, kind: str = "VmRSS") -> float:
    """`RssAnon` is what it shares with no other process."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split(f"{kind}:")[1].split()[0]) / 1024
