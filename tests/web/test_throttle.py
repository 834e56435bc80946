"""Limits for events that anyone can cause: a few at once, then a fixed rate."""

import io

from node_bench import HandClock

from twin.log import Log
from twin.web.throttle import LimitedLog, Throttle


def after(*times: float) -> Throttle:
    throttle = Throttle(free=5, each_s=0.5)
    for mono in times:
        throttle = throttle.happened(mono)
    return throttle


def test_the_first_five_attempts_do_not_wait() -> None:
    assert after(0, 0, 0, 0).wait_s(0) == 0


def test_after_five_one_attempt_passes_every_half_second() -> None:
    assert after(0, 0, 0, 0, 0).wait_s(0) == 0.5
    assert after(0, 0, 0, 0, 0).wait_s(0.5) == 0
    assert after(0, 0, 0, 0, 0, 0.5).wait_s(0.5) == 0.5


def test_the_count_of_attempts_decays() -> None:
    assert after(*[0] * 7, 100).heat == 1


def test_a_peer_that_tries_once_a_minute_never_waits() -> None:
    assert after(*range(0, 60_000, 60)).wait_s(60_000) == 0


def test_all_attempts_are_counted() -> None:
    assert after(0, 1000, 2000).count == 3


def limited(free: int, each_s: float) -> tuple[HandClock, io.StringIO, LimitedLog]:
    clock, output = HandClock(), io.StringIO()
    return clock, output, LimitedLog(clock, Log("a", output), Throttle(free, each_s))


def test_three_lines_come_at_once_then_three_a_minute_and_others_are_counted() -> None:
    clock, output, log = limited(3, 20.0)
    for _ in range(100):
        log.error("server.complains", "what?", None)
    clock.move(20)
    for _ in range(2):
        log.error("task.failed", "again", ValueError("no such thing"))
    lines = output.getvalue().splitlines()
    assert len(lines) == 4
    assert all("left_out" not in line for line in lines[:3])
    assert "left_out=97" in lines[3]
    assert "no such thing" in lines[3]


def test_refusals_log_at_most_one_line_a_minute() -> None:
    clock, output, log = limited(1, 60.0)
    for _ in range(100):
        log.warning("document.refused", because="boot: it is no name")
    clock.move(60)
    log.warning("document.refused", because="claim: it is too far ahead")
    first, second = output.getvalue().splitlines()
    assert 'event=document.refused twin=a because="boot: it is no name"' in first
    assert "claim: it is too far ahead" in second
