"""Twins in various states, and events from a peer's URL."""

from zoneinfo import ZoneInfo

from stepping import Twin

from twin.core.pair.events import (
    Failed,
    Failure,
    Froze,
    Looked,
    WatchLost,
)
from twin.core.pair.shift import Shift
from twin.core.pair.state import Rules

REFUSED = Failed(Failure.REFUSED, "the connection is refused")
DENIED = Failed(Failure.DENIED, "401: set TWIN_PASSWORD to one value on both")
STRANGER = Failed(Failure.STRANGER, "a blog answers there")
ON_STANDBY = Looked(on_duty=False, boot="1-b", alive=True)
A_PAGE = Looked(on_duty=False, boot="", alive=True)
NO_ANSWER = Looked(on_duty=False, boot="", alive=False)
NO_ENDPOINT = Failed(Failure.LEGACY, "404")
NEWER, OLDER = "1780056900000-b", "1780050000000-b"
NEWER_A = "1790000000000-x"
JOIN = Rules(takes_on_wake=False)
MORNING = Rules(shift=Shift(0, 12 * 60, ZoneInfo("UTC")))
EVENING = Rules(shift=Shift(12 * 60, 24 * 60 - 1, ZoneInfo("UTC")))


def claiming() -> Twin:
    return Twin().wake()


def on_duty() -> Twin:
    return Twin().take()


def standing_by() -> Twin:
    return Twin().stand_by()


def in_doubt() -> Twin:
    twin = standing_by()
    twin.tell(WatchLost("no line for 4.2 s"))
    return twin


def thawed() -> Twin:
    twin = on_duty()
    twin.wait(20)
    twin.tell(Froze(20.0))
    return twin


def look_for(twin: Twin, seconds: float, look: Looked) -> Twin:
    """Let time pass, with this answer to each look at the peer's `/healthz`."""
    for _ in range(10):
        twin.tell(look)
        twin.wait(seconds / 10)
    return twin
