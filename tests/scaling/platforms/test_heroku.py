"""The Heroku Platform API, as its published schema describes it, and its errors."""

import asyncio
import json
import socket
import ssl
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft4Validator
from wire import Wire

from twin.core.scaling.target import TargetError
from twin.scaling.platforms import api
from twin.scaling.platforms.heroku import HerokuAddress, HerokuTarget

KEY = "HRKU-6f2c-not-a-real-key"
SCHEMA = json.loads(
    (Path(__file__).parents[2] / "data" / "heroku-formation.schema.json").read_text()
)
UPDATE = next(link for link in SCHEMA["definitions"]["formation"]["links"] if "schema" in link)


def is_valid(body: Any, **part: Any) -> bool:
    """Whether a body fits a part of the published schema."""
    schema = {"definitions": SCHEMA["definitions"], **part}
    return bool(
        Draft4Validator(schema, format_checker=Draft4Validator.FORMAT_CHECKER).is_valid(body)
    )


def formation(process_type: str, quantity: int) -> dict[str, Any]:
    return {
        "app": {"id": "01234567-89ab-cdef-0123-456789abcdef", "name": "my-app"},
        "command": "uvicorn app:app",
        "created_at": "2026-01-01T12:00:00Z",
        "dyno_size": {"id": "01234567-89ab-cdef-0123-456789abcdef", "name": "Standard-1X"},
        "id": "01234567-89ab-cdef-0123-456789abcdef",
        "quantity": quantity,
        "size": "Standard-1X",
        "type": process_type,
        "updated_at": "2026-01-01T12:00:00Z",
    }


class Api:
    """A fake Platform API with one app. It validates requests and its own answers."""

    def __init__(self, **quantities: int) -> None:
        self.quantities = quantities
        self.requests: list[httpx.Request] = []
        self.omitted: tuple[str, ...] = ()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.headers["Authorization"] != f"Bearer {KEY}":
            return self._no(401, "unauthorized", "Invalid credentials provided.")
        path = request.url.path.split("/")
        if path[:4] != ["", "apps", "my-app", "formation"] or path[4] not in self.quantities:
            return self._no(404, "not_found", "Couldn't find that process type.")
        if request.method == "PATCH":
            body = json.loads(request.content)
            assert is_valid(body, **UPDATE["schema"])
            self.quantities[path[4]] = body["quantity"]
        answer = formation(path[4], self.quantities[path[4]])
        for field in self.omitted:
            del answer[field]
        assert is_valid(answer, **{"$ref": "#/definitions/formation"})
        return httpx.Response(200, json=answer)

    def _no(self, status: int, error: str, message: str) -> httpx.Response:
        body = {"id": error, "message": message}
        assert is_valid(body, **{"$ref": "#/definitions/error"})
        return httpx.Response(status, json=body)


def target(handler: Any, process_type: str = "web", key: str = KEY) -> HerokuTarget:
    return HerokuTarget(address(process_type, key), Wire(handler))


def address(
    process_type: str = "web", key: str = KEY, url: str = "https://api.test"
) -> HerokuAddress:
    return HerokuAddress("my-app", process_type, key, url)


def refused(answer: httpx.Response) -> TargetError:
    """The error raised for an answer of the API."""
    with pytest.raises(TargetError) as raised:
        target(lambda _: answer).write(3)
    return raised.value


def no(status: int, message: str = "Because.") -> httpx.Response:
    return httpx.Response(status, json={"id": "some_error", "message": message})


def test_the_schema_rejects_invalid_messages() -> None:
    assert is_valid({"quantity": 2}, **UPDATE["schema"])
    assert not is_valid({"quantity": "2"}, **UPDATE["schema"])
    assert not is_valid(
        {**formation("web", 1), "type": "no type"}, **{"$ref": "#/definitions/formation"}
    )
    assert not is_valid({"message": "no id"}, **{"$ref": "#/definitions/error"})


def test_a_read_returns_the_quantity_of_its_process_type() -> None:
    api = Api(clock=1, web=2, worker=4)
    assert target(api).read().quantity == 2
    assert target(api, "worker").read().quantity == 4


def test_a_change_scales_its_process_type_alone() -> None:
    api = Api(clock=1, web=2, worker=4)
    assert target(api, "worker").write(3) == 3
    assert api.quantities == {"clock": 1, "web": 2, "worker": 3}


def test_a_change_sends_an_integer_quantity_and_nothing_else() -> None:
    api = Api(web=2)
    target(api).write(3)
    (request,) = api.requests
    assert (request.method, request.url.path) == ("PATCH", "/apps/my-app/formation/web")
    assert json.loads(request.content) == {"quantity": 3}
    assert request.headers["Content-Type"] == "application/json"


def saying(status: int, name: str, message: str, **more: Any) -> httpx.Response:
    return httpx.Response(status, json={"id": name, "message": message, **more})


