"""The link to the peer, against real servers."""

import asyncio
import base64
import gzip
import json
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from http_bench import Answering, Asked, Server, answer, client, nowhere, saying, serving, silent
from http_bench import until as wait_until
from node_bench import WALL, Bench, bench, document, job, settings

from twin.core.pair.document import Role
from twin.core.pair.events import (
    Event,
    Failed,
    Failure,
    Heard,
    Looked,
    PlainConfirmed,
    PlainUpdate,
    Request,
    Via,
)
from twin.core.pair.history import KEPT_S
from twin.node.codec import dump_json, parse
from twin.node.failures import failure_of
from twin.node.peer import PeerLink

DOCUMENT = dump_json(document())
CACHED = dump_json(replace(document(), nonce="0123456789abcdef"))


def sent(request: Request, url: str, own_url: str | None = None) -> list[Event]:
    """The events of the node after `request` goes to `url`."""
    events: list[Event] = []

    async def run() -> None:
        made = bench(job(), peer=url, url=own_url)
        deaf(made, events)
        async with client() as http:
            link = PeerLink(settings(), made.node, made.clock, http)
            link.send(request)
            await asyncio.sleep(0)
            await asyncio.gather(*link._tasks)
            await link.close()

    asyncio.run(run())
    return events


def deaf(made: Bench, events: list[Event]) -> None:
    """From now on the node only collects its events."""
    vars(made.node)["handle"] = events.append


def served(
    request: Request, answering: Answering, own: bool = False, **limits: float
) -> tuple[list[Event], Server]:
    """The same, with a server that gives this answer."""
    events: list[Event] = []
    kept: list[Server] = []

    async def run() -> None:
        async with serving(answering) as server, client(**limits) as http:
            kept.append(server)
            made = bench(job(), peer=server.url, url=server.url if own else None)
            deaf(made, events)
            link = PeerLink(settings(), made.node, made.clock, http)
            link.send(request)
            await asyncio.sleep(0)
            await asyncio.wait_for(asyncio.gather(*link._tasks), 5)
            await link.close()

    asyncio.run(run())
    return events, kept[0]


# ---- requests


@pytest.mark.parametrize(
    ("request_", "line"),
    [
        (Request.UPDATE, "POST /update"),
        (Request.DOWN, "POST /down"),
        (Request.STATUS, "GET /status"),
    ],
)
def test_a_request_to_the_peer_carries_its_credentials_and_our_document(
    request_: Request, line: str
) -> None:
    events, server = served(request_, saying(answer(200, DOCUMENT)))
    assert [asked.partition("?")[0] for asked in server.lines] == [line]
    (asked,) = server.asked
    login = base64.b64encode(b"peer-user:peer-s3cret").decode().lower()
    assert asked.headers["authorization"] == f"basic {login}"
    if line.startswith("POST"):
        assert parse(asked.body, WALL).twin == "a"
    assert events == [Heard(document(), Via.ANSWER, 1000.0)]


def test_our_own_url_is_asked_with_our_own_credentials() -> None:
    own = dump_json(document(twin="a", boot="1-a"))
    events, server = served(Request.OWN, saying(answer(200, own)), own=True)
    login = base64.b64encode(b"user:own-s3cret").decode().lower()
    assert server.lines == ["POST /update"]
    assert server.asked[0].headers["authorization"] == f"basic {login}"
    assert events == [Heard(document(twin="a", boot="1-a"), Via.OWN, 1000.0)]


def test_our_own_url_is_asked_over_a_new_connection_each_time() -> None:
    # One that is kept reaches the same process even after the router has turned to the next boot.
    _, server = served(Request.OWN, saying(answer(200, DOCUMENT)), own=True)
    assert server.asked[0].headers["connection"] == "close"


def test_the_look_at_the_peers_health_shows_no_credentials() -> None:
    async def healthy(asked: Asked, writer: asyncio.StreamWriter) -> None:
        nonce = asked.line.partition("nonce=")[2]
        told = {"ok": True, "role": "on_duty", "boot": "2-b", "nonce": nonce}
        writer.write(answer(200, json.dumps(told).encode()))

    events, server = served(Request.LOOK, healthy)
    assert server.lines[0].startswith("GET /healthz?nonce=")
    assert "authorization" not in server.asked[0].headers
    assert events == [Looked(on_duty=True, boot="2-b", alive=True)]


# ---- answers


