"""Stories of real pairs. They mostly wait, so several run at once."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

Story = Callable[[Path], Coroutine[Any, Any, None]]
"""A test of one pair, in its own directory."""


@dataclass(frozen=True)
class Outcomes:
    """The outcomes of the stories; each story has its own test."""

    errors: dict[Story, Exception]

    def check(self, story: Story) -> None:
        """Raise the exception that ended the story, if any."""
        if story in self.errors:
            raise self.errors[story]


def run_stories(
    stories: Sequence[Story], at_once: int, limit_s: float, directories: pytest.TempPathFactory
) -> Outcomes:
    """Run all stories, each within the limit; `at_once` is what a small machine can bear."""
    errors: dict[Story, Exception] = {}

    async def run_one(story: Story, slots: asyncio.Semaphore) -> None:
        async with slots:
            try:
                await asyncio.wait_for(story(directories.mktemp("story")), limit_s)
            except Exception as error:  # noqa: BLE001 (its own test raises it)
                errors[story] = error

    async def run_all() -> None:
        slots = asyncio.Semaphore(at_once)
        await asyncio.gather(*(run_one(story, slots) for story in stories))

    asyncio.run(run_all())
    return Outcomes(errors)
