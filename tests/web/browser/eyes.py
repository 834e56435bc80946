"""A pytest plugin: one browser for all tests of a file, and a look at the page with it."""

from collections.abc import Iterator
from typing import Any

import pytest
from chromium import Eyes, Shown, Then, opened
from made_up import Told
from made_up_site import a_site


@pytest.fixture(scope="module")
def eyes() -> Iterator[Eyes]:
    with opened() as eyes:
        yield eyes


@pytest.fixture
def shown(eyes: Eyes) -> Shown:
    """Open the page of a twin with this status."""

    def look(told: Told, then: Then, **options: Any) -> None:
        async def story() -> None:
            async with a_site(told) as site, eyes.looking_at(site.url, **options) as look:
                await then(site, look)

        eyes.run(story())

    return look
