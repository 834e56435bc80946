"""The body of an answer as its sender wrote it, though a proxy compressed it unasked."""

import zlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

_PART_BYTES = 65_536
_EITHER_HEAD = zlib.MAX_WBITS | 32
"""For zlib: the head says whether it is gzip or deflate."""


async def decoded(answer: "httpx.Response") -> AsyncIterator[bytes]:
    """Yields 64 kB at most at a time, so that the reader of a gzip bomb can stop early.

    Ends early where the compression is damaged. What is compressed in another way comes as it is.
    """
    if answer.headers.get("content-encoding", "").strip().lower() not in _INFLATED:
        async for chunk in answer.aiter_raw():
            yield chunk
        return
    inflate = zlib.decompressobj(_EITHER_HEAD)
    async for chunk in answer.aiter_raw():
        rest = chunk
        while rest:
            try:
                part = inflate.decompress(rest, _PART_BYTES)
            except zlib.error:
                return
            yield part
            rest = inflate.unconsumed_tail


_INFLATED = ("gzip", "x-gzip", "deflate")
