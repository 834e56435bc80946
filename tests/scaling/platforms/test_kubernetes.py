"""A workload of a cluster: on a fake, and on a real API server where one is installed."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from api_server import ApiServer, api_server
from fakes import Kubernetes, body_of
from wire import Wire

from twin.core.parser import Parser
from twin.core.scaling.target import TargetError
from twin.scaling.platforms.kubernetes import KubernetesAddress, KubernetesTarget

IN_POD = {"KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443"}
missing = [each for each in ("etcd", "kube-apiserver") if shutil.which(each) is None]
real = pytest.mark.skipif(bool(missing), reason=f"there is no {' and no '.join(missing)}")


@pytest.fixture(scope="module")
def server() -> Iterator[ApiServer]:
    with api_server() as one:
        yield one


@pytest.fixture
def shop(server: ApiServer) -> Iterator[KubernetesTarget]:
    """A Deployment with two replicas."""
    server.create("apps/v1", "deployments", server.deployment("shop", 2))
    yield target(server)
    server.delete("apps/v1", "deployments", "shop")


def target(server: ApiServer, name: str = "shop", key: str = "") -> KubernetesTarget:
    address = KubernetesAddress("default", "deployment", name, server.url, key or server.key)
    return KubernetesTarget(address, server.transport())


@real
def test_a_real_server_scales_a_deployment(shop: KubernetesTarget) -> None:
    assert shop.read().quantity == 2
    assert shop.write(3) == shop.read().quantity == 3
    assert shop.write(0) == shop.read().quantity == 0
    assert shop.write(1) == 1


@real
def test_a_real_server_checks_a_change_without_making_it(shop: KubernetesTarget) -> None:
    seen = shop.inspect()
    assert (seen.quantity, seen.rival) == (2, "")
    assert shop.read().quantity == 2


@real
def test_a_real_server_refuses_a_change_of_what_changed_meanwhile(
    server: ApiServer, shop: KubernetesTarget
) -> None:
    shop.read()
    assert target(server).write(5) == 5
    with pytest.raises(TargetError, match="another change of kubernetes:default/shop is under"):
        shop.scale(3)
    assert shop.write(3) == 3


@real
def test_a_real_autoscaler_is_named_and_not_fought(
    server: ApiServer, shop: KubernetesTarget
) -> None:
    server.create("autoscaling/v1", "horizontalpodautoscalers", server.autoscaler("shop"))
    try:
        assert "HorizontalPodAutoscaler shop scales kubernetes:default/shop" in shop.look().rival
        with pytest.raises(TargetError, match="kubectl delete hpa -n default shop"):
            shop.write(3)
    finally:
        server.delete("autoscaling/v1", "horizontalpodautoscalers", "shop")
    assert shop.write(3) == 3


@real
def test_a_real_server_names_a_missing_workload_a_wrong_key_and_missing_rights(
    server: ApiServer, shop: KubernetesTarget
) -> None:
    for one, text in (
        (target(server, "nope"), r'is not there .404: deployments.*"nope" not found'),
        (target(server, key="wrong-key-000"), "does not know the key"),
        (target(server, key=server.stranger), "may not scale .*403: .*stranger.* cannot get"),
    ):
        with pytest.raises(TargetError, match=text) as raised:
            one.read()
        assert not raised.value.heals
    assert shop.read().quantity == 2


@real
def test_the_documented_role_suffices(server: ApiServer, shop: KubernetesTarget) -> None:
    page = Path(__file__).parents[3] / "docs/scaling.md"
    server.apply_roles(page.read_text())
    one = target(server, key=server.twin)
    assert one.inspect().quantity == 2
    assert one.write(3) == shop.read().quantity == 3


def read(place: str, environ: dict[str, str], **texts: str) -> tuple[object, list[str]]:
    problems: list[str] = []
    return KubernetesAddress.read(place, Parser(texts, problems), environ), problems


def test_a_pod_reaches_its_cluster_without_settings() -> None:
    address = KubernetesAddress("prod", "statefulset", "db", "https://10.96.0.1:443")
    assert read("prod/statefulset/db", IN_POD) == (address, [])
    assert address.name == "kubernetes:prod/statefulset/db"
    assert not address.is_beyond
    found, _ = read("a/b", {"KUBERNETES_SERVICE_HOST": "fd00::1"})
    assert isinstance(found, KubernetesAddress)
    assert found.api_url == "https://[fd00::1]:443"


def test_elsewhere_the_server_and_a_key_are_needed() -> None:
    _, problems = read("default/shop", {})
    assert "this is none: set api_url to the cluster's API server, and SCALE_API_KEY" in problems[0]
    _, problems = read("default/shop", {}, api_url="https://k8s.example")
    assert problems == ["SCALE_API_KEY is not set: make one with `kubectl create token`"]


@pytest.mark.parametrize("place", ["shop", "default/", "default/job/x", "Default/shop", "a/b/c/d"])
def test_an_invalid_place_is_none(place: str) -> None:
    assert read(place, IN_POD)[0] is None


def test_a_renewed_token_of_the_pod_is_read_again(tmp_path: Path) -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["Authorization"])
        return httpx.Response(200, json=Kubernetes()._scale())

    address = KubernetesAddress("default", "deployment", "shop", "https://10.96.0.1:443")
    one = KubernetesTarget(address, Wire(answer), tmp_path)
    with pytest.raises(TargetError, match="leave automountServiceAccountToken on"):
        one.read()
    for token in ("first", "second"):
        (tmp_path / "token").write_text(f"{token}\n")
        one.read()
    assert seen == ["Bearer first", "Bearer second"]


def test_a_write_by_somebody_else_between_look_and_write_wins() -> None:
    fake = Kubernetes()
    one = fake.connect()

    def meddle(request: httpx.Request) -> None:
        if request.method == "PATCH":
            fake.version += 1

    fake.fault = meddle
    with pytest.raises(TargetError, match="another change") as raised:
        one.write(3)
    assert raised.value.heals
    assert fake.quantity == 2


def test_without_the_right_to_list_autoscalers_a_change_is_made_and_check_says_so() -> None:
    fake = Kubernetes()
    fake.may_list = False
    one = fake.connect()
    with pytest.raises(TargetError, match="may not scale"):
        one.inspect()
    assert one.write(3) == 3


def test_a_change_sends_the_replicas_and_nothing_else() -> None:
    fake = Kubernetes()
    fake.connect().write(3)
    (change,) = fake.changes
    assert body_of(change) == {"metadata": {"resourceVersion": "7"}, "spec": {"replicas": 3}}
