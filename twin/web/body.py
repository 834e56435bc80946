"""The body of a request, as far as anybody wants to read it."""

from fastapi import Request
from starlette.requests import ClientDisconnect


async def read_body(request: Request, most_bytes: int) -> bytes | None:
    """All of it; None if there is more than that, or if it breaks off, when nobody is answered."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > most_bytes:
                return None
    except ClientDisconnect:
        return None
    return bytes(body)
