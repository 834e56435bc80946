import pytest

from twin.http.urls import is_safe, page_url, safe_url


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "127.0.0.1", "127.8.8.8", "[::1]", "twin.localhost"),
        *("10.1.2.3", "172.31.0.1", "192.168.0.1", "169.254.1.1", "[fd00::1]", "[fe80::1]"),
        *("0.0.0.0", "[::]", "[febf::1]", "[fdff::1]", "172.16.0.1"),  # noqa: S104 (asked of, not bound)
        *("[::ffff:10.0.0.1]", "[2002:a00:1::1]", "[64:ff9b::192.168.0.1]"),
        *("twin-b", "twin_b", "a", "app.railway.internal", "pi.local"),
    ],
)
def test_a_private_network_allows_plain_http(host: str) -> None:
    assert safe_url(f"http://{host}:8000") == f"http://{host}:8000"


@pytest.mark.parametrize(
    "host",
    [
        *("b.example", "8.8.8.8", "[2001:4860:4860::8888]", "[::ffff:8.8.8.8]", "172.32.0.1"),
        # Forms of 8.8.8.8: 6to4, NAT64, Teredo and the old notation.
        *("[2002:808:808::1]", "[64:ff9b::808:808]", "[2001:0:a00:1:0:0:f7f7:f7f7]", "[::8.8.8.8]"),
        # Not private: a carrier's network, one for documentation, a custom NAT64 prefix.
        *("100.64.0.1", "192.0.2.1", "[2001:db8::1]", "[64:ff9b:1::808:808]", "[fec0::1]"),
        *("198.18.0.1", "240.0.0.1", "[2001:4:112::1]", "[3fff::1]"),
        # Name lookup also reads numbers as addresses: the first is 8.8.8.8.
        *("134744072", "0x08080808", "8.8", "010.8.8.8", "127.1"),
        *("localhost.example", "b.internal.example", "10.0.0.1.example"),
    ],
)
def test_a_public_host_needs_https(host: str) -> None:
    assert not is_safe(f"http://{host}")
    assert is_safe(f"https://{host}")


@pytest.mark.parametrize("host", ["999.1.2.3", "010.8.8.8", "[::::]", "[1.2.3.4]"])
def test_an_invalid_address_is_no_url(host: str) -> None:
    with pytest.raises(ValueError, match=r" is no URL: write it like https://"):
        page_url(f"https://{host}/")


@pytest.mark.parametrize(
    "host",
    [
        *("xn--zz", "xn--a.example", "XN--ZZ:80"),
        pytest.param("xn--" + "a." * 40_000 + "a", id="longer than any URL"),
    ],
)
def test_an_invalid_international_name_is_no_url(host: str) -> None:
    with pytest.raises(ValueError, match=r" is no URL: write it like https://"):
        page_url(f"https://{host}/")


def test_an_international_name_is_a_url() -> None:
    assert page_url("https://xn--bcher-kva.example/") == "https://xn--bcher-kva.example/"


def test_a_refused_url_is_named_with_the_remedy() -> None:
    with pytest.raises(ValueError, match=r"^http://b\.example would .*: write https://"):
        safe_url("http://b.example/")
