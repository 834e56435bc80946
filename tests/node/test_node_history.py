"""The pair's history on one twin: its own records and the peer's."""

import pytest
from node_bench import WALL, Bench, bench, job

from twin.core.pair.document import Role
from twin.core.pair.events import Via
from twin.core.pair.history import Life, Look, Record
from twin.node.history import RECENT_S

LOOK = Look(int(WALL // 60), 80, "healthy", int(WALL), 3, 3)
SEEN = Record(looks={"web": (LOOK,)})


@pytest.fixture
def holder() -> Bench:
    made = bench(job())
    made.take_duty()
    return made


def known(made: Bench) -> Record:
    return made.node.history.between(0, 1e10)


def test_records_go_out_with_every_message_for_a_minute(holder: Bench) -> None:
    holder.node.history.record(SEEN)
    assert holder.node.document().recent.looks == SEEN.looks
    holder.wait(2 * RECENT_S)
    assert not holder.node.document().recent.looks
    assert known(holder).looks == SEEN.looks


def test_the_records_of_a_message_are_kept(holder: Bench) -> None:
    holder.hear(Via.LINE, recent=SEEN)
    assert known(holder).looks == SEEN.looks


def test_changes_of_role_are_recorded_with_their_reason(holder: Bench) -> None:
    changes = [(change.role, change.because) for change in known(holder).changes]
    assert changes == [("claiming", "it woke"), ("on_duty", "b knows of it")]


def test_how_long_both_have_been_awake_is_known_to_5_s(holder: Bench) -> None:
    began = int(holder.clock.now().wall)
    for _ in range(10):
        holder.wait(2)
        holder.hear(Via.LINE)
    lives = known(holder).lives
    assert lives["1-a"].until - began in range(15, 21)
    assert lives["2-b"].until - began in range(15, 21)
    assert lives["2-b"].twin == "b"


def test_a_peer_heard_for_the_first_time_is_asked_for_its_whole_history() -> None:
    made = bench(job())
    made.wait(2)
    made.hear(Via.ANSWER)
    assert made.asked_since == [0]


def test_a_peer_that_is_heard_all_the_time_is_not_asked_again(holder: Bench) -> None:
    holder.node.history.caught_up(holder.clock.now().wall)
    holder.asked_since.clear()
    for _ in range(60):
        holder.wait(15)
        holder.hear(Via.LINE)
    assert holder.asked_since == []


def test_after_a_silence_the_peer_is_asked_for_the_missing_history(holder: Bench) -> None:
    heard_at = holder.clock.now().wall
    holder.node.history.caught_up(heard_at)
    holder.asked_since.clear()
    holder.wait(300)
    holder.hear(Via.LINE)
    assert holder.asked_since == [heard_at - RECENT_S]


def test_a_missing_answer_is_requested_again_later(holder: Bench) -> None:
    holder.asked_since.clear()
    for _ in range(20):
        holder.wait(1)
        holder.hear(Via.LINE)
    assert holder.asked_since == [0]


def test_an_older_boot_of_our_own_is_not_taken_for_the_peer(holder: Bench) -> None:
    holder.wait(300)
    holder.asked_since.clear()
    holder.hear(Via.OWN, twin="a", boot="0-a", role=Role.LEAVING, recent=SEEN)
    assert holder.asked_since == []
    assert known(holder).looks == SEEN.looks


def test_after_a_month_a_boot_is_forgotten(holder: Bench) -> None:
    holder.node.history.record(Record(lives={"0-a": Life("a", 0, 60)}))
    holder.wait(10)
    assert "0-a" not in known(holder).lives


def test_records_of_the_future_are_not_kept(holder: Bench) -> None:
    ahead = LOOK._replace(minute=LOOK.minute + 100, at=LOOK.at + 6_000)
    holder.hear(Via.LINE, recent=Record(looks={"web": (ahead,)}))
    assert known(holder).looks == {}
