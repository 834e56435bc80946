"""Questions of one arbiter, for tests of its failures."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable

import pytest

from twin.arbiter import Arbiter, Finding, SilentError, connect
from twin.core.pair.arbiter import Member, Op, Question

PASSWORD = "s3cret/of:both"
IN_URL = "s3cret%2Fof%3Aboth"
TIMEOUT_S = 1.0
A = Member("a", "1-a", "https://a.example")
JOIN = Question(op=Op.JOIN, member=A)
CLAIM = Question(op=Op.CLAIM, member=A, lease_ms=0, patient=True)
"""An empty arbiter grants it at once, since no lease can still run."""


async def why_silent(arbiter: Arbiter, question: Question = JOIN) -> str:
    """The sentence, which comes in time and without the password."""
    began = asyncio.get_running_loop().time()
    with pytest.raises(SilentError) as caught:
        await arbiter.ask(question)
    assert (
        asyncio.get_running_loop().time() - began < TIMEOUT_S + 2
    )  # psycopg alone takes 5 s longer
    everything = "".join(traceback.format_exception(caught.value))
    assert "s3cret" not in everything
    return str(caught.value)


def with_arbiter(url: str, use: Callable[[Arbiter], Awaitable[None]]) -> None:
    """Runs `use` with an arbiter that answers within a second."""

    async def run() -> None:
        arbiter = connect(url, timeout_s=TIMEOUT_S)
        try:
            await use(arbiter)
        finally:
            await arbiter.close()

    asyncio.run(run())


def silence_of(url: str) -> str:
    found: list[str] = []

    async def use(arbiter: Arbiter) -> None:
        found.append(await why_silent(arbiter))

    with_arbiter(url, use)
    return found[0]


def findings_of(url: str) -> list[Finding]:
    found: list[Finding] = []

    async def use(arbiter: Arbiter) -> None:
        found.extend(await arbiter.findings())

    with_arbiter(url, use)
    return found


def wrong(url: str) -> list[str]:
    """The sentences of what is not ok."""
    return [each.sentence for each in findings_of(url) if not each.ok]
