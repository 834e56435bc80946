"""One browser for all tests of a file, and the loop that it lives in: a plugin of pytest's."""

import asyncio
from collections.abc import AsyncGenerator, Iterator

import pytest
from chromium import FLAGS, PATH, Eyes
from playwright.async_api import Browser, async_playwright


@pytest.fixture(scope="module")
def eyes() -> Iterator[Eyes]:
    if PATH is None:
        pytest.skip("no chromium: apt-get install chromium")
    with asyncio.Runner() as runner:
        chromium = _chromium()
        yield Eyes(runner.run(anext(chromium)), runner)
        runner.run(chromium.aclose())


async def _chromium() -> AsyncGenerator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=PATH, args=FLAGS)
        yield browser
        await browser.close()
