"""Fakes of the platforms' APIs, made from their documentation.

Each holds one target, and refuses what its platform would refuse.
"""

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import httpx
from node_bench import HandClock
from wire import Wire

from twin.core.parser import Parser
from twin.scaling.platforms import read_address
from twin.scaling.platforms.rest import RestTarget

KEY = "not-a-real-key-0123456789"


@dataclass
class Fake:
    """One platform with one target of 2 processes. `fault`, if set, answers instead of it."""

    target: ClassVar[str]
    """As SCALE_TARGET names it."""
    allowances: ClassVar[tuple[tuple[str, int, float], ...]] = ()
    """How many requests (`METHOD PATH`, a pattern) it takes in how many seconds."""
    allows_zero: ClassVar[bool] = True
    can_have_a_rival: ClassVar[bool] = True

    quantity: int = 2
    has_rival: bool = False
    is_deaf: bool = False
    """Whether it accepts changes without making them."""
    fault: Callable[[httpx.Request], httpx.Response | None] = lambda _: None
    clock: HandClock = field(default_factory=HandClock)
    requests: list[httpx.Request] = field(default_factory=list)
    taken: dict[str, list[float]] = field(default_factory=dict)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        fault = self.fault(request)
        if fault is not None:
            return fault
        if self._is_over(request):
            return self.no(429, "too many requests")
        return self.answer(request)

    def answer(self, request: httpx.Request) -> httpx.Response:
        raise NotImplementedError

    def set(self, quantity: int) -> None:
        if not self.is_deaf:
            self.quantity = quantity

    def no(self, status: int, why: str) -> httpx.Response:
        """An error as the platform writes it."""
        return httpx.Response(status, json={"id": "some_id", "message": why})

    def connect(self) -> RestTarget:
        problems: list[str] = []
        environ = {"SCALE_API_KEY": KEY, "SCALE_API_URL": self.url}
        address = read_address(self.target, Parser({"api_url": self.url}, problems), environ)
        assert problems == []
        target: Any = address.connect()
        return type(target)(address, Wire(self))  # type: ignore[no-any-return]

    url: ClassVar[str] = "https://api.test"

    @property
    def changes(self) -> list[httpx.Request]:
        return [each for each in self.requests if each.method != "GET"]

    def _is_over(self, request: httpx.Request) -> bool:
        now = self.clock.now().wall
        line = f"{request.method} {request.url.path}"
        for pattern, number, seconds in self.allowances:
            if re.fullmatch(pattern, line):
                taken = self.taken.setdefault(pattern, [])
                taken[:] = [at for at in taken if now - at < seconds]
                taken.append(now)
                return len(taken) > number
        return False


def body_of(request: httpx.Request) -> Any:
    return json.loads(request.content)


class Render(Fake):
    """https://api-docs.render.com/reference/retrieve-service and /scale-service"""

    target = "render:srv-d1a2b3c4e5f6"
    allowances = (
        ("GET .*", 400, 60),
        ("POST .*/(suspend|resume)", 10, 60),
        ("POST .*", 30, 60),
    )
    is_suspended = False
    plan = "starter"

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.headers["Authorization"] != f"Bearer {KEY}":
            return self.no(401, "unauthorized")
        match request.method, request.url.path.removeprefix("/services/srv-d1a2b3c4e5f6"):
            case "GET", "":
                return httpx.Response(200, json=self._service())
            case "POST", "/scale":
                assert list(body_of(request)) == ["numInstances"]
                assert 1 <= body_of(request)["numInstances"] <= 100
                if not self.has_rival:  # else it is ignored
                    self.set(body_of(request)["numInstances"])
            case "POST", "/suspend" | "/resume" as path:
                self.is_suspended = path == "/suspend" and not self.is_deaf
            case _:
                return self.no(404, "not found")
        return httpx.Response(202)

    def _service(self) -> dict[str, Any]:
        details = {"numInstances": self.quantity or 1, "plan": self.plan, "region": "oregon"}
        if self.has_rival:
            details["autoscaling"] = {"enabled": True, "min": 1, "max": 3}
        return {
            "id": "srv-d1a2b3c4e5f6",
            "name": "shop",
            "suspended": "suspended" if self.is_suspended or not self.quantity else "not_suspended",
            "suspenders": [],
            "type": "web_service",
            "serviceDetails": details,
        }


