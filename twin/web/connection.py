"""Limits how long a connection may keep this twin waiting.

uvicorn waits for ever: for the first byte, for the rest of a request, for answers to be read. A few
hundred such connections would leave no file descriptor for the host and the peer.
"""

import asyncio
import contextlib
import resource
from collections.abc import Callable, Iterator

import h11
from starlette.datastructures import Headers
from starlette.types import Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_S = 10.0
"""From the connection, or the first byte of a later request, to the end of its body. The peer gives
up after 3 s."""
ANSWER_S = 60.0
"""For an answer to be read: a day of history takes this long over a slow line."""
_OTHER_FILES = 36
"""That this process may need: libraries, the log, the peer, targets, jobs."""
_OURS = "twin.web"


def _room() -> int:
    """For connections, among the files that this process may open. Half of it may be accepted at
    once, before older connections are cut."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(4, (files - _OTHER_FILES) // 2) if files != resource.RLIM_INFINITY else _ENOUGH


_ENOUGH = 300
"""A twin needs a dozen; a flood wears itself out in the rest."""
MOST = min(_ENOUGH, _room())
MOST_STREAMS = max(2, min(8, MOST // 8))
"""A pair needs one or two."""
MOST_WAITING = MOST * 3 // 4
"""For their credentials to be judged. The rest is for the host's probe, the peer and the streams,
which are not cut for a newcomer."""


@contextlib.contextmanager
def in_line(scope: Scope) -> Iterator[Callable[[], bool]]:
    """While its credentials wait to be judged, a request's connection is the first to make room.

    Yields a function that says whether the client has hung up, as far as this server knows.
    """
    connection = scope.get("extensions", {}).get(_OURS, {}).get("connection")
    if not isinstance(connection, Connection):
        yield lambda: False
        return
    connection.in_line = True
    try:
        yield connection.transport.is_closing
    finally:
        connection.in_line = False


class Connection(H11Protocol):
    """When there are too many, the one that has kept us waiting longest makes room.

    Those whose credentials wait to be judged go first: most are guesses.
    """

    request_s = REQUEST_S
    answer_s = ANSWER_S
    most = MOST
    in_line = False
    _deadline: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None
    _since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self._wait_for_request()
        if len(self.connections) > self.most:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._deadline, self._unread):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        super().handle_events()
        if self.cycle is not None:
            self.cycle.scope["extensions"] = {_OURS: {"connection": self}}
            if _has_two_lengths(Headers(raw=self.headers)):
                self.cycle.keep_alive = False
        if self._is_incomplete:
            self._wait_for_request()
        elif self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def send_400_response(self, msg: str) -> None:
        if self.cycle is not None:  # what the app still answers goes nowhere
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        try:
            super().send_400_response(msg)
        except h11.LocalProtocolError:  # an answer had begun
            self.transport.abort()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread = self.loop.call_later(self.answer_s, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()

    def timeout_keep_alive_handler(self) -> None:
        self.transport.abort()  # else what was never read would hold it open

    def _wait_for_request(self) -> None:
        if self._deadline is None:
            self._since = self.loop.time()
            self._deadline = self.loop.call_later(self.request_s, self.transport.abort)

    @property
    def _is_incomplete(self) -> bool:
        """Whether a request has begun to arrive, and not ended."""
        state = self.conn.their_state
        return state is h11.SEND_BODY or (state is h11.IDLE and bool(self.conn.trailing_data[0]))

    @property
    def _waits_for_its_client(self) -> bool:
        idle = self.cycle is None or self.cycle.response_complete
        return idle or self._is_incomplete or self.flow.write_paused

    def _make_room(self) -> None:
        others = [each for each in self.connections if isinstance(each, Connection)]
        others.remove(self)
        guessing = [each for each in others if each.in_line]
        waiting = guessing or [each for each in others if each._waits_for_its_client]
        if waiting:  # else all have credentials, and are being served
            oldest = min(waiting, key=lambda each: each._since)
            self.connections.discard(oldest)
            oldest.transport.abort()


def _has_two_lengths(headers: Headers) -> bool:
    """Whether a proxy may see another end of this request than we do.

    The connection is then closed after the answer (RFC 9112, 6.3).
    """
    return "content-length" in headers and "transfer-encoding" in headers
