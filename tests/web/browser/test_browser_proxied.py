"""The page in a real browser, over plain http by a private name, behind a real nginx.

Over plain http a browser sends no `Sec-Fetch-Site`, except to this machine's own address.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from chromium import FLAGS, PATH, look_at
from nginx import Nginx, nginx, proxy_to
from playwright.async_api import Browser, async_playwright
from processes import LOGIN, Twin, twins, until

BUTTONS = {"Pause the duty": "The duty is paused", "Resume the duty": "The duty goes on"}
"""The result of a click on each button. The page then shows the other button."""
NAMES = "--host-resolver-rules=MAP * 127.0.0.1"
EVIL = """
<meta name="referrer" content="no-referrer">
<link rel="prefetch" href="{url}/update"><link rel="stylesheet" href="{url}/update">
<img src="{url}/update">
<script src="{url}/update"></script>
<iframe src="{url}/update"></iframe>
<form method="post" action="{url}/update" target="made"><input name="a"></form>
<iframe name="made"></iframe>
<script>
  document.forms[0].submit();
  const plain = {{ mode: "no-cors", credentials: "include" }};
  const asked = ["/update", "/down", "/watch"].map((path) => fetch("{url}" + path, plain));
  Promise.allSettled(asked).then(() => document.title = "done");
</script>
"""


@dataclass
class Site:
    twin: Twin
    front: Nginx

    @property
    def url(self) -> str:
        return f"http://pair.internal:{self.front.port}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """On duty, without a URL in its settings."""
    with twins(tmp_path_factory.mktemp("site"), PEER_URL="", SELF_URL="") as (a, _):
        a.start()
        until(lambda: a.role() == "on_duty")
        with nginx(proxy_to(a.url)) as front:
            yield Site(a, front)


@contextlib.asynccontextmanager
async def browsing() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=PATH, args=[*FLAGS, NAMES])
        yield browser
        await browser.close()


def test_behind_a_proxy_with_its_defaults_the_page_loads_and_its_buttons_work(site: Site) -> None:
    async def story() -> None:
        async with asyncio.timeout(90), browsing() as browser:
            for url in (site.url, site.front.url):
                async with look_at(browser, url, login=LOGIN) as look:
                    await look.says("h1", "Twin a is on duty")
                    for button, said in BUTTONS.items():
                        await look.says("#pause", button)
                        await look.at("#pause").click()
                        await look.at("#confirm .main").click()
                        await look.says("#result", said)

    asyncio.run(story())


def test_over_plain_http_no_other_site_can_move_the_duty(site: Site, tmp_path: Path) -> None:
    """A page of another site, in a browser with the credentials of the twin's page."""
    (tmp_path / "index.html").write_text(EVIL.format(url=site.url))
    (tmp_path / "link.html").write_text(EVIL.splitlines()[1])
    before = site.twin.status()

    async def story(evil: Nginx) -> None:
        async with asyncio.timeout(90), browsing() as browser:
            context = await browser.new_context(
                http_credentials={"username": LOGIN[0], "password": LOGIN[1], "send": "always"}
            )
            page = await context.new_page()
            await page.goto(site.url)
            await page.goto(f"http://evil.internal:{evil.port}/index.html")
            await page.wait_for_function("document.title == 'done'")
            for path in ("/update", "/down", "/watch"):
                page = await context.new_page()
                await page.goto(f"http://evil.internal:{evil.port}/link.html")
                async with page.expect_response(f"**{path}") as answer:
                    await page.evaluate(f"location = '{site.url}{path}'")
                assert (await answer.value).status == 403
                await page.close()
            await context.close()

    with nginx(f"root {tmp_path};") as evil:
        asyncio.run(story(evil))
    after = site.twin.status()
    assert (after["role"], after["term"]) == ("on_duty", before["term"])
    assert "update.plain" not in site.twin.output
