"""What stands in for the network: answers that are read as those of a server are."""

from collections.abc import AsyncIterator, Callable

import httpx


class Wire(httpx.AsyncBaseTransport):
    """Hands each request to `answering`, and its answer back as a stream."""

    def __init__(self, answering: Callable[[httpx.Request], httpx.Response]) -> None:
        self._answering = answering

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        answer = self._answering(request)

        async def once() -> AsyncIterator[bytes]:
            yield answer.content

        headers = [each for each in answer.headers.raw if each[0].lower() != b"content-encoding"]
        return httpx.Response(answer.status_code, headers=headers, content=once())
