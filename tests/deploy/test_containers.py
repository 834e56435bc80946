"""The image and the compose file on a real engine, built on stand-ins for the base images."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import engine
import images
import pytest
from processes import until

ROOT = Path(__file__).parents[2]
NONE = engine.why_none() or images.why_none()
pytestmark = pytest.mark.skipif(bool(NONE), reason=NONE)

PASSWORD = "s3cret-of-both"
LOGIN = ("--env", "BASIC_AUTH_USERNAME=twin", "--env", f"BASIC_AUTH_PASSWORD={PASSWORD}")
URLOPEN = "from urllib.request import urlopen"
REQUIREMENTS = ("requirements.txt", "requirements-strict.txt")
PARTS = ("Dockerfile", ".dockerignore", "compose.yaml", *REQUIREMENTS, "deploy", "twin")


@dataclass
class Machine:
    """A user's machine, with a clone and its own jobs. It builds the image `twin`."""

    clone: Path
    engine: engine.Engine

    def docker(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._run("docker", *arguments)

    def compose(self, *arguments: str) -> str:
        done = self._run("docker-compose", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        environ = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "DOCKER_HOST": self.engine.host,
            "DOCKER_SOCKET": str(self.engine.socket),
        }
        return subprocess.run(
            command, cwd=self.clone, env=environ, capture_output=True, text=True, check=False
        )

    def inspect(self, container: str) -> dict[str, Any]:
        return dict(json.loads(self.docker("inspect", container).stdout)[0])


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    clone = tmp_path_factory.mktemp("clone") / "pair"
    clone.mkdir()
    for part in map(ROOT.joinpath, PARTS):
        (shutil.copytree if part.is_dir() else shutil.copy)(part, clone / part.name)
    for named in ("Dockerfile", "compose.yaml", "deploy/shop.yaml"):
        # The digests of the stand-ins are not known beforehand.
        text = (clone / named).read_text()
        (clone / named).write_text(re.sub("@sha256:[0-9a-f]{64}", "", text))
    shutil.copy(ROOT / "examples/jobs.py", clone / "jobs.py")
    (clone / "jobs.py").chmod(0o600)
    # The number of containers at the start: after a change, the twins wait a minute for boots.
    (clone / ".env").write_text(f"BASIC_AUTH_PASSWORD={PASSWORD}\nSCALE_TIMETABLE=00:00=2\n")
    with engine.engine(with_networks=True) as one:
        images.load(one, tmp_path_factory.mktemp("images"))
        there = Machine(clone, one)
        there.compose("build")
        yield there


def test_the_image_has_the_jobs_but_no_secrets_and_an_unprivileged_user(machine: Machine) -> None:
    looked = machine.docker("run", "--rm", "twin", "sh", "-c", "ls -A; id -u").stdout.split()
    assert {"jobs.py", "twin"} <= set(looked)
    assert not {".env", "compose.yaml", "deploy"} & set(looked)
    assert looked[-1] == "65532"


def test_a_scheduler_runs_a_job_in_the_image(machine: Machine) -> None:
    job = ("python", "-m", "twin", "run", "jobs.greet")
    done = machine.docker("run", "--rm", *LOGIN, "twin", *job)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "hello from the twin on duty\n" in done.stdout


def test_a_host_may_choose_the_user_and_the_port(machine: Machine) -> None:
    chosen = ("--user=12345", "--env=PORT=5000", "--health-interval=1s")
    machine.docker("run", "--detach", "--name=one", *chosen, *LOGIN, "twin")
    until(lambda: machine.inspect("one")["State"]["Health"]["Status"] == "healthy")
    check = machine.inspect("one")["Config"]["Healthcheck"]["Test"][1:]
    assert machine.docker("exec", "--env=PORT=5001", "one", *check).returncode == 1
    machine.docker("rm", "--force", "one")


def test_sigterm_reaches_the_twin(machine: Machine) -> None:
    machine.docker("run", "--detach", "--name=one", *LOGIN, "twin")
    until(lambda: "duty.taken" in machine.docker("logs", "one").stdout)
    machine.docker("stop", "one")
    assert machine.inspect("one")["State"]["ExitCode"] == 0
    machine.docker("rm", "one")


@dataclass
class Shop:
    """The containers of `docker compose up`: a pair, and an app that it scales."""

    machine: Machine
    twins: dict[str, str]
    """The containers' ids by the twins' names."""

    def ask(self, twin: str, *command: str) -> subprocess.CompletedProcess[str]:
        return self.machine.docker("exec", self.twins[twin], "python", *command)

    def on_duty(self) -> str:
        """The name of the only holder; empty if there is none, or two."""
        ask = f"{URLOPEN}; print(urlopen('http://127.0.0.1:8000/healthz').read())"
        holders = [twin for twin in "ab" if '"on_duty"' in self.ask(twin, "-c", ask).stdout]
        return holders[0] if len(holders) == 1 else ""

    def containers(self) -> set[str]:
        return self.machine.engine.running("shop_web")

    def answers(self) -> set[str]:
        """The short ids of the containers that answer visitors."""
        visits = "for _ in range(9): print(urlopen('http://host.docker.internal:8080/').read())"
        output = self.ask("a", "-c", f"{URLOPEN}\n{visits}").stdout
        return set(re.findall(r"Hostname: (\w+)", output))


@pytest.fixture(scope="module")
def shop(machine: Machine) -> Shop:
    machine.compose("up", "--detach")
    return Shop(machine, {twin: machine.compose("ps", "--quiet", twin).strip() for twin in "ab"})


def test_the_pair_is_configured_and_visitors_reach_every_container(shop: Shop) -> None:
    until(shop.on_duty)
    for twin in "ab":
        done = shop.ask(twin, "-m", "twin", "check")
        assert done.returncode == 0, done.stdout + done.stderr
    until(lambda: len(shop.containers()) == 2)
    until(lambda: {each[:12] for each in shop.containers()} == shop.answers())


def test_containers_have_few_privileges(shop: Shop) -> None:
    engine = shop.machine.compose("ps", "--quiet", "engine").strip()
    for container in (*shop.twins.values(), engine):
        limits = shop.machine.inspect(container)["HostConfig"]
        assert (limits["CapDrop"], limits["SecurityOpt"]) == (["ALL"], ["no-new-privileges:true"])
        assert limits["ReadonlyRootfs"]
        assert limits["Memory"]
        assert limits["PidsLimit"]
    writes = "from pathlib import Path; Path({!r}).write_text('')".format
    assert shop.ask("a", "-c", writes("/tmp/mine")).returncode == 0  # noqa: S108 (in a container)
    assert "Read-only file system" in shop.ask("a", "-c", writes("/app/mine")).stderr


def test_an_orphan_of_a_job_is_reaped(shop: Shop) -> None:
    leaves = "import subprocess; print(subprocess.Popen(['sleep', '0']).pid)"
    pid = shop.ask("a", "-c", leaves).stdout.strip()
    gone = f"import os; os.kill({pid}, 0)"
    until(lambda: "No such process" in shop.ask("a", "-c", gone).stderr)


def test_the_engine_refuses_the_twins_other_requests(shop: Shop) -> None:
    for path in ("containers/json", "services", "secrets", "services/shop_web/logs"):
        tried = shop.ask("a", "-c", f"{URLOPEN}; urlopen('http://engine:2375/{path}')")
        assert "403: Forbidden" in tried.stderr


def test_the_duty_moves_when_a_twin_is_killed_and_the_other_scales(shop: Shop) -> None:
    first = until(shop.on_duty)
    shop.machine.docker("kill", shop.twins[first])
    second = until(shop.on_duty)
    assert second != first
    hung = shop.containers()
    shop.machine.docker("kill", "--signal=STOP", *hung)
    (added,) = until(lambda: shop.containers() - hung, 60)
    shop.machine.docker("start", shop.twins[first])
    until(lambda: shop.answers() == {added[:12]})


def test_a_second_compose_up_keeps_the_scaled_quantity(shop: Shop) -> None:
    before = shop.containers()
    shop.machine.compose("up", "--detach")
    assert shop.containers() == before
