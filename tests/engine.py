"""A Docker engine for the tests, without traces after its end.

It runs in its own namespaces (processes, mounts, network), which end with it. It cannot pull
images: its one image holds Debian's static busybox.
"""

import contextlib
import io
import os
import shutil
import signal
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from processes import until

IMAGE = "busybox:local"
BUSYBOX = "/bin/busybox"
_NEEDED = ("dockerd", "unshare", "setpriv", BUSYBOX)


def why_none() -> str:
    """The reason why no engine can run here; empty if one can."""
    missing = [name for name in _NEEDED if shutil.which(name) is None]
    if missing:
        return f"no {', '.join(missing)}: apt-get install docker.io busybox-static"
    if os.geteuid() != 0:
        return "only root may start a Docker engine"
    command = ["unshare", "--mount", "--net", "--pid", "--fork", "true"]
    apart = subprocess.run(command, capture_output=True, check=False)
    return "only a privileged container may start a Docker engine" if apart.returncode else ""


@dataclass
class Engine:
    socket: Path

    @property
    def host(self) -> str:
        """The address for DOCKER_HOST."""
        return f"unix://{self.socket}"

    def ask(self, method: str, path: str, body: Any = None, tar: bytes | None = None) -> Any:
        """The answer, as JSON or text."""
        transport = httpx.HTTPTransport(uds=str(self.socket))
        with httpx.Client(transport=transport, base_url="http://docker", timeout=30) as client:
            answer = client.request(method, path, json=body, content=tar)
        assert answer.is_success, answer.text
        is_json = answer.headers.get("Content-Type") == "application/json"
        return answer.json() if is_json else answer.text

    def init_swarm(self) -> None:
        here = "127.0.0.1"
        self.ask("POST", "/swarm/init", {"ListenAddr": f"{here}:2377", "AdvertiseAddr": here})

    def load_image(self) -> None:
        name, _, tag = IMAGE.partition(":")
        self.ask("POST", f"/images/create?fromSrc=-&repo={name}&tag={tag}", tar=_image())

    def create(self, name: str, mode: dict[str, Any]) -> str:
        """A service whose tasks do nothing and die at once on a signal; returns its id."""
        container = {"Image": IMAGE, "Command": [BUSYBOX, "sleep", "86400"]}
        task = {
            "ContainerSpec": {**container, "StopSignal": "SIGKILL", "Env": ["SHOP=open"]},
            "Networks": [{"Target": "host"}],
            "RestartPolicy": {"Condition": "any", "MaxAttempts": 0},
        }
        spec = {"Name": name, "Labels": {"team": "shop"}, "TaskTemplate": task, "Mode": mode}
        return str(self.ask("POST", "/services/create", spec)["ID"])

    def service(self, name: str) -> dict[str, Any]:
        return dict(self.ask("GET", f"/services/{name}"))

    def running(self, name: str) -> set[str]:
        """The ids of the service's containers."""
        label = f"com.docker.swarm.service.id={self.service(name)['ID']}"
        path = f'/containers/json?filters={{"label":["{label}"]}}'
        return {str(each["Id"]) for each in self.ask("GET", path)}


@contextlib.contextmanager
def engine(with_networks: bool = False) -> Iterator[Engine]:
    """A running engine, without a swarm yet; `with_networks`, containers can reach each other."""
    # The path of a socket has room for 104 characters, which a test's own directory exceeds.
    directory = Path(tempfile.mkdtemp(prefix="twin-docker-"))
    one = Engine(directory / "docker.sock")
    cgroup = directory.name
    said = directory / "log"
    with said.open("wb") as log:
        command = _command(directory, one, cgroup, with_networks)
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        until(lambda: "API listen on" in said.read_text() or process.poll() is not None, 30)
        assert process.poll() is None, said.read_text()
        yield one
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
        until(lambda: _removed(cgroup))  # its last process is gone by then
        shutil.rmtree(directory)


def _command(directory: Path, one: Engine, cgroup: str, with_networks: bool) -> list[str]:
    # The first two end it with us, even if we are killed.
    ending = ["setpriv", "--pdeathsig", "KILL", "unshare", "--fork", "--kill-child"]
    apart = ["--pid", "--mount-proc", "--mount", "--net"]
    # The new network has no interface up, but a swarm's manager calls itself.
    up = ["sh", "-c", f'{BUSYBOX} ifconfig lo up && exec "$@"', "sh"]
    places = [f"--data-root={directory}/data", f"--exec-root={directory}/exec"]
    places += [f"--pidfile={directory}/pid", f"--host={one.host}", f"--cgroup-parent=/{cgroup}"]
    modest = ["--exec-opt=native.cgroupdriver=cgroupfs"]
    if not with_networks:
        modest += ["--storage-driver=vfs", "--bridge=none", "--iptables=false", "--ip6tables=false"]
    return [*ending, *apart, *up, "dockerd", *places, *modest]


def _removed(cgroup: str) -> bool:
    """Whether all control groups of the engine are gone; the kernel keeps them after its
    processes."""
    roots = [*Path("/sys/fs/cgroup").glob(cgroup), *Path("/sys/fs/cgroup").glob(f"*/{cgroup}")]
    for root in roots:
        for folder, _, _ in os.walk(root, topdown=False):
            with contextlib.suppress(OSError):  # not empty yet
                Path(folder).rmdir()
    return not any(root.exists() for root in roots)


def _image() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        tar.add(BUSYBOX, arcname=BUSYBOX.lstrip("/"))
    return packed.getvalue()
