"""PostgreSQL as the arbiter: its failures, and what `check` finds."""

import asyncio
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from asking import CLAIM, JOIN, A, findings_of, silence_of, why_silent, with_arbiter, wrong
from certificates import authority
from postgres_server import PASSWORD, PostgresServer, postgres_server
from processes import free_port, until
from redis_server import redis_server

from twin.arbiter import Arbiter
from twin.core.pair.arbiter import Op, Question, Ruling
from twin.http.tls import tls

START = Question(op=Op.START, member=A, term=1, slots={"job": 1})
TABLES = "twin_arbiter, twin_arbiter_slot"


@pytest.fixture(scope="module")
def running() -> Iterator[PostgresServer]:
    with postgres_server() as made:
        yield made


@pytest.fixture
def server(running: PostgresServer) -> Iterator[PostgresServer]:
    """Without tables yet; a test may break it."""
    running.sql(f"DROP TABLE IF EXISTS {TABLES}")
    yield running
    running.kill()
    running.start()


# ---- silence


def test_a_dead_server_is_silent_and_answers_once_it_runs(server: PostgresServer) -> None:
    async def use(arbiter: Arbiter) -> None:
        assert (await arbiter.ask(CLAIM)).ruling is Ruling.GRANTED
        server.kill()
        await why_silent(arbiter)  # its end may not be heard yet
        assert await why_silent(arbiter) == "the arbiter cannot be reached: Connection refused"
        server.start()
        assert (await arbiter.ask(JOIN)).ruling is Ruling.TAKEN

    with_arbiter(server.url, use)


def test_a_connection_that_ends_between_two_questions_is_not_noticed(
    server: PostgresServer,
) -> None:
    async def use(arbiter: Arbiter) -> None:
        await arbiter.ask(CLAIM)
        others = "FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename = 'postgres'"
        server.sql(f"SELECT pg_terminate_backend(pid, 1000) {others}")
        assert (await arbiter.ask(JOIN)).ruling is Ruling.TAKEN

    with_arbiter(server.url, use)


def test_an_answer_that_comes_too_late_is_never_taken_for_another(server: PostgresServer) -> None:
    async def use(arbiter: Arbiter) -> None:
        await arbiter.ask(CLAIM)
        server.pause()
        threading.Timer(1.5, server.resume).start()
        why = await why_silent(arbiter, CLAIM)
        assert why == "the arbiter did not answer within 1 s"
        # These wait for the server to continue, which answers the old question first.
        answers = await asyncio.gather(*(arbiter.ask(JOIN) for _ in range(8)))
        assert {answer.ruling for answer in answers} == {Ruling.TAKEN}

    with_arbiter(server.url, use)


def test_many_questions_at_once_to_a_paused_server_are_all_silent_in_time(
    server: PostgresServer,
) -> None:
    async def use(arbiter: Arbiter) -> None:
        await arbiter.ask(CLAIM)
        server.pause()
        await asyncio.gather(*(why_silent(arbiter) for _ in range(20)))
        server.resume()
        assert (await arbiter.ask(JOIN)).ruling is Ruling.TAKEN

    with_arbiter(server.url, use)


def test_a_question_that_is_given_up_leaves_no_answer_behind(server: PostgresServer) -> None:
    async def use(arbiter: Arbiter) -> None:
        await arbiter.ask(JOIN)
        server.pause()
        asking = asyncio.create_task(arbiter.ask(CLAIM))
        await asyncio.sleep(0.1)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        server.resume()
        assert (await arbiter.ask(JOIN)).ruling in (Ruling.EMPTY, Ruling.TAKEN)

    with_arbiter(server.url, use)


@pytest.mark.parametrize("how", [f"TRUNCATE {TABLES}", f"DROP TABLE {TABLES}"])
def test_an_arbiter_that_was_emptied_says_so(server: PostgresServer, how: str) -> None:
    async def use(arbiter: Arbiter) -> None:
        await arbiter.ask(CLAIM)
        server.sql(how)
        answer = await arbiter.ask(JOIN)
        assert (answer.ruling, answer.record, answer.members) == (Ruling.EMPTY, None, (A,))

    with_arbiter(server.url, use)


