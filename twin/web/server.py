"""uvicorn, with the end of the process in our own hands."""

import asyncio
import contextlib
import logging
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from twin.web.connection import MOST, Connection
from twin.web.headers import SecurityHeaders
from twin.web.limited_log import LimitedLog

KEEP_ALIVE_S = 95
"""Heroku's router keeps a connection to a dyno for up to 90 s without traffic."""
_HEAD_BYTES = 16_384
"""A browser sends 1 kB, and what it keeps for other apps of `localhost`."""
_QUEUE = min(100, MOST)
"""Of connections that nobody has taken yet: that many are taken at once."""
_CLOSE_S = 2
"""Streams end by themselves when they are told; whatever is still open then is cut."""


class Server(uvicorn.Server):
    """Leaves the signals alone: on SIGTERM uvicorn would stop serving before the duty is over."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._ends = asyncio.Event()

    def end(self) -> None:
        """Serve no more; from the event loop."""
        self.should_exit = True
        self._ends.set()

    async def main_loop(self) -> None:
        # uvicorn's looks ten times a second whether to end, and an idle twin would do little else.
        # Once a second it has to write a new date for the answers.
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._ends.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _ToLog(logging.Handler):
    """What uvicorn complains of, as a line like all others.

    Not its warnings: they are of what came, and anybody could fill the log with them.
    """

    def __init__(self, log: LimitedLog) -> None:
        super().__init__(logging.ERROR)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        self._log.tell("server.complains", record.getMessage().strip(), error)


def make_server(app: ASGIApp, log: LimitedLog) -> Server:
    logger = logging.getLogger("uvicorn.error")
    logger.handlers[:] = [_ToLog(log)]
    logger.propagate = False
    config = uvicorn.Config(
        SecurityHeaders(app),
        http=Connection,
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
