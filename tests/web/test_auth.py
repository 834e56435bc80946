import asyncio
import base64
import hmac
import io

import httpx
import pytest
from node_bench import HandClock
from starlette.responses import JSONResponse

from twin.log import Log
from twin.settings.settings import Credentials
from twin.web.auth import Attempts, Guard, presented

LOG = Log("a", io.StringIO())


def basic(text: bytes) -> str:
    return base64.b64encode(text).decode()


@pytest.mark.parametrize("scheme", ["Basic", "basic", "BASIC"])
def test_credentials_are_read_whatever_the_case_of_the_scheme(scheme: str) -> None:
    assert presented(f"{scheme} {basic(b'user:pass:word')}") == b"user:pass:word"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Basic ",
        "Basic dXNlcjpwYXNz!",
        "Basic dXNlcjpwYXN",
        "Basic ü",
        "Bearer dXNlcjpwYXNz",
        f"Digest {basic(b'user:pass')}",
        basic(b"user:pass"),
    ],
)
def test_other_headers_hold_no_credentials(header: str) -> None:
    assert presented(header) == b""


@pytest.mark.parametrize(("password", "comes_in"), [("pass", True), ("past", False)])
def test_credentials_are_compared_in_constant_time_and_by_nothing_else(
    password: str, comes_in: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return one == other

    monkeypatch.setattr(hmac, "compare_digest", compare)
    answer = asked(guarded(), password)
    assert (answer.status_code == 200) is comes_in
    assert (f"user:{password}".encode(), b"user:pass") in compared


def test_a_known_browser_skips_the_queue() -> None:
    """With the cookie of an answer and the right credentials; with only one of them it waits."""
    app = guarded(most_waiting=0)
    let_in = asked(app, "pass")
    for _ in range(6):
        asked(app, "wrong")
    assert asked(app, "pass").status_code == 429
    cookies = dict(let_in.cookies)
    assert asked(app, "wrong", cookies).status_code == 429
    assert asked(app, "pass", dict.fromkeys(cookies, "x")).status_code == 429
    again = asked(app, "pass", cookies)
    assert again.status_code == 200
    assert "set-cookie" not in again.headers


def test_only_accepted_requests_get_the_cookie() -> None:
    """An answer that sets it would confirm the credentials."""
    app = guarded(most_waiting=0)
    assert "set-cookie" not in asked(app, "wrong").headers
    for _ in range(6):
        asked(app, "wrong")
    assert "set-cookie" not in asked(app, "pass").headers


def test_the_cookies_of_two_twins_of_one_host_stand_side_by_side() -> None:
    both = dict(asked(guarded(twin="a"), "pass").cookies) | dict(
        asked(guarded(twin="b"), "pass").cookies
    )
    assert len(both) == 2


def guarded(most_waiting: int = 9, twin: str = "a") -> Guard:
    attempts = Attempts(HandClock(), LOG, most_waiting)
    return Guard(JSONResponse({}), Credentials("user", "pass"), attempts, twin, lambda: None)


def asked(app: Guard, password: str, cookies: dict[str, str] | None = None) -> httpx.Response:
    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://a", cookies=cookies
        ) as client:
            return await client.get("/status", auth=("user", password))

    return asyncio.run(ask())
