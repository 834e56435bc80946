"""Coroutines for threads without an event loop, on one that ends when they end."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T], loop: asyncio.AbstractEventLoop | None = None) -> T:
    """As `asyncio.run`, which would wait for the resolver of host names, too, should it hang.

    `loop` is closed in the end, too; a new one if not given.
    """
    loop = loop or asyncio.new_event_loop()
    try:
        return loop.run_until_complete(work)
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
