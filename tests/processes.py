"""Twins as real processes on this machine, and requests to them."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

import twin

WAIT_S = 60.0
LOGIN = ("user", "s3cret-of-both")

_ENVIRON = {
    "PATH": os.environ["PATH"],
    "PYTHONPATH": str(Path(twin.__file__).parent.parent),
    "PYTHONUNBUFFERED": "1",
    # Apprise imports it if Python still has it.
    "PYTHONWARNINGS": "error,ignore:'imghdr' is deprecated:DeprecationWarning",
    "WEB_CONCURRENCY": "2",
    "BASIC_AUTH_USERNAME": LOGIN[0],
    "BASIC_AUTH_PASSWORD": LOGIN[1],
}


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def until(holds: Callable[[], Any], timeout_s: float = WAIT_S) -> Any:
    """Ask until the answer is truthy, and return it."""
    pause, tries = threading.Event(), int(timeout_s / 0.02)
    for _ in range(tries):
        answer = holds()
        if answer:
            return answer
        pause.wait(0.02)
    raise AssertionError(f"not within {timeout_s} s")


@dataclass
class Twin:
    """A twin and its environment; once started, also its process."""

    name: str
    directory: Path
    port: int = field(default_factory=free_port)
    environ: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    before: tuple[str, ...] = ()
    """The words of a command that becomes the twin: where it shall run."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> dict[str, str]:
        own = {"TWIN_NAME": self.name, "SELF_URL": self.url, "PORT": str(self.port)}
        return {**_ENVIRON, **own, **self.environ}

    @property
    def output(self) -> str:
        return (self.directory / f"{self.name}.log").read_text()

    def start(self, *arguments: str, python: tuple[str, ...] = ()) -> subprocess.Popen[bytes]:
        with (self.directory / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*self.before, sys.executable, *python, "-m", "twin", *arguments],
                env=self.settings,
                cwd=self.directory,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self.process

    def command(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run a command that ends."""
        return run(*arguments, environ={**self.settings, **environ}, directory=self.directory)

    def status(self) -> dict[str, Any]:
        try:
            answer = httpx.get(f"{self.url}/status", auth=LOGIN, trust_env=False, timeout=5)
        except httpx.HTTPError:
            return {}
        return dict(answer.json()) if answer.status_code == 200 else {}

    def role(self) -> str:
        return str(self.status().get("role"))

    def ends(self, *numbers: int, timeout_s: float = WAIT_S) -> int:
        """Send a signal, and wait for the exit status."""
        assert self.process is not None
        for number in numbers:
            self.process.send_signal(number)
        return self.process.wait(timeout_s)

    def kill(self) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(WAIT_S)

    def is_gone(self) -> bool:
        assert self.process is not None
        return is_gone(self.process.pid)


def is_gone(group: int) -> bool:
    """Whether all of its processes are gone."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def run(
    *arguments: str, environ: Mapping[str, str], directory: Path
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "twin", *arguments],
        env=dict(environ),
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@contextlib.contextmanager
def twins(directory: Path, jobs: str = "", **environ: str) -> Iterator[tuple[Twin, Twin]]:
    """Two twins that know each other, not started yet; killed at the end if they still run."""
    (directory / "jobs.py").write_text(jobs)
    a, b = Twin("a", directory), Twin("b", directory)
    a.environ.update(environ, PEER_URL=b.url)
    b.environ.update(environ, PEER_URL=a.url)
    try:
        yield a, b
    finally:
        a.kill()
        b.kill()


def seconds_of(action: Callable[[], object]) -> float:
    began = time.monotonic()  # noqa: TID251 (of a real process)
    action()
    return time.monotonic() - began  # noqa: TID251 (as above)
