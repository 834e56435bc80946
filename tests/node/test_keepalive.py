"""The self-ping, with intervals of milliseconds."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from http_bench import (
    Answering,
    Server,
    answer,
    breaking_encryption,
    client,
    nowhere,
    saying,
    serving,
    silent,
)
from http_bench import until as wait_until
from node_bench import Bench, bench, settings

from twin.hosts import HOSTS
from twin.log import Log
from twin.node import keepalive as module
from twin.node.client import Client
from twin.node.keepalive import KeepAwake
from twin.settings.settings import Settings

OK = saying(answer(200, b"{}"))
FAST = settings(self_ping_s=0)

Test = Callable[[Bench, Server], Awaitable[None]]


async def keeping(made: Bench, with_settings: Settings, test: Callable[[], Any]) -> None:
    async with client() as http:
        log = Log("a", made.output)
        keep = KeepAwake(with_settings, made.node, http, made.clock, log)
        chores = asyncio.create_task(keep.run())
        try:
            await test()
            assert not chores.done()
        finally:
            chores.cancel()
            await asyncio.wait({chores})


def on_server(
    answering: Answering,
    test: Test,
    prepare: Callable[[Bench], None] = Bench.take_duty,
    with_settings: Settings = FAST,
) -> None:
    async def run() -> None:
        async with serving(answering) as server:
            made = bench(url=server.url)
            prepare(made)
            object.__setattr__(made.clock, "rate", 100.0)

            await keeping(made, with_settings, lambda: test(made, server))

    asyncio.run(run())


def on_duty(made: Bench) -> None:
    made.wait(5)  # an own URL that does not answer delays the claim
    made.take_duty()


def on_standby(made: Bench) -> None:
    made.wait(5)
    made.join()


def test_the_own_url_is_fetched_without_credentials() -> None:
    async def test(_: Bench, server: Server) -> None:
        await wait_until(lambda: len(server.asked) >= 3)
        assert {line.partition("?")[0] for line in server.lines} == {"GET /healthz"}
        assert not [asked for asked in server.asked if "authorization" in asked.headers]

    on_server(OK, test, on_duty)


def test_the_pings_keep_their_distance() -> None:
    async def test(_: Bench, server: Server) -> None:
        await asyncio.sleep(0.06)
        assert server.asked == []

    on_server(OK, test, on_duty, settings(self_ping_s=60))


def test_a_standby_that_may_sleep_does_not_keep_itself_awake() -> None:
    async def test(_: Bench, server: Server) -> None:
        await asyncio.sleep(0.06)
        assert server.asked == []

    on_server(OK, test, on_standby, settings(self_ping_s=0, standby_asleep=True))


@pytest.mark.parametrize("prepare", [on_duty, on_standby])
def test_others_keep_themselves_awake(prepare: Callable[[Bench], None]) -> None:
    asleep = prepare is on_duty  # only a standby sleeps, whatever the setting

    async def test(_: Bench, server: Server) -> None:
        await wait_until(lambda: server.asked)

    on_server(OK, test, prepare, settings(self_ping_s=0, standby_asleep=asleep))


@pytest.mark.parametrize("answering", [saying(answer(503)), saying(b"what?"), saying(b"")])
def test_a_failed_ping_is_logged_and_pings_continue(answering: Answering) -> None:
    async def test(made: Bench, _: Server) -> None:
        await wait_until(lambda: made.events.count("self_ping.failed") >= 2)

    on_server(answering, test, on_duty)


def test_a_ping_answered_by_a_cache_is_logged_as_failed() -> None:
    """The host sees no request and puts the app to sleep."""

    async def test(made: Bench, _: Server) -> None:
        await wait_until(lambda: "a cache answers" in made.output.getvalue())

    cached = b'{"ok":true,"role":"on_duty","boot":"1-a","nonce":""}'
    on_server(saying(answer(200, cached)), test, on_duty)


def test_a_ping_that_leads_to_a_boot_of_an_older_release_is_no_failure() -> None:
    async def test(made: Bench, server: Server) -> None:
        await wait_until(lambda: len(server.lines) >= 3)
        assert "self_ping.failed" not in made.events

    older = b'{"ok":true,"role":"on_duty","boot":"1-a"}'
    on_server(saying(answer(200, older)), test, on_duty)


def test_a_ping_with_a_tls_error_is_logged_and_pings_continue() -> None:
    async def test(made: Bench, _: Server) -> None:
        await wait_until(lambda: made.events.count("self_ping.failed") >= 2)

    with breaking_encryption():
        on_server(OK, test, on_duty)


def test_an_unexpected_ping_error_is_logged_once_and_pings_continue(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bugs: list[Exception] = [KeyError("s"), KeyError("s"), ValueError("s")]
    stream = Client.stream

    def buggy(*args: Any, **options: Any) -> Any:
        if bugs:
            raise bugs.pop()
        return stream(*args, **options)

    monkeypatch.setattr(Client, "stream", buggy)

    async def test(made: Bench, server: Server) -> None:
        await wait_until(lambda: server.asked)
        told = [line for line in made.lines if "event=self_ping.raised" in line]
        assert [line.count("in buggy") for line in told] == [1, 1]

    on_server(OK, test, on_duty)


def test_an_unanswered_ping_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PING_TIMEOUT_S", 0.02)

    async def test(made: Bench, _: Server) -> None:
        await wait_until(lambda: made.events.count("self_ping.failed") >= 2)

    on_server(silent, test, on_duty)


def test_an_unreachable_own_url_does_not_stop_the_pings() -> None:
    async def run() -> None:
        made = bench(url=await nowhere())
        on_duty(made)

        async def test() -> None:
            await wait_until(lambda: made.events.count("self_ping.failed") >= 2)

        await keeping(made, FAST, test)

    asyncio.run(run())


@pytest.mark.parametrize(
    ("url", "host", "told"),
    [
        (None, None, "SELF_URL is not known"),
        ("http://127.0.0.1:8000", HOSTS[0], "does not pass Heroku's router"),
        ("http://127.0.0.1:8001", HOSTS[0], ""),
        ("http://127.0.0.1:8000", None, ""),
        ("https://a.example", HOSTS[0], ""),
    ],
)
def test_an_ineffective_self_ping_is_logged_at_the_start(url: Any, host: Any, told: str) -> None:
    made = bench(url=url)

    async def run() -> None:
        async def test() -> None:
            await asyncio.sleep(0.01)

        await keeping(made, settings(host=host), test)

    asyncio.run(run())
    warnings = [line for line in made.lines if "self_ping.ineffective" in line]
    assert len(warnings) == bool(told)
    assert all(told in line for line in warnings)
