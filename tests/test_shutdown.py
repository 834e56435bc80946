"""The order of a twin's shutdown, with parts that only record their calls."""

import asyncio
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from node_bench import Bench, bench

from twin.hosts import GRACE_S, KILLS_AFTER_S
from twin.shutdown import Shutdown


class Parts:
    """Stands in for every part, and records its calls."""

    def __init__(self, made: Bench, idle: bool) -> None:
        self.made = made
        self.idle = idle
        self.asked: list[str] = []
        self.ended = False

    def wait_until_idle(self, timeout_s: float) -> bool:
        self.asked.append(f"wait {timeout_s:g}, {self.made.node.look().role}")
        self.made.clock.move(0.0 if self.idle else timeout_s)
        return self.idle

    def stop(self) -> None:
        self.asked.append("stop")

    def hurry(self) -> None:
        self.asked.append("hurry")

    def cut_off(self) -> None:
        self.asked.append("cut off")

    async def down(self) -> None:
        self.asked.append("down")

    def end(self) -> None:
        self.ended = True

    def close(self, within_s: float | None = None) -> None:
        self.asked.append("close" if within_s is None else f"tell within {within_s:g}")


def leave(parts: Any) -> None:
    asyncio.run(_left(parts))


async def _left(parts: Any) -> None:
    shutdown = Shutdown(parts.made.node, *(parts,) * 7, clock=parts.made.clock)
    shutdown.begin("SIGTERM")
    shutdown.begin("SIGTERM")
    async with asyncio.timeout(5):
        while not parts.ended:  # noqa: ASYNC110 (it is a mere flag)
            await asyncio.sleep(0)


@pytest.fixture
def made() -> Bench:
    holding = bench()
    holding.take_duty()
    return holding


def test_shutdown_waits_for_jobs_then_alerts_then_informs_the_peer(made: Bench) -> None:
    parts = Parts(made, idle=True)
    leave(parts)
    assert parts.asked == ["stop", "hurry", "wait 25, leaving", "tell within 5", "down", "close"]
    assert made.node.look().knowledge.claim.released


def test_jobs_that_exceed_the_grace_are_cut_off(made: Bench) -> None:
    parts = Parts(made, idle=False)
    leave(parts)
    assert parts.asked == [
        *("stop", "hurry", "wait 25, leaving", "cut off", "cut off", "tell within 0"),
        *("down", "close"),
    ]


def test_an_error_during_shutdown_still_ends_the_process(
    made: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = Parts(made, idle=True)
    monkeypatch.setattr(Parts, "down", lambda _: 1 / 0)
    leave(parts)
    assert parts.ended


def test_name_lookups_that_hold_all_threads_do_not_block_shutdown(made: Bench) -> None:
    parts, released = Parts(made, idle=True), threading.Event()

    async def run() -> None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(1))
        loop.run_in_executor(None, released.wait, 10)
        try:
            await _left(parts)
        finally:
            released.set()

    asyncio.run(run())


def test_the_grace_of_jobs_is_within_the_limit_of_hosts() -> None:
    # The second /down and the closing of open streams take 2 s each.
    assert GRACE_S + 2 + 2 < KILLS_AFTER_S


def test_serve_imports_neither_httpx_nor_argparse() -> None:
    code = "import sys, twin.commands.serve; print(*sys.modules.keys() & {'httpx', 'argparse'})"
    ended = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    assert ended.stdout == b"\n"
