"""The client for requests to twins, when it cannot be made at once."""

import asyncio

import pytest
from http_bench import answer, client, saying, serving

from twin.http.request import Connections, NoAnswerError


@pytest.mark.parametrize(
    "error", [RuntimeError("can't start new thread"), OSError(24, "Too many open files")]
)
def test_a_client_that_cannot_be_made_now_is_made_for_a_later_request(error: Exception) -> None:
    failing = [error]

    def make() -> Connections:
        if failing:
            raise failing.pop()
        return Connections()

    async def run() -> None:
        async with serving(saying(answer(200, b"{}"))) as server, client(make=make) as http:
            asks = [http.fetch("GET", server.url) for _ in range(2)]
            told = await asyncio.gather(*asks, return_exceptions=True)
            assert [type(each) for each in told] == [NoAnswerError] * 2
            assert (await http.fetch("GET", server.url)).status == 200

    asyncio.run(run())


def test_a_twin_without_a_client_still_ends() -> None:
    def fails() -> Connections:
        raise OSError(24, "Too many open files")

    async def run() -> None:
        async with client(make=fails) as http:
            asking = asyncio.create_task(http.fetch("GET", "http://127.0.0.1:9"))
            await asyncio.sleep(0)
            asking.cancel()

    asyncio.run(run())
