"""Changes of role and ends of slots are values for other code; the log is for people."""

from stepping import NOON, Twin

from twin.core.pair.document import Role
from twin.core.pair.events import Effect, Ended, Finished, Froze, Leave, RoleChanged, Skipped
from twin.core.pair.knowledge import Fate
from twin.core.schedule.job import Job
from twin.core.schedule.schedules import every

JOBS = {"post": Job("post", every("10s", None, "UTC"), grace_s=5)}


def changes(effects: tuple[Effect, ...]) -> list[RoleChanged]:
    return [effect for effect in effects if isinstance(effect, RoleChanged)]


def test_a_change_of_role_says_why() -> None:
    twin = Twin().take()
    assert changes(twin.hear(Role.ON_DUTY, twin.claim_of_b(above=10_000))) == [
        RoleChanged(Role.STANDBY, "b claims it")
    ]
    assert changes(twin.tell(Leave("SIGTERM"))) == [RoleChanged(Role.LEAVING, "SIGTERM")]


def test_a_holder_that_froze_is_claiming_for_that_reason() -> None:
    assert changes(Twin().take().tell(Froze(4.0))) == [
        RoleChanged(Role.CLAIMING, "it stood still for 4.0 s")
    ]


def test_without_a_change_of_role_there_is_no_role_effect() -> None:
    twin = Twin().take()
    assert changes(twin.hear(Role.STANDBY, twin.state.knowledge.claim)) == []


def test_missed_slots_are_one_effect_with_their_number() -> None:
    twin = Twin(jobs=JOBS).take()
    twin.wait(10)
    twin.tell(Ended("post", int(twin.wall) // 10 * 10, Fate.DONE, 0.1))
    twin.wall += 38
    skipped = [effect for effect in twin.wait(0) if isinstance(effect, Skipped)]
    assert skipped[0] == Skipped("post", int(NOON) + 20, int(NOON) + 30, 2)


def test_a_run_that_ends_is_an_effect_with_its_fate() -> None:
    twin = Twin(jobs=JOBS).take()
    twin.wait(10)
    slot = int(twin.wall) // 10 * 10
    assert Finished("post", slot, Fate.FAILED) in twin.tell(
        Ended("post", slot, Fate.FAILED, 0.1, "it raised")
    )
