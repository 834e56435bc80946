"""The files of the page, as sent to a browser."""

import asyncio
import re

import httpx
import pytest
from fastapi import FastAPI

from twin.web.page import pages

PAGE_BYTES = 100_000
"""Everything that a browser loads before it requests `/status`."""
PATH = "/static/page.js"


def get(path: str, **headers: str) -> httpx.Response:
    async def send() -> httpx.Response:
        app = FastAPI()
        app.router.routes += pages()
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://a.example") as client:
            return await client.get(path, headers=headers)

    return asyncio.run(send())


def consists_of() -> dict[str, httpx.Response]:
    """By path, all files that the page refers to, directly or not."""
    found, wanted = dict[str, httpx.Response](), ["/"]
    while wanted:
        path = wanted.pop()
        found[path] = get(path)
        names = re.findall(r'(?:src|href)="(/static/[^"]+)"', found[path].text)
        names += [f"/static/{name}" for name in re.findall(r'from "\./([^"]+)"', found[path].text)]
        wanted += [name for name in names if name not in found]
    return found


def test_the_page_and_its_assets_are_served() -> None:
    files = consists_of()
    assert len(files) > 10
    for path, answer in files.items():
        assert answer.status_code == 200, path


def test_the_whole_page_transfers_under_100_kb() -> None:
    sizes = {path: int(file.headers["content-length"]) for path, file in consists_of().items()}
    assert sum(sizes.values()) < PAGE_BYTES, sizes


def test_only_our_own_files_may_run_or_be_requested() -> None:
    for path, answer in consists_of().items():
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'"), path
        assert "unsafe" not in policy


def test_the_page_has_neither_script_nor_style_in_itself() -> None:
    html = get("/").text
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|javascript:", html)


def test_a_cached_file_is_not_sent_again() -> None:
    first = get(PATH)
    again = get(PATH, **{"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = get(PATH, **{"if-none-match": '"another"'})
    assert other.content == first.content


def test_a_client_without_gzip_gets_plain_files() -> None:
    plain = get(PATH, **{"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert get(PATH).headers["content-encoding"] == "gzip"
    assert plain.content == get(PATH).content


@pytest.mark.parametrize(
    "name",
    [
        "",
        "nothing.js",
        "../page.py",
        "%2e%2e/page.py",
        "vendor",
        "//etc/passwd",
    ],
)
def test_other_files_are_not_found(name: str) -> None:
    assert get(f"/static/{name}").status_code == 404


def test_the_licence_of_the_charts_is_served_with_them() -> None:
    assert "MIT" in get("/static/vendor/uPlot.LICENSE.txt").text
