"""What `plan` says of the arbiter."""

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from redis_server import RedisServer, redis_server

from twin.arbiter import connect
from twin.commands.advice import advice
from twin.commands.plan import Question, arbiter_month, as_on, plan
from twin.commands.planned import Plan
from twin.core.pair.arbiter import Answer, Member, Op
from twin.core.pair.arbiter import Question as Asked
from twin.core.pair.state import Rules
from twin.core.questions import Questions
from twin.core.schedule.job import Job
from twin.core.schedule.schedules import every
from twin.hosts import OFFERS
from twin.settings.settings import read_settings
from twin.sim.month import Pair, simulate

ECO, BASIC, _ = OFFERS
TEN = Job("ten", every("10m", None, "UTC"))
SECRET = "s3cret"
UPSTASH = {"ARBITER_URL": f"rediss://default:{SECRET}@eu1-cat-1.upstash.io:6379"}
NEON = {"ARBITER_URL": f"postgres://me:{SECRET}@ep-1.eu.aws.neon.tech/db?sslmode=require"}
OWN = {"ARBITER_URL": "redis://arbiter"}


@pytest.fixture(autouse=True)
def without_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


PAIR = Pair(("a", "b"), Rules(), False, {"ten": TEN}, BASIC)


def made(environ: dict[str, str], days: int = 31, pair: Pair = PAIR) -> Plan:
    month = simulate(replace(pair, days=days))
    settings = read_settings(as_on(month.pair.offer, environ))
    return Plan(month, (), (), arbiter=arbiter_month(settings, month))


def told(environ: dict[str, str], days: int = 31, pair: Pair = PAIR) -> str:
    return " ".join(advice(made(environ, days, pair)))


def test_a_pair_without_an_arbiter_is_told_nothing_of_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert made({}).arbiter is None
    assert "rbiter" not in told({})
    assert plan(Question("heroku-eco", 1, 1, None, as_json=True), {}) == 0
    assert json.loads(capsys.readouterr().out)["arbiter"] is None


def test_a_plan_in_strict_mode_counts_the_questions(capsys: pytest.CaptureFixture[str]) -> None:
    assert plan(Question("heroku-basic", 1, 1, None, as_json=True), OWN) == 0
    # A day of 86,400 s: 0.3 renewals a second, and a look a minute.
    asked = json.loads(capsys.readouterr().out)["arbiter"]
    assert asked["lease_seconds"] == 10
    assert asked["renewals"] == pytest.approx(25_920, abs=5)
    assert asked["joins"] == pytest.approx(1_440, abs=1)
    assert asked["starts"] == 0
    assert asked["questions"] == asked["renewals"] + asked["joins"]


def test_every_run_is_asked_for() -> None:
    month = made(OWN).arbiter
    assert month is not None
    assert month.questions.starts == 31 * 144


def test_upstashs_free_plan_is_too_small_for_a_month_and_which_lease_might_fit_is_told() -> None:
    said = told(UPSTASH)
    assert "answers 852,62" in said
    assert "allows 500,000 commands a month" in said
    assert (
        "no ARBITER_LEASE fits. Should a question count as one command, ARBITER_LEASE=20s" in said
    )
    assert "Redis Cloud" not in said
    assert SECRET not in said


def test_a_month_of_a_few_days_may_fit_a_free_plan() -> None:
    # 25,920 * 12 + 1,440 * 10 + 144 * 12 = 327,168 a day with 10 s, 223,488 with 15 s
    assert "allows 500,000 commands a month: 32" in told(UPSTASH, days=1)
    assert "allows 500,000 commands a month: set ARBITER_LEASE=15s on both" in told(UPSTASH, days=2)


def test_where_not_even_the_longest_lease_could_fit_none_is_named() -> None:
    often = replace(TEN, schedule=every("5s", None, "UTC"))
    assert told(UPSTASH, pair=replace(PAIR, jobs={"ten": often})).count("ARBITER_LEASE") == 1


def test_a_database_that_sleeps_when_idle_never_does() -> None:
    said = told(NEON)
    assert "Neon's free plan has 400 hours" in said
    assert "is dry on day 17" in said
    assert SECRET not in said
    assert "Neon" not in told(NEON, days=9)


def test_an_unknown_redis_is_compared_with_all_that_are_known() -> None:
    said = told(OWN)
    assert "Redis Cloud's free plan allows 30 connections: two twins have 16 at most" in said
    assert "Heroku Key-Value Store mini allows 20 connections" in said
    assert "Upstash" in said
    assert "Neon" not in said


def test_a_sleeping_standby_confirms_nobody() -> None:
    asleep = replace(PAIR, sleeps_on_standby=True, offer=ECO)
    assert "the arbiter has to be up" in told(OWN, pair=asleep)
    assert "confirms nobody" not in told(OWN)
    never = replace(asleep, offer=BASIC)  # which no host puts to sleep
    assert "confirms nobody" not in told(OWN, pair=never)
    assert "confirms nobody" not in told({}, pair=asleep)


# ---- what a question costs


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with redis_server("--save", "", "--appendonly", "no") as made:
        yield made


def test_a_question_costs_as_many_commands_as_the_plan_says(server: RedisServer) -> None:
    me = Member("a", "1-a", "https://a.example")

    def commands() -> int:
        counts = re.findall(r"cmdstat_(\w+):calls=(\d+)", server.command("INFO", "commandstats"))
        return sum(int(count) for name, count in counts if name != "info")

    async def ask() -> dict[Op, int]:
        arbiter = connect(server.url)
        cost = {}

        async def asked(question: Asked) -> Answer:
            before = commands()
            answer = await arbiter.ask(question)
            cost[question.op] = commands() - before
            return answer

        await asked(Asked(op=Op.JOIN, member=me))  # the script is new to the server
        await asked(Asked(op=Op.JOIN, member=me))
        answer = await asked(Asked(op=Op.CLAIM, member=me, patient=True))
        assert answer.record is not None
        term = answer.record.term
        await asked(Asked(op=Op.RENEW, member=me, term=term, lease_ms=60_000))
        await asked(Asked(op=Op.START, member=me, term=term, slots={"ten": 1_800_000_000}))
        await arbiter.close()
        return cost

    cost = asyncio.run(ask())
    assert cost[Op.JOIN] == Questions(renewals=0, joins=1, starts=0).commands
    assert cost[Op.RENEW] == Questions(renewals=1, joins=0, starts=0).commands
    assert cost[Op.START] == Questions(renewals=0, joins=0, starts=1).commands
