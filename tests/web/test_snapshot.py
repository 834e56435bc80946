"""`/status`, for people and programs."""

from typing import Any

from node_bench import Bench, bench, document

from twin.core.pair.arbiter import Answer, Member, Record, Ruling
from twin.core.pair.document import Role
from twin.core.pair.events import Ended, Failed, Failure, Ruled, Via
from twin.core.pair.history import Change, Life
from twin.core.pair.history import Record as Told
from twin.core.pair.knowledge import Fate
from twin.core.pair.state import Rules
from twin.core.schedule.job import Job
from twin.core.schedule.schedules import every
from twin.hosts import OFFERS
from twin.web.snapshot import About, peer_role, snapshot


def told(made: Bench) -> dict[str, Any]:
    return snapshot(made.node, made.clock.now(), About())


def holder(name: str = "jobs.post") -> Bench:
    made = bench({name: Job(name, every("10s", None, "UTC"))})
    made.take_duty()
    return made


def role(made: Bench) -> str:
    return peer_role(made.node.look(), made.clock.now())


def test_a_peer_that_was_never_heard_is_unknown() -> None:
    assert role(bench()) == "unknown"


def test_a_peer_has_its_last_reported_state() -> None:
    assert role(holder()) == "standby"


def test_a_peer_that_left_is_asleep() -> None:
    made = holder()
    made.hear(Via.DOWN, role=Role.LEAVING, leaving=True)
    assert role(made) == "asleep"


def test_a_peer_that_refuses_connections_is_unreachable() -> None:
    made = holder()
    made.node.handle(Failed(Failure.REFUSED, "the connection is refused"))
    assert role(made) == "unreachable"


def test_a_peer_that_is_silent_for_long_is_unreachable() -> None:
    made = holder()
    made.wait(39)
    assert role(made) == "standby"
    made.wait(2)
    assert role(made) == "unreachable"


def test_a_peer_that_denies_us_is_shown_with_the_reason() -> None:
    made = holder()
    made.node.handle(Failed(Failure.DENIED, "set PEER_PASSWORD"))
    assert role(made) == "refused"
    assert told(made)["wrong"]["remedy"] == "set PEER_PASSWORD"


def test_a_cancelled_job_has_no_next_slot() -> None:
    made = holder()
    made.wait(10)
    (start,) = made.started
    made.node.handle(Ended(start.job, start.slot, Fate.CANCELLED, 0.1))
    (shown,) = snapshot(made.node, made.clock.now(), About())["jobs"]
    assert (shown["state"], shown["next"]) == ("cancelled", None)


def test_a_document_holds_no_page_fields() -> None:
    made = holder()
    for name in ("peer", "jobs", "term", "since", "version"):
        assert not hasattr(document(), name)
        assert name in told(made)


def test_both_twins_are_shown_side_by_side() -> None:
    made = holder()
    made.hear(Via.LINE, url="https://b.example", recent=seen_of_b())
    this, other = told(made)["twins"]
    assert (this["twin"], this["role"], this["awake"]) == ("a", "on_duty", True)
    assert (other["twin"], other["role"], other["awake"]) == ("b", "standby", True)
    assert other["release"] == "v7"
    assert other["since"] == "2027-01-15T07:59:00Z"
    assert other["heard_at"] is not None


def test_a_twin_that_sleeps_is_not_awake_and_one_that_is_gone_neither() -> None:
    made = holder()
    made.hear(Via.DOWN, role=Role.LEAVING, leaving=True)
    assert told(made)["twins"][1]["awake"] is False


def test_whether_a_twin_that_was_never_heard_is_awake_is_unknown() -> None:
    assert told(bench())["twins"][1]["awake"] is None


def test_in_pair_mode_there_is_no_arbiter() -> None:
    shown = told(holder())
    assert shown["arbiter"] is None
    assert [twin["twin"] for twin in shown["twins"]] == ["a", "b"]


B, C = (Member(name, f"2-{name}", f"https://{name}.example") for name in "bc")


def listed(holder: Member | None, peer: str | None = None) -> Bench:
    """Twin a, to which the arbiter has told of b and c."""
    made = bench(peer=peer, rules=Rules(lease_s=10))
    made.wait(1)
    asking = made.asked.pop()
    answer = Answer(
        ruling=Ruling.TAKEN,
        now_ms=1000,
        record=Record(holder, 7, 9000) if holder else None,
        members=(asking.question.member, B, C),
        began_ms=0,
    )
    made.node.handle(Ruled(asking.question, asking.asked_at, answer))
    return made


def roles(made: Bench) -> dict[str, str]:
    return {twin["twin"]: twin["role"] for twin in told(made)["twins"]}


def test_a_twin_without_a_peer_shows_only_itself_until_the_arbiter_has_answered() -> None:
    assert roles(bench(peer=None, rules=Rules(lease_s=10))) == {"a": "waking"}


def test_the_twins_of_the_list_are_shown_with_the_holder_of_the_lease() -> None:
    made = listed(holder=C)
    assert roles(made) == {"a": "claiming", "b": "unknown", "c": "on_duty"}
    arbiter = told(made)["arbiter"]
    assert (arbiter["holder"], arbiter["lease_s"], arbiter["why_silent"]) == ("c", 10, None)
    assert arbiter["twins"] == ["a", "b", "c"]


def test_a_listed_twin_has_the_role_that_another_one_has_told() -> None:
    made = listed(holder=C)
    made.hear(Via.LINE, twin="c", boot="2-c", role=Role.ON_DUTY, recent=seen_of_b())
    assert roles(made)["b"] == "standby"
    shown = {twin["twin"]: twin for twin in told(made)["twins"]}["b"]
    assert (shown["release"], shown["awake"]) == ("v7", True)
    made.wait(50)
    assert roles(made)["b"] == "unknown"


def test_a_peer_at_the_url_of_a_listed_twin_is_shown_once() -> None:
    made = listed(holder=C, peer=B.url)
    urls = [twin["url"] for twin in told(made)["twins"]]
    assert sorted(filter(None, urls)) == [B.url, C.url]


def test_an_arbiter_that_does_not_answer_is_shown_with_the_reason() -> None:
    made = bench(peer=None, rules=Rules(lease_s=10))
    made.wait(1)
    asking = made.asked.pop()
    made.node.handle(Ruled(asking.question, asking.asked_at, None, "the arbiter is away"))
    assert told(made)["arbiter"]["why_silent"] == "the arbiter is away"


def test_a_healthy_pair_has_no_problem() -> None:
    assert told(holder())["wrong"] is None


def test_the_hours_are_shown_on_metered_hosts() -> None:
    made = holder()
    made.wait(7200)
    assert told(made)["hours"] is None
    offer = next(offer for offer in OFFERS if offer.key == "heroku-eco")
    hours = snapshot(made.node, made.clock.now(), About(offer))["hours"]
    assert (hours["host"], hours["budget"], hours["month"]) == ("Heroku Eco", 1000, "2027-01")
    assert hours["used"] == {"a": 2.0}
    assert hours["dry_on"] is None


def seen_of_b() -> Told:
    return Told(
        changes=(Change(1_799_999_940_000, "b", "2-b", "standby", "it woke"),),
        lives={"2-b": Life("b", 1_799_999_900, 1_800_000_000, "v7")},
    )
