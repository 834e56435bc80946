"""A real browser with the page."""

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from made_up_site import Site
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

PATH = shutil.which("chromium")
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()
WAIT_S = 15
expect.set_options(timeout=WAIT_S * 1000)
Scheme = Literal["light", "dark"]


@dataclass
class Look:
    """One tab. Closing it asserts on its console errors and its requests."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    """Origins."""

    def at(self, selector: str) -> Locator:
        return self.page.locator(selector)

    async def says(self, selector: str, text: str, timeout_s: float = WAIT_S) -> None:
        """Wait until the element has this text."""
        place = self.page.locator(selector).filter(has_text=text).first
        await place.wait_for(state="visible", timeout=timeout_s * 1000)

    async def asks(self) -> None:
        """Make the page poll now, as when its tab becomes visible again, and wait for the
        answer."""
        async with self.page.expect_response("**/status*"):
            await self.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    async def module(self, name: str, expression: str, *arguments: Any) -> Any:
        """The value of an expression that sees a module's exports as `it`, and `given`."""
        code = f"const it = await import('/static/{name}'); return {expression}"
        return await self.page.evaluate(f"async (given) => {{ {code} }}", arguments)

    async def violations(self) -> list[tuple[str, str, str]]:
        """The accessibility problems that axe finds: (impact, rule, element)."""
        await self.page.evaluate(AXE)
        found = await self.page.evaluate("axe.run({ resultTypes: ['violations'] })")
        return [
            (rule["impact"], rule["id"], node["html"][:120])
            for rule in found["violations"]
            for node in rule["nodes"]
        ]


@contextlib.asynccontextmanager
async def look_at(
    browser: Browser,
    url: str,
    login: tuple[str, str] | None = None,
    scheme: Scheme = "light",
    width: int = 1200,
    zone: str = "Europe/Berlin",
    script: str = "",
    ahead: bool = False,
) -> AsyncIterator[Look]:
    """The page at the URL, once it has an answer. `script` runs before the page's own; with `ahead`
    the browser's clock can be set forward."""
    context = await browser.new_context(
        color_scheme=scheme,
        viewport={"width": width, "height": 900},
        timezone_id=zone,
        locale="en-GB",
        http_credentials={"username": login[0], "password": login[1]} if login else None,
    )
    await context.add_init_script(script)
    look = Look(await context.new_page())
    look.page.set_default_timeout(WAIT_S * 1000)
    if ahead:
        await look.page.clock.install()
    look.page.on("request", lambda request: look.asked.add(_origin(request.url)))
    look.page.on("pageerror", lambda error: look.complaints.append(str(error)))
    look.page.on("console", lambda line: _heard(look, line.type, line.text))
    await look.page.goto(url)
    await look.at(".card").first.wait_for()
    try:
        yield look
    finally:
        await context.close()
    assert look.complaints == []
    assert look.asked == {_origin(url)}


@dataclass
class Eyes:
    """The browser and its event loop."""

    browser: Browser
    runner: asyncio.Runner

    def run(self, story: Coroutine[Any, Any, None]) -> None:
        self.runner.run(asyncio.wait_for(story, 90))

    def looking_at(self, url: str, **options: Any) -> AbstractAsyncContextManager[Look]:
        return look_at(self.browser, url, **options)


Then = Callable[[Site, Look], Awaitable[None]]
Shown = Callable[..., None]


@contextlib.contextmanager
def opened(**environ: str) -> Iterator[Eyes]:
    """A browser with these additional environment variables, and its event loop."""
    if PATH is None:
        pytest.skip("no chromium: apt-get install chromium")
    with asyncio.Runner() as runner:
        chromium = _chromium(dict(os.environ | environ))
        yield Eyes(runner.run(anext(chromium)), runner)
        runner.run(chromium.aclose())


async def _chromium(environ: dict[str, str | float | bool]) -> AsyncGenerator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=PATH, args=FLAGS, env=environ)
        yield browser
        await browser.close()


def _heard(look: Look, kind: str, text: str) -> None:
    if kind in ("error", "warning"):
        look.complaints.append(text)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
