"""The page in a wide font and in a narrow one, each the only font of its machine."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from chromium import Eyes, Look, Shown, opened
from made_up import NOW, Told, a_day
from made_up_site import Site

pytest_plugins = ["eyes"]

FONTS = {
    "DejaVuSans.ttf": "fonts-dejavu-core",
    "NotoSans-Regular.ttf": "fonts-noto-core",
}
"""The Debian package of each font file, from wide to narrow."""
INSTALLED = Path("/usr/share/fonts")
ONLY = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{folder}</dir><cachedir>{folder}/cache</cachedir></fontconfig>
"""

WIDTHS = (320, 390, 760, 1200)
"""In pixels: the minimum for people with low vision, a phone, a tablet, a desktop."""

LATENCIES = ("1 ms", "10 ms", "100 ms", "1 s", "10 s", "100 s")
LABELS = """
const pen = CanvasRenderingContext2D.prototype, { clearRect, fillText } = pen;
pen.clearRect = function (...box) { this.labels = []; clearRect.apply(this, box); };
pen.fillText = function (text, x, y, ...more) {
  const { width } = this.measureText(text);
  const left = x - ({ center: width / 2, right: width, end: width }[this.textAlign] ?? 0);
  this.labels?.push({ text, left, right: left + width, y });
  fillText.call(this, text, x, y, ...more);
};
"""
"""Makes each drawing record its labels."""
DRAWN = """[...document.querySelectorAll("canvas")].map((each) => (
  { width: each.width, labels: each.getContext("2d").labels ?? [] }))"""
CUT = """[...document.querySelectorAll("main *, header *, footer *")]
  .filter((each) => ["hidden", "clip"].includes(getComputedStyle(each).overflowX))
  .filter((each) => each.innerText && !each.closest(".unseen"))
  .filter((each) => each.scrollWidth > each.clientWidth)
  .map((each) => each.outerHTML.slice(0, 100))"""


@pytest.fixture(scope="module", params=FONTS)
def eyes(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Eyes]:
    font = next(INSTALLED.rglob(request.param), None)
    if font is None:
        pytest.skip(f"no {request.param}: apt-get install {FONTS[request.param]}")
    folder = tmp_path_factory.mktemp("fonts")
    (folder / font.name).symlink_to(font)
    only = folder / "fonts.conf"
    only.write_text(ONLY.format(folder=folder))
    with opened(FONTCONFIG_FILE=str(only)) as eyes:
        yield eyes


def an_eventful_day() -> Told:
    """A day with the most changes and the most varied answers that a list and a chart can hold."""
    told = a_day()
    decisions, looks = (told["history"][each]["my-shop/web"] for each in ("decisions", "looks"))
    decisions += [[int(NOW - 60 * n), 2, 3, "slow for 15 s: 200 after 5.4 s"] for n in range(40)]
    looks[-30][1], looks[-20][1] = 1, 99_000
    return told


@pytest.mark.parametrize(
    ("told", "latencies"),
    [(a_day(), {"100 ms", "1 s"}), (an_eventful_day(), {"10 ms", "1 s", "100 s"})],
    ids=["day", "eventful day"],
)
def test_labels_of_charts_are_neither_cut_off_nor_written_over_each_other(
    shown: Shown, told: Told, latencies: set[str]
) -> None:
    async def then(_: Site, look: Look) -> None:
        for width in WIDTHS:
            await look.page.set_viewport_size({"width": width, "height": 900})
            for hours in (6, 24):
                await look.at(f'[data-hours="{hours}"]').click()
                await look.page.evaluate("new Promise(requestAnimationFrame)")
                charts = await look.page.evaluate(DRAWN)
                written = {each["text"] for each in charts[1]["labels"]}
                assert latencies <= written <= {*LATENCIES, ""}
                assert [wrong for chart in charts for wrong in unreadable(chart)] == []

    shown(told, then, script=LABELS)


def unreadable(chart: dict[str, Any]) -> Iterator[str]:
    labels = chart["labels"]
    for each in labels:
        if each["left"] < 0 or each["right"] > chart["width"]:
            yield f"{each} is cut off"
    for one, other in pairwise(sorted(labels, key=lambda each: (each["y"], each["left"]))):
        if one["y"] == other["y"] and one["right"] > other["left"]:
            yield f"{one} lies over {other}"


def test_at_every_width_everything_is_visible_and_keyboard_accessible(shown: Shown) -> None:
    async def then(_: Site, look: Look) -> None:
        await look.page.evaluate(
            "for (const each of document.querySelectorAll('details')) each.open = true"
        )
        await look.says(".numbers tbody", "unreachable")
        for width in WIDTHS:
            await look.page.set_viewport_size({"width": width, "height": 900})
            assert await look.page.evaluate("document.documentElement.scrollWidth") == width
            assert await look.page.evaluate(CUT) == []
            assert await look.violations() == []

    shown(an_eventful_day(), then)
