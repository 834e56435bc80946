"""The target: an app with controlled answers."""

import asyncio
import shlex
import sys
from pathlib import Path

import pytest
from lab_bench import get, on_platform

from twin.lab.platform import Platform


@on_platform()
async def test_every_dyno_answers_and_logs_its_own_name(platform: Platform) -> None:
    shop = await platform.create_target(web=2)
    await shop.start()
    await shop.up()
    names = {(await get(shop.url)).json()["dyno"] for _ in range(16)}
    assert names == {"web.1", "web.2"}
    for name in names:
        await platform.log.wait_for(rf"shop\[{name}\]: at=info event=request.answered dyno={name}")


@on_platform()
async def test_the_whole_app_can_be_made_slow_or_failing_and_well_again(
    platform: Platform,
) -> None:
    shop = await platform.create_target(web=2)
    await shop.start()
    await shop.up()
    platform.behave("shop", latency_s=0.3)
    started = asyncio.get_running_loop().time()
    await asyncio.gather(*(get(shop.url) for _ in range(4)))
    assert asyncio.get_running_loop().time() - started >= 0.3
    platform.behave("shop", status=500)
    assert {(await get(shop.url)).status_code for _ in range(4)} == {500}
    platform.behave("shop")
    assert (await get(shop.url)).status_code == 200


def test_python_may_be_in_a_folder_with_a_space_in_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "a folder" / "python"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    python.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(python))

    @on_platform()
    async def story(platform: Platform) -> None:
        shop = await platform.create_target()
        await shop.start()
        await shop.up()

    story()