@pytest.mark.parametrize(
    ("text", "failure", "told"),
    [
        (answer(401), Failure.DENIED, "set PEER_USERNAME and PEER_PASSWORD"),
        (answer(403), Failure.DENIED, "set PEER_USERNAME and PEER_PASSWORD"),
        (answer(404), Failure.LEGACY, "answers 404, as no twin does"),
        (answer(405), Failure.LEGACY, "answers 405, as no twin does"),
        (answer(200, b"<html>My blog</html>"), Failure.STRANGER, "not as a twin does"),
        (answer(200, b"[" * 100_000), Failure.STRANGER, "not as a twin does"),
        (answer(200, b'{"status": "ok"}'), Failure.STRANGER, "not as a twin does"),
        (answer(200, DOCUMENT, "Content-Encoding: gzip"), Failure.STRANGER, "not as a twin does"),
        (answer(429), Failure.STRANGER, "answers 429"),
        (answer(200, CACHED), Failure.STRANGER, "exclude /status from caching"),
        (answer(204), Failure.STRANGER, "answers 204, as no twin does"),
        (answer(301, b"", "Location: https://elsewhere"), Failure.STRANGER, "answers 301"),
        (answer(400), Failure.STRANGER, "answers 400, as no twin does"),
        (answer(500), Failure.STRANGER, "500"),
        (answer(501), Failure.STRANGER, "501"),
        (answer(502), Failure.REFUSED, "502"),
        (answer(503, b"<html>asleep</html>"), Failure.REFUSED, "503"),
    ],
)
def test_an_answer_that_is_no_document_is_explained(
    text: bytes, failure: Failure, told: str
) -> None:
    events, _ = served(Request.STATUS, saying(text))
    (event,) = events
    assert isinstance(event, Failed)
    assert event.failure is failure
    assert told in event.why
    assert "s3cret" not in event.why


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_an_answer_that_a_proxy_compressed_is_read(encoding: str) -> None:
    compress = gzip.compress if encoding == "gzip" else zlib.compress
    compressed = answer(200, compress(DOCUMENT), f"Content-Encoding: {encoding}")
    events, _ = served(Request.UPDATE, saying(compressed))
    assert events == [Heard(document(), Via.ANSWER, 1000.0)]


def test_a_look_finds_a_twin_of_an_older_release() -> None:
    """Otherwise twins that deny each other would both be on duty while one runs an older
    release."""
    older = json.dumps({"ok": True, "role": "on_duty", "boot": "2-b"}).encode()
    events, _ = served(Request.LOOK, saying(answer(200, older)))
    assert events == [Looked(on_duty=True, boot="2-b", alive=True)]


@pytest.mark.parametrize("nonce", ["0", ""], ids=["another question's", "that of none"])
def test_a_look_that_a_cache_answers_finds_no_twin(nonce: str) -> None:
    cached = json.dumps({"ok": True, "role": "on_duty", "boot": "2-b", "nonce": nonce}).encode()
    events, _ = served(Request.LOOK, saying(answer(200, cached)))
    assert events == [Looked(on_duty=False, boot="", alive=True)]


def test_a_peer_that_was_heard_as_a_twin_is_not_asked_plainly_when_its_router_says_404() -> None:
    events: list[Event] = []

    async def run() -> list[str]:
        async with serving(saying(answer(404))) as server, client() as http:
            made = bench(job(), peer=server.url)
            made.node.handle(Heard(document(), Via.UPDATE))
            deaf(made, events)
            link = PeerLink(settings(), made.node, made.clock, http)
            await link._update()
            await link.close()
            return server.lines

    assert asyncio.run(run()) == ["POST /update"]
    assert [event.failure for event in events if isinstance(event, Failed)] == [Failure.LEGACY]


def test_a_redirect_is_not_followed_with_our_credentials() -> None:
    _, server = served(Request.UPDATE, saying(answer(302, b"", "Location: /status")))
    assert server.lines == ["POST /update"]


def test_a_closed_port_is_a_refusal() -> None:
    (event,) = sent(Request.STATUS, asyncio.run(nowhere()))
    assert isinstance(event, Failed)
    assert (event.failure, event.why) == (Failure.REFUSED, "the connection is refused")


@pytest.mark.parametrize("url", ["https://xn--zz.example", "http://xn--a"])
def test_an_unknown_host_name_brings_no_answer(url: str) -> None:
    assert sent(Request.STATUS, url) == []
    assert sent(Request.LOOK, url) == [Looked(on_duty=False, boot="", alive=False)]


def test_a_host_of_several_addresses_is_refused_when_all_of_them_are() -> None:
    refused = ConnectionRefusedError(111, "refused")
    assert failure_of(_of_group(refused, ConnectionRefusedError())) is not None
    assert failure_of(_of_group(refused, OSError("no route"))) is None


def _of_group(*errors: OSError) -> BaseException:
    error = OSError("All connection attempts failed")
    error.__cause__ = ExceptionGroup("multiple connection attempts failed", errors)
    return error


