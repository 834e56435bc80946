import asyncio

import httpx
import pytest
from starlette.responses import JSONResponse

from twin.web.headers import SecurityHeaders


def answered(own: dict[str, str], **headers: str) -> httpx.Headers:
    """The headers of an answer with its `own` headers, to a request with these."""

    async def ask() -> httpx.Headers:
        transport = httpx.ASGITransport(SecurityHeaders(JSONResponse({}, 401, own)))
        async with httpx.AsyncClient(transport=transport, base_url="http://a") as client:
            return (await client.get("/", headers=headers)).headers

    return asyncio.run(ask())


def test_every_answer_has_the_security_headers() -> None:
    told = answered({})
    assert told["x-content-type-options"] == "nosniff"
    assert told["x-frame-options"] == "DENY"
    assert told["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert told["referrer-policy"] == "same-origin"
    assert told["cache-control"] == "no-store, no-transform"


def test_an_answers_own_headers_win() -> None:
    told = answered({"Cache-Control": "private", "Content-Security-Policy": "img-src 'self'"})
    assert told.get_list("cache-control") == ["private"]
    assert told.get_list("content-security-policy") == ["img-src 'self'"]


@pytest.mark.parametrize(
    ("came_by", "kept"), [("https", True), ("https, http", True), ("http", False), ("", False)]
)
def test_only_https_answers_have_hsts(came_by: str, kept: bool) -> None:
    told = answered({}, **{"X-Forwarded-Proto": came_by})
    assert ("strict-transport-security" in told) is kept
