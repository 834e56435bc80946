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
from node_bench import context

from twin.clock import Clock
from twin.core.pair.knowledge import Fate
from twin.core.schedule.job import AlreadyTold, Run
from twin.duties.deadman import DEADMAN_JOB, Deadman
from twin.log import Log
from twin.node.runner import outcome

PATH = "/p1ng/s3cret?key=t0ken"


def statuses_in_turn(*statuses: int) -> Answering:
    """Answer with these statuses in turn, then with the last one."""
    coming = chain(statuses, repeat(statuses[-1]))

    async def say(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await saying(answer(next(coming)))(asked, writer)

    return say


def started(url: str, output: io.StringIO | None = None, timeout_s: float = 10.0) -> Deadman:
    deadman = Deadman(url + PATH, Clock(), timeout_s)
    deadman.start(context(Log("a", output or io.StringIO())))
    return deadman


def call(deadman: Deadman) -> None:
    (job,) = deadman.jobs
    slot = datetime(2026, 11, 21, tzinfo=UTC)
    job.call(Run(job.job, slot, term=1, late=timedelta(0), ask_peer_heard_at=lambda: None))


def calls(
    times: int, answering: Answering, timeout_s: float = 10.0
) -> tuple[list[str], list[str], Server]:
    """The errors and the log lines of this many calls, and the server."""
    output, errors = io.StringIO(), list[str]()

    async def run() -> Server:
        async with serving(answering) as server:
            deadman = started(server.url, output, timeout_s)
            errors.extend([await error_of(deadman) for _ in range(times)])
        return server

    server = asyncio.run(run())
    return errors, output.getvalue().splitlines(), server


async def error_of(deadman: Deadman) -> str:
    try:
        async with asyncio.timeout(10):
            await asyncio.to_thread(call, deadman)
    except AlreadyTold as error:
        return str(error)
    return ""


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_a_status_from_200_to_299_succeeds_and_is_not_logged(status: int) -> None:
    errors, lines, server = calls(2, statuses_in_turn(status))
    assert (errors, lines) == (["", ""], [])
    assert server.lines == [f"GET {PATH}", f"GET {PATH}"]


def test_it_sends_no_credentials() -> None:
    _, _, server = calls(1, statuses_in_turn(200))
    assert not {"authorization", "cookie"} & set(server.asked[0].headers)


@pytest.mark.parametrize("status", [400, 404, 503])
def test_an_error_status_is_reported_without_the_secret(status: int) -> None:
    errors, _, _ = calls(1, statuses_in_turn(status))
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
def test_a_redirect_is_an_error_with_the_remedy_and_without_the_secret(
    status: int, location: str, leads_to: str
) -> None:
    errors, lines, server = calls(1, saying(answer(status, b"", f"Location: {location}")))
    problem = f"127.0.0.1 answers {status} and leads to {leads_to}, which counts as no call: "
    assert errors == [problem + "set DEADMAN_URL to the URL there"]
    assert len(server.lines) == len(lines) == 1
    assert "event=deadman.failed" in lines[0]


def test_a_redirect_within_the_host_is_reported_by_the_host_alone() -> None:
    for location in ("/l0gin?next=/p1ng/s3cret", ""):
        (error,), _, server = calls(1, saying(answer(302, b"", f"Location: {location}")))
        assert f"leads to {server.url}, which" in error


def test_an_unknown_check_is_an_error_even_with_status_200() -> None:
    errors, _, _ = calls(1, saying(answer(200, b"OK (not found)")))
    assert errors == ["127.0.0.1 knows no such check: copy DEADMAN_URL again"]
    assert calls(1, saying(answer(200, b"OK")))[0] == [""]


def test_reachability_is_tested_without_a_call() -> None:
    async def run() -> list[str]:
        async with serving(statuses_in_turn(200)) as server:
            there = await asyncio.to_thread(started(server.url).reached)
            assert server.asked == []
        return [there, await asyncio.to_thread(started(server.url).reached)]

    there, gone = asyncio.run(run())
    assert there == ""
    assert gone.startswith("127.0.0.1 cannot be reached (")
    assert "s3cret" not in gone


def test_failures_and_recoveries_are_logged_once_each() -> None:
    errors, lines, _ = calls(7, statuses_in_turn(500, 500, 500, 200, 200, 404, 200))
    assert [bool(error) for error in errors] == [True, True, True, False, False, True, False]
    assert [line.split()[1] for line in lines] == [
        "event=deadman.failed",
        "event=deadman.recovered",
    ] * 2


def test_a_hanging_server_times_out() -> None:
    errors, _, _ = calls(1, silent, 0.1)
    assert errors == ["127.0.0.1 did not answer in 0.1 s"]


async def drip(_: Asked, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-Drip: x\r\n")
        await writer.drain()
        await asyncio.sleep(0.01)


def test_a_dripping_answer_times_out() -> None:
    errors, _, _ = calls(1, drip, 0.1)
    assert errors == ["127.0.0.1 did not answer in 0.1 s"]


def test_a_hanging_name_lookup_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    released, ended = threading.Event(), list[bool]()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: ended.append(released.wait(3)))
    try:
        with pytest.raises(AlreadyTold, match=r"did not answer in 0\.1 s"):
            call(started("http://hc.test", timeout_s=0.1))
        assert not ended
    finally:
        released.set()


async def refused() -> list[str]:
    return [await error_of(started(await nowhere()))]


async def garbled() -> list[str]:
    async with serving(saying(b"SSH-2.0-OpenSSH_9.6\r\n")) as server:
        return [await error_of(started(server.url))]


async def broken() -> list[str]:
    with breaking_encryption():
        async with serving(statuses_in_turn(200)) as server:
            return [await error_of(started(server.url))]


@pytest.mark.parametrize("fail", [refused, garbled, broken])
def test_a_missing_answer_is_reported_without_the_secret(
    fail: Callable[[], Awaitable[list[str]]],
) -> None:
    async def run() -> list[str]:
        return await fail()

    (error,) = asyncio.run(run())
    assert error.startswith("127.0.0.1 cannot be reached (")
    assert "s3cret" not in error
    assert "t0ken" not in error


def test_the_url_is_not_in_the_logs_of_libraries(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    calls(1, statuses_in_turn(200))
    assert "s3cret" not in caplog.text


def test_a_failed_run_is_recorded_without_a_traceback() -> None:
    output = io.StringIO()

    async def run() -> tuple[Fate, str]:
        async with serving(statuses_in_turn(500)) as server:
            (job,) = started(server.url, output).jobs
            slot = datetime(2026, 11, 21, tzinfo=UTC)
            run = Run(job.job, slot, term=1, late=timedelta(0), ask_peer_heard_at=lambda: None)
            return await asyncio.to_thread(outcome, job, run, Log("a", output))

    assert asyncio.run(run()) == (Fate.FAILED, "127.0.0.1 answers 500: check DEADMAN_URL")
    assert output.getvalue().count("\n") == 1


def test_the_job_runs_every_minute_and_catches_up_on_taking_the_duty() -> None:
    (job,) = (each.job for each in Deadman("https://hc.example/x", Clock()).jobs)
    assert (job.name, str(job.schedule), job.catch_up) == (DEADMAN_JOB, "every 1m", True)
    (fast,) = (each.job for each in Deadman("https://hc.example/x", Clock(rate=60)).jobs)
    assert (job.timeout_s, fast.timeout_s) == (30, 1800)