def test_an_invalid_certificate_means_no_twin() -> None:
    error = OSError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: expired")
    failed = failure_of(error)
    assert failed is not None
    assert failed.failure is Failure.STRANGER
    assert "check PEER_URL" in failed.why


async def dripping(_: Asked, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


async def breaking(_: Asked, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")


@pytest.mark.parametrize("answering", [silent, dripping, breaking, saying(b""), saying(b"\x00\n")])
@pytest.mark.parametrize("request_", [Request.UPDATE, Request.STATUS, Request.OWN])
def test_silence_reports_nothing_and_times_out(answering: Answering, request_: Request) -> None:
    events, _ = served(request_, answering, own=True, timeout_s=0.5)
    assert events == []


@pytest.mark.parametrize("answering", [silent, dripping, breaking])
def test_a_look_that_finds_nothing_says_so(answering: Answering) -> None:
    events, _ = served(Request.LOOK, answering, timeout_s=0.5)
    assert events == [Looked(on_duty=False, boot="", alive=False)]


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"[" * 100_000, b'{"role": 1, "boot": 2}', b"\xff"]
)
def test_a_look_answered_by_a_stranger_finds_the_url_alive(body: bytes) -> None:
    events, _ = served(Request.LOOK, saying(answer(404, body)))
    assert events == [Looked(on_duty=False, boot="", alive=True)]


def test_an_answer_without_an_end_is_not_read_to_its_end() -> None:
    async def endless(_: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b" " * 65_536)
            await writer.drain()

    events, _ = served(Request.STATUS, endless, timeout_s=60, most_bytes=100_000)
    (event,) = events
    assert isinstance(event, Failed)
    assert event.failure is Failure.STRANGER


