"""Attempts to log in, judged at a limited rate. Time is real, since they wait in it."""

import asyncio
import io
from collections.abc import Awaitable, Callable

import pytest

from twin.clock import Clock
from twin.log import Log
from twin.web.refusals import Refusals

Story = Callable[[Refusals], Awaitable[None]]


def there() -> bool:
    return False


def gone() -> bool:
    return True


def told(story: Story, most_waiting: int = 64) -> str:
    """The log, once the story has been played."""
    output = io.StringIO()

    async def play() -> None:
        async with asyncio.timeout(20):
            await story(Refusals(Clock(), Log("a", output), most_waiting))

    asyncio.run(play())
    return output.getvalue()


async def use_up(refusals: Refusals) -> None:
    """What is forgiven."""
    for _ in range(5):
        assert await refusals.judge(False, there) is False


async def seconds(waiting: Awaitable[object]) -> float:
    loop = asyncio.get_running_loop()
    began = loop.time()
    await waiting
    return loop.time() - began


def test_a_person_who_mistypes_some_times_does_not_wait() -> None:
    async def story(refusals: Refusals) -> None:
        assert await seconds(use_up(refusals)) < 0.2

    told(story)


@pytest.mark.parametrize("right", [True, False])
def test_right_and_wrong_credentials_wait_alike_among_many_wrong_ones(right: bool) -> None:
    async def story(refusals: Refusals) -> None:
        await use_up(refusals)
        attempt = asyncio.create_task(refusals.judge(right, there))
        assert 0.2 < await seconds(attempt) < 5
        assert attempt.result() is right

    told(story)


def test_who_tries_passwords_over_64_connections_learns_of_four_a_second() -> None:
    async def story(refusals: Refusals) -> None:
        async def guess() -> None:
            while True:
                await refusals.judge(False, there)

        await use_up(refusals)
        guessing = [asyncio.create_task(guess()) for _ in range(64)]
        await asyncio.sleep(2.2)
        assert refusals.count <= 5 + 10
        for each in guessing:
            each.cancel()

    told(story)


def test_somebody_with_the_right_ones_is_let_in_among_those_who_try_passwords() -> None:
    async def story(refusals: Refusals) -> None:
        async def guess() -> None:
            while True:
                await refusals.judge(False, there)

        await use_up(refusals)
        guessing = [asyncio.create_task(guess()) for _ in range(63)]
        await asyncio.sleep(0.7)
        assert await asyncio.wait_for(refusals.judge(True, there), 3.0)
        for each in guessing:
            each.cancel()

    told(story)


def test_somebody_with_the_right_ones_is_let_in_among_those_who_hang_up() -> None:
    async def story(refusals: Refusals) -> None:
        async def guess_without_patience() -> None:
            while True:
                hung_up = asyncio.Event()
                attempt = asyncio.create_task(refusals.judge(False, hung_up.is_set))
                await asyncio.wait({attempt}, timeout=0.2)
                hung_up.set()

        await use_up(refusals)
        guessing = [asyncio.create_task(guess_without_patience()) for _ in range(20)]
        await asyncio.sleep(0.7)
        assert await asyncio.wait_for(refusals.judge(True, there), 3.0)
        for each in guessing:
            each.cancel()

    told(story)


def test_when_too_many_wait_nobody_learns_anything() -> None:
    async def story(refusals: Refusals) -> None:
        await use_up(refusals)
        waiting = [asyncio.create_task(refusals.judge(False, there)) for _ in range(2)]
        await asyncio.sleep(0)
        assert await refusals.judge(True, there) is None
        assert await refusals.judge(False, there) is None
        assert await asyncio.gather(*waiting) == [False, False]

    told(story, most_waiting=2)


def test_those_who_have_hung_up_make_room() -> None:
    async def story(refusals: Refusals) -> None:
        await use_up(refusals)
        left = [asyncio.create_task(refusals.judge(True, gone)) for _ in range(2)]
        await asyncio.sleep(0)
        assert await refusals.judge(True, there) is True
        assert await asyncio.gather(*left) == [False, False]
        assert refusals.count == 5

    told(story, most_waiting=2)


def test_a_request_that_is_cancelled_leaves_the_line() -> None:
    async def story(refusals: Refusals) -> None:
        await use_up(refusals)
        attempt = asyncio.create_task(refusals.judge(True, there))
        await asyncio.sleep(0)
        attempt.cancel()
        assert await refusals.judge(True, there) is True

    told(story)


def test_wrong_credentials_are_logged_once_a_minute_with_their_number() -> None:
    (line,) = told(use_up).splitlines()
    assert "event=login.failed" in line
    assert "count=1" in line
