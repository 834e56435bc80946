"""The hours of a twin: `00:00-12:00` in a time zone, every day."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

_FORM = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class Shift:
    """From `start` up to `end`, in minutes of the local day; over midnight if `end` is earlier."""

    start: int
    end: int
    zone: ZoneInfo

    def contains(self, wall: float) -> bool:
        local = datetime.fromtimestamp(wall, UTC).astimezone(self.zone)
        minute = local.hour * 60 + local.minute
        if self.start < self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end


def parse_shift(text: str, zone: ZoneInfo) -> Shift:
    """`00:00-12:00` -> Shift. Raises ValueError with the remedy."""
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a shift: write it like 00:00-12:00")
    hours = [int(group) for group in match.groups()]
    start, end = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
    if start == end:
        raise ValueError(f"{text!r} is empty: a shift ends at another time than it starts")
    return Shift(start, end, zone)
