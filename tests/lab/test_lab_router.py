"""The router: waking and holding, its errors, streams, and injected faults."""

import asyncio
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from lab_bench import STUB, TLS, get, made, on_platform, stub

from twin.lab.platform import Platform


@asynccontextmanager
async def streamed(url: str) -> AsyncIterator[AsyncIterator[bytes]]:
    async with (
        httpx.AsyncClient(verify=TLS, timeout=10.0) as client,
        client.stream("GET", url) as response,
    ):
        yield response.aiter_raw()


@on_platform()
async def test_a_request_to_a_sleeping_app_wakes_it_and_is_held_until_it_listens(
    platform: Platform,
) -> None:
    app = await made(platform, sleeps=True, STUB_BOOT_S="0.4")
    await app.start()
    await app.up()
    await app.sleep()
    started = asyncio.get_running_loop().time()
    answers = await asyncio.gather(*(get(app.url) for _ in range(3)))
    assert [answer.status_code for answer in answers] == [200] * 3
    assert asyncio.get_running_loop().time() - started >= 0.4
    assert len({answer.json()["pid"] for answer in answers}) == 1


@on_platform(queue_s=0.3)
async def test_h20_a_request_is_held_for_a_limited_time_during_a_boot(platform: Platform) -> None:
    app = await made(platform, STUB_BOOT_S="30")
    await app.start()
    assert (await get(app.url)).status_code == 503
    await platform.log.wait_for('code=H20 desc="App boot timeout"')


@on_platform(backoff_s=30)
async def test_h10_an_app_that_crashed_is_answered_for_in_html(platform: Platform) -> None:
    app = await made(platform, STUB_EXIT="1")
    await app.start()
    await platform.log.wait_for("crashed.*restart=.in 30 s")
    answer = await get(app.url + "/x?y=1")
    assert answer.status_code == 503
    assert "<html>" in answer.text
    line = await platform.log.wait_for("code=H10")
    host = app.url.removeprefix("http://")
    assert line.source == "stub[router]"
    assert line.text == (
        f'at=error code=H10 desc="App crashed" method=GET path="/x?y=1" host={host}'
        " dyno= connect=0ms service=0ms status=503 bytes=0"
    )


@on_platform(first_byte_s=0.3)
async def test_h12_a_dyno_that_does_not_answer_in_time(platform: Platform) -> None:
    app = await stub(platform)
    assert (await get(app.url + "/slow/5")).status_code == 503
    await platform.log.wait_for('code=H12 desc="Request timeout" .*dyno=web.1')


@on_platform()
async def test_h13_a_dyno_that_dies_over_a_request(platform: Platform) -> None:
    app = await stub(platform)
    assert (await get(app.url + "/exit")).status_code == 503
    await platform.log.wait_for('code=H13 desc="Connection closed without response"')


@on_platform()
async def test_h14_an_app_scaled_to_no_web_dynos(platform: Platform) -> None:
    app = await stub(platform)
    await app.scale("web", 0)
    assert (await get(app.url)).status_code == 503
    await platform.log.wait_for('code=H14 desc="No web dynos running"')


@on_platform()
async def test_an_app_that_was_never_started_has_no_dynos_unless_declared_asleep(
    platform: Platform,
) -> None:
    app = await made(platform, sleeps=True)
    assert (await get(app.url)).status_code == 503
    app.asleep = True
    assert (await get(app.url)).status_code == 200


@on_platform(next_byte_s=0.3)
async def test_h15_a_stream_that_falls_silent_is_broken(platform: Platform) -> None:
    app = await stub(platform)
    async with streamed(app.url + "/silent") as chunks:
        assert await anext(chunks) == b"ab\n"
        with pytest.raises(httpx.RemoteProtocolError):
            await anext(chunks)
    await platform.log.wait_for('code=H15 desc="Idle connection"')


@on_platform()
async def test_requests_go_to_any_web_dyno_with_forwarding_headers(
    platform: Platform,
) -> None:
    app = await made(platform)
    await app.scale("web", 2)
    await app.up()
    async with httpx.AsyncClient(verify=TLS) as client:
        answers = [
            (await client.post(app.url, content=b"hello", headers={"X-Own": "1"})).json()
            for _ in range(20)
        ]
    assert {answer["dyno"] for answer in answers} == {"web.1", "web.2"}
    assert answers[0]["body"] == "hello"
    headers = answers[0]["headers"]
    assert headers["host"] == app.url.removeprefix("http://")
    assert headers["x-own"] == "1"
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-forwarded-proto"] == "http"
    assert headers["x-forwarded-port"] == str(app.door.port)
    assert re.fullmatch(r"[0-9a-f-]{36}", headers["x-request-id"])


