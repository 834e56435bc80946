"""A Render service: zero, plans, and what only autoscaling hides."""

import httpx
import pytest
from fakes import KEY, Render
from wire import Wire

from twin.core.scaling.target import TargetError
from twin.scaling.platforms.render import RenderAddress, RenderTarget


def lines(fake: Render) -> list[str]:
    return [each.url.path.rpartition("/")[2] for each in fake.changes]


def test_zero_suspends_and_a_number_resumes() -> None:
    fake = Render()
    one = fake.connect()
    one.write(0)
    assert one.write(2) == 2
    assert one.write(0) == 0
    assert one.write(3) == 3
    assert lines(fake) == ["suspend", "resume", "suspend", "resume", "scale"]


def test_a_free_service_has_one_instance() -> None:
    fake = Render(quantity=1)
    fake.plan = "free"
    one = fake.connect()
    assert one.inspect().most == 1
    with pytest.raises(TargetError, match=r"no more than 1: .* a paid instance type") as raised:
        one.write(3)
    assert raised.value.limit == 1
    assert lines(fake) == []


@pytest.mark.parametrize("details", [{}, {"buildCommand": "make"}, {"numInstances": None}])
def test_a_service_without_instances_is_reported(details: dict[str, object]) -> None:
    site = {"suspended": "not_suspended", "serviceDetails": details}
    answer = Wire(lambda _: httpx.Response(200, json=site))
    with pytest.raises(TargetError, match="without the number of instances of render:srv-1"):
        RenderTarget(RenderAddress("srv-1", KEY), answer).read()
