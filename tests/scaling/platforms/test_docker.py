"""A Docker Swarm service: on a real engine, and on a server with the answers of engines."""

import asyncio
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from engine import BUSYBOX, Engine, engine, why_none
from http_bench import answer, saying, serving, silent
from processes import until

from twin.clock import Clock
from twin.core.scaling.target import Reading, TargetError
from twin.scaling.platforms import api
from twin.scaling.platforms.api import Answer, Api
from twin.scaling.platforms.docker import DockerService

real = pytest.mark.skipif(bool(why_none()), reason=why_none())
LOCKED = b"Swarm is encrypted and needs to be unlocked before it can be used."
SHOP: dict[str, Any] = {
    "ID": "iqp4okm49vu1",
    "Version": {"Index": 21},
    "Spec": {"Name": "shop", "Mode": {"Replicated": {"Replicas": 2}}},
}


@pytest.fixture(scope="module")
def swarm() -> Iterator[Engine]:
    with engine() as one:
        one.init_swarm()
        one.load_image()
        yield one


@pytest.fixture
def shop(swarm: Engine) -> Iterator[DockerService]:
    """A service with two replicas."""
    swarm.create("shop", {"Replicated": {"Replicas": 2}})
    yield DockerService("shop", swarm.host)
    swarm.ask("DELETE", "/services/shop")


def error_of(service: DockerService) -> TargetError:
    with pytest.raises(TargetError) as raised:
        service.read()
    return raised.value


@real
def test_the_quantity_is_the_number_of_replicas(swarm: Engine, shop: DockerService) -> None:
    assert shop.read().quantity == 2
    assert DockerService(swarm.service("shop")["ID"], swarm.host).read().quantity == 2


@real
def test_scaling_starts_and_stops_tasks_and_leaves_the_others_alone(
    swarm: Engine, shop: DockerService
) -> None:
    first = until(lambda: len(swarm.running("shop")) == 2 and swarm.running("shop"))
    assert shop.write(3) == 3
    until(lambda: len(swarm.running("shop")) == 3)
    assert first < swarm.running("shop")
    assert shop.write(0) == shop.read().quantity == 0
    until(lambda: not swarm.running("shop"))


@real
def test_scaling_changes_only_the_replicas(swarm: Engine, shop: DockerService) -> None:
    before = swarm.service("shop")["Spec"]
    shop.write(3)
    after = swarm.service("shop")["Spec"]
    assert after["Mode"] == {"Replicated": {"Replicas": 3}}
    assert {**after, "Mode": before["Mode"]} == before


@real
def test_a_service_created_without_a_number_has_one_replica(swarm: Engine) -> None:
    swarm.create("one", {"Replicated": {}})
    assert DockerService("one", swarm.host).read().quantity == 1


def deploy(swarm: Engine, command: list[str], action: str = "pause", replicas: int = 2) -> None:
    """Start a rolling update of the service, with the settings of a stack file."""
    service = swarm.service("shop")
    spec = service["Spec"]
    spec["Mode"] = {"Replicated": {"Replicas": replicas}}
    spec["TaskTemplate"]["ContainerSpec"]["Command"] = [BUSYBOX, *command]
    watched = {"Parallelism": 1, "FailureAction": action, "Monitor": 1_000_000_000}
    spec["UpdateConfig"] = watched
    spec["RollbackConfig"] = {**watched, "FailureAction": "pause"}
    version = service["Version"]["Index"]
    swarm.ask("POST", f"/services/shop/update?version={version}", spec)


@real
def test_scaling_waits_for_a_rollout_and_its_rollback(swarm: Engine, shop: DockerService) -> None:
    until(lambda: len(swarm.running("shop")) == 2)
    deploy(swarm, ["false"], action="rollback")
    said = list[str]()

    def are_refused() -> bool:
        # A write before the engine has begun would replace the version to which it rolls back.
        if shop.read().under_way:
            try:
                shop.write(4)
            except TargetError as error:
                said.append(str(error))
        return all(words in " ".join(said) for words in ("update in progress", "rolled back"))

    until(are_refused)
    until(lambda: not shop.read().under_way, 30)
    assert shop.write(3) == 3
    command = swarm.service("shop")["Spec"]["TaskTemplate"]["ContainerSpec"]["Command"]
    assert command == [BUSYBOX, "sleep", "86400"]


@real
def test_a_deploy_changes_the_template_and_scaling_does_not(
    swarm: Engine, shop: DockerService
) -> None:
    template = shop.read().template
    shop.write(3)
    assert shop.read().template == template
    deploy(swarm, ["sleep", "3600"], replicas=1)
    reading = shop.read()
    assert reading.quantity == 1
    assert reading.template != template


