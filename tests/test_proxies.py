"""Real twins behind a real nginx with common settings."""

import contextlib
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from nginx import Nginx, nginx, proxy_to
from processes import LOGIN, Twin, twins, until

from twin.clock import Clock
from twin.node.codec import parse

COMPRESSING = "gzip on; gzip_types *; gzip_min_length 0; gzip_proxied any; gzip_http_version 1.0;"
LINES_WITHIN_S = 10.0
"""The first two lines come within 2 s; a buffering nginx would hold them for 60 s."""


@contextlib.contextmanager
def proxied(directory: Path, more: str = "") -> Iterator[tuple[Twin, Twin, Nginx, Nginx]]:
    """A pair that meets through proxies, on duty and on standby. Only `b` has a URL in its
    settings."""
    with (
        twins(directory, ON_WAKE="join", SELF_URL="") as (a, b),
        nginx(proxy_to(a.url, more)) as before_a,
        nginx(proxy_to(b.url, more)) as before_b,
    ):
        a.environ["PEER_URL"] = ""
        b.environ.update(PEER_URL=before_a.url, SELF_URL=before_b.url)
        a.start()
        until(lambda: a.role() == "on_duty")
        b.start()
        until(lambda: b.role() == "standby" and a.status().get("watchers"))
        yield a, b, before_a, before_b


@pytest.fixture(scope="module")
def pair(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Twin, Twin, Nginx, Nginx]]:
    with proxied(tmp_path_factory.mktemp("proxied"), COMPRESSING) as made:
        yield made


Proxied = tuple[Twin, Twin, Nginx, Nginx]


def test_behind_a_proxy_a_twin_learns_its_public_url_from_its_peer(pair: Proxied) -> None:
    a, b, before_a, before_b = pair
    until(lambda: a.status()["url"] == before_a.url)
    assert a.status()["peer"]["url"] == before_b.url
    until(lambda: b.status()["peer"]["url"] == before_a.url)


def test_a_visit_through_a_proxy_that_hides_the_host_sets_no_url(tmp_path: Path) -> None:
    says_https = "proxy_set_header X-Forwarded-Proto https;"
    with twins(tmp_path, SELF_URL="", PEER_URL="") as (a, _):
        a.start()
        until(lambda: a.role() == "on_duty")
        with nginx(proxy_to(a.url, says_https)) as front:
            assert httpx.get(f"{front.url}/status", auth=LOGIN, trust_env=False).is_success
            assert a.status()["url"] is None


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_a_proxy_does_not_delay_watch_lines(pair: Proxied, encoding: str) -> None:
    request = httpx.stream(
        "GET",
        f"{pair[2].url}/watch",
        auth=LOGIN,
        trust_env=False,
        headers={"Accept-Encoding": encoding},
        timeout=LINES_WITHIN_S,
    )
    unzip = zlib.decompressobj(zlib.MAX_WBITS | 32)
    text = b""
    with request as answer:
        zipped = answer.headers.get("content-encoding") == "gzip"
        for chunk in answer.iter_raw():
            text += unzip.decompress(chunk) if zipped else chunk
            if text.count(b"\n") >= 2:
                break
    assert [parse(line, Clock().now().wall).twin for line in text.split(b"\n")[:2]] == ["a", "a"]


def test_the_watch_is_not_lost_through_a_proxy(pair: Proxied) -> None:
    _, b, _, _ = pair
    before = b.output.count("watch.lost")
    threading.Event().wait(6)  # the watch would be lost after 4.2 s of silence
    assert b.output.count("watch.lost") == before
    assert b.role() == "standby"


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_the_page_and_its_requests_pass_a_proxy_that_changes_the_host(
    pair: Proxied, site: str
) -> None:
    """With a browser's headers over https."""
    headers = {"Origin": "https://pair.example", "Sec-Fetch-Site": site}
    with httpx.Client(
        base_url=pair[2].url, auth=LOGIN, headers=headers, trust_env=False, timeout=10
    ) as browser:
        assert browser.get("/").status_code == 200
        assert browser.get("/status").status_code == 200
        answer = browser.post("/actions", json={"do": "resume"})
        assert answer.status_code == 200
