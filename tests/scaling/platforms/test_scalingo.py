"""A Scalingo app: the exchange of its token, its limits and its container types."""

import httpx
import pytest
from fakes import Scalingo

from twin.core.scaling.target import TargetError


def hosts(fake: Scalingo) -> list[str]:
    return [each.url.host.partition(".")[0] for each in fake.requests]


def test_the_token_is_exchanged_once_and_again_when_it_has_expired() -> None:
    fake = Scalingo()
    one = fake.connect()
    one.read()
    one.read()
    assert hosts(fake) == ["auth", "api", "api"]
    fake.bearer = "jwt-111"
    assert one.read().quantity == 2
    assert hosts(fake)[3:] == ["api", "auth", "api"]


def test_a_token_that_is_refused_at_once_is_not_exchanged_again_and_again() -> None:
    fake = Scalingo()
    fake.fault = lambda request: fake.no(401, "no") if request.url.host == "api.test" else None
    with pytest.raises(TargetError, match="does not know the key"):
        fake.connect().read()
    assert hosts(fake) == ["auth", "api"]


def test_neither_token_is_shown() -> None:
    fake = Scalingo()
    one = fake.connect()
    one.read()
    fake.fault = lambda _: fake.no(422, f"{fake.bearer} may not")
    with pytest.raises(TargetError, match=r"\[key\] may not"):
        one.read()


def test_more_than_ten_are_not_asked_for() -> None:
    fake = Scalingo()
    with pytest.raises(TargetError, match=r"allows scalingo:shop/web no more than 10") as raised:
        fake.connect().write(11)
    assert raised.value.limit == 10
    assert fake.quantity == 2


@pytest.mark.parametrize(
    ("answer", "heals", "text"),
    [
        (
            httpx.Response(402, json={"error": "verify your account"}),
            False,
            "paid before it scales scalingo:shop/web (402: verify your account): see https://dash",
        ),
        (
            httpx.Response(422, json={"errors": {"amount": ["is too large"]}}),
            False,
            "(422: amount is too large): the message names the reason",
        ),
        (
            httpx.Response(200, json={"containers": [{"name": "worker", "amount": 1}]}),
            False,
            "the app has no containers of the type web",
        ),
    ],
)
def test_its_own_errors_are_reported(answer: httpx.Response, heals: bool, text: str) -> None:
    fake = Scalingo()
    fake.fault = lambda request: answer if request.url.host == "api.test" else None
    with pytest.raises(TargetError) as raised:
        fake.connect().read()
    assert text in str(raised.value)
    assert raised.value.heals is heals
