"""`/output`: what runs wrote, of both twins."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from node_bench import Bench, bench, job

from twin.core.pair.document import Role
from twin.core.pair.events import Via
from twin.http.request import Answer
from twin.web.outputs import outputs

OURS = {"at": "2027-01-15T08:00:00Z", "state": "done", "seconds": 1.0, "why": None, "output": "a\n"}
ITS = {**OURS, "at": "2027-01-15T08:10:00Z", "twin": "b", "output": "b\n"}


@dataclass
class Other:
    """The other twin, which gives this answer; None is none."""

    told: dict[str, Any] | None = field(default_factory=lambda: {"runs": [ITS]})
    asked: list[str] = field(default_factory=list)

    async def ask(self, path: str) -> Answer | None:
        self.asked.append(path)
        return None if self.told is None else Answer(200, {}, json.dumps(self.told).encode())


@pytest.fixture
def standby() -> Bench:
    made = bench(job())
    made.join()
    made.hear(Via.LINE, role=Role.ON_DUTY, claim=made.node.look().knowledge.claim)
    return made


def told(made: Bench, other: Other, **query: str) -> Any:
    async def send() -> Any:
        app = FastAPI()
        kept = {"jobs.post": [OURS], "twin.run.bot": [{**OURS, "state": "ended"}]}
        app.include_router(
            outputs(made.node, made.clock, lambda name: kept.get(name, []), other.ask)
        )
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://a.example") as client:
            return (await client.get("/output", params=query)).json()

    return asyncio.run(send())


def test_the_runs_of_both_twins_are_shown_the_newest_first(standby: Bench) -> None:
    other = Other()
    ours = {**OURS, "twin": "a"}
    assert told(standby, other, job="jobs.post") == {"runs": [ITS, ours], "missing": None}
    assert other.asked == ["/output?job=jobs.post&passed_on=true"]


def test_the_starts_of_a_command_are_those_of_its_job(standby: Bench) -> None:
    other = Other({"runs": []})
    (run,) = told(standby, other, command="bot")["runs"]
    assert run["state"] == "ended"
    assert other.asked == ["/output?job=twin.run.bot&passed_on=true"]


def test_a_twin_that_is_asked_by_the_other_answers_for_itself(standby: Bench) -> None:
    other = Other()
    assert len(told(standby, other, job="jobs.post", passed_on="true")["runs"]) == 1
    assert other.asked == []


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (None, "the other twin did not answer"),
        ({}, "the other twin answered 200"),
        ({"runs": [{"output": 1}]}, "the other twin answered 200"),
    ],
)
def test_without_a_usable_answer_of_the_other_twin_its_runs_are_missing(
    standby: Bench, answer: dict[str, Any] | None, why: str
) -> None:
    shown = told(standby, Other(answer), job="jobs.post")
    assert (len(shown["runs"]), shown["missing"]) == (1, why)


def test_a_twin_that_sleeps_is_not_woken(standby: Bench) -> None:
    standby.hear(Via.DOWN, role=Role.LEAVING, leaving=True)
    other = Other()
    shown = told(standby, other, job="jobs.post")
    assert (shown["missing"], other.asked) == ("the other twin is asleep", [])


def test_a_lone_twin_misses_nothing() -> None:
    shown = told(bench(job(), peer=None), Other(), job="jobs.post")
    assert shown["missing"] is None
