"""A Fly app: its pool, its process groups and its tokens."""

import httpx
import pytest
from fakes import KEY, Fly, body_of
from wire import Wire

from twin.core.parser import Parser
from twin.core.scaling.target import TargetError
from twin.scaling.platforms.fly import FlyAddress, FlyTarget


def test_no_more_machines_run_than_there_are() -> None:
    fake = Fly()
    one = fake.connect()
    assert one.inspect().most == 4
    with pytest.raises(TargetError, match=r"no more than 4: .*`fly scale count`") as raised:
        one.write(5)
    assert raised.value.limit == 4
    fake.clock.move(15)
    assert one.write(4) == 4


def test_a_stopped_machine_may_end_in_peace() -> None:
    fake = Fly()
    fake.connect().write(0)
    assert [body_of(each) for each in fake.changes] == [{"signal": "SIGTERM", "timeout": "30s"}] * 2


def group_of(fake: Fly, name: str, group: str, **config: object) -> dict[str, object]:
    machine = fake.machine(name, True, group)
    machine["config"] |= config
    return machine


def test_an_app_with_several_groups_needs_one_named() -> None:
    fake = Fly()
    fake.others = (group_of(fake, "w1", "worker"),)
    with pytest.raises(TargetError, match=r"must name one process group .* app, worker"):
        fake.connect().read()
    worker = FlyTarget(FlyAddress("shop", "worker", KEY, fake.url), Wire(fake))
    assert worker.read().quantity == 1
    with pytest.raises(TargetError, match="there are app, worker"):
        FlyTarget(FlyAddress("shop", "clock", KEY, fake.url), Wire(fake)).read()


def test_machines_of_fly_itself_and_spare_ones_do_not_count() -> None:
    fake = Fly()
    fake.others = (
        group_of(fake, "r1", "fly_app_release_command"),
        group_of(fake, "s1", "app", standbys=["m0"]),
    )
    assert fake.connect().read().quantity == 2


def test_a_machine_that_is_replaced_by_a_deploy_still_counts() -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        states = ("started", "replacing", "starting", "stopping", "destroyed", "suspended")
        machines = [{**Fly().machine(f"m{each}", True), "state": each} for each in states]
        return httpx.Response(200, json=machines)

    seen = FlyTarget(FlyAddress("shop", "", KEY), Wire(answer)).look()
    assert (seen.quantity, seen.most) == (3, 4)


def test_an_app_without_machines_is_reported() -> None:
    fake = Fly()
    fake.pool = 0
    with pytest.raises(TargetError, match="there are none: make some with `fly scale count`"):
        fake.connect().read()


@pytest.mark.parametrize(
    ("printed", "header"),
    [("FlyV1 fm2_abc,fm2_def", "FlyV1 fm2_abc,fm2_def"), ("old-token", "Bearer old-token")],
)
def test_a_token_is_taken_as_fly_prints_it(printed: str, header: str) -> None:
    seen, problems = [], list[str]()

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["Authorization"])
        return httpx.Response(200, json=[Fly().machine("m0", True)])

    address = FlyAddress.read("shop", Parser({}, problems), {"SCALE_API_KEY": printed})
    assert address is not None
    FlyTarget(address, Wire(answer)).read()
    assert (seen, problems) == ([header], [])
