"""Stories of real pairs that mostly wait: told several at once, as each leaves the machine idle."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

Story = Callable[[Path], Coroutine[Any, Any, None]]
"""It gets a directory of its own."""


@dataclass(frozen=True)
class Told:
    """What became of the stories; each is a test by its name."""

    errors: dict[Story, Exception]

    def well(self, story: Story) -> None:
        """Raises what the story ended with, if it did."""
        if story in self.errors:
            raise self.errors[story]


def tell(
    stories: Sequence[Story], at_once: int, limit_s: float, directories: pytest.TempPathFactory
) -> Told:
    """All of them, each within the limit, and so many at a time as a small machine can bear."""
    errors: dict[Story, Exception] = {}

    async def tell_one(story: Story, bearable: asyncio.Semaphore) -> None:
        async with bearable:
            try:
                await asyncio.wait_for(story(directories.mktemp("story")), limit_s)
            except Exception as error:  # noqa: BLE001 (its own test raises it)
                errors[story] = error

    async def tell_all() -> None:
        bearable = asyncio.Semaphore(at_once)
        await asyncio.gather(*(tell_one(story, bearable) for story in stories))

    asyncio.run(tell_all())
    return Told(errors)
