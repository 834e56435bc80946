"""What holds for each platform with an HTTP API, on fakes of them."""

import asyncio
from collections.abc import AsyncIterator
from threading import Event
from typing import Any

import httpx
import pytest
from fakes import FAKES, KEY, Fake

from twin.clock import Clock
from twin.core.scaling.target import TargetError
from twin.scaling.platforms import PLATFORMS, api
from twin.scaling.platforms.rest import RestTarget
from twin.scaling.retry import Retrying

HTML = "<html><h1>Denied by a proxy</h1></html>"


@pytest.fixture(params=FAKES)
def fake(request: pytest.FixtureRequest) -> Fake:
    return FAKES[request.param]()


def failing(fake: Fake, answer: httpx.Response) -> RestTarget:
    fake.fault = lambda _: answer
    return fake.connect()


def error_of(fake: Fake, answer: httpx.Response) -> TargetError:
    with pytest.raises(TargetError) as raised:
        failing(fake, answer).read()
    return raised.value


def test_every_platform_with_an_api_has_a_fake() -> None:
    assert set(FAKES) == set(PLATFORMS) - {"heroku", "docker"}  # with tests of their own


def test_a_read_returns_the_quantity_and_changes_nothing(fake: Fake) -> None:
    target = fake.connect()
    assert target.read().quantity == 2
    assert target.name == fake.target
    assert fake.quantity == 2
    assert not target.is_closed()


@pytest.mark.parametrize("quantity", [1, 3])
def test_a_write_changes_the_quantity_and_returns_it(fake: Fake, quantity: int) -> None:
    target = fake.connect()
    assert target.write(quantity) == quantity
    assert target.read().quantity == quantity


def test_zero_and_back_works_where_it_is_allowed(fake: Fake) -> None:
    target = fake.connect()
    if not fake.allows_zero:
        with pytest.raises(TargetError, match="1 or more into SCALE_TIMETABLE") as raised:
            target.write(0)
        assert not raised.value.heals
        assert fake.quantity == 2
        return
    for quantity in (0, 3):
        assert target.write(quantity) == target.read().quantity == quantity
        fake.clock.move(15)


def test_a_write_of_what_is_there_already_changes_nothing(fake: Fake) -> None:
    fake.is_deaf = True
    assert fake.connect().write(2) == 2


def test_an_accepted_change_that_is_not_made_is_noticed(fake: Fake) -> None:
    fake.is_deaf = True
    target = Retrying(fake.connect(), Clock(), Event())
    with pytest.raises(TargetError, match=r"scaled to 3, .* but it stands at 2"):
        target.write(3)


def test_another_autoscaler_is_named_and_not_fought(fake: Fake) -> None:
    if not fake.can_have_a_rival:
        pytest.skip("this platform has no autoscaler")
    fake.has_rival = True
    target = fake.connect()
    assert "turn" in target.inspect().rival or "remove" in target.inspect().rival
    with pytest.raises(TargetError, match=fake.target) as raised:
        target.write(3)
    assert not raised.value.heals
    assert fake.quantity == 2


def test_an_inspection_changes_nothing(fake: Fake) -> None:
    seen = fake.connect().inspect()
    assert (seen.quantity, seen.rival) == (2, "")
    assert fake.quantity == 2


@pytest.mark.parametrize(
    ("status", "heals", "remedy"),
    [
        (401, False, "(401): it is wrong, expired or revoked. Make a new one"),
        (403, False, "its key may not scale"),
        (404, False, "is not there (404: Because.): "),
        (409, True, "(409: Because.): it is tried again by itself"),
        (422, False, "(422: Because.): the message names the reason"),
        (429, True, "(429): it is tried again by itself, which should do in 1 min"),
        (500, True, "out of order (500): it is tried again by itself"),
        (503, True, "out of order (503): it is tried again by itself"),
        (418, False, "which it should not: check SCALE_API_URL"),
        (302, False, "which it should not: check SCALE_API_URL"),
    ],
)
def test_each_error_says_what_to_do_and_whether_it_heals(
    fake: Fake, status: int, heals: bool, remedy: str
) -> None:
    error = error_of(fake, fake.no(status, "Because."))
    assert remedy in str(error)
    assert error.heals is heals