def test_a_replica_answers_no_question_until_it_is_the_primary(server: PostgresServer) -> None:
    async def use(arbiter: Arbiter) -> None:
        await arbiter.ask(CLAIM)
        await arbiter.close()
        server.kill()
        (server.folder / "data/standby.signal").touch()
        server.start()
        for op in Op:
            why = await why_silent(arbiter, Question(op=op, member=A, term=1))
            assert why == "the arbiter is read-only: set ARBITER_URL to the primary"
        found = [each.sentence for each in await arbiter.findings() if not each.ok]
        assert found[0] == "the arbiter is a replica: set ARBITER_URL to the primary"
        server.sql("SELECT pg_promote()")
        assert (await arbiter.ask(JOIN)).ruling is Ruling.TAKEN

    with_arbiter(server.url, use)


# ---- waiting for others


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
def test_the_time_is_read_after_waiting_for_others(server: PostgresServer, end: str) -> None:
    """A start that begins before the lease is over, and waits, is refused once it is over."""

    async def use(arbiter: Arbiter) -> None:
        claimed = await arbiter.ask(CLAIM)
        assert claimed.record is not None
        renew = replace(START, op=Op.RENEW, term=claimed.record.term, lease_ms=400)
        granted = await arbiter.ask(renew)
        assert granted.record is not None
        held = ("BEGIN", "UPDATE twin_arbiter SET name = name", "SELECT pg_sleep(0.6)", end)
        holding = asyncio.create_task(asyncio.to_thread(server.sql, *held))
        await asyncio.sleep(0.2)
        answer = await arbiter.ask(START)
        await holding
        assert answer.ruling is Ruling.TAKEN
        assert answer.now_ms > granted.record.expires_ms

    with_arbiter(server.url, use)


def test_a_lock_that_is_held_for_too_long_is_silence(server: PostgresServer) -> None:
    async def use(arbiter: Arbiter) -> None:
        await arbiter.ask(CLAIM)
        held = ("BEGIN", "SELECT FROM twin_arbiter FOR UPDATE", "SELECT pg_sleep(1.5)")
        holding = asyncio.create_task(asyncio.to_thread(server.sql, *held))
        await asyncio.sleep(0.2)
        assert await why_silent(arbiter, START) == "the arbiter did not answer within 1 s"
        await holding
        assert (await arbiter.ask(JOIN)).ruling is Ruling.TAKEN

    with_arbiter(server.url, use)


def test_twenty_twins_that_come_first_at_once_are_all_answered(server: PostgresServer) -> None:
    async def use(arbiter: Arbiter) -> None:
        members = [replace(A, twin=f"twin-{number}") for number in range(20)]
        asked = (arbiter.ask(replace(JOIN, member=member)) for member in members)
        assert {answer.ruling for answer in await asyncio.gather(*asked)} == {Ruling.EMPTY}

    with_arbiter(server.url, use)


# ---- credentials and addresses


def test_a_wrong_password_is_not_shown(server: PostgresServer) -> None:
    refused = 'the arbiter cannot be reached: password authentication failed for user "{}"'
    for user in ("postgres", "nobody"):
        assert silence_of(server.url_of(user, "s3cret")) == refused.format(user)
    unknown = silence_of(f"{server.url[:-8]}none")
    assert unknown.endswith('database "none" does not exist')


def test_a_server_of_something_else_is_silent() -> None:
    with redis_server() as server:
        assert silence_of(f"postgres://twin:s3cret@127.0.0.1:{server.port}")


def test_a_server_that_is_not_there_is_silent() -> None:
    why = silence_of(f"postgres://twin:s3cret@127.0.0.1:{free_port()}")
    assert why == "the arbiter cannot be reached: Connection refused"
    why = silence_of("postgres://twin:s3cret@no-such-host.invalid")
    assert why.startswith("the arbiter cannot be reached: ")


