"""Local time and moments. All that the schedules know about clocks that are put forward and back.

A moment is whole seconds since the epoch. A local time that two moments share (the clocks went
back) means the first of them; one that no moment has (they went forward) means the moment at which
the clocks moved. That is what Debian's cron does, and what people who set a time of day expect:
their job runs once.
"""

from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from zoneinfo import ZoneInfo, available_timezones


def zone(name: str) -> ZoneInfo:
    """The time zone of that name. Raises `ValueError`, with the nearest name that exists."""
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):  # OSError: "Asia" is a folder of zones
        raise ValueError(f"{name!r} is not a time zone: {_remedy(name)}") from None


def _remedy(name: str) -> str:
    known = {each.lower(): each for each in available_timezones()}
    near = get_close_matches(name.lower(), known, n=1)
    if near:
        return f"did you mean {known[near[0]]}?"
    return "write it as a region and a city, such as Asia/Tokyo"


def offset_s(where: ZoneInfo, moment: int) -> int:
    """How far the zone's clocks are ahead of UTC at that moment."""
    ahead = datetime.fromtimestamp(moment, where).utcoffset()
    assert ahead is not None  # noqa: S101 - a ZoneInfo always knows
    return int(ahead.total_seconds())


def local(where: ZoneInfo, moment: int) -> datetime:
    """What the zone's clocks show at that moment."""
    return datetime.fromtimestamp(moment, where)


def moment_of(shown: datetime) -> int:
    """The one moment meant by a local time (aware, of a `ZoneInfo`)."""
    first, second = _both(shown)
    if first <= second:
        return first
    where = shown.tzinfo
    assert isinstance(where, ZoneInfo)  # noqa: S101 - the contract, told to mypy
    return first_change(where, second, first)


def moments_of(shown: datetime) -> tuple[int, ...]:
    """All moments at which the clocks show it: none, one or two."""
    first, second = _both(shown)
    if first > second:
        return ()
    return (first,) if first == second else (first, second)


def first_change(where: ZoneInfo, low: int, high: int) -> int:
    """The first moment in (low, high] at which the offset is no longer that of `low`.

    There must be exactly one change in between.
    """
    before = offset_s(where, low)
    while high - low > 1:
        middle = (low + high) // 2
        if offset_s(where, middle) == before:
            low = middle
        else:
            high = middle
    return high


def _both(shown: datetime) -> tuple[int, int]:
    """The moment by the offset before a change, and by the one after it.

    They are the same on most days, in order where the clocks go back, and out of order for a time
    that is left out (PEP 495).
    """
    first, second = (shown.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return (first - epoch) // timedelta(seconds=1), (second - epoch) // timedelta(seconds=1)
