"""One connection, which may keep this twin waiting for so long and no longer.

uvicorn itself waits for ever: for the first byte, for the rest of a request, for answers to be
read. Some hundred such connections would leave no file descriptor for the host and the peer.
"""

import asyncio
import resource

import h11
from starlette.types import Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_S = 10.0
"""From the connection, or the first byte of a further request, to the end of its body: the peer
gives up after 3 s."""
ANSWER_S = 60.0
"""For an answer to be read: a day of history takes so long over a slow line."""
_OTHER_FILES = 36
"""That this process may need besides: libraries, the log, the peer, targets, jobs."""
_GONE = "twin.gone"


def _room() -> int:
    """For connections, among the files that this process may have open. Half of them may be taken
    from the server's queue in a moment, before the others are cut."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 120 if files == resource.RLIM_INFINITY else max(4, min(120, (files - _OTHER_FILES) // 2))


MOST = _room()
"""A twin needs a dozen. Some systems let a process have 256 files."""
MOST_STREAMS = max(2, MOST // 15)
"""A pair needs one or two."""
MOST_WAITING = MOST * 3 // 4
"""For their credentials to be judged. The rest is for the host's probe, the peer and the streams:
none of these lets itself be cut for a newcomer."""


def is_gone(scope: Scope) -> bool:
    """Whether the client of this request has hung up, as far as this server knows."""
    is_closing = scope.get("extensions", {}).get(_GONE, {}).get("is_closing")
    return is_closing is not None and bool(is_closing())


class Connection(H11Protocol):
    """When there are too many, the one that has kept us waiting longest makes room."""

    _deadline: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None
    _since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self._wait_for_request()
        if len(self.connections) > MOST:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._deadline, self._unread):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        super().handle_events()
        if self.cycle is not None:
            self.cycle.scope["extensions"] = {_GONE: {"is_closing": self.transport.is_closing}}
        if self._is_incomplete:
            self._wait_for_request()
        elif self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def send_400_response(self, msg: str) -> None:
        if self.cycle is not None:  # what the app may still answer goes nowhere
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        try:
            super().send_400_response(msg)
        except h11.LocalProtocolError:  # an answer had begun
            self.transport.abort()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread = self.loop.call_later(ANSWER_S, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()

    def timeout_keep_alive_handler(self) -> None:
        self.transport.abort()  # else what was never read would hold it open

    def _wait_for_request(self) -> None:
        if self._deadline is None:
            self._since = self.loop.time()
            self._deadline = self.loop.call_later(REQUEST_S, self.transport.abort)

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
        ours = (each for each in self.connections if isinstance(each, Connection))
        waiting = [each for each in ours if each._waits_for_its_client]
        oldest = min(waiting, key=lambda each: each._since)
        self.connections.discard(oldest)
        oldest.transport.abort()
