"""`/output`: what the last runs of a job wrote, or the last starts of a command, on both twins."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from twin.clock import Clock
from twin.core.command import RUN_JOB
from twin.http.request import Answer
from twin.node.node import Node
from twin.web.snapshot import peer_role

Ask = Callable[[str], Awaitable[Answer | None]]
"""GET this of the other twin, a path with a query; None if it did not answer."""
_CANNOT_TELL = ("asleep", "unreachable", "refused", "unknown")
"""Roles of a twin that is not asked: a twin that sleeps would wake, and use hours of its host."""


@dataclass(frozen=True, slots=True)
class Run:
    twin: str
    at: str
    """The slot, or when a command was started."""
    state: str
    seconds: float | None
    why: str | None
    output: str


_RUNS = TypeAdapter(list[Run])


def outputs(
    node: Node, clock: Clock, runs_of: Callable[[str], list[dict[str, Any]]], ask: Ask
) -> APIRouter:
    router = APIRouter()

    async def of_peer(name: str) -> tuple[list[Any], str | None]:
        """What the other twin keeps, or why it is missing."""
        state = node.look()
        peer, role = state.peer, peer_role(state, clock.now())
        if peer.url is None:
            return [], None
        if role in _CANNOT_TELL:
            return [], f"the other twin is {role}"
        answer = await ask("/output?" + urlencode({"job": name, "passed_on": "true"}))
        if answer is None:
            return [], "the other twin did not answer"
        try:
            runs = _RUNS.validate_python(answer.content.get("runs"))
        except ValidationError:
            return [], f"the other twin answered {answer.status}"
        return [asdict(run) for run in runs], None

    @router.get("/output")
    async def output(job: str = "", command: str = "", passed_on: bool = False) -> Response:
        name = RUN_JOB + command if command else job
        runs = [{"twin": node.look().twin, **run} for run in runs_of(name)]
        missing = None
        if not passed_on:
            others, missing = await of_peer(name)
            runs = sorted([*runs, *others], key=lambda run: run["at"], reverse=True)
        told = {"runs": runs, "missing": missing}
        return Response(to_json(told, inf_nan_mode="null"), media_type="application/json")

    return router
