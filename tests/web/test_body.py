import asyncio
from typing import Any

import pytest
from fastapi import Request

from twin.web.body import read_body


def read(*messages: dict[str, Any], most_bytes: int = 4) -> bytes | None:
    coming = iter(messages)

    async def receive() -> Any:
        return next(coming)

    return asyncio.run(read_body(Request({"type": "http"}, receive), most_bytes))


def part(body: bytes, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def test_a_body_is_put_together_from_its_parts() -> None:
    assert read(part(b"ab"), part(b"cd", more=False)) == b"abcd"


@pytest.mark.parametrize("last", [part(b"cde"), {"type": "http.disconnect"}])
def test_a_body_that_is_too_long_or_breaks_off_is_refused(last: dict[str, Any]) -> None:
    assert read(part(b"ab"), last) is None
