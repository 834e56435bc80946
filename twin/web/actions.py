"""The buttons of the status page: hand the duty over, pause and resume it, run a job now,
restart a command."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ValidationError

from twin.core.pair import slots
from twin.core.pair.document import Role
from twin.core.pair.events import HandOver, RunNow, TakeDuty
from twin.core.pair.knowledge import PAUSE
from twin.core.pair.state import State
from twin.hosts import WAKES_WITHIN_S
from twin.http.request import Answer
from twin.log import Log
from twin.node.node import Node
from twin.web.body import read_body
from twin.web.outputs import Ask
from twin.web.snapshot import About

_BODY_BYTES = 10_000
_DENIED = 401


class Action(BaseModel):
    do: Literal["hand_over", "pause", "resume", "run", "restart"]
    job: str = ""
    command: str = ""
    passed_on: bool = False
    """By the other twin, which is not on duty. It is not passed back."""


@dataclass(frozen=True, slots=True)
class Peering:
    """Requests to the other twin."""

    pass_on: Callable[[bytes], Awaitable[Answer | None]]
    """POST this to its `/actions`; None if it did not answer."""
    boot_at: Callable[[str], Awaitable[str]]
    """The boot of the twin that answers at a URL; empty if none does."""
    outputs: Ask


class NotNowError(Exception):
    """It is not possible now; the text says why."""


def actions(node: Node, peering: Peering, about: About, log: Log) -> APIRouter:
    router = APIRouter()

    @router.post("/actions")
    async def act(request: Request) -> JSONResponse:
        # A form of another site cannot send this type without asking first.
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return _error(415, "send JSON, with Content-Type: application/json")
        body = await read_body(request, _BODY_BYTES)
        if body is None:
            return _error(413, f"the body is over {_BODY_BYTES} bytes")
        try:
            action = Action.model_validate_json(body)
        except ValidationError as error:
            return _error(422, f"not an action: {error.errors()[0]['msg']}")
        state = node.look()
        if action.do in ("run", "restart") and not state.on_duty and not action.passed_on:
            return await _passed_on(action, state, peering)
        try:
            done = _do(action, state, node, about)
        except NotNowError as error:
            return _error(409, str(error))
        log.info("action.done", action=action.do, because="somebody asked for it", told=done)
        return JSONResponse({"done": done})

    return router


def _do(action: Action, state: State, node: Node, about: About) -> str:
    match action.do:
        case "hand_over":
            return _hand_over(state, node)
        case "pause":
            node.remember(PAUSE, f"somebody paused it on {state.twin}", _term(state))
            return "The duty is paused: no job starts until it is resumed."
        case "resume":
            node.remember(PAUSE, "", _term(state))
            return "The duty goes on: the next slot of each job runs."
        case "run":
            return _run(action.job, state, node, about)
        case "restart":
            return _restart(action.command, state, about)


def _hand_over(state: State, node: Node) -> str:
    if state.peer.url is None:
        raise NotNowError("there is no other twin to hand the duty to")
    if state.on_duty:
        node.handle(HandOver(WAKES_WITHIN_S))
        return "The other twin is asked to take the duty. If it sleeps, that takes up to a minute."
    node.handle(TakeDuty("somebody asked for it"))
    now = node.look()
    if now.on_duty or now.claim_is_ours or now.role is Role.CLAIMING:
        return "This twin takes the duty."
    raise NotNowError(f"this twin is {state.role}, and cannot take the duty now")


def _run(job: str, state: State, node: Node, about: About) -> str:
    why_not = slots.why_not_now(state, job) or about.why_not_run(job)
    if why_not:
        raise NotNowError(why_not)
    node.handle(RunNow(job))
    return f"{job} is started."


def _restart(command: str, state: State, about: About) -> str:
    why_not = about.commands.restart(command) if state.on_duty else "this twin is not on duty"
    if why_not:
        raise NotNowError(why_not)
    return f"{command} is started anew."


def _term(state: State) -> int:
    return state.knowledge.claim.term


async def _passed_on(action: Action, state: State, peering: Peering) -> JSONResponse:
    """Only the twin on duty runs jobs and commands."""
    if state.peer.url is None:
        return _error(409, "this twin is not on duty yet: try again in some seconds")
    body = action.model_copy(update={"passed_on": True}).model_dump_json(exclude_defaults=True)
    answer = await peering.pass_on(body.encode())
    if answer is None:
        return _error(502, "the other twin, which is on duty, did not answer")
    if answer.status == _DENIED or not answer.content.keys() & {"done", "error"}:
        why = f"the other twin's URL answers {answer.status} to it: `python -m twin check` says why"
        return _error(502, why)
    return JSONResponse(answer.content, answer.status)


def _error(status: int, why: str) -> JSONResponse:
    return JSONResponse({"error": why}, status)