@pytest.mark.parametrize("status", [401, 403, 404, 429, 502])
def test_a_page_of_a_proxy_is_reported_by_its_status(fake: Fake, status: int) -> None:
    text = str(error_of(fake, httpx.Response(status, html=HTML)))
    assert f"({status})" in text
    assert "html" not in text


@pytest.mark.parametrize(
    ("headers", "after_s"),
    [
        ({"Retry-After": "61"}, 61),
        (
            {
                "Date": "Mon, 30 Nov 2026 10:00:00 GMT",
                "Retry-After": "Mon, 30 Nov 2026 10:02:00 GMT",
            },
            120,
        ),
        ({"Retry-After": "Mon, 30 Nov 2026 10:02:00 GMT"}, 0),
        ({"Retry-After": "soon"}, 0),
        ({}, 0),
    ],
)
def test_a_429_may_say_when_to_ask_again(
    fake: Fake, headers: dict[str, str], after_s: float
) -> None:
    answer = fake.no(429, "slow down")
    answer.headers.update(headers)
    assert error_of(fake, answer).retry_after_s == after_s


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, html=HTML),
        httpx.Response(200, json=7),
        httpx.Response(200, json={}),
        httpx.Response(200, content=b"\xff\xfe{"),
        httpx.Response(200, content=b"[" * 100_000),
        httpx.Response(204),
    ],
)
def test_an_answer_without_the_quantity_is_an_error_that_heals(
    fake: Fake, answer: httpx.Response
) -> None:
    error = error_of(fake, answer)
    assert "answered without" in str(error)
    assert error.heals


class Endless(httpx.AsyncBaseTransport):
    """An answer that never ends, with a pause between its parts."""

    def __init__(self, part: bytes, pause_s: float) -> None:
        self.part, self.pause_s, self.sent = part, pause_s, 0

    async def handle_async_request(self, _: httpx.Request) -> httpx.Response:
        async def parts() -> AsyncIterator[bytes]:
            while True:
                self.sent += len(self.part)
                yield self.part
                await asyncio.sleep(self.pause_s)

        return httpx.Response(200, content=parts())


def test_a_dripping_answer_times_out(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "REQUEST_S", 0.1)
    target = fake.connect()
    _replace_transport(target, Endless(b" ", 0.01))
    with pytest.raises(TargetError, match="did not answer in 4 s") as raised:
        target.read()
    assert raised.value.heals


def test_an_endless_answer_is_cut(fake: Fake) -> None:
    target, endless = fake.connect(), Endless(b" " * 100_000, 0)
    _replace_transport(target, endless)
    with pytest.raises(TargetError, match="answered without"):
        target.read()
    assert endless.sent < 5_000_000


def _replace_transport(target: Any, transport: httpx.AsyncBaseTransport) -> None:
    target._api._connect = lambda: transport


def test_an_unreachable_api_is_an_error_that_heals(fake: Fake) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("[Errno 111] Connection refused", request=request)

    fake.fault = refuse
    with pytest.raises(TargetError, match=r"cannot be reached .*Connection refused") as raised:
        fake.connect().read()
    assert raised.value.heals


def test_requests_say_who_asks_and_the_key_is_never_shown(fake: Fake) -> None:
    target = fake.connect()
    target.read()
    assert {each.headers["User-Agent"] for each in fake.requests} == {"twin"}
    assert KEY not in repr(target)
    assert KEY not in str(error_of(fake, fake.no(422, f"{KEY} may not")))


def test_an_hour_of_looks_and_a_change_stay_within_the_smallest_plan(fake: Fake) -> None:
    clock, began = fake.clock, fake.clock.now().wall
    target = Retrying(fake.connect(), clock, Event())
    while clock.now().wall - began < 3600:
        assert target.read().quantity == 2
        clock.move(14)
    for quantity in (3, 2, 1):
        assert target.read().quantity != quantity
        assert target.write(quantity) == quantity
        clock.move(11)  # as soon as a next look may come
