from node_bench import Bench, bench, document, job

from twin.core.events import Ended, Failed, Failure, Via
from twin.core.jobs import Job
from twin.core.knowledge import Entry, Fate
from twin.core.messages import Role
from twin.core.schedules import every
from twin.web.page import page
from twin.web.snapshot import peer_role, snapshot

EVIL = '<script>alert("x")</script>'


def told(made: Bench) -> dict[str, object]:
    return snapshot(made.node.look(), made.node.document(), made.clock.now())


def holder(name: str = "jobs.post") -> Bench:
    made = bench({name: Job(name, every("10s", None, "UTC"))})
    made.take_duty()
    return made


def role(made: Bench) -> str:
    return peer_role(made.node.look(), made.clock.now())


def test_a_peer_that_was_never_heard_is_unknown() -> None:
    assert role(bench()) == "unknown"


def test_a_peer_is_what_it_said_last() -> None:
    assert role(holder()) == "standby"


def test_a_peer_that_said_that_it_leaves_is_asleep() -> None:
    made = holder()
    made.hear(Via.DOWN, role=Role.LEAVING, leaving=True)
    assert role(made) == "asleep"


def test_a_peer_where_nobody_serves_is_unreachable() -> None:
    made = holder()
    made.node.handle(Failed(Failure.REFUSED, "the connection is refused"))
    assert role(made) == "unreachable"


def test_a_peer_that_is_silent_for_long_is_unreachable() -> None:
    made = holder()
    made.wait(39)
    assert role(made) == "standby"
    made.wait(2)
    assert role(made) == "unreachable"


def test_a_peer_that_turns_us_away_is_refused_and_the_page_says_why() -> None:
    made = holder()
    made.node.handle(Failed(Failure.DENIED, "set PEER_PASSWORD"))
    assert role(made) == "refused"
    assert "set PEER_PASSWORD" in page(told(made))


def test_a_job_that_asked_to_be_run_no_more_has_no_next_slot() -> None:
    made = holder()
    made.wait(10)
    (start,) = made.started
    made.node.handle(Ended(start.job, start.slot, Fate.CANCELLED, 0.1))
    (shown,) = snapshot(made.node.look(), made.node.document(), made.clock.now())["jobs"]
    assert (shown["state"], shown["next"]) == ("cancelled", None)


def test_the_page_shows_both_twins_and_the_jobs() -> None:
    made = holder()
    made.wait(10)
    html = page(told(made))
    for text in ("Twin a: on duty", "standby", "jobs.post", "every 10s", "running"):
        assert text in html


def test_a_name_of_a_job_is_shown_as_it_is() -> None:
    assert "<td>jobs.on_duty</td>" in page(told(holder("jobs.on_duty")))


def test_nothing_that_others_write_becomes_a_part_of_the_page() -> None:
    made = bench(job(EVIL))
    made.take_duty()
    made.hear(
        Via.LINE,
        twin=EVIL,
        role=Role.STANDBY,
        ledger={EVIL: Entry(10, Fate.FAILED, EVIL, EVIL, why=EVIL)},
    )
    made.node.handle(Failed(Failure.DENIED, EVIL))
    assert "<script>" not in page(told(made))


def test_a_document_says_nothing_of_what_the_page_adds() -> None:
    made = holder()
    for name in ("peer", "jobs", "term", "since", "version"):
        assert not hasattr(document(), name)
        assert name in told(made)
