"""Checks URLs in settings and messages, once, so that the rest can trust them."""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

_URL = re.compile(
    r"(https?://(?:[\w-]{1,63}(?:\.[\w-]{1,63})*|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?)(/[!-~]*)?",
    re.ASCII | re.IGNORECASE,
)


def page_url(text: str) -> str:
    """The URL of one page. Raises ValueError, with a text that holds no secret."""
    if "@" in text:
        raise ValueError("it holds credentials: leave them to settings of their own")
    match = _URL.fullmatch(text)
    if match is None or not (0 < int(match[2] or 80) <= 65535 and _is_host(match[1])):
        shown = re.split("[?#]", text)[0]
        raise ValueError(f"{shown!r} is no URL: write it like https://my-app.example.com")
    return match[1].lower() + (match[3] or "")


def _is_host(site: str) -> bool:
    """Whether the host is a name or an address."""
    try:
        host = urlsplit(site).hostname or ""
        if host.startswith("xn--"):
            return _is_spelled(site)
        is_name = ":" not in host and not re.fullmatch(r"[0-9]+(\.[0-9]+){3}", host)
        return is_name or bool(ip_address(host))
    except ValueError:
        return False


def _is_spelled(site: str) -> bool:
    """Whether httpx can read a host name of another alphabet."""
    from httpx import URL, InvalidURL  # takes long, and few names need it

    try:
        return bool(URL(site).host)
    except (InvalidURL, UnicodeError):
        return False


def base_url(text: str) -> str:
    """The URL to which paths are added, without the last slash. Raises ValueError, as above."""
    url = page_url(text)
    if "?" in url or "#" in url:
        raise ValueError("leave out what follows the ? or #")
    return url.rstrip("/")


def safe_url(text: str) -> str:
    """A base URL that credentials may be sent to. Raises ValueError, as above."""
    url = base_url(text)
    if not is_safe(url):
        raise ValueError(
            f"{url} would carry the credentials over the internet for all to read: "
            "write https:// instead of http://"
        )
    return url


def is_safe(url: str) -> bool:
    """Whether credentials may be sent to a base URL: https, or http within a private network."""
    return url.startswith("https:") or is_private(urlsplit(url).hostname or "")


_RESERVED = (".internal", ".local", ".localhost")
"""Reserved: no public name ends so."""
_PRIVATE = [
    ip_network(each)
    for each in (
        *("0.0.0.0/32", "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),
        *("169.254.0.0/16", "::/127", "fc00::/7", "fe80::/10"),
    )
]
"""`ip_address.is_private` differs between versions of Python. A carrier's network
(100.64.0.0/10) is shared with strangers."""
_NAT64 = ip_network("64:ff9b::/96")


def is_private(host: str) -> bool:
    """Whether it is an address of a private network, or a name that only such a network has.

    `twin-b`, as containers call each other, is one; `134744072` is not: it stands for 8.8.8.8.
    """
    if re.fullmatch("[a-z_][^.:]*", host) or host.endswith(_RESERVED):
        return True
    try:
        address = _behind(ip_address(host))
    except ValueError:
        return False
    return any(address in network for network in _PRIVATE)


def _behind(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Some IPv6 addresses stand for an IPv4 address within them."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(address.packed[-4:])
    return (
        address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1] or address
    )
