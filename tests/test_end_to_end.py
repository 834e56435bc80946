"""The pair in real use: processes behind a platform that sleeps, wakes and kills."""

import asyncio
import signal
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from real_pair import Pair, a_pair
from stories import Outcomes, Story, run_stories

from twin.clock import Clock, shifted
from twin.lab.app import App


def run(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(story, 90))


async def b_on_duty(pair: Pair) -> None:
    """A wakes, then B: B is on duty, and A watches on standby."""
    await pair.wake(pair.b)
    await pair.settled(pair.b)


@pytest.mark.parametrize("first", ["a", "b"])
def test_a_woken_twin_is_on_duty_within_5_s(tmp_path: Path, first: str) -> None:
    async def story() -> None:
        async with a_pair(tmp_path) as pair:
            app = getattr(pair, first)
            await pair.wake(app)
            taken = await pair.taken(app, after=0)
            bound = await pair.platform.log.wait_for(rf"{app.name}\[manager\]: .*event=dyno.up")
            assert taken.at - bound.at < 5
            await pair.settled(app)

    run(story())


def test_of_two_twins_that_start_at_once_one_is_on_duty(tmp_path: Path) -> None:
    async def story() -> None:
        async with a_pair(tmp_path) as pair:
            await pair.wake(pair.a, pair.b)
            await pair.until_roles("on_duty", "standby")
            taken = pair.platform.log.matching("event=duty.taken")
            assert len(taken) == 1, [str(line) for line in taken]

    run(story())


def test_a_twin_that_wakes_takes_the_duty_from_its_peer(tmp_path: Path) -> None:
    async def story() -> None:
        async with a_pair(tmp_path) as pair:
            await pair.wake(pair.a)
            await pair.settled(pair.a)
            await pair.b.sleep()
            await pair.event(pair.a, "peer.left", after=0)
            mark = pair.platform.log.count
            await pair.wake(pair.b)
            await pair.taken(pair.b, after=mark)
            await pair.settled(pair.b)

    run(story())


async def within(pair: Pair, number: int, respawn: bool, limit_s: float) -> None:
    """B is on duty and gets a signal: A is on duty within the limit."""
    await b_on_duty(pair)
    mark, at = pair.platform.log.count, pair.platform.clock.now().wall
    await pair.b.kill(number, respawn=respawn)
    taken = await pair.taken(pair.a, after=mark)
    assert taken.at - at < limit_s


def test_sigkill_moves_the_duty_within_1_s_if_the_twin_stays_down(tmp_path: Path) -> None:
    async def story() -> None:
        async with a_pair(tmp_path) as pair:
            await within(pair, signal.SIGKILL, respawn=False, limit_s=1.0)

    run(story())


def test_sigkill_moves_the_duty_within_3_s_if_the_twin_restarts(tmp_path: Path) -> None:
    async def story() -> None:
        async with a_pair(tmp_path) as pair:
            await within(pair, signal.SIGKILL, respawn=True, limit_s=3.0)
            await pair.settled(pair.a)

    run(story())


def test_sigterm_moves_the_duty_within_100_ms(tmp_path: Path) -> None:
    async def story() -> None:
        async with a_pair(tmp_path) as pair:
            await within(pair, signal.SIGTERM, respawn=False, limit_s=0.1)

    run(story())


def test_a_freeze_moves_the_duty_within_8_s_and_the_thawed_twin_joins(tmp_path: Path) -> None:
    async def story() -> None:
        async with a_pair(tmp_path) as pair:
            await within(pair, signal.SIGSTOP, respawn=True, limit_s=8.0)
            await asyncio.sleep(2)
            mark = pair.platform.log.count
            await pair.b.kill(signal.SIGCONT)
            await pair.event(pair.b, "standby.joined", after=mark)
            started = pair.platform.log.matching(r"twin-b.*event=slot.started", after=mark)
            assert started == []
            await pair.settled(pair.a)

    run(story())


# ---- stories that mostly wait, run at once


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    return run_stories(WAITING, at_once=4, limit_s=90, directories=tmp_path_factory)


async def old_and_new_side_by_side(tmp_path: Path) -> None:
    async with a_pair(tmp_path) as pair:
        await b_on_duty(pair)
        await pair.b.deploy(overlap_s=6)
        await asyncio.sleep(8)
        await pair.until_roles("on_duty", "standby")  # the new boot may still wait for its URL
        slots = [run.slot for run in pair.runs()]
        assert len(slots) == len(set(slots))


