"""The actions of the status page and their effects."""

import json
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from node_bench import PEER, Bench, bench, document, job
from test_app import ask, nobody, this_boot

from twin.core.pair import arbiter
from twin.core.pair.document import Role
from twin.core.pair.events import Request, Ruled, Start, Via
from twin.core.pair.knowledge import Claim
from twin.core.pair.state import Rules
from twin.http.request import Answer
from twin.web.actions import Peering
from twin.web.snapshot import About

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def holder() -> Bench:
    made = bench(job())
    made.take_duty()
    return made


@pytest.fixture
def standby() -> Bench:
    made = bench(job())
    made.join()
    made.hear(Via.LINE, role=Role.ON_DUTY, claim=made.node.look().knowledge.claim)
    return made


@dataclass
class Other:
    """The other twin, which obeys and gives this answer."""

    status: int = 200
    told: bytes = b""
    content: dict[str, str] = field(default_factory=lambda: {"done": "jobs.post is started."})

    async def pass_on(self, body: bytes) -> Answer:
        self.told = body
        return Answer(self.status, {}, json.dumps(self.content).encode())


def act(
    made: Bench, do: str, other: Other | None = None, about: About | None = None, **fields: Any
) -> httpx.Response:
    peering = Peering(other.pass_on, this_boot, nobody) if other else None
    return ask(made, "POST", "/actions", peering, about, json={"do": do, **fields})


def paused(made: Bench) -> Any:
    return ask(made, "GET", "/status").json()["paused"]


def test_a_pause_stops_the_slots_until_it_is_resumed(holder: Bench) -> None:
    assert "no job starts" in act(holder, "pause").json()["done"]
    assert paused(holder)["because"] == "somebody paused it on a"
    holder.wait(20)
    assert holder.started == []
    act(holder, "resume")
    assert paused(holder) is None
    holder.wait(10)
    assert len(holder.started) == 1


def test_a_standby_can_pause_the_pair(standby: Bench) -> None:
    assert act(standby, "pause").status_code == 200
    assert paused(standby)["by"] == "a"


def test_a_job_is_run_now(holder: Bench) -> None:
    assert act(holder, "run", job="jobs.post").json() == {"done": "jobs.post is started."}
    assert holder.started == [Start("jobs.post", int(holder.clock.now().wall))]


def test_a_job_that_cannot_run_now_gives_the_reason(holder: Bench) -> None:
    answer = act(holder, "run", job="jobs.male")
    assert (answer.status_code, answer.json()) == (409, {"error": "there is no job jobs.male"})


def test_a_job_whose_script_does_not_run_is_not_said_to_be_started(holder: Bench) -> None:
    about = About(why_not_run=lambda job: f"the script that has {job} does not run now")
    answer = act(holder, "run", about=about, job="jobs.post")
    assert (answer.status_code, answer.json()["error"].split()[-4:]) == (
        409,
        ["does", "not", "run", "now"],
    )
    assert holder.started == []


def test_a_job_runs_on_the_twin_on_duty_whichever_twin_is_asked(standby: Bench) -> None:
    other = Other()
    answer = act(standby, "run", other, job="jobs.post")
    assert (answer.status_code, answer.json()) == (200, other.content)
    assert json.loads(other.told) == {"do": "run", "job": "jobs.post", "passed_on": True}


def test_a_forwarded_action_is_not_forwarded_back(standby: Bench) -> None:
    other = Other()
    answer = act(standby, "run", other, job="jobs.post", passed_on=True)
    assert answer.json() == {"error": "this twin is not on duty"}
    assert other.told == b""


def test_a_twin_on_duty_that_does_not_answer_is_reported(standby: Bench) -> None:
    assert act(standby, "run", job="jobs.post").status_code == 502


@pytest.mark.parametrize(
    ("status", "content"), [(401, {"error": "credentials are needed"}), (204, {}), (502, {})]
)
def test_an_unusable_answer_is_reported_with_a_remedy(
    standby: Bench, status: int, content: dict[str, str]
) -> None:
    answer = act(standby, "run", Other(status, content=content), job="jobs.post")
    assert answer.status_code == 502
    assert f"answers {status} to it: `python -m twin check`" in answer.json()["error"]


def test_a_lone_twin_not_on_duty_yet_refuses_actions() -> None:
    assert act(bench(job(), peer=None), "run", job="jobs.post").status_code == 409


def test_the_holder_hands_over_by_asking_the_other_to_take(holder: Bench) -> None:
    assert act(holder, "hand_over").status_code == 200
    assert Request.TAKE in holder.sent
    assert holder.role is Role.ON_DUTY  # until the other has it


def test_a_standby_takes_the_duty(standby: Bench) -> None:
    assert act(standby, "hand_over").json() == {"done": "This twin takes the duty."}
    assert standby.role is Role.CLAIMING


def test_in_strict_mode_a_standby_asks_the_holder_for_the_duty() -> None:
    made = bench(rules=Rules(lease_s=10, takes_on_wake=False))
    made.wait(1)
    asking = made.asked.pop()
    b = arbiter.Member("b", "2-b", PEER)
    answer = arbiter.Answer(
        ruling=arbiter.Ruling.TAKEN,
        now_ms=0,
        record=arbiter.Record(b, 7, 9000),
        members=(asking.question.member, b),
        began_ms=0,
    )
    made.node.handle(Ruled(asking.question, asking.asked_at, answer))
    made.wait(2)
    assert act(made, "hand_over").json() == {"done": "This twin takes the duty."}


def test_a_lone_twin_cannot_hand_over() -> None:
    made = bench(job(), peer=None)
    made.wait(2)
    assert act(made, "hand_over").json() == {"error": "there is no other twin to hand the duty to"}


def test_a_twin_that_wakes_does_not_take_the_duty_yet() -> None:
    answer = act(bench(job()), "hand_over")
    assert (answer.status_code, answer.json()["error"].split(",")[0]) == (
        409,
        "this twin is waking",
    )


def test_an_action_is_logged_with_its_cause(holder: Bench) -> None:
    act(holder, "pause")
    assert any("event=action.done" in line and "action=pause" in line for line in holder.lines)


@pytest.mark.parametrize(
    ("headers", "content", "status"),
    [
        ({"Content-Type": "text/plain"}, b'{"do": "pause"}', 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"do=pause", 415),
        ({**JSON, "Origin": "https://evil.example"}, b'{"do": "pause"}', 403),
        ({**JSON, "Sec-Fetch-Site": "cross-site"}, b'{"do": "pause"}', 403),
        (JSON, b'{"do": "destroy"}', 422),
        (JSON, b"\xff", 422),
        (JSON, b"[]", 422),
        (JSON, b'{"do": "pause", "job": "' + b"x" * 10_000 + b'"}', 413),
    ],
)
def test_an_unknown_action_changes_nothing(
    headers: dict[str, str], content: bytes, status: int, holder: Bench
) -> None:
    before = holder.node.look()
    answer = ask(holder, "POST", "/actions", headers=headers, content=content)
    assert answer.status_code == status
    assert answer.json()["error"]
    assert holder.node.look() == before


def test_a_claim_that_came_meanwhile_makes_the_old_holder_pass_it_on(holder: Bench) -> None:
    term = holder.node.look().knowledge.claim.term
    holder.hear(Via.UPDATE, claim=Claim(term + 1, "b", "2-b"), role=Role.ON_DUTY)
    other = Other()
    act(holder, "run", other, job="jobs.post")
    assert other.told


def test_the_document_does_not_hold_display_fields() -> None:
    assert not hasattr(document(), "paused")
