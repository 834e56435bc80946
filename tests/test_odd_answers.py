"""Pairs of real twins behind a real nginx that answers in their place, or changes their answers."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from nginx import nginx, proxy_to
from processes import LOGIN, Twin, twins, until

PAGES = {
    "404": "error_page 502 504 =404 /dead;",
    "403": "error_page 502 504 =403 /dead;",
    "429": "error_page 502 504 =429 /dead;",
    "500": "error_page 502 504 =500 /dead;",
    "302": "error_page 502 504 =302 https://status.example/;",
    "200 and a page": "error_page 502 504 =200 /dead;",
}
DEAD = 'location = /dead { internal; return 200 "<html>There is nothing here</html>"; }'
COMPRESSED = "proxy_http_version 1.1; proxy_set_header Accept-Encoding gzip; proxy_buffering off;"
NAMELESS = f"{COMPRESSED} proxy_hide_header Content-Encoding;"
"""Compressed without the header that names the encoding: unreadable."""
CACHE = (
    "proxy_cache all; proxy_cache_key $uri; proxy_cache_valid 200 1m; proxy_cache_methods GET;"
    "proxy_ignore_headers Cache-Control Expires X-Accel-Expires Set-Cookie Vary;"
)
"""A cache that keeps every answer and ignores the query."""
ALL_TYPES = "gzip on; gzip_min_length 1; gzip_proxied any; gzip_types *;"


@contextlib.contextmanager
def behind(
    directory: Path, more: str, beside: str = "", http: str = "", compresses: bool = False
) -> Iterator[list[Twin]]:
    """Two twins, each with the URL of its proxy; started, but not settled."""
    with contextlib.ExitStack() as stack:
        pair = stack.enter_context(twins(directory))
        inner = [compressing(stack, twin) if compresses else twin.url for twin in pair]
        servers = [f"{proxy_to(url, more)} {beside}" for url in inner]
        # Each proxy has its own cache.
        https = [http.replace("/cache", f"/cache-{twin.name}") for twin in pair]
        ways = [stack.enter_context(nginx(*each)).url for each in zip(servers, https, strict=True)]
        for twin, own, peer in zip(pair, ways, reversed(ways), strict=True):
            twin.environ.update(SELF_URL=own, PEER_URL=peer)
            twin.start()
        yield list(pair)


def compressing(stack: contextlib.ExitStack, twin: Twin) -> str:
    return stack.enter_context(nginx(f"{ALL_TYPES} {proxy_to(twin.url, COMPRESSED)}")).url


def settled(pair: list[Twin]) -> tuple[Twin, Twin]:
    """The holder and the standby."""
    until(lambda: sorted(twin.role() for twin in pair) == ["on_duty", "standby"])
    return (pair[0], pair[1]) if pair[0].role() == "on_duty" else (pair[1], pair[0])


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_a_router_that_answers_for_a_dead_app_delays_the_duty_by_8_s(
    tmp_path: Path, page: str
) -> None:
    with behind(tmp_path, f"{page} proxy_intercept_errors off;", DEAD) as pair:
        holder, standby = settled(pair)
        assert holder.process is not None
        holder.ends(signal.SIGKILL)
        until(lambda: standby.role() == "on_duty", timeout_s=8)
        assert not (standby.status()["wrong"] or {}).get("both_on_duty")


def test_a_waking_twin_takes_the_duty_from_a_dead_peer_behind_a_router(tmp_path: Path) -> None:
    with behind(tmp_path, PAGES["404"], DEAD) as pair:
        holder, standby = settled(pair)
        holder.ends(signal.SIGKILL)
        standby.ends(signal.SIGKILL)
        standby.start()
        until(lambda: standby.role() == "on_duty", timeout_s=10)
        holder.start()
        settled(pair)


def test_a_cached_answer_of_a_dead_app_is_not_believed(tmp_path: Path) -> None:
    cached = f"{CACHE} {PAGES['404']}"
    with behind(
        tmp_path, cached, DEAD, f"proxy_cache_path {tmp_path}/cache keys_zone=all:1m;"
    ) as pair:
        holder, standby = settled(pair)
        url = f"{standby.environ['PEER_URL']}/healthz"
        assert httpx.get(url, trust_env=False).json()["role"] == "on_duty"
        holder.ends(signal.SIGKILL)
        assert httpx.get(url, trust_env=False).json()["role"] == "on_duty"
        until(lambda: standby.role() == "on_duty", timeout_s=8)


def test_a_proxy_may_compress_answers(tmp_path: Path) -> None:
    with behind(tmp_path, COMPRESSED, compresses=True) as pair:
        holder, standby = settled(pair)
        until(lambda: holder.status()["watchers"] == 1)
        assert standby.status()["peer"]["wrong"] is None
        raw = httpx.get(standby.environ["PEER_URL"] + "/status", auth=LOGIN, trust_env=False)
        assert raw.headers["content-encoding"] == "gzip"


def test_one_stays_on_duty_if_neither_can_read_the_other(tmp_path: Path) -> None:
    with behind(tmp_path, NAMELESS, compresses=True) as pair:
        holder, standby = settled(pair)
        seen = set()
        for _ in range(30):
            seen.add((holder.role(), standby.role()))
            threading.Event().wait(0.2)
        assert seen == {("on_duty", "standby")}