def test_a_private_certificate_is_refused_unless_its_authority_is_known(
    server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = authority(tmp_path)
    for name in ("server.pem", "server.pem.key"):
        copy = shutil.copy(tmp_path / name, server.folder / "data")
        shutil.chown(copy, "postgres")
        Path(copy).chmod(0o600)
    server.kill()
    server.start("ssl=on", "ssl_cert_file=server.pem", "ssl_key_file=server.pem.key")

    async def use(arbiter: Arbiter) -> None:
        await arbiter.ask(CLAIM)
        server.pause()
        assert await why_silent(arbiter) == "the arbiter did not answer within 1 s"
        server.resume()
        assert (await arbiter.ask(JOIN)).ruling is Ruling.TAKEN

    checked = f"{server.url}?sslmode=verify-full"
    assert "certificate verify failed" in silence_of(checked)
    assert findings_of(f"{server.url}?sslmode=require")[0].ok
    monkeypatch.setenv("SSL_CERT_FILE", str(known.file))
    tls.cache_clear()
    try:
        with_arbiter(checked, use)
    finally:
        tls.cache_clear()


def test_a_public_server_must_have_a_certificate() -> None:
    """Nobody on the way can talk libpq into doing without TLS."""
    from twin.arbiter.postgres import _options

    assert _options("postgres://db.example.com/x")["sslmode"] == "verify-full"
    assert _options("postgres://db.example.com/x?sslmode=require")["sslmode"] == "require"
    for local in ("127.0.0.1", "postgres", "%2Fvar%2Frun", ""):
        assert _options(f"postgres://{local}/x")["sslmode"] == "prefer"


# ---- findings


def test_a_server_that_forgets_is_found(server: PostgresServer) -> None:
    forgets = (
        "the arbiter may lose the newest changes in a crash: set fsync and synchronous_commit to on"
    )
    assert wrong(server.url) == [forgets]
    server.sql("ALTER SYSTEM SET fsync = on", "SELECT pg_reload_conf()")
    until(lambda: wrong(server.url) == [])
    server.sql("ALTER SYSTEM SET synchronous_commit = off", "SELECT pg_reload_conf()")
    until(lambda: wrong(server.url) == [forgets])
    server.sql("ALTER SYSTEM RESET ALL")
    assert findings_of(server.url)[0].sentence.startswith("the arbiter is PostgreSQL ")
    assert server.sql("SELECT count(*) FROM pg_tables WHERE tablename LIKE 'twin%'") == "0"


def test_a_user_that_may_not_create_tables_is_found(server: PostgresServer) -> None:
    server.sql(f"DROP ROLE IF EXISTS twin; CREATE ROLE twin LOGIN PASSWORD '{PASSWORD}'")
    url = server.url_of("twin", PASSWORD)

    async def use(arbiter: Arbiter) -> None:
        remedy = "allow its user to create tables in the schema, and to read and write them"
        refused = f"the arbiter refuses: permission denied for schema public: {remedy}"
        assert await why_silent(arbiter) == refused
        finding = (await arbiter.findings())[-1]
        assert not finding.ok
        assert finding.sentence == f"the arbiter does not let its user create tables: {remedy}"

        server.sql("GRANT CREATE ON SCHEMA public TO twin")
        assert (await arbiter.findings())[-1].ok
        assert (await arbiter.ask(JOIN)).ruling is Ruling.EMPTY
        server.sql("REVOKE CREATE ON SCHEMA public FROM twin")
        assert (await arbiter.ask(JOIN)).ruling is Ruling.EMPTY
        assert (await arbiter.findings())[-1].ok
        server.sql("REVOKE UPDATE ON twin_arbiter_slot FROM twin")
        finding = (await arbiter.findings())[-1]
        assert finding.sentence == f"the arbiter does not let its user use its tables: {remedy}"

    with_arbiter(url, use)
