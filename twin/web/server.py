"""uvicorn, which ends when the twin says so."""

import asyncio
import contextlib
import logging
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from twin.web.connection import MOST, Connection
from twin.web.headers import SecurityHeaders
from twin.web.throttle import LimitedLog

KEEP_ALIVE_S = 95
"""Heroku's router keeps a connection to a dyno for up to 90 s without traffic."""
_HEAD_BYTES = 16_384
"""A browser sends 1 kB, and what it keeps for other apps of `localhost`."""
_QUEUE = min(100, MOST)
"""Connections that are not accepted yet; this many are accepted at once."""
_CLOSE_S = 2
"""Streams end by themselves; after this, all that is still open is cut."""


class Server(uvicorn.Server):
    """Leaves signals alone: on SIGTERM uvicorn would stop serving before the duty is over."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._ends = asyncio.Event()

    def end(self) -> None:
        """Stop serving. Called on the event loop."""
        self.should_exit = True
        self._ends.set()

    async def main_loop(self) -> None:
        # uvicorn's own loop wakes ten times a second, which is most of what an idle twin would do.
        # Once a second is enough for the date in the answers.
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._ends.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _ToLog(logging.Handler):
    """uvicorn's errors as lines of our log, without its warnings, which anybody can cause."""

    def __init__(self, log: LimitedLog) -> None:
        super().__init__(logging.ERROR)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        self._log.error("server.complains", record.getMessage().strip(), error)


def make_server(app: ASGIApp, log: LimitedLog, http: type[Connection] = Connection) -> Server:
    logger = logging.getLogger("uvicorn.error")
    logger.handlers[:] = [_ToLog(log)]
    logger.propagate = False
    config = uvicorn.Config(
        SecurityHeaders(app),
        http=http,
        h11_max_incomplete_event_size=_HEAD_BYTES,
        backlog=_QUEUE,
        workers=1,  # two would be two schedulers; uvicorn else takes WEB_CONCURRENCY
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # on Heroku it would believe anybody's X-Forwarded-For
        ws="none",
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=_CLOSE_S,
    )
    return Server(config)
