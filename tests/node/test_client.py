"""What requests to twins are made with, where it is not to be had at once."""

import asyncio

import pytest
from http_bench import answer, client, saying, serving

from twin.node import client as module
from twin.node.client import NoAnswerError


@pytest.mark.parametrize(
    "error", [RuntimeError("can't start new thread"), OSError(24, "Too many open files")]
)
def test_what_cannot_be_made_now_is_made_for_a_later_request(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> None:
        raise error

    async def run() -> None:
        async with serving(saying(answer(200, b"{}"))) as server, client() as http:
            with monkeypatch.context() as patch:
                patch.setattr(module, "_make", fails)
                asks = [http.fetch("GET", server.url) for _ in range(2)]
                told = await asyncio.gather(*asks, return_exceptions=True)
            assert [type(each) for each in told] == [NoAnswerError] * 2
            assert (await http.fetch("GET", server.url)).status == 200

    asyncio.run(run())


def test_a_twin_ends_though_it_could_not_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> None:
        raise OSError(24, "Too many open files")

    async def run() -> None:
        async with client() as http:
            asking = asyncio.create_task(http.fetch("GET", "http://127.0.0.1:9"))
            await asyncio.sleep(0)
            asking.cancel()

    monkeypatch.setattr(module, "_make", fails)
    asyncio.run(run())
