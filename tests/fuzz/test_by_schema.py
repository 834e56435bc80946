"""Requests that match the schema, or nearly do, with credentials: none causes an internal error,
and the twin stays healthy."""

import asyncio
import warnings
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from node_bench import bench
from processes import LOGIN, Twin, until
from pydantic import TypeAdapter
from schemathesis import Case, GenerationMode

from twin.core.pair.document import Document
from twin.log import Log
from twin.settings.settings import Credentials
from twin.web.actions import Action, Peering
from twin.web.app import Parts, make_app
from twin.web.snapshot import About
from twin.web.streams import Streams

BODIES = {"/update": Document, "/down": Document, "/actions": Action}


async def _schema_of_the_app() -> dict[str, Any]:
    made = bench()

    async def pass_on(_: object) -> None: ...

    async def boot_at(_: str) -> str:
        return ""

    peering = Peering(pass_on, boot_at, pass_on)
    parts = Parts(made.node, Streams(made.node), peering, About(), made.clock, Log("a"))
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # GET and HEAD, one name
        return make_app(parts, Credentials(*LOGIN)).openapi()


def the_schema() -> dict[str, Any]:
    """The schema of the app, with the bodies of requests, which it leaves out."""
    whole = asyncio.run(_schema_of_the_app())
    for path, body in BODIES.items():
        schema = TypeAdapter(body).json_schema(ref_template="#/components/schemas/{model}")
        whole["components"]["schemas"].update(schema.pop("$defs", {}))
        content = {"application/json": {"schema": schema}}
        whole["paths"][path]["post"]["requestBody"] = {"required": True, "content": content}
    return whole


SCHEMA = schemathesis.openapi.from_dict(the_schema()).exclude(path="/watch")  # it never ends
HAS_CONTENT = SCHEMA.include(path=[*BODIES, "/status"], method=["POST", "GET"])
CASES = st.one_of(
    SCHEMA.as_strategy(),
    HAS_CONTENT.include(method="POST").as_strategy(),
    HAS_CONTENT.include(method="POST").as_strategy(generation_mode=GenerationMode.NEGATIVE),
    SCHEMA.include(path="/status").as_strategy(generation_mode=GenerationMode.NEGATIVE),
)


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    made = Twin("a", tmp_path_factory.mktemp("twin"), environ={"PEER_URL": "http://127.0.0.1:9"})
    try:
        made.start()
        until(lambda: made.role() == "on_duty")
        yield made
    finally:
        made.kill()


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    with requests.Session() as made:
        made.auth, made.trust_env = LOGIN, False
        yield made


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=CASES)
def test_no_request_near_the_schema_breaks_a_twin(
    twin: Twin, session: requests.Session, case: Case[Any]
) -> None:
    status = case.call(base_url=twin.url, session=session).status_code
    gone = status == 502 and case.path == "/actions"  # it is for the peer, which does not run
    assert status < 500 or gone


def test_the_twin_is_healthy_afterwards(twin: Twin) -> None:
    assert httpx.get(f"{twin.url}/healthz", trust_env=False).json()["ok"] is True
    assert twin.status()["twin"] == "a"
    assert "Traceback" not in twin.output
