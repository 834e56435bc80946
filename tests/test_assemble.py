"""The order in which a twin ends, with parts that only note what they are asked."""

import asyncio
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from node_bench import Bench, bench

from twin.assemble import _Leaving
from twin.hosts import GRACE_S, KILLS_AFTER_S


class Parts:
    """Stands for all of them."""

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
    leaving = _Leaving(parts.made.node, parts, parts, parts, parts, parts, parts.made.clock)
    leaving.begin("SIGTERM")
    leaving.begin("SIGTERM")
    async with asyncio.timeout(5):
        while not parts.ended:  # noqa: ASYNC110 (it is a mere flag)
            await asyncio.sleep(0)


@pytest.fixture
def made() -> Bench:
    holding = bench()
    holding.take_duty()
    return holding


def test_jobs_may_end_then_people_and_the_peer_are_told_then_the_streams_close(made: Bench) -> None:
    parts = Parts(made, idle=True)
    leave(parts)
    assert parts.asked == ["stop", "wait 25, leaving", "tell within 5", "down", "close"]
    assert made.node.look().knowledge.claim.released


def test_jobs_that_do_not_end_within_the_grace_are_cut_off(made: Bench) -> None:
    parts = Parts(made, idle=False)
    leave(parts)
    assert parts.asked == [
        *("stop", "wait 25, leaving", "cut off", "tell within 0", "down", "close"),
    ]


def test_a_bug_on_the_way_does_not_keep_the_process_from_ending(
    made: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = Parts(made, idle=True)
    monkeypatch.setattr(Parts, "down", lambda _: 1 / 0)
    leave(parts)
    assert parts.ended


def test_a_resolver_of_names_that_holds_all_threads_does_not_keep_jobs_from_their_end(
    made: Bench,
) -> None:
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


def test_running_jobs_have_the_grace_that_hosts_leave_them() -> None:
    # The second /down, and what is then still open, each take 2 s.
    assert GRACE_S + 2 + 2 < KILLS_AFTER_S


def test_who_wakes_a_twin_waits_neither_for_what_it_asks_others_with_nor_for_a_parser() -> None:
    code = "import sys, twin.commands.serve; print(*sys.modules.keys() & {'httpx', 'argparse'})"
    ended = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    assert ended.stdout == b"\n"
