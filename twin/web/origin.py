"""Whether a request comes from a program, from this twin's page, or from another site in a browser.

A browser adds the credentials that it knows to any request, whichever site makes it send one.
"""

import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers

PAGE_HEADER = "twin-page"
"""Our page sends it. For a page of another site, the browser would ask us for permission first."""
_BROWSERS_ALONE = (
    *("sec-fetch-site", "sec-fetch-dest", "sec-purpose", "purpose", "x-purpose", "x-moz"),
    *("upgrade-insecure-requests", "sec-ch-ua"),
)
"""Not `Sec-Fetch-Mode`, which Node.js sends, too."""
_SHOWN = ("text/html", "text/css", "image/")
_DEFAULT_PORTS = (80, 443)

Site = tuple[str | None, int | None]


def is_of_a_browser(headers: Headers) -> bool:
    """Whether it looks like a link, redirect, image, prefetch or script in a browser.

    Over plain http a browser may send no more of itself than `User-Agent: Mozilla/5.0 …`.
    """
    shows = any(kind in headers.get("accept", "") for kind in _SHOWN)
    named = headers.get("user-agent", "").startswith("Mozilla/")
    return shows or named or any(name in headers for name in _BROWSERS_ALONE)


def comes_from_another_site(headers: Headers, own_url: str | None) -> bool:
    """Whether a page of another site makes a browser send it.

    `Sec-Fetch-Site` decides, which browsers send over https and to this machine. Without it,
    `Origin` and `Referer` are compared with the names of this twin: `Host`, also as a proxy reports
    it, and its own URL. No page can change any of these. Programs send none of them.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("none", "same-origin")
    if PAGE_HEADER in headers:
        return False
    named = [headers[name] for name in ("origin", "referer") if name in headers]
    if not named:
        return False
    ours = {_site(f"//{host}") for host in _hosts(headers)} | {_site(own_url or "")}
    return any(_site(url) not in ours - {_site("")} for url in named)


def _hosts(headers: Headers) -> list[str]:
    forwarded = re.findall(r'host="?([^;,"\s]+)', headers.get("forwarded", ""), re.IGNORECASE)
    before = headers.get("x-forwarded-host", "").split(",")
    return [headers.get("host", ""), *(host.strip() for host in before), *forwarded]


def _site(url: str) -> Site:
    """Proxies that end https may add either default port, or leave it out."""
    try:
        parts = urlsplit(url)
        return parts.hostname, None if parts.port in _DEFAULT_PORTS else parts.port
    except ValueError:
        return None, None