@real
def test_a_deploy_that_begins_between_read_and_write_has_priority(
    swarm: Engine, shop: DockerService
) -> None:
    shop.read()
    deploy(swarm, ["sleep", "3600"])
    with pytest.raises(TargetError, match="a change of docker:shop is under way") as raised:
        shop.write(3)
    assert raised.value.heals
    assert shop.read().quantity == 2


@real
def test_a_paused_deploy_is_read_with_its_time(swarm: Engine, shop: DockerService) -> None:
    until(lambda: len(swarm.running("shop")) == 2)
    deploy(swarm, ["false"])
    paused_at = until(lambda: shop.read().paused_at, 30)
    assert 0 <= Clock().now().wall - paused_at < 60
    assert not shop.read().under_way


class Meddling:
    """Changes the service between a read and the write after it, the first `times`."""

    def __init__(self, swarm: Engine, times: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self._swarm = swarm
        self._times = times
        self._ask = Api.ask
        monkeypatch.setattr(Api, "ask", lambda *asked: self.ask(*asked))

    def ask(self, asked: Api, method: str, path: str, body: object = None) -> Answer:
        if method == "POST" and self._times:
            self._times -= 1
            service = self._swarm.service("shop")
            service["Spec"]["Labels"]["deploy"] = str(self._times)
            version = service["Version"]["Index"]
            self._swarm.ask("POST", f"/services/shop/update?version={version}", service["Spec"])
        return self._ask(asked, method, path, body)


@real
def test_a_change_between_read_and_write_is_kept(
    swarm: Engine, shop: DockerService, monkeypatch: pytest.MonkeyPatch
) -> None:
    Meddling(swarm, 2, monkeypatch)
    assert shop.write(3) == 3
    spec = swarm.service("shop")["Spec"]
    assert spec["Mode"] == {"Replicated": {"Replicas": 3}}
    assert spec["Labels"] == {"team": "shop", "deploy": "0"}


@real
def test_a_service_that_keeps_changing_is_not_scaled(
    swarm: Engine, shop: DockerService, monkeypatch: pytest.MonkeyPatch
) -> None:
    Meddling(swarm, 3, monkeypatch)
    with pytest.raises(TargetError, match="somebody else keeps changing docker:shop") as raised:
        shop.write(3)
    assert raised.value.heals
    assert shop.read().quantity == 2


@real
@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ({"Global": {}}, "docker:other is a global service, which has no number to change"),
        ({"ReplicatedJob": {}}, "docker:other is a replicatedjob service"),
    ],
)
def test_a_service_without_replicas_cannot_be_scaled(
    swarm: Engine, mode: dict[str, Any], reason: str
) -> None:
    swarm.create("other", mode)
    error = error_of(DockerService("other", swarm.host))
    swarm.ask("DELETE", "/services/other")
    assert reason in str(error)
    assert not error.heals


@real
def test_a_missing_service_is_reported(swarm: Engine) -> None:
    error = error_of(DockerService("nope", swarm.host))
    assert str(error) == (
        "there is no service nope (404: service nope not found): see `docker service ls`"
    )
    assert not error.heals


@real
def test_an_engine_that_manages_no_swarm_is_reported() -> None:
    with engine() as alone:
        error = error_of(DockerService("shop", alone.host))
    assert "is no manager of a swarm (503): run `docker swarm init`" in str(error)
    assert not error.heals


@real
def test_a_missing_permission_for_the_socket_is_reported(
    swarm: Engine, shop: DockerService
) -> None:
    assert shop.read().quantity == 2
    with without_permission():
        error = error_of(shop)
    assert f"may not use {swarm.host}: run it as a user of the socket's group" in str(error)
    assert not error.heals


@contextmanager
def without_permission() -> Iterator[None]:
    os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_missing_engine_is_an_error_that_heals(tmp_path: Path) -> None:
    path = tmp_path / "docker.sock"
    service = DockerService("shop", f"unix://{path}")
    error = error_of(service)
    assert f"no Docker engine answers at unix://{path} (No such file or directory)" in str(error)
    assert error.heals
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    assert "(Connection refused)" in str(error_of(service))


def over_tcp(text: bytes, quantity: int | None = None) -> tuple[int | TargetError, list[str]]:
    """The result of a read, or of a write of `quantity`, if the server answers `text`; and the
    requests that it received."""

    async def run() -> tuple[int | TargetError, list[str]]:
        async with serving(saying(text)) as server:
            service = DockerService("shop", server.url.replace("http", "tcp"))
            try:
                if quantity is None:
                    return (await asyncio.to_thread(service.read)).quantity, server.lines
                return await asyncio.to_thread(service.write, quantity), server.lines
            except TargetError as error:
                return error, server.lines

    return asyncio.run(run())


def test_an_engine_may_be_on_another_machine() -> None:
    shop = answer(200, json.dumps(SHOP).encode())
    assert over_tcp(shop) == (2, ["GET /services/shop"])
    lines = ["GET /services/shop", "POST /services/iqp4okm49vu1/update?version=21"]
    # The quantity that it states is the result, not the one asked for.
    assert over_tcp(shop, 5) == (2, [*lines, "GET /services/shop"])


