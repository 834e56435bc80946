"""One Deployment or StatefulSet of a Kubernetes cluster.

Its `scale` subresource is read and patched, so that rights to nothing else are needed:
https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/deployment-v1/
"""

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Self

import httpx

from twin.core.parser import Parser
from twin.core.scaling.target import Reading, TargetError
from twin.http.urls import safe_url
from twin.scaling.platforms.api import Answer, Api, told
from twin.scaling.platforms.rest import RestTarget, Words, quantity_in, read_key

_NAME = "[a-z0-9](?:[-a-z0-9.]{0,61}[a-z0-9])?"
_PLACE = re.compile(f"({_NAME})/(?:(deployment|statefulset)/)?({_NAME})")
_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where a pod finds its service account; the kubelet renews the token in there."""
_MERGE = {"Content-Type": "application/merge-patch+json"}


@dataclass(frozen=True, slots=True)
class KubernetesAddress:
    """A workload, and how to reach its cluster: by the pod's service account, or by a key."""

    EXAMPLE: ClassVar[str] = "a workload in Kubernetes, such as kubernetes:default/shop"
    allows_zero: ClassVar[bool] = True

    namespace: str
    kind: str
    workload: str
    api_url: str
    key: str = field(default="", repr=False)
    """Empty in a pod."""

    @classmethod
    def read(cls, place: str, parser: Parser, environ: Mapping[str, str]) -> Self | None:
        found = _PLACE.fullmatch(place)
        if found is None:
            return None
        namespace, kind, workload = found.groups("deployment")
        api_url = parser.parsed("api_url", safe_url, "")
        if parser.text("api_url"):
            key = read_key(parser, environ, "make one with `kubectl create token`")
            return cls(namespace, kind, workload, api_url, key)
        host = environ.get("KUBERNETES_SERVICE_HOST", "")
        port = environ.get("KUBERNETES_SERVICE_PORT", "443")
        if not host:
            parser.problem(
                f"kubernetes:{place} is reached from a pod of its cluster, and this is none: set "
                f"{parser.name('api_url')} to the cluster's API server, and SCALE_API_KEY"
            )
        host = f"[{host}]" if ":" in host else host
        return cls(namespace, kind, workload, f"https://{host}:{port}")

    @property
    def name(self) -> str:
        kind = "" if self.kind == "deployment" else f"{self.kind}/"
        return f"kubernetes:{self.namespace}/{kind}{self.workload}"

    @property
    def is_beyond(self) -> bool:
        return bool(self.key)

    def connect(self) -> "KubernetesTarget":
        return KubernetesTarget(self)


PLATFORM = KubernetesAddress


class KubernetesTarget(RestTarget):
    """The replicas of one workload."""

    WORDS = Words(
        vendor="Kubernetes",
        api="the cluster's API server",
        key="Make a new one with `kubectl create token`, or restart the pod",
        rights="let its service account get and patch the scale of the workload, as the Role in "
        "docs/scaling.md does",
        place="check namespace and name with `kubectl get deployments,statefulsets -A`",
        more="raise the cluster's limit",
    )

    def __init__(
        self,
        address: KubernetesAddress,
        transport: httpx.AsyncBaseTransport | None = None,
        account: Path = _ACCOUNT,
    ) -> None:
        super().__init__(address.name, address.api_url, address.key, {}, transport)
        self._address = address
        self._account = account
        self._version = ""
        """That of the workload by the last look: a write between then and ours refuses ours."""
        if not address.key and transport is None:
            self._api = Api(address.api_url, {}, self._line_of_pod)
        of = f"namespaces/{address.namespace}"
        self._path = f"/apis/apps/v1/{of}/{address.kind}s/{address.workload}/scale"
        # Version 1, which every cluster serves, tells what is needed.
        self._autoscalers = f"/apis/autoscaling/v1/{of}/horizontalpodautoscalers"

    def read(self) -> Reading:
        return Reading(self._replicas(self._ask("GET", self._path)))

    def look(self) -> Reading:
        """Where autoscalers may not be listed, none is assumed."""
        try:
            rival = self._rival()
        except TargetError:
            rival = ""
        return Reading(self.read().quantity, rival=rival)

    def inspect(self) -> Reading:
        """Tries a change, which the server checks and does not make."""
        seen = Reading(self.read().quantity, rival=self._rival())
        self._ask("PATCH", f"{self._path}?dryRun=All", self._patch(seen.quantity))
        return seen

    def scale(self, quantity: int) -> int:
        return self._replicas(self._ask("PATCH", self._path, self._patch(quantity)))

    def _patch(self, quantity: int) -> dict[str, object]:
        return {"metadata": {"resourceVersion": self._version}, "spec": {"replicas": quantity}}

    def _replicas(self, answer: Answer) -> int:
        match told(answer):
            case {
                "kind": "Scale",
                "metadata": {"resourceVersion": str(version)},
                "spec": {**spec},
            } if (replicas := quantity_in(spec.get("replicas", 0))) is not None:
                self._version = version
                return replicas  # the server leaves out a 0
        raise self.without("the replicas")

    def _rival(self) -> str:
        answer = told(self._ask("GET", self._autoscalers))
        items = answer.get("items")
        for item in items if isinstance(items, list) else ():
            match item:
                case {
                    "metadata": {"name": name},
                    "spec": {"scaleTargetRef": {"kind": str(kind), "name": of}},
                } if (kind.lower(), of) == (self._address.kind, self._address.workload):
                    return (
                        f"the HorizontalPodAutoscaler {name} scales {self.name}, too: remove it "
                        f"with `kubectl delete hpa -n {self._address.namespace} {name}`, or take "
                        "this target away"
                    )
        return ""

    def _ask(self, method: str, path: str, body: object = None) -> Answer:
        headers = {"Authorization": f"Bearer {self._address.key or self._token_of_pod()}"}
        return self.answer(method, path, body, {**headers, **(_MERGE if body else {})})

    def _token_of_pod(self) -> str:
        try:
            token = (self._account / "token").read_text().strip()
        except OSError as error:
            raise TargetError(
                f"this pod has no service account ({error.strerror}): leave "
                "automountServiceAccountToken on, or set SCALE_API_URL and SCALE_API_KEY",
                heals=False,
            ) from None
        self._secrets = [token]
        return token

    def _line_of_pod(self) -> httpx.AsyncBaseTransport:
        context = ssl.create_default_context(cafile=self._account / "ca.crt")
        # As for other private CAs: many lack what Python 3.13 demands.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        return httpx.AsyncHTTPTransport(verify=context, trust_env=False)
