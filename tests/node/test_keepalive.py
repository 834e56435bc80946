"""What keeps a twin awake, with a pace of milliseconds."""

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

from twin.core.pair.document import Role
from twin.core.pair.events import Heard, Request, Via
from twin.hosts import HOSTS
from twin.log import Log
from twin.node import keepalive as module
from twin.node.client import Client
from twin.node.keepalive import KeepAwake
from twin.node.peer import PeerLink
from twin.node.watch import Watch
from twin.settings.settings import Settings

OK = saying(answer(200, b"{}"))
FAST = settings(self_ping_s=0)

Test = Callable[[Bench, Server], Awaitable[None]]


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """A ping every few milliseconds, and no rounds unless a test asks for them."""
    monkeypatch.setattr(module, "ROUND_S", 60)


class Link(PeerLink):
    """Only notes what it is to send."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.sent: list[Request] = []

    def send(self, request: Request) -> None:
        self.sent.append(request)


async def keeping(made: Bench, with_settings: Settings, test: Callable[[Link, Watch], Any]) -> None:
    async with client() as http:
        link = Link(with_settings, made.node, made.clock, http)
        watch = Watch(with_settings, made.node, http)
        log = Log("a", made.output)
        keep = KeepAwake(with_settings, made.node, link, watch, http, made.clock, log)
        chores = asyncio.create_task(keep.run())
        try:
            await test(link, watch)
            assert not chores.done()
        finally:
            chores.cancel()
            await asyncio.wait({chores})
            await watch.close()


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

            async def with_link(_link: Link, _watch: Watch) -> None:
                await test(made, server)

            await keeping(made, with_settings, with_link)

    asyncio.run(run())


def on_duty(made: Bench) -> None:
    made.wait(5)  # an own URL that does not answer delays the claim
    made.take_duty()


def on_standby(made: Bench) -> None:
    made.wait(5)
    made.join()


def test_each_round_is_told_to_whoever_looks_after_the_peer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "ROUND_S", 0.01)
    rounds = list[int]()

    async def run() -> None:
        made = bench()
        async with client() as http:
            link = Link(FAST, made.node, made.clock, http)
            watch, log = Watch(FAST, made.node, http), Log("a", made.output)
            keep = KeepAwake(
                FAST, made.node, link, watch, http, made.clock, log, lambda: rounds.append(1)
            )
            chores = asyncio.create_task(keep.run())
            await wait_until(lambda: len(rounds) >= 2)
            chores.cancel()
            await asyncio.wait({chores})

    asyncio.run(run())


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
def test_a_ping_that_fails_is_told_and_the_next_one_goes_on(answering: Answering) -> None:
    async def test(made: Bench, _: Server) -> None:
        await wait_until(lambda: made.events.count("self_ping.failed") >= 2)

    on_server(answering, test, on_duty)


def test_a_ping_that_a_cache_answers_is_told_as_failed() -> None:
    """The host sees no request, and puts the app to sleep."""

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


def test_a_ping_whose_encryption_breaks_is_told_and_the_next_one_goes_on() -> None:
    async def test(made: Bench, _: Server) -> None:
        await wait_until(lambda: made.events.count("self_ping.failed") >= 2)

    with breaking_encryption():
        on_server(OK, test, on_duty)


def test_a_ping_that_nobody_foresaw_is_told_once_of_its_kind_and_the_pings_go_on(
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


def test_a_ping_that_is_not_answered_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PING_TIMEOUT_S", 0.02)

    async def test(made: Bench, _: Server) -> None:
        await wait_until(lambda: made.events.count("self_ping.failed") >= 2)

    on_server(silent, test, on_duty)


def test_a_url_at_which_nobody_is_does_not_stop_the_chores() -> None:
    async def run() -> None:
        made = bench(url=await nowhere())
        on_duty(made)

        async def test(*_: object) -> None:
            await wait_until(lambda: made.events.count("self_ping.failed") >= 2)

        await keeping(made, FAST, test)

    asyncio.run(run())


def rounds(prepare: Callable[[Bench], None], watching: bool) -> list[Request]:
    """What a few rounds send."""
    sent: list[Request] = []

    async def run() -> None:
        made = bench(url="http://127.0.0.1:9")
        prepare(made)

        async def test(link: Link, watch: Watch) -> None:
            if watching:
                async with serving(silent) as server:
                    made.node._state = _at(made, server.url)
                    watch.want(True)
                    await asyncio.sleep(0.06)
            else:
                await asyncio.sleep(0.06)
            sent.extend(link.sent)

        await keeping(made, settings(), test)

    monkey = pytest.MonkeyPatch()
    with monkey.context() as patch:
        patch.setattr(module, "ROUND_S", 0.01)
        asyncio.run(run())
    return sent


def _at(made: Bench, url: str) -> Any:
    from dataclasses import replace

    state = made.node.look()
    return replace(state, peer=replace(state.peer, url=url))


def test_a_holder_looks_again_and_again_whose_boot_its_url_leads_to() -> None:
    assert set(rounds(on_duty, watching=False)) == {Request.OWN}


def test_a_claimer_looks_too_while_it_waits_for_its_peer() -> None:
    def claiming(made: Bench) -> None:
        made.wait(5)
        assert made.node.look().role is Role.CLAIMING

    assert Request.OWN in rounds(claiming, watching=False)


def test_a_standby_tells_the_holder_that_it_is_there() -> None:
    assert Request.UPDATE in rounds(on_standby, watching=True)


def test_a_standby_without_a_watch_leaves_the_asking_to_the_core() -> None:
    assert Request.UPDATE not in rounds(on_standby, watching=False)


def test_a_standby_asks_its_own_url_only_until_it_leads_there() -> None:
    def reached(made: Bench) -> None:
        on_standby(made)
        made.node.handle(Heard(made.node.document(), Via.OWN))

    assert Request.OWN in rounds(on_standby, watching=False)
    assert Request.OWN not in rounds(reached, watching=False)


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
def test_a_ping_that_cannot_help_is_told_of_at_the_start(url: Any, host: Any, told: str) -> None:
    made = bench(url=url)

    async def run() -> None:
        async def test(*_: object) -> None:
            await asyncio.sleep(0.01)

        await keeping(made, settings(host=host), test)

    asyncio.run(run())
    warnings = [line for line in made.lines if "self_ping.ineffective" in line]
    assert len(warnings) == bool(told)
    assert all(told in line for line in warnings)