@pytest.mark.parametrize(
    ("status", "body", "heals", "remedy"),
    [
        (403, b"<html>Forbidden</html>", False, "does not let this twin scale (403): allow GET"),
        (500, b'{"message": "no leader"}', True, "(500: no leader): it is tried again by itself"),
        (503, b"<html>nginx</html>", True, "out of order (503): it is tried again by itself"),
        (429, b"", True, "out of order (429): it is tried again by itself"),
        (503, b'{"message": "Swarm certificates have expired."}', False, "join it again"),
        (503, b'{"message": "This node is not part of a swarm"}', False, "docker swarm init"),
        (500, b'{"message": "The swarm does not have a leader."}', True, "have a leader.): it is"),
        (400, b"Client sent an HTTP request to an HTTPS server.", False, "answered 400: check DOC"),
        (200, b"<html>Welcome</html>", False, "does not answer as a Docker engine does: check"),
        (200, b'{"Spec": null}', False, "does not answer as a Docker engine does: check"),
    ],
)
def test_each_error_is_reported_with_the_remedy(
    status: int, body: bytes, heals: bool, remedy: str
) -> None:
    error, _ = over_tcp(answer(status, body))
    assert isinstance(error, TargetError)
    assert remedy in str(error)
    assert error.heals is heals


def test_a_locked_swarm_is_reported_with_the_remedy() -> None:
    error, _ = over_tcp(answer(503, b'{"message": "%s"}' % LOCKED))
    assert isinstance(error, TargetError)
    assert "is locked (503): run `docker swarm unlock` there" in str(error)
    assert not error.heals


@pytest.mark.parametrize(
    "wrong",
    [
        *({"ID": None}, {"Version": None}, {"Version": {}}, {"Spec": {"Mode": None}}),
        *({"Spec": {"Mode": mode}} for mode in ({}, "Replicated", {"Replicated": None})),
        {"Spec": {"Mode": {"Replicated": {"Replicas": None}}}},
    ],
)
def test_an_incomplete_service_is_refused(wrong: dict[str, Any]) -> None:
    error, lines = over_tcp(answer(200, json.dumps({**SHOP, **wrong}).encode()), 5)
    assert isinstance(error, TargetError)
    assert "does not answer as a Docker engine does: check DOCKER_HOST" in str(error)
    assert lines == ["GET /services/shop"]


@pytest.mark.parametrize(
    ("status", "under_way", "paused_at"),
    [
        (None, "", None),
        ({"State": "updating", "Message": "update in progress"}, "(update in progress)", None),
        ({"State": "rollback_started"}, "(rollback_started)", None),
        ({"State": "paused"}, "", 1_795_000_000.5),
        *(({"State": state}, "", None) for state in ("completed", "rollback_completed")),
        ({"State": "rollback_paused"}, "", None),
        ("updating", "", None),
    ],
)
def test_a_change_under_way_is_read_with_the_quantity(
    status: Any, under_way: str, paused_at: float | None
) -> None:
    updated_at = "2026-11-18T11:06:40.500000000Z"
    shop = answer(
        200, json.dumps({**SHOP, "UpdateStatus": status, "UpdatedAt": updated_at}).encode()
    )

    async def run() -> Reading:
        async with serving(saying(shop)) as server:
            service = DockerService("shop", server.url.replace("http", "tcp"))
            return await asyncio.to_thread(service.read)

    reading = asyncio.run(run())
    assert under_way in reading.under_way
    assert bool(reading.under_way) is bool(under_way)
    assert reading.paused_at == paused_at


def test_a_paused_change_without_a_time_is_read() -> None:
    shop = {**SHOP, "UpdateStatus": {"State": "paused"}}
    assert over_tcp(answer(200, json.dumps(shop).encode())) == (2, ["GET /services/shop"])


def test_a_deploy_that_began_since_the_read_is_not_overwritten() -> None:
    shop = {**SHOP, "UpdateStatus": {"State": "updating", "Message": "update in progress"}}
    error, lines = over_tcp(answer(200, json.dumps(shop).encode()), 5)
    assert isinstance(error, TargetError)
    assert "a change of docker:shop is under way (update in progress): it is tried" in str(error)
    assert lines == ["GET /services/shop"]


def test_a_service_is_never_in_maintenance_mode() -> None:
    assert not DockerService("shop", "unix:///nowhere.sock").is_closed()


def test_a_hanging_engine_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "REQUEST_S", 0.1)

    async def run() -> TargetError:
        async with serving(silent) as server:
            service = DockerService("shop", server.url.replace("http", "tcp"))
            return await asyncio.to_thread(error_of, service)

    error = asyncio.run(run())
    assert "the Docker engine did not answer in 4 s" in str(error)
    assert error.heals
