"""The collected log, and the lab's time."""

import asyncio

import pytest
from lab_bench import get, on_platform, stub

from twin.clock import Clock, clock_of, shifted
from twin.lab.collected import Line, Log
from twin.lab.limits import Limits
from twin.lab.platform import Platform


def test_a_line_shows_its_time_its_source_and_its_text() -> None:
    line = Line(0, 1795244400.0, "twin-a[web.1]", "at=info event=twin.woke")
    assert str(line) == "2026-11-21T07:00:00Z twin-a[web.1]: at=info event=twin.woke"


def test_waiting_finds_lines_of_the_past_and_of_the_future_but_none_before_the_mark() -> None:
    async def play() -> None:
        log = Log(Clock())
        log.write("a", "one")
        assert (await log.wait_for("one")).number == 0
        mark = log.count
        asyncio.get_running_loop().call_later(0.05, log.write, "a", "one more")
        assert (await log.wait_for("one", after=mark)).text == "one more"
        assert (await log.wait_for(lambda line: line.source == "a", after=mark)).number == 1

    asyncio.run(play())


def test_a_wait_that_times_out_shows_the_lines_that_came() -> None:
    async def play() -> None:
        log = Log(Clock())
        log.write("a", "something else")
        with pytest.raises(TimeoutError, match=r"no line 'one' in 0\.05 s.*\n.*something else"):
            await log.wait_for("one", 0.05)

    asyncio.run(play())


def test_readers_get_every_line_as_it_comes() -> None:
    log, read = Log(Clock()), list[str]()
    log.write("a", "before")
    log.subscribe(lambda line: read.append(line.text))
    log.write("a", "after")
    assert read == ["after"]


def test_a_faster_day_shortens_times_of_day_and_not_process_timeouts() -> None:
    fast = Limits().at_speed(60)
    assert (fast.idle_s, fast.cycle_s, fast.backoff_s) == (30.0, 1440.0, 10 / 60)
    assert (fast.boot_s, fast.stop_s, fast.first_byte_s, fast.queue_s) == (60, 30, 30, 75)


def test_the_dynos_share_the_clock_of_the_lab() -> None:
    clock = shifted(1795244100.0, 60)

    @on_platform()
    async def on_the_machines_own(platform: Platform) -> None:
        assert "TWIN_CLOCK" not in (await get((await stub(platform)).url)).json()["environ"]

    async def on_another() -> None:
        async with Platform(clock=clock) as platform:
            environ = (await get((await stub(platform)).url)).json()["environ"]
            assert clock_of(environ) == clock
            assert platform.log.lines[0].at - 1795244100.0 < 60 * 5

    on_the_machines_own()
    asyncio.run(on_another())
