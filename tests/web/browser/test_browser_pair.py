"""A running pair in the lab, in a real browser."""

import signal
from pathlib import Path

from chromium import Eyes, Look
from playwright.async_api import expect
from real_pair import AUTH, TICKING, Pair, a_pair
from real_shop import a_day

from twin.lab.app import App

pytest_plugins = ["eyes"]

INKED = """(canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let inked = 0;
  for (let at = 0; at < data.length; at += 4) inked += data[at + 3] > 200;
  return inked;
}"""
"""The number of drawn pixels in a chart."""


async def is_on_duty(pair: Pair, app: App) -> None:
    await pair.wake(app)
    await pair.wake(pair.other(app))
    if await pair.holder() is not app:
        await pair.get(pair.other(app), "/down")
        await pair.settled(app)


def test_the_duty_moves_when_a_twin_is_killed_and_the_page_shows_it(
    eyes: Eyes, tmp_path: Path
) -> None:
    async def story() -> None:
        async with a_pair(tmp_path) as pair:
            await is_on_duty(pair, pair.b)
            async with eyes.looking_at(pair.a.url, login=AUTH) as look:
                await look.says("h1", "Twin b is on duty")
                marks = await look.at("#lanes .mark").count()
                await pair.b.kill(signal.SIGKILL, respawn=False)
                await look.says("h1", "Twin a is on duty")
                await look.says("#cards > :nth-child(2)[data-role=unreachable]", "Unreachable")
                await expect(look.at("#lanes .mark")).to_have_count(marks + 1)
                await look.at("#lanes summary").click()
                await look.says("#handovers li >> nth=0", "a took the duty from b: nobody serves")
                assert await look.at("#role-news").inner_text() == "Twin a is on duty."

    eyes.run(story())


def test_the_page_of_a_killed_twin_says_so_and_goes_on_when_it_is_back(
    eyes: Eyes, tmp_path: Path
) -> None:
    async def story() -> None:
        async with a_pair(tmp_path) as pair:
            await is_on_duty(pair, pair.b)
            async with eyes.looking_at(pair.b.url, login=AUTH) as look:
                await pair.b.kill(signal.SIGKILL, respawn=False)
                await look.says("h1", "Twin b does not answer")
                link = look.at("#silence a")
                assert await link.get_attribute("href") == f"{pair.a.url}/"
                await pair.b.start()
                await look.at("#silence").wait_for(state="hidden", timeout=45_000)
                await look.says("#live", "Live")
                look.complaints.clear()  # the browser's own errors for missing answers

    eyes.run(story())


def test_the_actions_of_the_page_take_effect(eyes: Eyes, tmp_path: Path) -> None:
    async def story() -> None:
        jobs = tmp_path / "hourly.py"
        jobs.write_text(TICKING.replace('"1s"', '"1h"'))
        async with a_pair(tmp_path, JOBS=str(jobs)) as pair:
            await is_on_duty(pair, pair.a)
            async with eyes.looking_at(pair.a.url, login=AUTH) as look:
                await does(look, "#pause", "The duty is paused")
                await look.says("#paused", "no job starts")
                assert pair.runs() == []
                await does(look, "#jobs .act button", "tick is started")
                await look.says("#jobs tbody", "done")
                assert len(pair.runs()) == 1
                await does(look, "#pause", "The duty goes on")
                await does(look, "#hand-over", "The other twin is asked to take the duty")
                await look.says("h1", "Twin b is on duty")
                await does(look, "#hand-over", "This twin takes the duty")
                await look.says("h1", "Twin a is on duty")

    eyes.run(story())


TALKING = """
import os, time
from twin import every

print("began")

@every("1h", name="talk")
def talk():
    print("on", os.environ["TWIN_NAME"])
    while os.path.exists(os.environ["TICKS"] + ".wait"):
        time.sleep(0.05)
"""


def test_either_page_runs_a_job_restarts_its_script_and_shows_what_they_wrote(
    eyes: Eyes, tmp_path: Path
) -> None:
    async def story() -> None:
        jobs, wait = tmp_path / "talking.py", tmp_path / "ticks.wait"
        jobs.write_text(TALKING)
        async with a_pair(tmp_path, JOBS=str(jobs)) as pair:
            await is_on_duty(pair, pair.a)
            for app in (pair.b, pair.a):
                wait.touch()
                async with eyes.looking_at(app.url, login=AUTH) as look:
                    await presses(look, "#jobs .act button", "talk is started")
                    await look.says("#jobs tbody", "running")
                    await presses(look, "#jobs .act button", "Not done: talk is running.")
                    wait.unlink()
                    await look.says("#jobs tbody", "done")
                    await look.at("#jobs .opens").press("Enter")
                    await look.says("#runs details >> nth=0", "on a · done")
                    await expect(look.at("#runs pre").first).to_have_text("on a\n")
                    await look.page.keyboard.press("Escape")
                    await presses(look, "#commands .act button:not(.opens)", "is started anew")
                    await look.at("#commands .opens").press("Enter")
                    await look.says("#runs details >> nth=0", "on a · running")
                    await look.says("#runs pre", "began")
                    look.complaints.clear()  # the browser's own, of the 409

    eyes.run(story())


async def presses(look: Look, button: str, result: str) -> None:
    """Press the button and confirm by keyboard, and wait for the result."""
    await look.at(button).press("Enter")
    await look.page.keyboard.press("Shift+Tab")
    await look.page.keyboard.press("Enter")
    await look.says("#result", result)


async def does(look: Look, button: str, result: str) -> None:
    """Press the button, confirm, and wait for the result."""
    await look.at(button).click()
    await look.at("#confirm .main").click()
    await look.says("#result", result)


def test_charts_draw_real_observations(eyes: Eyes, tmp_path: Path) -> None:
    async def story() -> None:
        async with a_day(tmp_path, "06:50", rate=60, quantity=1, probe_every="1m") as day:
            holder = await day.pair.holder()
            async with eyes.looking_at(holder.url, login=AUTH) as look:
                await day.becomes(3, within_s=30)
                out = look.at(".quantity .mark[data-kind=out]")
                await expect(out).to_have_count(1, timeout=15_000)
                await out.hover()
                await look.says("#tip", "08:0")
                await look.says("#tip", "1 to 3: ")
                await look.at('[data-hours="1"]').click()
                over = look.at(".latency .u-over")
                box = await over.bounding_box()
                assert box is not None
                await over.hover(position={"x": box["width"] - 4, "y": 60})
                await look.says(".latency .reading", "healthy")
                await look.says(".quantity .reading", "3 running · timetable 3")
                for chart in (".latency canvas", ".quantity canvas"):
                    assert await look.at(chart).evaluate(INKED) > 500

    eyes.run(story())
