"""Local time and moments: the rules for clock changes.

A moment is whole seconds since the epoch. A local time that comes twice (the clocks go back) means
the first of the two moments. A local time that is skipped (the clocks go forward) means the moment
of the change. Debian's cron has the same rules: a job at a time of day runs once.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones


def zone(name: str) -> ZoneInfo:
    """The time zone of that name, in any case. Raises `ValueError`, with a remedy."""
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):  # OSError: "Asia" is a folder of zones
        pass
    known = {each.lower(): each for each in available_timezones()}
    if name.lower() in known:
        return ZoneInfo(known[name.lower()])
    raise ValueError(f"{name!r} is not a time zone: {_remedy(name, known)}")


_CITIES = {
    "cest": "Europe/Berlin",
    "eest": "Europe/Helsinki",
    "west": "Europe/Lisbon",
    "bst": "Europe/London",
    "msk": "Europe/Moscow",
    "trt": "Europe/Istanbul",
    "edt": "America/New_York",
    "cdt": "America/Chicago",
    "mdt": "America/Denver",
    "pst": "America/Los_Angeles",
    "pdt": "America/Los_Angeles",
    "brt": "America/Sao_Paulo",
    "ist": "Asia/Kolkata",
    "jst": "Asia/Tokyo",
    "kst": "Asia/Seoul",
    "sgt": "Asia/Singapore",
    "hkt": "Asia/Hong_Kong",
    "wib": "Asia/Jakarta",
    "aest": "Australia/Sydney",
    "aedt": "Australia/Sydney",
    "nzst": "Pacific/Auckland",
    "z": "UTC",
}
"""By an abbreviation that is no zone, where most people mean who write it."""
_OFFSET = re.compile(r"(?:utc|gmt)?([+-])0?(\d{1,2})(?::?00)?", re.IGNORECASE)


def _remedy(name: str, known: Mapping[str, str]) -> str:
    city, offset = _CITIES.get(name.lower()), _OFFSET.fullmatch(name)
    if city:
        return f"write {city}"
    if offset and int(offset[2]) <= 12:
        # POSIX counts the other way round.
        zone_there = f"Etc/GMT{'-' if offset[1] == '+' else '+'}{offset[2]}"
        return f"write {zone_there}, which is always at {offset[1]}{offset[2]} h, or a city's zone"
    if len(name) >= 5 and not name.isupper():  # an abbreviation is like many
        from difflib import get_close_matches

        near = get_close_matches(name.lower(), known, n=1)
        if near:
            return f"did you mean {known[near[0]]}?"
    return "write it as a region and a city, such as Asia/Tokyo"


def offset_s(where: ZoneInfo, moment: int) -> int:
    """The zone's offset from UTC at that moment, in seconds; positive to the east."""
    ahead = datetime.fromtimestamp(moment, where).utcoffset()
    assert ahead is not None  # noqa: S101 - a ZoneInfo always knows
    return int(ahead.total_seconds())


def local(where: ZoneInfo, moment: int) -> datetime:
    """The local time of the zone at that moment."""
    return datetime.fromtimestamp(moment, where)


def moment_of(shown: datetime) -> int:
    """The one moment meant by a local time (aware, of a `ZoneInfo`)."""
    first, second = _both(shown)
    if first <= second:
        return first
    where = shown.tzinfo
    assert isinstance(where, ZoneInfo)  # noqa: S101 - the contract, for mypy
    return first_change(where, second, first)


def moments_of(shown: datetime) -> tuple[int, ...]:
    """All moments at which the clocks show this local time: none, one or two."""
    first, second = _both(shown)
    if first > second:
        return ()
    return (first,) if first == second else (first, second)


def first_change(where: ZoneInfo, low: int, high: int) -> int:
    """The first moment in (low, high] whose offset differs from that of `low`.

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
    """The moments of a local time by the offsets before and after a change.

    They are equal on most days, in order where the clocks go back, and out of order for a skipped
    time (PEP 495).
    """
    first, second = (shown.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return (first - epoch) // timedelta(seconds=1), (second - epoch) // timedelta(seconds=1)
