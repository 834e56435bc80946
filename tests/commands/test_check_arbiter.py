"""What `check` finds of the arbiter: a real Redis, a real PostgreSQL, none, and the peer's."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from node_bench import ENVIRON
from postgres_server import PASSWORD, PostgresServer, postgres_server
from processes import Twin, free_port, twins, until
from redis_server import RedisServer, redis_server

from twin.commands.arbiter import lines
from twin.settings.settings import read_settings


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with redis_server("--appendonly", "yes") as made:
        yield made


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    with postgres_server() as made:
        yield made


def found(twin: Twin, **environ: str) -> list[str]:
    """The lines about the arbiter, `ok` or `wrong` in front."""
    ended = twin.command("check", **environ)
    assert ended.stderr == ""
    told = re.findall(r"^(ok|wrong) +arbiter +(.*)$", ended.stdout, re.M)
    return [f"{how}: {what}" for how, what in told]


# ---- the database


def test_check_says_that_a_redis_is_fit_to_be_the_arbiter(lonely: Twin, redis: RedisServer) -> None:
    first, *others = found(lonely, ARBITER_URL=redis.url)
    assert re.fullmatch(r"ok: the arbiter is Redis [\d.]+, and answers", first)
    assert others == [
        "ok: the arbiter is a primary",
        "ok: the arbiter forgets nothing when its memory is full",
        "ok: the arbiter writes each change to its disk",
        "ok: the arbiter runs scripts and writes",
    ]


def test_check_says_how_to_mend_a_redis_that_forgets(lonely: Twin) -> None:
    options = ("--save", "", "--appendonly", "no", "--maxmemory-policy", "allkeys-lru")
    with redis_server(*options) as forgets:
        told = found(lonely, ARBITER_URL=forgets.url)
    assert [line for line in told if line.startswith("wrong")] == [
        "wrong: the arbiter forgets keys when its memory is full (allkeys-lru): set its "
        "maxmemory-policy to noeviction",
        "wrong: the arbiter loses everything in a restart: set appendonly to yes",
    ]


def test_check_says_that_a_postgresql_is_fit_but_for_its_disk(
    lonely: Twin, postgres: PostgresServer
) -> None:
    first, *others = found(lonely, ARBITER_URL=postgres.url)
    assert re.fullmatch(r"ok: the arbiter is PostgreSQL \S+( \(.*\))?, and answers", first)
    assert others == [
        "ok: the arbiter is a primary",
        "wrong: the arbiter may lose the newest changes in a crash: set fsync and "
        "synchronous_commit to on",  # the server of these tests is in a hurry
        "ok: the arbiter lets its user create tables",
    ]


def test_check_says_why_an_arbiter_cannot_be_asked_and_no_password(
    lonely: Twin, postgres: PostgresServer
) -> None:
    nowhere = f"redis://me:s3cret@127.0.0.1:{free_port()}"
    assert found(lonely, ARBITER_URL=nowhere) == [
        "wrong: the arbiter cannot be reached: Connection refused"
    ]
    (refused,) = found(lonely, ARBITER_URL=postgres.url_of("postgres", "s3cret-of-none"))
    assert refused.startswith("wrong: the arbiter")
    assert "s3cret" not in refused
    unreadable = f"postgres://me:{PASSWORD}@127.0.0.1/x"  # with a / in it
    (wrong,) = found(lonely, ARBITER_URL=unreadable)
    assert wrong.startswith("wrong: ARBITER_URL: write it like postgres://user:password@host")
    assert PASSWORD not in wrong


def test_check_names_a_driver_that_is_missing(lonely: Twin, tmp_path: Path) -> None:
    hides = "raise ModuleNotFoundError(\"No module named 'redis'\", name='redis')\n"
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden/redis.py").write_text(hides)
    path = f"{tmp_path / 'hidden'}:{lonely.settings['PYTHONPATH']}"
    assert found(lonely, ARBITER_URL="redis://127.0.0.1", PYTHONPATH=path) == [
        "wrong: ARBITER_URL needs the package redis: pip install -r requirements-strict.txt"
    ]


def test_a_sleeping_standby_needs_an_arbiter_that_is_up(lonely: Twin, redis: RedisServer) -> None:
    *_, last = found(lonely, ARBITER_URL=redis.url, STANDBY="asleep")
    assert last.startswith("ok: a sleeping standby (STANDBY=asleep) confirms nobody")
    assert last.endswith("so the arbiter has to be up")


def test_in_pair_mode_check_says_nothing_of_an_arbiter(pair: tuple[Twin, Twin]) -> None:
    assert found(pair[0], STANDBY="asleep") == []


# ---- the peer


def test_check_finds_that_both_twins_ask_the_same_arbiter(
    tmp_path: Path, redis: RedisServer
) -> None:
    with twins(tmp_path, ARBITER_URL=redis.url) as (a, b):
        a.start()
        b.start()
        until(lambda: sorted([a.role(), b.role()]) == ["on_duty", "standby"])
        until(lambda: "a" in (b.status()["arbiter"] or {})["twins"])
        ended = a.command("check")
        assert "'b' has an arbiter, too, and a lease of 10 s" in ended.stdout
        assert "the pair is wired" in ended.stdout
        (*_, wrong) = found(a, ARBITER_LEASE="20s")
        assert wrong == (
            "wrong: 'b' has a lease of 10 s, 'a' one of 20 s: set ARBITER_LEASE alike on both"
        )
        assert found(a, ARBITER_URL="") == ["wrong: 'a' has none: set the same ARBITER_URL on both"]


def status(twin: str, arbiter: dict[str, Any] | None) -> dict[str, Any]:
    return {"twin": twin, "arbiter": arbiter}


@pytest.mark.parametrize(
    ("peer", "told"),
    [
        (status("b", None), (False, "'b' has none: set the same ARBITER_URL on both")),
        ({"twin": "b"}, (False, "'b' has none: set the same ARBITER_URL on both")),  # is older
        (
            status("b", {"lease_s": 10.0, "twins": ["b"]}),
            (
                False,
                "'a' is not in the list of 'b': set the same ARBITER_URL on both, and check in a "
                "minute",
            ),
        ),
    ],
)
def test_check_says_what_the_peer_does_otherwise(
    peer: dict[str, Any], told: tuple[bool, str], redis: RedisServer
) -> None:
    settings = read_settings({**ENVIRON, "TWIN_NAME": "a", "ARBITER_URL": redis.url})
    own = status("a", {"lease_s": 10.0, "twins": ["a"]})
    *_, (ok, what, sentence) = lines(settings, own, peer)
    assert ((ok, sentence), what) == (told, "arbiter")


def test_without_a_peer_that_answers_only_the_database_is_looked_at(redis: RedisServer) -> None:
    settings = read_settings({**ENVIRON, "ARBITER_URL": redis.url})
    assert len(list(lines(settings, None, None))) == 5


def test_twins_with_an_arbiter_need_no_peer_url(lonely: Twin, redis: RedisServer) -> None:
    told = lonely.command("check", ARBITER_URL=redis.url, PEER_URL="").stdout
    assert "none yet: deploy another twin with this one's ARBITER_URL" in told
