"""The Platform API, as an autoscaler uses it."""

import asyncio
import json
import threading
from pathlib import Path
from typing import Any, Literal

import httpx
import jsonschema
import pytest
from lab_bench import TLS, made, on_platform, stub
from node_bench import HandClock

from twin.clock import shifted
from twin.core.scaling.target import TargetError
from twin.lab.platform import Platform
from twin.lab.platform_api import ApiError, Failure, Tokens
from twin.scaling.platforms.heroku import HerokuAddress
from twin.scaling.retry import Retrying

ACCEPT = "application/vnd.heroku+json; version=3"
FAILURES: tuple[int | Literal["html"], ...] = (429, 500, 503, "html")
SCHEMA = json.loads(
    (Path(__file__).parent.parent / "data" / "heroku-formation.schema.json").read_text()
)


async def call(
    platform: Platform, method: str, path: str, body: object = None, **headers: str
) -> httpx.Response:
    every = {"Authorization": f"Bearer {platform.api.key}", "Accept": ACCEPT, **headers}
    async with httpx.AsyncClient(verify=TLS, timeout=5.0) as client:
        return await client.request(method, platform.api.url + path, json=body, headers=every)


def is_a_formation(value: Any) -> None:
    # draft-04 has no format check by default, and `type` is checked by itself.
    schema = {"$ref": "#/definitions/formation", "definitions": SCHEMA["definitions"]}
    jsonschema.Draft4Validator(schema).validate(value)
    assert value.keys() <= SCHEMA["definitions"]["formation"]["properties"].keys()


def is_an_error(response: httpx.Response, status: int, name: str) -> None:
    assert response.status_code == status, response.text
    assert response.json()["id"] == name
    assert response.json()["message"]


@on_platform()
async def test_a_formation_is_answered_as_the_published_schema_says(platform: Platform) -> None:
    app = await stub(platform)
    web = await call(platform, "GET", f"/apps/{app.id}/formation/web")
    worker = await call(platform, "GET", "/apps/stub/formation/worker")
    for entry, kind, quantity in ((web.json(), "web", 1), (worker.json(), "worker", 0)):
        is_a_formation(entry)
        assert (entry["type"], entry["quantity"]) == (kind, quantity)
    assert worker.headers["RateLimit-Remaining"] == "4498"


@on_platform()
async def test_a_patched_quantity_starts_dynos(platform: Platform) -> None:
    app = await stub(platform)
    answer = await call(platform, "PATCH", "/apps/stub/formation/web", {"quantity": 2})
    assert answer.status_code == 200
    is_a_formation(answer.json())
    assert answer.json()["quantity"] == 2
    await app.up()
    assert [dyno.name for dyno in app.dynos] == ["web.1", "web.2"]
    await platform.log.wait_for(r"stub\[api\]: Scaled to web@2:Standard-1X")


@on_platform()
async def test_an_invalid_request_is_refused_with_a_reason(platform: Platform) -> None:
    await made(platform)
    await made(platform, "eco", sleeps=True)
    web = "/apps/stub/formation/web"
    is_an_error(await call(platform, "GET", web, Authorization="x"), 401, "unauthorized")
    is_an_error(await call(platform, "GET", web, Accept="*/*"), 406, "not_acceptable")
    is_an_error(await call(platform, "GET", "/apps/no/formation/web"), 404, "not_found")
    is_an_error(await call(platform, "GET", "/apps/stub/formation/no"), 404, "not_found")
    is_an_error(await call(platform, "GET", "/account"), 404, "not_found")
    for quantity in ("2", 2.0, True, -1, None, 11):
        answer = await call(platform, "PATCH", web, {"quantity": quantity})
        is_an_error(answer, 422, "invalid_params")
    answer = await call(platform, "PATCH", "/apps/eco/formation/web", {"quantity": 2})
    is_an_error(answer, 422, "invalid_params")
    assert "Eco" in answer.json()["message"]


@on_platform()
async def test_an_empty_bucket_of_tokens_answers_429(platform: Platform) -> None:
    await made(platform)
    platform.api.tokens.left = 1.0
    answer = await call(platform, "GET", "/apps/stub/formation/web")
    assert answer.headers["RateLimit-Remaining"] == "0"
    is_an_error(await call(platform, "GET", "/apps/stub/formation/web"), 429, "rate_limit")


def test_tokens_come_back_at_75_a_minute_up_to_4500() -> None:
    tokens = Tokens(now=0.0)
    assert tokens.take(now=0.0) == 4499
    tokens.left = 0.0
    with pytest.raises(ApiError):
        tokens.take(now=0.1)
    assert tokens.take(now=60.1) == 74
    assert tokens.take(now=1e6) == 4499