@pytest.mark.parametrize(
    ("name", "message", "heals", "remedy"),
    [
        ("not_found", "Couldn't find that process type (web).", False, "has no process type web"),
        ("invalid_params", "No such process type web.", False, "check SCALE_TARGET, and the app"),
        ("verification_needed", "Please verify your account.", False, "/account/billing"),
        ("invalid_params", "Enter a payment method.", False, "/account/billing"),
        ("invalid_params", "Dyno size Eco is not available.", False, "`heroku ps:type`"),
        ("invalid_params", "Cannot mix these dyno types.", False, "`heroku ps:type`"),
        ("invalid_params", "The app is locked for maintenance.", True, "is tried again by itself"),
        ("invalid_params", "A release is in progress.", True, "another change of my-app/web"),
        ("invalid_params", "Couldn't find that process type (clock).", False, "no process type"),
        ("invalid_params", "Something new.", False, "the message names the reason"),
    ],
)
def test_the_message_of_a_422_decides_its_remedy(
    name: str, message: str, heals: bool, remedy: str
) -> None:
    error = refused(saying(422, name, message))
    assert remedy in str(error)
    assert message in str(error)
    assert error.heals is heals
    assert error.limit is None


@pytest.mark.parametrize(
    ("message", "more", "limit"),
    [
        ("Cannot update to more than 1 Eco size dynos per process type.", {}, 1),
        ("Cannot run more than 2 Free size dynos.", {"limit": 2}, 2),
        ("The limit is reached.", {"limit": 0}, 0),
        ("Cannot scale above 2.", {}, 2),
        ("This space is limited to 2 dynos.", {}, 2),
    ],
)
def test_a_422_with_a_limit_names_it(message: str, more: dict[str, Any], limit: int) -> None:
    error = refused(saying(422, "cannot_run_above_limit", message, **more))
    assert error.limit == limit
    assert f"Heroku allows my-app/web no more than {limit} (422: {message})" in str(error)
    assert "`heroku ps:type`" in str(error)


@pytest.mark.parametrize("message", ["Names have no more than 30 letters.", "More than 3 is odd."])
def test_a_number_not_below_the_requested_one_is_no_limit(message: str) -> None:
    assert refused(saying(422, "invalid_params", message)).limit is None


def test_a_suspended_account_has_its_own_remedy() -> None:
    assert "ask its support" in str(refused(saying(403, "suspended", "It was suspended.")))


@pytest.mark.parametrize(
    ("answer", "closed"),
    [({"maintenance": True}, True), ({"maintenance": False}, False), ({}, False)],
)
def test_an_app_is_closed_in_maintenance_mode(answer: dict[str, bool], closed: bool) -> None:
    asked = []

    def app(request: httpx.Request) -> httpx.Response:
        asked.append((request.method, request.url.path))
        return httpx.Response(200, json={"name": "my-app", **answer})

    assert target(app).is_closed() is closed
    assert asked == [("GET", "/apps/my-app")]


def test_requests_have_the_headers_of_the_api() -> None:
    api = Api(web=2)
    target(api).read()
    headers = api.requests[0].headers
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert headers["Accept"] == "application/vnd.heroku+json; version=3"
    assert headers["User-Agent"] == "twin"


@pytest.mark.parametrize("field", ["size", "dyno_size", "type", "app", "command"])
def test_an_unused_field_may_be_missing(field: str) -> None:
    api = Api(web=2)
    api.omitted = (field,)
    assert target(api).read().quantity == 2


@pytest.mark.parametrize(
    ("status", "heals", "remedy"),
    [
        (401, False, "does not know the key for my-app/web (401): it is wrong, expired or revoked"),
        (401, False, "heroku authorizations:create"),
        (402, False, "before it scales my-app/web (402: Because.): see https://dashboard.heroku"),
        (403, False, "may not scale my-app/web (403: Because.): take the key of an account that"),
        (404, False, "my-app/web is not there (404: Because.): check the app's name"),
        (404, False, "the Procfile of its current release has the process type web"),
        (409, True, "another change of my-app/web is under way (409: Because.): it is tried again"),
        (410, False, "my-app/web is not there (410: Because.): check the app's name"),
        (422, False, "does not accept this for my-app/web (422: Because.): the message names"),
        (423, True, "another change of my-app/web is under way (423: Because.): it is tried again"),
        (429, True, "by itself, which should do in 1 min"),
        (500, True, "out of order (500): it is tried again by itself"),
        (503, True, "out of order (503): it is tried again by itself"),
        (418, False, "answered 418: Because., which it should not: check SCALE_API_URL"),
        (302, False, "answered 302: Because., which it should not: check SCALE_API_URL"),
    ],
)
def test_each_error_says_what_to_do_and_whether_it_heals(
    status: int, heals: bool, remedy: str
) -> None:
    error = refused(no(status))
    assert remedy in str(error)
    assert error.heals is heals


