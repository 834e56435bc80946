"""What a twin in strict mode says is wrong."""

from strictly import NEWER_A, B, StrictTwin

from twin.core.moment import Moment
from twin.core.pair.diagnosis import diagnose
from twin.core.pair.events import WatchLost


def told(twin: StrictTwin, later_s: float = 0.0) -> str:
    found = diagnose(twin.state, True, Moment(twin.wall + later_s, twin.mono + later_s))
    return "" if found is None else found.what


def test_nothing_is_wrong_with_a_pair_whose_arbiter_answers() -> None:
    assert told(StrictTwin().take(B)) == ""
    assert told(StrictTwin().stand_by(B)) == ""


def test_a_twin_alone_is_named() -> None:
    assert told(StrictTwin().take()).startswith("This twin is alone")


def test_a_silent_arbiter_is_named_with_what_it_means_for_this_twin() -> None:
    holder, standby = StrictTwin().take(B), StrictTwin().stand_by(B)
    for twin in (holder, standby):
        twin.is_cut_off = True
        twin.wait(5)
    assert "goes on as long as" in told(holder)
    assert "No twin takes the duty" in told(standby)


def test_a_peer_that_is_silent_is_named() -> None:
    assert "has not been heard" in told(StrictTwin().stand_by(B), 60)


def test_a_boot_that_a_newer_one_replaced_is_named() -> None:
    older = StrictTwin().stand_by(B).meet(NEWER_A)
    older.tell(WatchLost("it broke"))
    assert "A newer boot" in told(older)
