"""Redis as the arbiter: its failures, and what `check` finds."""

import asyncio
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from asking import (
    CLAIM,
    IN_URL,
    JOIN,
    PASSWORD,
    A,
    findings_of,
    silence_of,
    why_silent,
    with_arbiter,
    wrong,
)
from certificates import authority
from nginx import nginx
from processes import free_port, until
from redis_server import RedisServer, redis_server

from twin.arbiter import Arbiter
from twin.core.pair.arbiter import Op, Question, Ruling
from twin.http.tls import tls


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """One that a test may break."""
    with redis_server("--save", "", "--appendonly", "no") as made:
        yield made


BEFORE = replace(A, boot="0-a")


# ---- silence


def test_a_dead_server_is_silent_and_answers_once_it_runs(server: RedisServer) -> None:
    async def use(arbiter: Arbiter) -> None:
        assert (await arbiter.ask(CLAIM)).ruling is Ruling.GRANTED
        server.kill()
        await why_silent(arbiter)  # its end may not be heard yet
        why = await why_silent(arbiter)
        assert why == "the arbiter cannot be reached: Connection refused"
        server.start()
        assert (await arbiter.ask(JOIN)).ruling is Ruling.EMPTY

    with_arbiter(server.url, use)


def test_a_server_that_restarts_between_two_questions_is_not_noticed(server: RedisServer) -> None:
    server.command("CONFIG", "SET", "appendonly", "yes")

    async def use(arbiter: Arbiter) -> None:
        await arbiter.ask(CLAIM)
        until(lambda: "aof_rewrite_in_progress:0" in server.command("INFO", "persistence"))
        server.kill()
        server.options = ("--appendonly", "yes")
        server.start()
        await asyncio.sleep(0.05)  # for the end of the connection to be heard
        assert (await arbiter.ask(JOIN)).ruling is Ruling.TAKEN

    with_arbiter(server.url, use)


def test_an_answer_that_comes_too_late_is_never_taken_for_another(server: RedisServer) -> None:
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
    server: RedisServer,
) -> None:
    async def use(arbiter: Arbiter) -> None:
        await arbiter.ask(CLAIM)
        server.pause()
        await asyncio.gather(*(why_silent(arbiter) for _ in range(20)))
        server.resume()
        assert (await arbiter.ask(JOIN)).ruling is Ruling.TAKEN

    with_arbiter(server.url, use)


def test_a_question_that_is_given_up_leaves_no_answer_behind(server: RedisServer) -> None:
    async def use(arbiter: Arbiter) -> None:
        await arbiter.ask(JOIN)
        server.pause()
        asking = asyncio.create_task(arbiter.ask(CLAIM))
        await asyncio.sleep(0.1)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        server.resume()
        assert (await arbiter.ask(JOIN)).ruling is Ruling.TAKEN

    with_arbiter(server.url, use)


def test_an_arbiter_that_was_emptied_says_so(server: RedisServer) -> None:
    async def use(arbiter: Arbiter) -> None:
        await arbiter.ask(CLAIM)
        server.command("FLUSHALL")
        server.command("SCRIPT", "FLUSH")
        answer = await arbiter.ask(JOIN)
        assert (answer.ruling, answer.record, answer.members) == (Ruling.EMPTY, None, (A,))

    with_arbiter(server.url, use)


def test_a_replica_answers_no_question_until_it_is_the_primary(server: RedisServer) -> None:
    async def use(arbiter: Arbiter) -> None:
        await arbiter.ask(CLAIM)
        server.command("REPLICAOF", "127.0.0.1", str(free_port()))
        for op in Op:
            why = await why_silent(arbiter, Question(op=op, member=A, term=1))
            assert why == "the arbiter is a replica: set ARBITER_URL to the primary"
        # A boot that is superseded, too: there, nothing changes.
        assert "replica" in await why_silent(arbiter, Question(op=Op.JOIN, member=BEFORE))
        assert "replica" in next(each.sentence for each in await arbiter.findings() if not each.ok)
        server.command("REPLICAOF", "NO", "ONE")
        assert (await arbiter.ask(JOIN)).ruling is Ruling.TAKEN

    with_arbiter(server.url, use)


def test_a_full_memory_is_silence(server: RedisServer) -> None:
    async def use(arbiter: Arbiter) -> None:
        await arbiter.ask(CLAIM)
        server.command("CONFIG", "SET", "maxmemory", "1")
        assert await why_silent(arbiter) == "the arbiter has no memory left: raise its maxmemory"
        server.command("CONFIG", "SET", "maxmemory", "0")
        assert (await arbiter.ask(JOIN)).ruling is Ruling.TAKEN

    with_arbiter(server.url, use)


def test_a_server_that_loads_its_data_is_silent(server: RedisServer) -> None:
    fill = "for i = 1, 2000 do redis.call('SET', i, string.rep('x', 1000)) end"
    server.command("EVAL", fill, "0")
    server.command("SAVE")
    server.kill()
    server.options += (
        "--key-load-delay",
        "1000",
        "--loading-process-events-interval-bytes",
        "1024",
    )
    server.start()
    assert silence_of(server.url) == "the arbiter is still loading its data"


