"""A Railway service: regions, errors with status 200, and the smallest plan."""

from threading import Event
from typing import Any

import httpx
import pytest
from fakes import KEY, Railway, body_of
from wire import Wire

from twin.core.scaling.target import TargetError
from twin.scaling.platforms.railway import RailwayAddress, RailwayTarget, spread
from twin.scaling.retry import Retrying


@pytest.mark.parametrize(
    ("message", "heals", "remedy"),
    [
        ("Not Authorized", False, "or not for this environment (200: Not Authorized). Make a new"),
        ("ServiceInstance not found", False, "copy the ids of service and environment anew"),
        ("Problem processing request", True, "is tried again by itself"),
        ("Rate limit exceeded", True, "allows no more requests for now (200): it is tried again"),
        ("Something new", False, "(200: Something new): the message names the reason"),
    ],
)
def test_an_error_with_status_200_is_an_error(message: str, heals: bool, remedy: str) -> None:
    fake = Railway()
    fake.fault = lambda _: fake.no(200, message)
    with pytest.raises(TargetError) as raised:
        fake.connect().read()
    assert remedy in str(raised.value)
    assert raised.value.heals is heals


def test_a_refusal_with_a_limit_is_followed() -> None:
    fake = Railway()
    one = fake.connect()

    def refuse(request: httpx.Request) -> httpx.Response | None:
        is_change = body_of(request)["query"].startswith("mutation")
        return fake.no(400, "Your plan allows at most 1 replica") if is_change else None

    fake.fault = refuse
    with pytest.raises(TargetError, match=r"Railway allows .* no more than 1") as raised:
        one.write(3)
    assert raised.value.limit == 1


def test_a_change_touches_the_replicas_of_its_service_alone() -> None:
    fake = Railway()
    fake.connect().write(3)
    patch = body_of(fake.requests[1])["variables"]["patch"]
    region = {"europe-west4": {"numReplicas": 3}}
    assert patch == {"services": {fake.service: {"deploy": {"multiRegionConfig": region}}}}


def test_a_service_without_regions_has_a_plain_number() -> None:
    sent = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(body_of(request))
        config: dict[str, Any] = {"services": {Railway.service: {}}}
        data = {"serviceInstance": {"numReplicas": None}, "environment": {"config": config}}
        return httpx.Response(200, json={"data": data})

    one = RailwayTarget(RailwayAddress(Railway.service, Railway.environment, KEY), Wire(answer))
    assert one.read().quantity == 1
    one.write(3)
    (service,) = sent[2]["variables"]["patch"]["services"].values()
    assert service == {"deploy": {"numReplicas": 3}}


@pytest.mark.parametrize(
    ("quantity", "spread_out"),
    [
        (3, {"eu": 2, "us": 1}),
        (5, {"eu": 3, "us": 2}),
        (1, {"eu": 0, "us": 1}),
        (4, {"eu": 3, "us": 1}),
    ],
)
def test_replicas_are_spread_over_the_regions(quantity: int, spread_out: dict[str, int]) -> None:
    assert spread({"eu": 3, "us": 1}, quantity) == spread_out


@pytest.mark.parametrize("counts", [True, False])
def test_a_day_on_the_free_plan_with_a_change_every_ten_minutes_fits(counts: bool) -> None:
    fake = Railway()
    fake.counts = counts
    target, began = Retrying(fake.connect(), fake.clock, Event()), fake.clock.now().wall
    changes = 0
    while (passed := fake.clock.now().wall - began) < 86_400:
        target.read()
        if passed >= changes * 600:
            changes += 1
            assert target.write(2 + changes % 2) == 2 + changes % 2
        fake.clock.move(14)
    assert changes == 144
