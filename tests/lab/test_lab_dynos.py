"""The dyno manager: boots, ends, restarts, replacements; with real processes."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from lab_bench import STUB, get, made, on_platform, stub, until

from twin.lab.app import DeployError
from twin.lab.dyno import State
from twin.lab.platform import Platform


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@on_platform()
async def test_a_web_dyno_is_up_once_it_listens(platform: Platform) -> None:
    app = await made(platform, STUB_BOOT_S="0.3")
    await app.start()
    await platform.log.wait_for("hello from")
    assert [dyno.state for dyno in app.dynos] == [State.STARTING]
    await app.up()
    [dyno] = app.dynos
    assert (dyno.name, dyno.state) == ("web.1", State.UP)
    assert dyno.bound_at is not None
    assert dyno.bound_at - dyno.launched_at >= 0.3


@on_platform()
async def test_a_dyno_knows_its_config_vars_and_nothing_of_this_machine(
    platform: Platform,
) -> None:
    os.environ["SECRET_OF_THIS_MACHINE"] = "1"
    try:
        app = await stub(platform, COLOUR="red")
        environ = (await get(app.url)).json()["environ"]
    finally:
        del os.environ["SECRET_OF_THIS_MACHINE"]
    assert environ["COLOUR"] == "red"
    assert environ["DYNO"] == "web.1"
    assert environ["PORT"] == str(app.dynos[0].port)
    assert environ["WEB_CONCURRENCY"] == "2"  # the buildpack's trap
    assert "SECRET_OF_THIS_MACHINE" not in environ


@on_platform()
async def test_only_web_dynos_have_a_port(platform: Platform) -> None:
    command = "python -S -c \"import os; print('port:', os.environ.get('PORT'))\""
    app = await platform.create("app", procfile={"worker": command}, quantity={"worker": 1})
    await app.start()
    await platform.log.wait_for(r"app\[worker\.1\]: port: None")


@on_platform()
async def test_stdout_and_stderr_are_collected_by_line_with_their_source(
    platform: Platform,
) -> None:
    await stub(platform)
    line = await platform.log.wait_for("hello from web.1")
    assert (line.source, line.text) == ("stub[web.1]", "hello from web.1")
    assert (await platform.log.wait_for("and from stderr")).source == "stub[web.1]"


@on_platform()
async def test_a_line_that_is_too_long_is_split_and_the_last_one_needs_no_end(
    platform: Platform,
) -> None:
    command = "python -S -c \"print('x' * 10_001 + '\\nend', end='')\""
    app = await platform.create("app", procfile={"web": command})
    await app.start()
    await platform.log.wait_for(r"app\[web\.1\]: end$")
    written = platform.log.matching(r"app\[web\.1\]: x")
    assert [len(line.text) for line in written[:2]] == [10_000, 1]


@on_platform(boot_s=0.3)
async def test_r10_a_web_process_that_does_not_listen_in_time_is_killed(
    platform: Platform,
) -> None:
    app = await made(platform, STUB_BOOT_S="30")
    await app.start()
    await platform.log.wait_for('code=R10 desc="Boot timeout" dyno=web.1')
    await platform.log.wait_for("event=dyno.exited .* status=-9")


@pytest.mark.parametrize("status", ["0", "1"])
def test_a_dyno_that_ends_restarts_with_growing_delays_whatever_its_exit_status(
    status: str,
) -> None:
    @on_platform(backoff_s=0.1, backoff_most_s=0.3)
    async def play(platform: Platform) -> None:
        await (await made(platform, STUB_EXIT=status)).start()
        crash = f"dyno.crashed dyno=web.1 status={status} restart="
        await platform.log.wait_for(lambda _: len(platform.log.matching(crash)) == 5)
        waits = [line.text.partition("restart=")[2] for line in platform.log.matching(crash)]
        seconds = ["0.1", "0.2", "0.3", "0.3"]
        assert waits == ['"at once"', *(f'"in {wait} s"' for wait in seconds)]

    play()


@on_platform(stop_s=0.3)
async def test_r12_a_process_that_ignores_sigterm_is_killed(platform: Platform) -> None:
    app = await stub(platform, STUB_STUBBORN="1")
    [old] = app.dynos
    await app.cycle()
    await platform.log.wait_for('code=R12 desc="Exit timeout" dyno=web.1')
    await until(lambda: old.state is State.STOPPED)
    assert old.exit_status == -signal.SIGKILL


@on_platform(stop_s=0.5)
async def test_the_replacement_starts_when_sigterm_is_sent_not_when_the_old_one_is_gone(
    platform: Platform,
) -> None:
    app = await stub(platform, STUB_STUBBORN="1")
    [old] = app.dynos
    await app.cycle()
    await app.changes.until(lambda: len(app.lives) == 2, 20)
    assert [dyno.name for dyno in app.lives] == ["web.1", "web.1"]
    await app.up()
    assert old.state is State.STOPPING
    assert app.dynos[0].port != old.port
    assert (await get(app.url)).json()["pid"] == app.dynos[0].pid


@on_platform(cycle_s=0.5, cycle_spread_s=0.1)
async def test_every_dyno_is_cycled_after_its_day(platform: Platform) -> None:
    app = await stub(platform)
    [first] = app.dynos
    await platform.log.wait_for("event=dyno.cycling dyno=web.1")
    await app.changes.until(lambda: app.dynos[0] is not first, 20)
    await until(lambda: first.state is State.STOPPED)


@on_platform()
async def test_a_killed_dyno_is_restarted_at_once(platform: Platform) -> None:
    app = await stub(platform)
    [first] = app.dynos
    await app.kill(signal.SIGKILL)
    await app.changes.until(lambda: app.dynos[0] is not first, 20)
    await app.up()
    assert first.exit_status == -signal.SIGKILL
    assert (await get(app.url)).json()["pid"] == app.dynos[0].pid


@on_platform()
async def test_a_dyno_killed_without_respawn_stays_down_until_it_is_started(
    platform: Platform,
) -> None:
    app = await stub(platform)
    await app.kill(respawn=False)
    await platform.log.wait_for("dyno.crashed dyno=web.1 status=-9 restart=no")
    assert (await get(app.url)).status_code == 503
    assert [dyno.state for dyno in app.dynos] == [State.CRASHED]
    await app.start()
    await app.up()
    assert (await get(app.url)).status_code == 200


@on_platform()
async def test_a_config_var_makes_a_release_and_restarts_the_app(platform: Platform) -> None:
    app = await stub(platform, COLOUR="red", SHAPE="round")
    [first] = app.dynos
    release = await app.set_config({"COLOUR": "blue", "SHAPE": None})
    assert (release.name, release.description) == ("v2", "Set COLOUR, SHAPE config vars")
    await app.changes.until(lambda: app.dynos[0] is not first, 20)
    environ = (await get(app.url)).json()["environ"]
    assert environ["COLOUR"] == "blue"
    assert "SHAPE" not in environ
    assert [r.config.get("COLOUR") for r in app.releases] == ["red", "blue"]


@on_platform()
async def test_a_deploy_side_by_side_leads_to_the_new_dyno_once_it_listens(
    platform: Platform,
) -> None:
    app = await stub(platform)
    [old] = app.dynos
    slow = f"/usr/bin/env STUB_BOOT_S=0.6 {STUB}"
    deploy = asyncio.create_task(app.deploy(overlap_s=0.5, procfile={"web": slow}))
    await app.changes.until(lambda: len(app.lives) == 2, 20)
    assert (await get(app.url)).json()["pid"] == old.pid
    await deploy
    assert (await get(app.url)).json()["pid"] == app.dynos[0].pid != old.pid
    assert old.state is State.UP
    await until(lambda: old.state is State.STOPPED)
    assert app.releases[-1].name == "v2"


@on_platform()
async def test_a_deploy_whose_dynos_crash_leaves_the_old_ones_in_place(
    platform: Platform,
) -> None:
    app = await stub(platform)
    [old] = app.dynos
    with pytest.raises(DeployError):
        await app.deploy(overlap_s=0.1, procfile={"web": "/bin/false"})
    assert (await get(app.url)).json()["pid"] == old.pid
    assert app.releases[-1].procfile["web"] == STUB


@on_platform()
async def test_scaling_starts_and_stops_dynos_by_their_numbers(platform: Platform) -> None:
    app = await stub(platform)
    await app.scale("web", 3)
    await app.up()
    assert [dyno.name for dyno in app.dynos] == ["web.1", "web.2", "web.3"]
    await app.scale("web", 1)
    await until(lambda: len(app.lives) == 1)
    assert [dyno.name for dyno in app.lives] == ["web.1"]


@on_platform(idle_s=0.4)
async def test_an_app_that_sleeps_gets_sigterm_when_it_had_no_request_for_the_idle_time(
    platform: Platform,
) -> None:
    app = await made(platform, sleeps=True)
    await app.start()
    await app.up()
    [first] = app.dynos
    await until(lambda: first.state is State.ASLEEP)
    assert first.exit_status == -signal.SIGTERM
    assert app.lives == []
    assert (await get(app.url)).status_code == 200


@on_platform(idle_s=1.0)
async def test_an_app_that_boots_longer_than_its_idle_time_answers_the_waking_request(
    platform: Platform,
) -> None:
    app = await made(platform, sleeps=True, STUB_BOOT_S="1.5")
    app.asleep = True
    assert (await get(app.url)).status_code == 200


@on_platform(idle_s=1.5)
async def test_requests_keep_an_app_awake(platform: Platform) -> None:
    app = await made(platform, sleeps=True)
    await app.start()
    for _ in range(16):
        await get(app.url)
        await asyncio.sleep(0.1)
    assert not platform.log.matching("app.sleeping")


def test_leaving_the_platform_ends_every_process_even_one_that_ignores_sigterm() -> None:
    pids: list[int] = []

    async def play() -> None:
        async with Platform(close_s=0.3) as platform:
            app = await stub(platform, STUB_STUBBORN="1")
            await app.cycle()
            await app.changes.until(lambda: len(app.lives) == 2, 20)
            pids.extend(dyno.pid for dyno in app.lives)

    asyncio.run(play())
    assert len(pids) == 2
    assert not any(map(lives, pids))


_KILLED = """
import asyncio, sys
sys.path.insert(0, sys.argv[1])
from lab_bench import stub
from twin.lab.platform import Platform

async def play():
    async with Platform() as platform:
        print((await stub(platform, STUB_STUBBORN="1")).dynos[0].pid, flush=True)
        print(platform.control("any").parent, flush=True)
        await asyncio.Event().wait()

asyncio.run(play())
"""


def test_even_a_platform_that_is_killed_leaves_nothing_behind() -> None:
    here = str(Path(__file__).parent)
    with subprocess.Popen(
        [sys.executable, "-c", _KILLED, here], stdout=subprocess.PIPE, text=True
    ) as killed:
        assert killed.stdout
        pid, directory = int(killed.stdout.readline()), Path(killed.stdout.readline().strip())
        assert lives(pid)
        assert directory.is_dir()
        killed.kill()
    asyncio.run(until(lambda: not lives(pid) and not directory.exists()))