@on_platform()
async def test_failures_can_be_asked_for(platform: Platform) -> None:
    app = await made(platform)
    path = "/apps/stub/formation/web"
    platform.api.fail(Failure(503), times=2)
    for _ in range(2):
        is_an_error(await call(platform, "PATCH", path, {"quantity": 2}), 503, "maintenance")
    platform.api.fail(Failure("html"), times=1)
    answer = await call(platform, "GET", path)
    assert answer.status_code == 502
    assert answer.headers["Content-Type"] == "text/html"
    assert app.formation["web"] == 1
    platform.api.fail(Failure("hang"), times=1)
    hanging = asyncio.create_task(call(platform, "GET", path))
    done, _ = await asyncio.wait({hanging}, timeout=0.2)
    assert not done
    assert (await call(platform, "GET", path)).status_code == 200
    hanging.cancel()


@on_platform()
async def test_a_failure_lasts_until_it_is_healed(platform: Platform) -> None:
    await made(platform)
    path = "/apps/stub/formation/web"
    platform.api.fail(Failure(429, retry_after_s=30))
    for _ in range(3):
        answer = await call(platform, "GET", path)
        is_an_error(answer, 429, "rate_limit")
        assert answer.headers["Retry-After"] == "30"
    platform.api.fail(Failure("html"))
    assert (await call(platform, "GET", path)).headers["Content-Type"] == "text/html"
    await platform.api.heal()
    answer = await call(platform, "GET", path)
    assert answer.status_code == 200
    assert "Retry-After" not in answer.headers


@on_platform()
async def test_a_change_can_be_refused_while_reading_goes_on(platform: Platform) -> None:
    app = await made(platform)
    path = "/apps/stub/formation/web"
    platform.api.fail(Failure(422, method="PATCH"))
    is_an_error(await call(platform, "PATCH", path, {"quantity": 2}), 422, "invalid_params")
    assert (await call(platform, "GET", path)).json()["quantity"] == app.formation["web"] == 1


@on_platform()
async def test_the_api_can_be_slow_and_can_be_cut_off(platform: Platform) -> None:
    await made(platform)
    path = "/apps/stub/formation/web"
    await platform.api.door.cut("delay", seconds=0.3)
    slow = asyncio.create_task(call(platform, "GET", path))
    done, _ = await asyncio.wait({slow}, timeout=0.2)
    assert not done
    assert (await slow).status_code == 200
    await platform.api.door.cut("refuse")
    with pytest.raises(httpx.ConnectError):
        await call(platform, "GET", path)
    await platform.api.heal()
    assert (await call(platform, "GET", path)).status_code == 200


@on_platform()
async def test_scaling_survives_each_short_failure(platform: Platform) -> None:
    app = await made(platform)
    address = HerokuAddress("stub", "web", platform.api.key, platform.api.url)
    at_speed = shifted(0.0, 100.0)
    target = Retrying(address.connect(), at_speed, threading.Event())
    for kind in FAILURES:
        platform.api.fail(Failure(kind), times=2)
        assert (await asyncio.to_thread(target.read)).quantity == app.formation["web"]
        platform.api.fail(Failure(kind), times=2)
        wanted = app.formation["web"] + 1
        assert await asyncio.to_thread(target.write, wanted) == wanted == app.formation["web"]


@on_platform()
async def test_scaling_backs_off_a_lasting_failure_and_notices_its_end(
    platform: Platform,
) -> None:
    await made(platform)
    address = HerokuAddress("stub", "web", platform.api.key, platform.api.url)
    clock = HandClock(rate=100.0)
    target = Retrying(address.connect(), clock, threading.Event())
    platform.api.fail(Failure(429, retry_after_s=90))
    calls = []
    for _ in range(8):
        with pytest.raises(TargetError, match=r"\(429\)"):
            await asyncio.to_thread(target.read)
        calls.append(platform.api.calls)
        clock.move(15)
    assert calls == [1, 1, 1, 1, 1, 1, 2, 2]
    await platform.api.heal()
    clock.move(60)
    assert (await asyncio.to_thread(target.read)).quantity == 1


@on_platform()
async def test_an_app_reports_maintenance_mode(platform: Platform) -> None:
    await made(platform)
    for says in (False, True):
        platform.api.in_maintenance = {"stub"} if says else set()
        answer = await call(platform, "GET", "/apps/stub")
        assert (answer.status_code, answer.json()["maintenance"]) == (200, says)
    is_an_error(await call(platform, "PATCH", "/apps/stub", {"name": "b"}), 403, "forbidden")