@on_platform()
async def test_a_successful_request_has_a_log_line_too(platform: Platform) -> None:
    app = await stub(platform)
    await get(app.url + "/fine")
    line = await platform.log.wait_for('at=info method=GET path="/fine"')
    assert re.search(r"dyno=web\.1 connect=\d+ms service=\d+ms status=200 bytes=\d+", line.text)


@on_platform()
async def test_a_stream_passes_chunk_by_chunk(platform: Platform) -> None:
    app = await stub(platform)
    async with streamed(app.url + "/silent") as chunks, asyncio.timeout(2):
        assert await anext(chunks) == b"ab\n"  # the next chunk comes in a minute


@on_platform()
async def test_a_client_that_goes_away_closes_the_stream_in_the_dyno(platform: Platform) -> None:
    app = await stub(platform)
    async with streamed(app.url + "/stream") as chunks:
        await anext(chunks)
    await platform.log.wait_for(r"stub\[web\.1\]: stream closed")
    await platform.log.wait_for("code=H27 .* status=499")


@on_platform()
async def test_a_client_that_goes_away_while_it_is_held_is_forgotten(platform: Platform) -> None:
    app = await made(platform, STUB_BOOT_S="30")
    await app.start()
    async with httpx.AsyncClient(verify=TLS, timeout=0.2) as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.get(app.url)
    await platform.log.wait_for("code=H27 .* dyno= .* status=499")


@on_platform()
async def test_a_dyno_that_dies_breaks_its_streams_at_once_and_not_cleanly(
    platform: Platform,
) -> None:
    app = await stub(platform)
    async with streamed(app.url + "/silent") as chunks:
        await anext(chunks)
        await app.kill(signal.SIGKILL)
        with pytest.raises(httpx.RemoteProtocolError):
            await anext(chunks)
    await platform.log.wait_for('code=H18 desc="Server Request Interrupted" .*dyno=web.1')


@on_platform()
async def test_a_refused_line_refuses_connections_and_keeps_its_port(platform: Platform) -> None:
    app = await stub(platform)
    async with httpx.AsyncClient(verify=TLS) as client:
        await client.get(app.url)
        await app.door.cut("refuse")
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(app.url)  # on the open connection
        with pytest.raises(httpx.ConnectError):
            await client.get(app.url)
    await app.door.heal()
    assert (await get(app.url)).status_code == 200


@on_platform()
async def test_a_held_line_answers_nothing_and_delivers_late_when_it_heals(
    platform: Platform,
) -> None:
    app = await stub(platform)
    await app.door.cut("hold")
    held = asyncio.create_task(get(app.url))
    done, _ = await asyncio.wait({held}, timeout=0.3)
    assert not done
    await app.door.heal()
    assert (await held).status_code == 200


@on_platform()
async def test_a_held_line_silences_the_streams_that_are_open(platform: Platform) -> None:
    app = await stub(platform)
    async with streamed(app.url + "/stream") as chunks:
        await anext(chunks)
        await app.door.cut("hold")
        waiting = asyncio.ensure_future(anext(chunks))
        done, _ = await asyncio.wait({waiting}, timeout=0.1)  # one may be under way
        if done:
            waiting = asyncio.ensure_future(anext(chunks))
        done, _ = await asyncio.wait({waiting}, timeout=0.3)
        assert not done
        await app.door.heal()
        assert b"ab\n" in await waiting


@on_platform()
async def test_a_fault_can_be_for_one_path_only(platform: Platform) -> None:
    app = await stub(platform)
    await app.door.cut("drop", path="/down")
    await app.door.cut("delay", seconds=0.3, path="/late")
    with pytest.raises(httpx.RemoteProtocolError):
        await get(app.url + "/down")
    started = asyncio.get_running_loop().time()
    assert (await get(app.url + "/late")).status_code == 200
    assert asyncio.get_running_loop().time() - started >= 0.3
    assert (await get(app.url + "/other")).status_code == 200


@on_platform()
async def test_a_caller_with_its_own_door_can_be_cut_off_alone(platform: Platform) -> None:
    app = await stub(platform)
    door = await app.open_door("peer")
    await door.cut("refuse")
    with pytest.raises(httpx.ConnectError):
        await get(door.url)
    assert (await get(app.url)).status_code == 200
    await door.heal()
    assert (await get(door.url)).json()["pid"] == app.dynos[0].pid


@on_platform()
async def test_open_streams_can_be_broken(platform: Platform) -> None:
    app = await stub(platform)
    async with streamed(app.url + "/silent") as chunks:
        await anext(chunks)
        app.door.break_streams()
        with pytest.raises(httpx.TransportError):
            await anext(chunks)
    assert (await get(app.url)).status_code == 200


@on_platform()
async def test_the_address_is_known_and_taken_before_the_app_starts(platform: Platform) -> None:
    app = await made(platform)
    with pytest.raises(OSError, match="in use"):
        await platform.create("other", procfile={"web": STUB}, port=app.door.port)
