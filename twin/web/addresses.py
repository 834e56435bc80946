"""Where the two twins are reached, as far as a message of the peer tells it."""

from starlette.datastructures import Headers

from twin.address import safe_url
from twin.core.events import LearnedUrl
from twin.core.messages import Document
from twin.log import Log
from twin.node import Node


class Addresses:
    """Takes none that credentials must not be sent to; what is missing then is logged once."""

    def __init__(self, node: Node, log: Log) -> None:
        self._node = node
        self._log = log
        self._told: set[str] = set()

    def learn(self, headers: Headers, document: Document) -> None:
        """From a request that brought this document, whose own URL is the core's to take."""
        state = self._node.look()
        if document.twin == state.twin:
            return
        if state.url is None:
            self._learn_own(headers)
        if state.peer.url is None and document.url is None:
            why = f"{document.twin} tells no https URL of its own: set PEER_URL here"
            self._warn("peer.url_missing", why)

    def learn_of_visit(self, headers: Headers) -> None:
        """From somebody with the credentials, who came by https, and so past a host's router: the
        first twin of a pair, and who looks at its page, need not be told its URL."""
        if self._node.look().url is None and _scheme(headers) == "https":
            self._learn_own(headers)

    def _learn_own(self, headers: Headers) -> None:
        """The URL that was used."""
        try:
            url = safe_url(f"{_scheme(headers)}://{headers.get('host', '')}")
        except ValueError as error:
            self._warn("self_url.not_learned", f"{error}, and set it as SELF_URL")
        else:
            self._node.handle(LearnedUrl(url))

    def _warn(self, event: str, why: str) -> None:
        if event not in self._told:
            self._told.add(event)
            self._log.warning(event, because=why)


def _scheme(headers: Headers) -> str:
    """The router in between says whether it was https."""
    return headers.get("x-forwarded-proto", "http").split(",")[0].strip()
