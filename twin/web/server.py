"""uvicorn, with the end of the process in our own hands."""

import contextlib
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

KEEP_ALIVE_S = 95
"""Heroku's router keeps a connection to a dyno for up to 90 s without traffic."""
_CLOSE_S = 2
"""Streams end by themselves when they are told; whatever is still open then is cut."""


class Server(uvicorn.Server):
    """Leaves the signals alone: on SIGTERM uvicorn would stop serving before the duty is over."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def make_server(app: ASGIApp) -> Server:
    config = uvicorn.Config(
        app,
        workers=1,  # two would be two schedulers; uvicorn else takes WEB_CONCURRENCY
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=_CLOSE_S,
    )
    return Server(config)