class Kubernetes(Fake):
    """https://kubernetes.io/docs/reference/using-api/api-concepts/"""

    target = "kubernetes:default/shop"
    version = 7
    may_list = True

    def no(self, status: int, why: str) -> httpx.Response:
        body = {"kind": "Status", "status": "Failure", "message": why, "code": status}
        return httpx.Response(status, json=body)

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.headers["Authorization"] != f"Bearer {KEY}":
            return self.no(401, "Unauthorized")
        path = "/apis/apps/v1/namespaces/default/deployments/shop/scale"
        autoscalers = "/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers"
        match request.method, request.url.path:
            case "GET", each if each == autoscalers:
                if not self.may_list:
                    return self.no(403, "cannot list resource")
                return httpx.Response(200, json={"items": self._autoscalers()})
            case "GET", each if each == path:
                return httpx.Response(200, json=self._scale())
            case "PATCH", each if each == path:
                return self._patched(request)
        return self.no(404, "not found")

    def _patched(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["Content-Type"] == "application/merge-patch+json"
        body = body_of(request)
        if body["metadata"]["resourceVersion"] != str(self.version):
            return self.no(409, "the object has been modified")
        assert body["spec"].keys() == {"replicas"}
        if "dryRun" not in request.url.params:
            self.set(body["spec"]["replicas"])
            self.version += 1
        return httpx.Response(200, json=self._scale())

    def _scale(self) -> dict[str, Any]:
        return {
            "kind": "Scale",
            "metadata": {"name": "shop", "resourceVersion": str(self.version)},
            "spec": {"replicas": self.quantity} if self.quantity else {},
        }

    def _autoscalers(self) -> list[dict[str, Any]]:
        names = ["shop"] if self.has_rival else []
        return [
            {
                "metadata": {"name": f"{name}-hpa"},
                "spec": {"scaleTargetRef": {"kind": "Deployment", "name": name}},
            }
            for name in ["other", *names]
        ]


class Railway(Fake):
    """https://docs.railway.com/integrations/api, on its Free plan: 100 requests an hour"""

    service, environment = (f"0a1b2c3d-0000-4000-8000-00000000000{number}" for number in (1, 2))
    target = f"railway:{service}/{environment}"
    allowances = (("POST .*", 100, 3600),)
    allows_zero = False
    can_have_a_rival = False
    counts = True
    """Whether it says how many requests are left."""

    def no(self, status: int, why: str) -> httpx.Response:
        return httpx.Response(status, json={"errors": [{"message": why}], "data": None})

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.headers["Project-Access-Token"] != KEY:
            return self.no(200, "Not Authorized")
        query, variables = body_of(request)["query"], body_of(request)["variables"]
        if variables["environment"] != self.environment:
            return self.no(200, "Environment not found")
        answer = httpx.Response(200, json={"data": self._data(query, variables)})
        if self.counts:
            answer.headers["X-RateLimit-Remaining"] = str(100 - len(self.taken["POST .*"]))
        return answer

    def _data(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        if query.startswith("mutation"):
            deploy = variables["patch"]["services"][self.service]["deploy"]
            (region,) = deploy["multiRegionConfig"].values()
            self.set(region["numReplicas"])
            return {"environmentPatchCommit": "0a1b2c3d"}
        deploy = {"multiRegionConfig": {"europe-west4": {"numReplicas": self.quantity}}}
        config = {"services": {self.service: {"deploy": deploy}}}
        return {"serviceInstance": {"numReplicas": 1}, "environment": {"config": config}}


class Fly(Fake):
    """https://fly.io/docs/machines/api/working-with-machines-api/"""

    target = "fly:shop"
    # One a second for each action of a machine or app, and three in a burst.
    allowances = (
        ("GET /apps/shop/machines", 3, 3),
        *((f"POST /apps/shop/machines/m{number}/.*", 3, 3) for number in range(4)),
    )
    pool = 4
    others: tuple[dict[str, Any], ...] = ()
    """Machines of other groups."""

    def no(self, status: int, why: str) -> httpx.Response:
        return httpx.Response(status, json={"error": why})

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.headers["Authorization"] != f"Bearer {KEY}":
            return self.no(401, "unauthorized")
        path = request.url.path.removeprefix("/apps/shop/machines")
        if (request.method, path) == ("GET", ""):
            mine = [
                self.machine(f"m{number}", number < self.quantity) for number in range(self.pool)
            ]
            return httpx.Response(200, json=[*mine, *self.others])
        found = re.fullmatch("/m([0-3])/(start|stop)", path)
        if request.method != "POST" or found is None:
            return self.no(404, "not found")
        self.set(self.quantity + (1 if found[2] == "start" else -1))
        return httpx.Response(200, json={"ok": True})

    def machine(self, name: str, is_running: bool, group: str = "app") -> dict[str, Any]:
        autostop = "stop" if self.has_rival else "off"
        config = {
            "metadata": {"fly_process_group": group, "fly_platform_version": "v2"},
            "services": [{"internal_port": 8080, "autostop": autostop, "autostart": True}],
        }
        return {"id": name, "state": "started" if is_running else "stopped", "config": config}


class Scalingo(Fake):
    """https://developers.scalingo.com/apps and /tokens"""

    target = "scalingo:shop/web"
    bearer = "jwt-000"

    def no(self, status: int, why: str) -> httpx.Response:
        return httpx.Response(status, json={"error": why})

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "auth.scalingo.com":
            login = base64.b64encode(f":{KEY}".encode()).decode()
            if request.headers["Authorization"] != f"Basic {login}":
                return self.no(401, "unauthorized")
            return httpx.Response(200, json={"token": self.bearer})
        if request.headers["Authorization"] != f"Bearer {self.bearer}":
            return self.no(401, "unauthorized")
        match request.method, request.url.path:
            case "GET", "/apps/shop/containers":
                return httpx.Response(200, json=self._formation())
            case "GET", "/apps/shop/autoscalers":
                mine = {"container_type": "web", "disabled": not self.has_rival}
                other = {"container_type": "worker", "disabled": False}
                return httpx.Response(200, json={"autoscalers": [other, mine]})
            case "POST", "/apps/shop/scale":
                (change,) = body_of(request)["containers"]
                assert change.keys() == {"name", "amount"}
                self.set(change["amount"])
                return httpx.Response(202, json=self._formation())
        return self.no(404, "not found")

    def _formation(self) -> dict[str, Any]:
        web = {"name": "web", "amount": self.quantity, "size": "M"}
        return {"containers": [{"name": "worker", "amount": 1, "size": "M"}, web]}


FAKES: dict[str, type[Fake]] = {
    "render": Render,
    "kubernetes": Kubernetes,
    "railway": Railway,
    "fly": Fly,
    "scalingo": Scalingo,
}
