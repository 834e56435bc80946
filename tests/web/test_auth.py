import asyncio
import base64
import hmac
import io

import pytest
from node_bench import HandClock
from starlette.datastructures import Headers
from starlette.responses import JSONResponse

from twin.config import Credentials
from twin.log import Log
from twin.web.auth import Guard, comes_from_another_site, presented
from twin.web.refusals import Refusals

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
def test_anything_else_presents_nothing(header: str) -> None:
    assert presented(header) == b""


@pytest.mark.parametrize(
    ("headers", "foreign"),
    [
        ({}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"sec-fetch-site": "same-origin", "origin": "https://a.example"}, False),
        ({"origin": "https://a.example"}, False),
        ({"sec-fetch-site": "cross-site"}, True),
        ({"sec-fetch-site": "same-site"}, True),
        ({"sec-fetch-site": "whatever"}, True),
        ({"origin": "https://evil.example"}, True),
        ({"referer": "http://evil.example/page"}, True),
        ({"referer": "https://a.example/"}, False),
        ({"referer": "http://["}, True),
        ({"origin": "https://a.example:8443"}, True),
        ({"origin": "null"}, True),
        ({"origin": ""}, True),
        ({"sec-fetch-site": "same-origin", "origin": "https://evil.example"}, True),
    ],
)
def test_what_browsers_say_of_a_request_tells_where_it_comes_from(
    headers: dict[str, str], foreign: bool
) -> None:
    assert comes_from_another_site(Headers({"host": "a.example", **headers})) is foreign


@pytest.mark.parametrize(("password", "comes_in"), [("pass", True), ("past", False)])
def test_credentials_are_compared_in_constant_time_and_by_nothing_else(
    password: str, comes_in: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return one == other

    monkeypatch.setattr(hmac, "compare_digest", compare)
    guard = Guard(JSONResponse({}), Credentials("user", "pass"), Refusals(HandClock(), LOG))
    sent = f"user:{password}".encode()
    header = (b"authorization", f"Basic {basic(sent)}".encode())
    refusal = guard._refusal({"type": "http", "path": "/down", "headers": [header]})
    assert (refusal is None) is comes_in
    assert compared == [(sent, b"user:pass")]


def slowed(*waits: float) -> tuple[list[float], io.StringIO, Refusals]:
    """How long each of those who came, so many seconds after the one before, had to wait."""
    clock, output, waited = HandClock(), io.StringIO(), list[float]()
    refusals = Refusals(clock, Log("a", output))

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    async def come() -> None:
        for wait in waits:
            clock.move(wait)
            assert await refusals.slow_down()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio, "sleep", sleep)
        asyncio.run(come())
    return waited, output, refusals


def test_who_tries_passwords_waits_ever_longer() -> None:
    waited, _, refusals = slowed(*[0.0] * 12)
    assert waited[:5] == [0.0] * 5
    assert waited[-1] == 2.0
    assert refusals.count == 12


def test_wrong_credentials_are_logged_once_a_minute_with_their_number() -> None:
    _, output, _ = slowed(*[0.0] * 12, 60.0)
    lines = output.getvalue().splitlines()
    assert [line.split("count=")[1].split()[0] for line in lines] == ["1", "13"]


def test_those_who_wait_do_not_fill_the_process() -> None:
    refusals = Refusals(HandClock(), LOG)

    async def come() -> list[bool]:
        coming = [asyncio.create_task(refusals.slow_down()) for _ in range(60)]
        await asyncio.sleep(0)
        done = [task.result() for task in coming if task.done()]
        for task in coming:
            task.cancel()
        return done

    assert asyncio.run(come()).count(False) == 10