def test_a_server_that_is_busy_with_a_script_is_silent(server: RedisServer) -> None:
    server.command("CONFIG", "SET", "busy-reply-threshold", "50")
    endless = ["redis-cli", "-p", str(server.port), "EVAL", "while true do end", "0"]
    with subprocess.Popen(endless, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as busy:
        until(lambda: "BUSY" in server.command("PING"))
        assert silence_of(server.url).startswith("the arbiter refuses: BUSY ")
        server.command("SCRIPT", "KILL")
        busy.wait(10)


# ---- credentials and addresses


def test_a_wrong_password_is_not_shown(server: RedisServer) -> None:
    at = f"127.0.0.1:{server.port}"
    refused = "the arbiter refuses the username or the password of ARBITER_URL"
    # Redis quotes the arguments of a command that it does not know.
    server.command("ACL", "SETUSER", "twin", "on", f">{PASSWORD}", "~*", "+@all")
    assert silence_of(f"redis://twin:{IN_URL}1@{at}") == refused
    assert silence_of(f"redis://nobody:{IN_URL}@{at}") == refused
    assert findings_of(f"redis://twin:{IN_URL}@{at}")[0].ok
    server.command("CONFIG", "SET", "requirepass", PASSWORD)
    assert silence_of(f"redis://{at}") == refused


def test_a_password_for_a_server_without_passwords_is_not_shown() -> None:
    with redis_server("--rename-command", "AUTH", "") as server:
        at = f"127.0.0.1:{server.port}"
        assert (
            silence_of(f"redis://:{IN_URL}@{at}") == "the arbiter refuses: unknown command 'AUTH'"
        )


def test_a_host_without_an_address_is_silent() -> None:
    why = silence_of(f"redis://twin:{IN_URL}@no-such-host.invalid")
    assert why.startswith("the arbiter cannot be reached: ")


def test_a_server_of_something_else_is_silent() -> None:
    with nginx("return 204;") as server:
        why = silence_of(f"redis://127.0.0.1:{server.port}")
        assert why == "the arbiter does not answer as Redis does: check ARBITER_URL"


def test_a_private_certificate_is_refused_unless_its_authority_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = authority(tmp_path)
    files = ["--tls-cert-file", str(tmp_path / "server.pem")]
    files += ["--tls-key-file", str(tmp_path / "server.pem.key"), "--tls-auth-clients", "no"]
    tls_port = free_port()
    with redis_server("--tls-port", str(tls_port), *files) as server:

        async def use(arbiter: Arbiter) -> None:
            await arbiter.ask(CLAIM)
            server.pause()
            assert await why_silent(arbiter) == "the arbiter did not answer within 1 s"
            server.resume()
            assert (await arbiter.ask(JOIN)).ruling is Ruling.TAKEN

        at = f"127.0.0.1:{tls_port}"
        why = silence_of(f"rediss://:{IN_URL}@{at}")
        assert "certificate verify failed" in why
        assert "cannot be reached" in silence_of(f"redis://:{IN_URL}@{at}")
        assert silence_of(f"rediss://:{IN_URL}@127.0.0.1:{server.port}")
        assert findings_of(f"rediss://{at}?ssl_cert_reqs=none")[0].ok
        monkeypatch.setenv("SSL_CERT_FILE", str(known.file))
        tls.cache_clear()
        try:
            with_arbiter(f"rediss://{at}", use)
        finally:
            tls.cache_clear()


# ---- findings


def test_a_server_that_forgets_is_found(server: RedisServer) -> None:
    server.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    assert wrong(server.url) == [
        "the arbiter forgets keys when its memory is full (allkeys-lru): "
        "set its maxmemory-policy to noeviction",
        "the arbiter loses everything in a restart: set appendonly to yes",
    ]
    server.command("CONFIG", "SET", "maxmemory-policy", "volatile-lru")
    server.command("CONFIG", "SET", "save", "900 1")
    assert wrong(server.url) == [
        "the arbiter loses the newest changes in a restart: set appendonly to yes"
    ]


def test_a_server_as_it_should_be_is_found_so(server: RedisServer) -> None:
    server.command("CONFIG", "SET", "appendonly", "yes")
    found = findings_of(server.url)
    assert all(each.ok for each in found)
    assert found[0].sentence.startswith("the arbiter is Redis ")
    assert server.command("KEYS", "*") == "\n"


def test_a_user_that_may_not_run_scripts_is_found(server: RedisServer) -> None:
    server.command("CONFIG", "SET", "appendonly", "yes")
    rules = ["on", f">{PASSWORD}", "~{twin}:*", "+@all", "-hset", "-config"]
    server.command("ACL", "SETUSER", "twin", *rules)
    (sentence,) = wrong(f"redis://twin:{IN_URL}@127.0.0.1:{server.port}")
    assert sentence.startswith("the arbiter refuses: ")
    assert sentence.endswith(": allow its user EVAL, EVALSHA, TIME and hashes")


def test_a_silent_server_is_one_finding() -> None:
    assert wrong(f"redis://127.0.0.1:{free_port()}") == [
        "the arbiter cannot be reached: Connection refused"
    ]