@pytest.mark.parametrize(
    ("after", "ending"),
    [("1", "in 1 min"), ("61", "in 2 min"), ("0", "in 1 min"), ("soon", "in 1 min")],
)
def test_a_429_names_when_to_retry(after: str, ending: str) -> None:
    answer = no(429)
    answer.headers["Retry-After"] = after
    assert str(refused(answer)).endswith(ending)
    assert refused(answer).retry_after_s == (int(after) if after.isdecimal() else 0)


def test_a_503_may_name_when_to_retry() -> None:
    answer = no(503)
    answer.headers["Retry-After"] = "120"
    assert refused(answer).retry_after_s == 120


@pytest.mark.parametrize("status", [404, 502])
def test_an_html_error_of_a_proxy_is_reported_by_its_status(status: int) -> None:
    error = refused(httpx.Response(status, html="<html><h1>Bad Gateway</h1></html>"))
    assert f"({status})" in str(error)
    assert "html" not in str(error)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, html="<html>Welcome to the hotel</html>"),
        httpx.Response(200, json=[formation("web", 2)]),
        httpx.Response(200, json={"type": "web"}),
        httpx.Response(200, json={"type": "web", "quantity": "2"}),
        httpx.Response(200, json={"type": "web", "quantity": True}),
        httpx.Response(200, json={"type": "web", "quantity": -1}),
        httpx.Response(200, json=formation("clock", 2)),
        httpx.Response(200, content=b"\xff\xfe{"),
        httpx.Response(204),
    ],
)
def test_an_answer_without_the_quantity_is_an_error(answer: httpx.Response) -> None:
    error = refused(answer)
    assert "without the quantity of my-app/web" in str(error)
    assert error.heals


def test_a_message_that_ends_within_a_character_is_encodable() -> None:
    error = refused(httpx.Response(403, content=rb'{"message": "not yours \ud83d"}'))
    assert "(403: not yours ?)" in str(error)


class Dripping(httpx.AsyncBaseTransport):
    """An answer that arrives byte by byte, and never ends."""

    async def handle_async_request(self, _: httpx.Request) -> httpx.Response:
        async def drip() -> AsyncIterator[bytes]:
            while True:
                yield b" "
                await asyncio.sleep(0.01)

        return httpx.Response(200, content=drip())


def test_a_hanging_api_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "REQUEST_S", 0.1)
    one = HerokuTarget(address(), Dripping())
    with pytest.raises(TargetError, match="did not answer in 4 s") as raised:
        one.read()
    assert raised.value.heals


def test_a_hanging_name_lookup_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    released, ended = threading.Event(), list[bool]()
    monkeypatch.setattr(api, "REQUEST_S", 0.1)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: ended.append(released.wait(3)))
    try:
        with pytest.raises(TargetError, match="did not answer in 4 s"):
            address(url="http://api.test").connect().read()
        assert not ended
    finally:
        released.set()


def test_an_unreachable_api_is_an_error_that_heals() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("[Errno 111] Connection refused", request=request)

    with pytest.raises(TargetError, match=r"cannot be reached .*Connection refused") as raised:
        target(refuse).read()
    assert raised.value.heals


def test_an_answer_whose_encryption_breaks_is_an_error_that_heals() -> None:
    def broken(_: httpx.Request) -> httpx.Response:
        raise ssl.SSLError(1, "[SSL: BAD_RECORD_TYPE] bad record type")

    with pytest.raises(TargetError, match=r"cannot be reached .*BAD_RECORD_TYPE") as raised:
        target(broken).read()
    assert raised.value.heals


def test_the_key_is_not_sent_to_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = f"http://127.0.0.1:{listener.getsockname()[1]}"
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.invalid:3128")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with pytest.raises(TargetError, match="Connection refused"):
        address(url=closed).connect().read()


def test_the_key_is_in_no_error_and_no_repr() -> None:
    assert KEY not in str(refused(no(422, f"{KEY} may not")))
    assert "[key] may not" in str(refused(no(422, f"{KEY} may not")))
    assert KEY not in repr(address())
    assert KEY not in repr(target(Api(web=1)))


def test_a_key_of_one_letter_is_not_masked_in_every_word() -> None:
    with pytest.raises(TargetError, match="the Platform API does not know the key"):
        target(lambda _: no(401), key="k").read()


def test_each_answer_updates_the_requests_left() -> None:
    answers = iter([{"RateLimit-Remaining": "298"}, {"RateLimit-Remaining": "many"}, {}])

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=formation("web", 2), headers=next(answers))

    one = target(answer)
    assert one.requests_left is None
    left = [(one.read(), one.requests_left)[1] for _ in range(3)]
    assert left == [298, None, None]


def test_a_change_updates_the_requests_left() -> None:
    headers = {"RateLimit-Remaining": "17"}
    one = target(lambda _: httpx.Response(200, json=formation("web", 3), headers=headers))
    one.write(3)
    assert one.requests_left == 17


def test_a_long_message_is_cut() -> None:
    assert len(str(refused(no(422, "x" * 10_000)))) < 500
