"""A real Kubernetes API server with etcd, without nodes: it keeps objects, and runs nothing."""

import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml
from processes import until

ADMIN, STRANGER, TWIN = "admin-token-000", "stranger-token-000", "twin-token-000"


class ApiServer:
    key, stranger, twin = ADMIN, STRANGER, TWIN

    def __init__(self, url: str, ca: Path) -> None:
        self.url = url
        self._tls = ssl.create_default_context(cafile=ca)
        self._tls.verify_flags &= ~ssl.VERIFY_X509_STRICT

    def transport(self) -> httpx.AsyncBaseTransport:
        return Reopened(self._tls)

    def ask(self, method: str, path: str, body: object = None) -> httpx.Response:
        with httpx.Client(verify=self._tls, trust_env=False) as client:
            headers = {"Authorization": f"Bearer {ADMIN}"}
            return client.request(method, self.url + path, json=body, headers=headers)

    def create(self, group: str, kind: str, body: dict[str, Any]) -> None:
        answer = self.ask("POST", f"/apis/{group}/namespaces/default/{kind}", body)
        assert answer.status_code == 201, answer.text

    def delete(self, group: str, kind: str, name: str) -> None:
        self.ask("DELETE", f"/apis/{group}/namespaces/default/{kind}/{name}")

    def apply_roles(self, page: str) -> None:
        """The Role and RoleBinding that a page of the documentation shows."""
        (text,) = (
            block for block in re.findall(r"```yaml\n(.*?)```", page, re.S) if "Role" in block
        )
        for each in yaml.safe_load_all(text):
            if each["kind"] in ("Role", "RoleBinding"):
                self.create(each["apiVersion"], f"{each['kind'].lower()}s", each)

    def deployment(self, name: str, replicas: int) -> dict[str, Any]:
        labels = {"app": name}
        pod = {"containers": [{"name": "app", "image": "nginx"}]}
        return {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name},
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": pod},
            },
        }

    def autoscaler(self, name: str) -> dict[str, Any]:
        of = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
        return {
            "apiVersion": "autoscaling/v1",
            "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": name},
            "spec": {"scaleTargetRef": of, "maxReplicas": 5},
        }


class Reopened(httpx.AsyncBaseTransport):
    """Connects anew for each request, as a target closes what carried the last one."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._tls = tls
        self._line: httpx.AsyncHTTPTransport | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._line = httpx.AsyncHTTPTransport(verify=self._tls, trust_env=False)
        return await self._line.handle_async_request(request)

    async def aclose(self) -> None:
        if self._line is not None:
            await self._line.aclose()


@contextmanager
def api_server() -> Iterator[ApiServer]:
    folder = Path(tempfile.mkdtemp())
    ports = [_free_port() for _ in range(3)]
    etcd, peer = (f"http://127.0.0.1:{port}" for port in ports[:2])
    _write_files(folder)
    with (folder / "log").open("wb") as log:
        started = [
            subprocess.Popen(words, stdout=log, stderr=log, env={**os.environ, "HOME": str(folder)})
            for words in (
                [
                    *("etcd", "--data-dir", str(folder / "etcd"), "--listen-client-urls", etcd),
                    *("--advertise-client-urls", etcd, "--listen-peer-urls", peer),
                ],
                [
                    *("kube-apiserver", f"--etcd-servers={etcd}", f"--cert-dir={folder}"),
                    *("--bind-address=127.0.0.1", f"--secure-port={ports[2]}"),
                    *("--authorization-mode=RBAC", f"--token-auth-file={folder / 'tokens'}"),
                    f"--service-account-key-file={folder / 'key'}",
                    f"--service-account-signing-key-file={folder / 'key'}",
                    "--service-account-issuer=https://kubernetes.default.svc",
                    "--service-cluster-ip-range=10.96.0.0/16",
                    "--disable-admission-plugins=ServiceAccount",
                ],
            )
        ]
    try:
        ca = folder / "apiserver.crt"
        until(ca.exists, 60)
        server = ApiServer(f"https://127.0.0.1:{ports[2]}", ca)
        until(lambda: _is_ready(server), 60)
        yield server
    finally:
        for each in reversed(started):
            each.kill()
            each.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _is_ready(server: ApiServer) -> bool:
    try:
        if server.ask("GET", "/readyz").status_code != 200:
            return False
    except httpx.HTTPError:
        return False
    namespace = server.ask("GET", "/api/v1/namespaces/default")
    return namespace.status_code == 200


def _write_files(folder: Path) -> None:
    rows = (
        f'{ADMIN},admin,1,"system:masters"',
        f"{STRANGER},stranger,2",
        f"{TWIN},system:serviceaccount:default:twin,3",
    )
    (folder / "tokens").write_text("\n".join(rows) + "\n")
    key = ["openssl", "genrsa", "-out", str(folder / "key"), "2048"]
    subprocess.run(key, check=True, capture_output=True)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