def test_an_old_and_a_new_boot_side_by_side_leave_one_on_duty(outcomes: Outcomes) -> None:
    outcomes.check(old_and_new_side_by_side)


async def a_plain_get(tmp_path: Path) -> None:
    async with a_pair(tmp_path) as pair:
        await pair.a.set_config({"PEER_URL": None})
        await pair.wake(pair.a)
        await pair.taken(pair.a, after=0)
        assert (await pair.get(pair.a, "/update")).json() == {"status": "Update"}
        assert await pair.role(pair.a) == "standby"
        assert (await pair.get(pair.a, "/down")).json() == {"status": "Down"}
        assert await pair.role(pair.a) == "on_duty"


def test_a_plain_get_suspends_a_twin_and_another_resumes_it(outcomes: Outcomes) -> None:
    outcomes.check(a_plain_get)


async def a_wrong_password(tmp_path: Path) -> None:
    async with a_pair(tmp_path) as pair:
        await pair.b.set_config({"BASIC_AUTH_PASSWORD": "another one", "PEER_PASSWORD": "wrong"})
        await pair.wake(pair.a, pair.b)
        for app in (pair.a, pair.b):
            line = await pair.event(app, "peer.misconfigured", after=0)
            assert "set PEER_USERNAME and PEER_PASSWORD" in line.text
        # The two cannot talk; only the elder stands in, after 30 s.
        await pair.platform.log.wait_for("event=duty.taken", 45)
        await asyncio.sleep(3)
        assert len(pair.platform.log.matching("event=duty.taken")) == 1


def test_a_wrong_password_is_reported_and_leaves_at_most_one_on_duty(outcomes: Outcomes) -> None:
    outcomes.check(a_wrong_password)


async def a_blog_as_peer(tmp_path: Path) -> None:
    async with a_pair(tmp_path) as pair:
        blog = await pair.platform.create_target("blog")
        await blog.start()
        await blog.up()
        await pair.a.set_config({"PEER_URL": blog.url})
        await pair.wake(pair.a)
        line = await pair.event(pair.a, "peer.misconfigured", after=0)
        assert "set PEER_URL to the URL of the other twin" in line.text
        await pair.wake(pair.b)
        await pair.until_roles("on_duty", "standby")


def test_a_peer_url_of_a_blog_is_reported_and_corrected_by_the_peer(outcomes: Outcomes) -> None:
    outcomes.check(a_blog_as_peer)


async def scaled_to(pair: Pair, quantity: int, timeout_s: float) -> None:
    async with asyncio.timeout(timeout_s):
        while pair.platform.apps["shop"].formation["web"] != quantity:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def a_shop(pair: Pair) -> App:
    shop = await pair.platform.create_target("shop", web=2)
    settings = {
        "SCALE_TARGET": "shop",
        "SCALE_API_URL": pair.platform.api.url,
        "SCALE_API_KEY": pair.platform.api.key,
        "SCALE_TIMETABLE": "07:00=3 22:00=2 03:00=1",
        "PROBE_URL": shop.url,
        "PROBE_SLOW": "2s",
    }
    await shop.start()
    await shop.up()
    for app in (pair.a, pair.b):
        await app.set_config(settings)
    return shop


def at(hour: int, minute: int, rate: float) -> Clock:
    return shifted(datetime(2026, 11, 21, hour, minute, tzinfo=UTC).timestamp(), rate)


async def recovers(tmp_path: Path) -> None:
    async with a_pair(tmp_path, clock=at(3, 10, rate=240)) as pair:
        shop = await a_shop(pair)
        await pair.wake(pair.a)
        await scaled_to(pair, 1, timeout_s=30)
        await shop.kill(signal.SIGSTOP)
        await scaled_to(pair, 3, timeout_s=15)
        await shop.kill(signal.SIGCONT)
        await scaled_to(pair, 1, timeout_s=40)


def test_an_outage_scales_out_and_calm_brings_the_timetable_back(outcomes: Outcomes) -> None:
    outcomes.check(recovers)


# The longest first.
WAITING: tuple[Story, ...] = (
    a_wrong_password,
    recovers,
    old_and_new_side_by_side,
    a_plain_get,
    a_blog_as_peer,
)
