import io

import pytest
from node_bench import Bench, bench, document
from starlette.datastructures import Headers

from twin.log import Log
from twin.web.addresses import Addresses


def learned(made: Bench, host: str, url: str | None = "https://b.example", times: int = 1) -> str:
    """What is logged while the peer's message comes so often, by this host's name."""
    output = io.StringIO()
    addresses = Addresses(made.node, Log("a", output))
    for _ in range(times):
        addresses.learn(Headers({"host": host}), document(url=url))
    return output.getvalue()


def test_the_own_url_is_learned_from_how_the_peer_reaches_us() -> None:
    made = bench()
    assert learned(made, "twin-a:8000") == ""
    assert made.node.look().url == "http://twin-a:8000"


def test_an_own_url_for_plain_http_over_the_internet_is_not_learned_and_that_is_said_once() -> None:
    made = bench()
    (line,) = learned(made, "a.example", times=3).splitlines()
    assert made.node.look().url is None
    assert "event=self_url.not_learned" in line
    assert "write https:// instead of http://, and set it as SELF_URL" in line


@pytest.mark.parametrize(("peer", "said"), [(None, 1), ("https://b.example", 0)])
def test_a_peer_whose_url_nobody_knows_is_told_of_once(peer: str | None, said: int) -> None:
    made = bench(peer=peer, url="https://a.example")
    lines = learned(made, "a.example", url=None, times=3).splitlines()
    assert [line for line in lines if "peer.url_missing" in line and "PEER_URL" in line] == lines
    assert len(lines) == said


@pytest.mark.parametrize(
    ("headers", "url"),
    [
        ({"host": "a.example", "x-forwarded-proto": "https"}, "https://a.example"),
        ({"host": "a.example", "x-forwarded-proto": "http"}, None),
        ({"host": "localhost:8000"}, None),
    ],
)
def test_the_own_url_is_learned_from_who_looks_at_the_page_past_the_hosts_router(
    headers: dict[str, str], url: str | None
) -> None:
    made = bench()
    Addresses(made.node, Log("a", made.output)).learn_of_visit(Headers(headers))
    assert made.node.look().url == url


def test_a_url_that_was_set_is_not_changed_by_a_visit() -> None:
    made = bench(url="https://a.example")
    headers = Headers({"host": "alias.example", "x-forwarded-proto": "https"})
    Addresses(made.node, Log("a", made.output)).learn_of_visit(headers)
    assert made.node.look().url == "https://a.example"
