import base64
import hmac

import pytest
from starlette.datastructures import Headers
from starlette.responses import JSONResponse

from twin.config import Credentials
from twin.web.auth import Guard, comes_from_another_site, presented


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
    guard = Guard(JSONResponse({}), Credentials("user", "pass"))
    sent = f"user:{password}".encode()
    header = (b"authorization", f"Basic {basic(sent)}".encode())
    refusal = guard._refusal({"type": "http", "path": "/down", "headers": [header]})
    assert (refusal is None) is comes_in
    assert compared == [(sent, b"user:pass")]
