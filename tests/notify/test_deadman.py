"""The dead man's switch against real servers on this machine."""

import asyncio
import io
import logging
import socket
import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat

import pytest
from http_bench import (
    Answering,
    Asked,
    Server,
    answer,
    breaking_encryption,
    nowhere,
    saying,
    serving,
    silent,
)

from twin.clock import Clock
from twin.core.pair.knowledge import Fate
from twin.core.schedule.job import AlreadyTold, Run
from twin.log import Log
from twin.node.runner import outcome
from twin.notify import deadman as module
from twin.notify.deadman import DEADMAN_JOB, Deadman, deadman_job

PATH = "/p1ng/s3cret?key=t0ken"


def said(*statuses: int) -> Answering:
    """One status after the other; the last one from then on."""
    coming = chain(statuses, repeat(statuses[-1]))

    async def say(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await saying(answer(next(coming)))(asked, writer)

    return say


def calls(times: int, answering: Answering) -> tuple[list[str], list[str], Server]:
    """The errors and the log lines of so many calls, and what the server saw."""
    output, errors = io.StringIO(), list[str]()

    async def run() -> Server:
        async with serving(answering) as server:
            deadman = Deadman(server.url + PATH, Log("a", output))
            errors.extend([await error_of(deadman) for _ in range(times)])
        return server

    server = asyncio.run(run())
    return errors, output.getvalue().splitlines(), server


async def error_of(deadman: Callable[[], None]) -> str:
    try:
        async with asyncio.timeout(1.5):
            await asyncio.to_thread(deadman)
    except AlreadyTold as error:
        return str(error)
    return ""


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_status_from_200_to_299_will_do_and_is_not_worth_a_line(status: int) -> None:
    errors, lines, server = calls(2, said(status))
    assert (errors, lines) == (["", ""], [])
    assert server.lines == [f"GET {PATH}", f"GET {PATH}"]


def test_it_sends_no_credentials() -> None:
    _, _, server = calls(1, said(200))
    assert set(server.asked[0].headers) == {"host", "user-agent"}


@pytest.mark.parametrize("status", [400, 404, 503])
def test_any_other_status_is_an_error_without_the_secret(status: int) -> None:
    errors, _, _ = calls(1, said(status))
    assert errors == [f"127.0.0.1 answers {status}: check DEADMAN_URL"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    ("location", "leads_to"),
    [
        ("https://u5er:passw0rd@hc.example/p1ng/s3cret?key=t0ken", "https://hc.example"),
        ("https://hc.example:8443/s3cret", "https://hc.example:8443"),
        ("http://example:s3cret/", "what is no URL"),
    ],
)
def test_a_redirect_counts_as_no_call_and_its_remedy_is_named_without_the_secret(
    status: int, location: str, leads_to: str
) -> None:
    errors, lines, server = calls(1, saying(answer(status, b"", f"Location: {location}")))
    told = f"127.0.0.1 answers {status} and leads to {leads_to}, which counts as no call: "
    assert errors == [told + "set DEADMAN_URL to the URL there"]
    assert len(server.lines) == len(lines) == 1
    assert "event=deadman.failed" in lines[0]


def test_a_redirect_to_another_page_of_the_host_or_to_none_shows_the_host_alone() -> None:
    for location in ("/l0gin?next=/p1ng/s3cret", ""):
        (error,), _, server = calls(1, saying(answer(302, b"", f"Location: {location}")))
        assert f"leads to {server.url}, which" in error


def test_a_check_that_its_service_does_not_have_is_an_error_though_the_answer_is_200() -> None:
    errors, _, _ = calls(1, saying(answer(200, b"OK (not found)")))
    assert errors == ["127.0.0.1 knows no such check: copy DEADMAN_URL again"]
    assert calls(1, saying(answer(200, b"OK")))[0] == [""]


def test_whether_it_can_be_reached_is_found_out_without_a_call() -> None:
    async def run() -> list[str]:
        log = Log("a", io.StringIO())
        async with serving(said(200)) as server:
            there = await asyncio.to_thread(Deadman(server.url + PATH, log).reached)
            assert server.asked == []
        return [there, await asyncio.to_thread(Deadman(server.url + PATH, log).reached)]

    there, gone = asyncio.run(run())
    assert there == ""
    assert gone.startswith("127.0.0.1 cannot be reached (")
    assert "s3cret" not in gone


def test_failing_is_logged_at_each_change_and_not_every_minute() -> None:
    errors, lines, _ = calls(7, said(500, 500, 500, 200, 200, 404, 200))
    assert [bool(error) for error in errors] == [True, True, True, False, False, True, False]
    assert [line.split()[1] for line in lines] == [
        "event=deadman.failed",
        "event=deadman.recovered",
    ] * 2


def test_a_server_that_never_answers_has_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_TIMEOUT_S", 0.1)
    errors, _, _ = calls(1, silent)
    assert errors == ["127.0.0.1 did not answer in 0.1 s"]


async def drip(_: Asked, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-Drip: x\r\n")
        await writer.drain()
        await asyncio.sleep(0.01)


def test_an_answer_that_drips_is_given_up_at_the_same_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_TIMEOUT_S", 0.1)
    errors, _, _ = calls(1, drip)
    assert errors == ["127.0.0.1 did not answer in 0.1 s"]


def test_a_hanging_resolver_of_names_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    released, ended = threading.Event(), list[bool]()
    monkeypatch.setattr(module, "_TIMEOUT_S", 0.1)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: ended.append(released.wait(3)))
    try:
        with pytest.raises(AlreadyTold, match=r"did not answer in 0\.1 s"):
            Deadman("http://hc.test" + PATH, Log("a", io.StringIO()))()
        assert not ended
    finally:
        released.set()


async def refused() -> list[str]:
    return [await error_of(Deadman(await nowhere() + PATH, Log("a", io.StringIO())))]


async def garbled() -> list[str]:
    async with serving(saying(b"SSH-2.0-OpenSSH_9.6\r\n")) as server:
        return [await error_of(Deadman(server.url + PATH, Log("a", io.StringIO())))]


async def broken() -> list[str]:
    with breaking_encryption():
        async with serving(said(200)) as server:
            return [await error_of(Deadman(server.url + PATH, Log("a", io.StringIO())))]


@pytest.mark.parametrize("fail", [refused, garbled, broken])
def test_no_answer_is_an_error_without_the_secret(fail: Callable[[], Awaitable[list[str]]]) -> None:
    async def run() -> list[str]:
        return await fail()

    (error,) = asyncio.run(run())
    assert error.startswith("127.0.0.1 cannot be reached (")
    assert "s3cret" not in error
    assert "t0ken" not in error


def test_nobody_who_listens_to_the_libraries_hears_the_url(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    calls(1, said(200))
    assert "s3cret" not in caplog.text


def test_a_run_that_fails_is_recorded_as_failed_without_a_traceback() -> None:
    output = io.StringIO()
    log = Log("a", output)

    async def run() -> tuple[Fate, str]:
        async with serving(said(500)) as server:
            job = deadman_job(server.url + PATH, Clock(), log)
            slot = datetime(2026, 11, 21, tzinfo=UTC)
            run = Run(job.job, slot, term=1, late=timedelta(0), ask_peer_heard_at=lambda: None)
            return await asyncio.to_thread(outcome, job, run, log)

    assert asyncio.run(run()) == (Fate.FAILED, "127.0.0.1 answers 500: check DEADMAN_URL")
    assert output.getvalue().count("\n") == 1


def test_the_job_is_due_every_minute_and_at_once_on_taking_the_duty() -> None:
    job = deadman_job("https://hc.example/x", Clock(), Log("a", io.StringIO())).job
    assert (job.name, str(job.schedule), job.catch_up) == (DEADMAN_JOB, "every 1m", True)
    fast = deadman_job("https://hc.example/x", Clock(rate=60), Log("a", io.StringIO())).job
    assert (job.timeout_s, fast.timeout_s) == (30, 1800)
