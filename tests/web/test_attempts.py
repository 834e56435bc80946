"""Login attempts, judged at a limited rate. They wait in real time."""

import asyncio
import io
from collections.abc import Awaitable, Callable

import pytest

from twin.clock import Clock
from twin.log import Log
from twin.web.auth import Attempts

Story = Callable[[Attempts], Awaitable[None]]


def there() -> bool:
    return False


def gone() -> bool:
    return True


def told(story: Story, most_waiting: int = 64) -> str:
    """The log after the story."""
    output = io.StringIO()

    async def play() -> None:
        async with asyncio.timeout(20):
            await story(Attempts(Clock(), Log("a", output), most_waiting))

    asyncio.run(play())
    return output.getvalue()


async def use_up(attempts: Attempts) -> None:
    """What is forgiven."""
    for _ in range(5):
        assert await attempts.judge(False, there) is False


async def seconds(waiting: Awaitable[object]) -> float:
    loop = asyncio.get_running_loop()
    began = loop.time()
    await waiting
    return loop.time() - began


def test_a_few_wrong_passwords_cause_no_wait() -> None:
    async def story(attempts: Attempts) -> None:
        assert await seconds(use_up(attempts)) < 0.2

    told(story)


@pytest.mark.parametrize("right", [True, False])
def test_right_and_wrong_credentials_wait_alike_among_many_wrong_ones(right: bool) -> None:
    async def story(attempts: Attempts) -> None:
        await use_up(attempts)
        attempt = asyncio.create_task(attempts.judge(right, there))
        assert 0.2 < await seconds(attempt) < 5
        assert attempt.result() is right

    told(story)


def test_guessing_over_64_connections_gets_four_answers_a_second() -> None:
    async def story(attempts: Attempts) -> None:
        async def guess() -> None:
            while True:
                await attempts.judge(False, there)

        await use_up(attempts)
        guessing = [asyncio.create_task(guess()) for _ in range(64)]
        await asyncio.sleep(2.2)
        assert attempts.refused <= 5 + 10
        for each in guessing:
            each.cancel()

    told(story)


def test_right_credentials_are_accepted_during_password_guessing() -> None:
    async def story(attempts: Attempts) -> None:
        async def guess() -> None:
            while True:
                await attempts.judge(False, there)

        await use_up(attempts)
        guessing = [asyncio.create_task(guess()) for _ in range(63)]
        await asyncio.sleep(0.7)
        assert await asyncio.wait_for(attempts.judge(True, there), 10)
        for each in guessing:
            each.cancel()

    told(story)


def test_right_credentials_are_accepted_among_dropped_connections() -> None:
    async def story(attempts: Attempts) -> None:
        async def guess_without_patience() -> None:
            while True:
                hung_up = asyncio.Event()
                attempt = asyncio.create_task(attempts.judge(False, hung_up.is_set))
                await asyncio.wait({attempt}, timeout=0.2)
                hung_up.set()

        await use_up(attempts)
        guessing = [asyncio.create_task(guess_without_patience()) for _ in range(20)]
        await asyncio.sleep(0.7)
        assert await asyncio.wait_for(attempts.judge(True, there), 10)
        for each in guessing:
            each.cancel()

    told(story)


def test_when_too_many_wait_no_answer_reveals_the_password() -> None:
    async def story(attempts: Attempts) -> None:
        await use_up(attempts)
        waiting = [asyncio.create_task(attempts.judge(False, there)) for _ in range(2)]
        await asyncio.sleep(0)
        assert await attempts.judge(True, there) is None
        assert await attempts.judge(False, there) is None
        assert await asyncio.gather(*waiting) == [False, False]

    told(story, most_waiting=2)


def test_dropped_connections_make_room() -> None:
    async def story(attempts: Attempts) -> None:
        await use_up(attempts)
        left = [asyncio.create_task(attempts.judge(True, gone)) for _ in range(2)]
        await asyncio.sleep(0)
        assert await attempts.judge(True, there) is True
        assert await asyncio.gather(*left) == [False, False]
        assert attempts.refused == 5

    told(story, most_waiting=2)


def test_a_cancelled_request_leaves_the_queue() -> None:
    async def story(attempts: Attempts) -> None:
        await use_up(attempts)
        attempt = asyncio.create_task(attempts.judge(True, there))
        await asyncio.sleep(0)
        attempt.cancel()
        assert await attempts.judge(True, there) is True

    told(story)


def test_wrong_credentials_are_logged_once_a_minute_with_their_number() -> None:
    (line,) = told(use_up).splitlines()
    assert "event=login.failed" in line
    assert "count=1" in line
