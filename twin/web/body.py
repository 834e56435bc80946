"""The body of a request, up to a limit."""

from fastapi import Request
from starlette.requests import ClientDisconnect


async def read_body(request: Request, most_bytes: int) -> bytes | None:
    """None if it is longer, or if the client hangs up, so that nobody reads the answer."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > most_bytes:
                return None
    except ClientDisconnect:
        return None
    return bytes(body)
