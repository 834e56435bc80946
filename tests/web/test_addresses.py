import asyncio
import io
from collections.abc import Awaitable, Callable

import pytest
from node_bench import Bench, bench, document
from starlette.datastructures import Headers

from twin.log import Log
from twin.web.addresses import Addresses

OURS = "1-a"


def learned(
    made: Bench,
    called: str,
    url: str | None = "https://b.example",
    times: int = 1,
    boot: str = OURS,
) -> str:
    """The log while the peer calls us this often by this URL, where this boot answers."""
    output = io.StringIO()
    addresses = Addresses(made.node, answering(boot), Log("a", output))

    async def come() -> None:
        for _ in range(times):
            addresses.learn(called, document(url=url))
            await asyncio.sleep(0)

    asyncio.run(come())
    return output.getvalue()


def visited(made: Bench, headers: dict[str, str], boot: str = OURS) -> str | None:
    """The own URL after a visit to the page."""

    async def come() -> None:
        addresses = Addresses(made.node, answering(boot), Log("a", made.output))
        addresses.learn_of_visit(Headers(headers))
        await asyncio.sleep(0)

    asyncio.run(come())
    return made.node.look().url


def answering(boot: str) -> Callable[[str], Awaitable[str]]:
    async def boot_at(_: str) -> str:
        return boot

    return boot_at


def test_the_own_url_is_learned_from_the_peers_calls() -> None:
    made = bench()
    assert learned(made, "http://twin-a:8000") == ""
    assert made.node.look().url == "http://twin-a:8000"


@pytest.mark.parametrize("boot", ["", "1-other"])
def test_a_url_that_does_not_lead_here_is_not_learned_and_logged_once(boot: str) -> None:
    made = bench()
    (line,) = learned(made, "http://127.0.0.1:9000", times=3, boot=boot).splitlines()
    assert made.node.look().url is None
    assert "event=self_url.not_learned" in line
    assert "http://127.0.0.1:9000" in line
    assert "set SELF_URL" in line


def test_a_plain_http_own_url_over_the_internet_is_not_learned_and_logged_once() -> None:
    made = bench()
    (line,) = learned(made, "http://a.example", times=3).splitlines()
    assert made.node.look().url is None
    assert "event=self_url.not_learned" in line
    assert "write https:// instead of http://, and set it as SELF_URL" in line


@pytest.mark.parametrize(("peer", "said"), [(None, 1), ("https://b.example", 0)])
def test_an_unknown_peer_url_is_reported_once(peer: str | None, said: int) -> None:
    made = bench(peer=peer, url="https://a.example")
    lines = learned(made, "https://a.example", url=None, times=3).splitlines()
    assert [line for line in lines if "peer.url_missing" in line and "PEER_URL" in line] == lines
    assert len(lines) == said


PROXIED = {"host": "127.0.0.1:8000", "sec-fetch-site": "same-origin"}


@pytest.mark.parametrize(
    ("headers", "url"),
    [
        ({"host": "a.example", "x-forwarded-proto": "https"}, "https://a.example"),
        ({"host": "a.example", "x-forwarded-proto": "https, http"}, "https://a.example"),
        ({"host": "a.example", "x-forwarded-proto": "http"}, None),
        ({"host": "localhost:8000"}, None),
        ({"host": "127.0.0.1:8000", "x-forwarded-proto": "https"}, None),
        ({"host": "twin-a:8000", "x-forwarded-proto": "https"}, None),
        ({"host": "[::", "x-forwarded-proto": "https"}, None),
        ({"host": "user:pass@a.example", "x-forwarded-proto": "https"}, None),
        ({"host": "", "x-forwarded-proto": "https"}, None),
        ({**PROXIED, "referer": "https://a.example/"}, "https://a.example"),
        ({**PROXIED, "referer": "http://a.example/"}, None),
        ({**PROXIED, "referer": "https://192.168.0.1/"}, None),
        ({"host": "127.0.0.1:8000", "referer": "https://evil.example/"}, None),
    ],
)
def test_the_own_url_is_learned_from_page_visits_through_the_hosts_router(
    headers: dict[str, str], url: str | None
) -> None:
    assert visited(bench(), headers) == url


def test_a_visit_by_a_url_that_does_not_lead_here_is_not_learned() -> None:
    headers = {"host": "a.example", "x-forwarded-proto": "https"}
    assert visited(bench(), headers, boot="") is None


def test_a_url_that_was_set_is_not_changed_by_a_visit() -> None:
    headers = {"host": "alias.example", "x-forwarded-proto": "https"}
    assert visited(bench(url="https://a.example"), headers) == "https://a.example"