def broken_once() -> Answering:
    """Like a connection kept open until the peer's process was gone."""
    answers = iter([b"", answer(200, DOCUMENT)])

    async def respond(_: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(next(answers))

    return respond


def test_a_request_over_a_broken_connection_is_repeated_at_once() -> None:
    events, server = served(Request.STATUS, broken_once())
    assert len(server.lines) == 2
    assert [type(event) for event in events] == [Heard]


def test_a_users_action_is_not_sent_twice() -> None:
    async def test(_: Bench, link: PeerLink, server: Server) -> None:
        assert await link.pass_on(b"{}") is None
        assert server.lines == ["POST /actions"]

    on_link(broken_once(), test)


def test_proxies_of_the_machine_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    events, _ = served(Request.STATUS, saying(answer(200, DOCUMENT)))
    assert [type(event) for event in events] == [Heard]


# ---- a legacy peer


def legacy(plain: bytes) -> Answering:
    async def respond(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(404) if asked.line.startswith("POST") else plain)

    return respond


def test_a_legacy_peer_is_asked_plainly_and_its_answer_confirms() -> None:
    events, server = served(Request.UPDATE, legacy(answer(200, b'{"status": "Update"}')))
    assert server.lines == ["POST /update", "GET /update"]
    assert events == [PlainConfirmed()]


def test_a_standby_takes_no_duty_from_a_legacy_peer() -> None:
    async def respond(asked: Asked, writer: asyncio.StreamWriter) -> None:
        plain = asked.line == "GET /update"
        writer.write(answer(200, b'{"status": "Update"}') if plain else answer(404))

    events: list[Event] = []

    async def run() -> list[str]:
        async with serving(respond) as server, client() as http:
            made = bench(job(), peer=server.url)
            made.node.handle(PlainUpdate())
            made.wait(1.5)
            assert made.role is Role.STANDBY
            deaf(made, events)
            link = PeerLink(settings(), made.node, made.clock, http)
            await link._update()
            return server.lines

    lines = asyncio.run(run())
    assert [line.partition("?")[0] for line in lines] == ["POST /update", "GET /status"]
    assert [event.failure for event in events if isinstance(event, Failed)] == [Failure.LEGACY]


@pytest.mark.parametrize(
    ("plain", "failure"),
    [
        (answer(404), Failure.LEGACY),
        (answer(200, b"<html>My blog</html>"), Failure.STRANGER),
        (answer(200, b'{"status": "Down"}'), Failure.STRANGER),
        (answer(401), Failure.DENIED),
        (answer(502), Failure.REFUSED),
    ],
)
def test_another_answer_to_the_plain_request_does_not_confirm(
    plain: bytes, failure: Failure
) -> None:
    events, _ = served(Request.UPDATE, legacy(plain))
    assert [event.failure for event in events if isinstance(event, Failed)] == [failure]


def test_a_legacy_peer_gets_a_plain_down() -> None:
    events, server = served(Request.DOWN, legacy(answer(200, b'{"status": "Down"}')))
    assert server.lines == ["POST /down", "GET /down"]
    assert events == []


# ---- leaving


def test_a_leaving_twin_waits_for_its_peers_answer_but_not_for_long() -> None:
    async def test(_: Bench, link: PeerLink, server: Server) -> None:
        async with asyncio.timeout(20):
            await link.down()
        assert server.lines == ["POST /down"]

    on_link(silent, test)


def test_requests_underway_at_the_end_are_cancelled() -> None:
    async def test(_: Bench, link: PeerLink, server: Server) -> None:
        link.send(Request.UPDATE)
        await wait_until(lambda: server.asked)
        async with asyncio.timeout(20):
            await link.close()

    on_link(silent, test)


def test_an_answer_confirms_the_claim() -> None:
    async def respond(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(200, dump_json(document(claim=parse(asked.body, WALL).claim))))

    async def test(made: Bench, link: PeerLink, _: Server) -> None:
        made.wait(1)
        assert made.role is Role.CLAIMING
        link.send(Request.UPDATE)
        await wait_until(lambda: made.role is Role.ON_DUTY)

    on_link(respond, test)


# ---- users' requests on the page


def test_a_peer_is_asked_to_take_the_duty_by_a_plain_get() -> None:
    async def test(made: Bench, link: PeerLink, server: Server) -> None:
        made.take_duty()
        link.send(Request.TAKE)
        await wait_until(lambda: server.asked and not link._tasks)
        assert server.lines == ["GET /down"]
        assert made.role is Role.ON_DUTY

    on_link(saying(answer(200, b'{"status": "Down"}')), test)


@pytest.mark.parametrize("status", [401, 403])
def test_a_peer_that_denies_a_request_to_take_the_duty_is_reported(status: int) -> None:
    async def test(made: Bench, link: PeerLink, server: Server) -> None:
        made.take_duty()
        link.send(Request.TAKE)
        await wait_until(lambda: server.asked and not link._tasks)
        assert server.lines == ["GET /down"]
        assert "set PEER_USERNAME and PEER_PASSWORD" in made.node.look().peer.trouble_why
        assert made.events.count("peer.misconfigured") == 1

    on_link(saying(answer(status)), test)


def test_a_forwarded_action_returns_the_peers_answer() -> None:
    async def test(_: Bench, link: PeerLink, server: Server) -> None:
        answered = await link.pass_on(b'{"do": "run"}')
        assert answered is not None
        assert answered.content == {"done": "it runs"}
        assert server.asked[0].body == b'{"do": "run"}'
        assert server.asked[0].headers["content-type"] == "application/json"

    on_link(saying(answer(200, b'{"done": "it runs"}')), test)


# ---- the history


async def a_year(asked: Asked, writer: asyncio.StreamWriter) -> None:
    """A peer that has seen something in each window that it is asked for."""
    since = int(float(asked.line.partition("since=")[2].partition("&")[0]))
    at = max(since, int(WALL) - KEPT_S)
    look = [at // 60, 80, "healthy", at, 3, 3]
    writer.write(answer(200, json.dumps({"history": {"looks": {"web": [look]}}}).encode()))


def test_the_peers_last_48_hours_are_requested_part_by_part() -> None:
    async def test(made: Bench, link: PeerLink, server: Server) -> None:
        link.catch_up(0)
        await wait_until(lambda: server.asked and not link._tasks)
        assert server.lines[0] == f"GET /status?only=history&since=0&until={WALL - 45 * 3600:.0f}"
        assert server.lines[-1].endswith(f"&until={WALL + 3 * 3600:.0f}")
        assert len(made.node.history.between(0, 1e10).looks["web"]) == len(server.lines) == 17
        made.hear(Via.LINE)
        assert made.asked_since == []  # from now on its history is complete

    on_link(a_year, test)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"history": {"looks": 7}}', b'{"history": 1}'])
def test_a_peer_that_sends_no_history_is_asked_again_later(body: bytes) -> None:
    async def test(made: Bench, link: PeerLink, server: Server) -> None:
        link.catch_up(WALL)
        await wait_until(lambda: server.asked and not link._tasks)
        assert len(server.asked) == 1
        made.hear(Via.LINE)
        assert made.asked_since == [0]

    on_link(saying(body), test)


def on_link(
    answering: Answering,
    test: Callable[[Bench, PeerLink, Server], Any],
) -> None:
    async def run() -> None:
        async with serving(answering) as server, client(timeout_s=60) as http:
            made = bench(peer=server.url)
            link = PeerLink(settings(), made.node, made.clock, http, down_timeout_s=0.05)
            try:
                await test(made, link, server)
            finally:
                await link.close()

    asyncio.run(run())
