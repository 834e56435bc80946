"""A sentence describes a problem of the pair, with its remedy."""

import pytest
from stepping import B_URL, Twin

from twin.core.pair.diagnosis import SILENT_S, Diagnosis, diagnose
from twin.core.pair.document import Role
from twin.core.pair.events import Failed, Failure, Tick, WatchLost


def told(twin: Twin, ticking: bool = True) -> Diagnosis:
    found = diagnose(twin.state, ticking, twin.now)
    assert found is not None
    assert found.remedy
    return found


@pytest.mark.parametrize("twin", [Twin().take(), Twin().stand_by()])
def test_a_healthy_pair_has_no_diagnosis(twin: Twin) -> None:
    assert diagnose(twin.state, True, twin.now) is None


def test_a_lone_twin_shows_how_to_deploy_the_other() -> None:
    alone = Twin(peer_url=None).wake()
    assert "PEER_URL=https://a.example" in told(alone).remedy


def test_a_sleeping_peer_is_no_problem() -> None:
    holder = Twin().take()
    holder.hear(Role.LEAVING)
    holder.wait(3600)
    assert diagnose(holder.state, True, holder.now) is None


def test_a_peer_that_fell_silent_may_be_on_duty_too() -> None:
    holder = Twin().take()
    holder.wait(SILENT_S + 1)
    assert told(holder).both_on_duty
    assert told(holder).what.startswith("b has not been heard since 2026-")


def test_a_peer_that_refuses_connections_is_gone() -> None:
    holder = Twin().take()
    holder.wait(SILENT_S + 1)
    holder.tell(Failed(Failure.REFUSED, "connection refused", holder.mono))
    assert told(holder).what == f"b is gone: nobody serves at {B_URL}."
    assert not told(holder).both_on_duty


def test_a_peer_that_was_never_heard_is_named_by_its_url() -> None:
    holder = Twin().wake()
    holder.wait(SILENT_S)
    assert B_URL in told(holder).remedy
    assert "never" in told(holder).what


def test_wrong_credentials_are_shown_with_their_remedy() -> None:
    holder = Twin().take()
    holder.tell(Failed(Failure.DENIED, "401: set PEER_PASSWORD", holder.mono))
    assert told(holder).remedy == "401: set PEER_PASSWORD"
    assert told(holder).both_on_duty


def test_a_peer_whose_calls_arrive_is_not_gone() -> None:
    holder = Twin().take()
    holder.tell(Failed(Failure.STRANGER, "it answers with a page", holder.mono))
    assert told(holder).what == "b calls, but its answers cannot be read."
    assert not told(holder).both_on_duty


def test_a_url_where_only_a_router_answers_has_no_twin() -> None:
    holder = Twin().take()
    holder.wait(SILENT_S + 1)
    holder.tell(Failed(Failure.STRANGER, "it answers 404", holder.mono))
    assert told(holder).what == f"No twin answers at {B_URL}."
    assert not told(holder).both_on_duty


def test_a_lasting_lack_of_a_holder_is_shown() -> None:
    standby = Twin().stand_by()
    standby.tell(WatchLost("it broke"))
    assert diagnose(standby.state, True, standby.now) is None
    standby._pass(11)
    assert told(standby).what == "Nobody is on duty."


def test_a_stuck_scheduler_is_the_gravest_problem() -> None:
    alone = Twin(peer_url=None).wake()
    alone.tell(Tick())
    assert "stands still" in told(alone, ticking=False).what
