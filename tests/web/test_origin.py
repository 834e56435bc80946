import pytest
from starlette.datastructures import Headers

from twin.web.origin import comes_from_another_site


@pytest.mark.parametrize(
    ("headers", "foreign"),
    [
        ({}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"sec-fetch-site": "same-origin", "origin": "https://a.example"}, False),
        ({"origin": "https://a.example"}, False),
        ({"sec-fetch-site": "cross-site"}, True),
        ({"sec-fetch-site": "cross-site", "origin": "https://a.example"}, True),
        ({"sec-fetch-site": "cross-site", "twin-page": "1"}, True),
        ({"sec-fetch-site": "same-site"}, True),
        ({"sec-fetch-site": "whatever"}, True),
        ({"sec-fetch-site": ""}, True),
        ({"origin": "https://evil.example"}, True),
        ({"referer": "http://evil.example/page"}, True),
        ({"referer": "https://a.example/"}, False),
        ({"origin": "https://a.example", "referer": "http://evil.example/"}, True),
        ({"referer": "http://["}, True),
        ({"origin": "https://a.example:8443"}, True),
        ({"origin": "https://a.example:port"}, True),
        ({"origin": "null"}, True),
        ({"origin": ""}, True),
        ({"host": "", "origin": "null"}, True),
    ],
)
def test_browser_headers_tell_another_site_from_our_own(
    headers: dict[str, str], foreign: bool
) -> None:
    assert comes_from_another_site(Headers({"host": "a.example", **headers}), None) is foreign


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "same-origin", "origin": "https://a.example", "host": "127.0.0.1:80"},
        {"sec-fetch-site": "same-origin", "origin": "null", "host": "127.0.0.1:80"},
        {"twin-page": "1", "referer": "http://pair:8080/", "host": "127.0.0.1:80"},
        {"origin": "http://a.example", "host": "a.example:80"},
        {"origin": "https://a.example", "host": "a.example:443"},
        {"origin": "https://a.example", "host": "a.example:80"},
        {"origin": "http://a.example:8000", "host": "A.Example:8000"},
        {"referer": "http://[::1]:8000/", "host": "[::1]:8000"},
        {"origin": "http://[FD00::1]", "host": "[fd00::1]:80"},
        {"origin": "http://pair", "host": "twin-a:8000", "x-forwarded-host": "pair"},
        {"origin": "http://pair", "host": "twin-a", "x-forwarded-host": "pair, inner:80"},
        {"origin": "http://pair:81", "host": "twin-a", "forwarded": "for=10.0.0.1;host=pair:81"},
        {"origin": "http://[::1]:81", "host": "a", "forwarded": 'proto=http;Host="[::1]:81"'},
        {"origin": "https://own.example", "host": "127.0.0.1:8001"},
        {"referer": "https://own.example/?a#b", "host": "127.0.0.1:8001"},
    ],
)
def test_our_own_page_is_recognized_under_any_proxy_host(headers: dict[str, str]) -> None:
    assert not comes_from_another_site(Headers(headers), "https://own.example/twin")


@pytest.mark.parametrize("own_url", [None, "https://own.example"])
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://pair:3000", "host": "pair"},
        {"origin": "http://pair:3000", "host": "pair:8080"},
        {"origin": "http://evil", "host": "twin-a", "x-forwarded-host": "pair"},
        {"origin": "http://evil", "host": "twin-a", "forwarded": "for=evil;host=pair"},
        {"origin": "null", "host": "twin-a", "x-forwarded-host": ""},
        {"origin": "https://own.example.evil", "host": "twin-a"},
        {"origin": "https://evil.own.example", "host": "twin-a"},
    ],
)
def test_another_port_or_name_is_another_site(headers: dict[str, str], own_url: str | None) -> None:
    assert comes_from_another_site(Headers(headers), own_url)
