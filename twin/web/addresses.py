"""Learns this twin's own URL from requests.

The peer names in a header the URL that it calls; `Host` may hold a proxy's name for us. A browser
names in `Referer` the URL at which it shows our page. Such a URL is learned once this boot has
answered a request to it from here. From a visit only a public https URL is learned: a private name
may lead nowhere for the peer.
"""

import asyncio
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from twin.core.pair.document import Document
from twin.core.pair.events import LearnedUrl
from twin.http.urls import is_private, safe_url
from twin.log import Log
from twin.node.node import Node

_TRY_AGAIN_S = 10.0


class Addresses:
    """Learns no URL that credentials must not be sent to; logs once what is missing then."""

    def __init__(self, node: Node, boot_at: Callable[[str], Awaitable[str]], log: Log) -> None:
        self._node = node
        self._boot_at = boot_at
        self._log = log
        self._told: set[str] = set()
        self._trying: asyncio.Task[None] | None = None

    def learn(self, called: str, document: Document) -> None:
        """From a request with this document, to the URL `called`, which may be empty."""
        state = self._node.look()
        if document.twin == state.twin:
            return
        if state.url is None and called:
            self._try(called)
        if state.peer.url is None and document.url is None:
            why = f"{document.twin} names no https URL of its own: set PEER_URL here"
            self._warn("peer.url_missing", why)

    def learn_of_visit(self, headers: Headers) -> None:
        """From a visit with the credentials: the first twin of a pair needs no SELF_URL."""
        url = _visited(headers)
        if self._node.look().url is None and url is not None:
            self._try(url)

    def _try(self, text: str) -> None:
        try:
            url = safe_url(text)
        except ValueError as error:
            self._warn("self_url.not_learned", f"{error}, and set it as SELF_URL")
            return
        if self._trying is None or self._trying.done():
            self._trying = asyncio.create_task(self._verify(url))

    async def _verify(self, url: str) -> None:
        boot = await self._boot_at(url)
        state = self._node.look()
        if boot != state.boot:
            why = f"others reach this twin at {url}, but from here that URL does not lead to it"
            self._warn("self_url.not_learned", f"{why}: set SELF_URL to the public URL")
            await asyncio.sleep(_TRY_AGAIN_S)
        elif state.url is None:
            self._node.handle(LearnedUrl(url))

    def _warn(self, event: str, why: str) -> None:
        if event not in self._told:
            self._told.add(event)
            self._log.warning(event, because=why)


def _visited(headers: Headers) -> str | None:
    """The public https URL of this request; None if it has none."""
    if headers.get("sec-fetch-site") == "same-origin" and "referer" in headers:
        scheme, rest = headers["referer"].partition("://")[::2]
        host = rest.partition("/")[0]
    else:
        # The router in between is where https ends.
        scheme = headers.get("x-forwarded-proto", "").split(",")[0].strip()
        host = headers.get("host", "")
    url = f"{scheme}://{host}"
    return url if scheme == "https" and not _is_private_url(url) else None


def _is_private_url(url: str) -> bool:
    try:
        return is_private(urlsplit(url).hostname or "")
    except ValueError:
        return False
