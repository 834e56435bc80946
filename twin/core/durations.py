"""Durations in writing: `90s`, `15m`, `12h`, `7d`, `1h30m`."""

import re

_UNIT_S = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
# Six digits of minutes are nearly two years; more is a typing error.
_DURATION = re.compile("".join(f"(?:(?P<{unit}>[0-9]{{1,6}}){unit})?" for unit in _UNIT_S))


def parse_duration(text: str) -> int:
    """`"1h30m"` as 5400 seconds: whole numbers, each with its unit, the greater unit first.

    Raises `ValueError` for anything else, including the empty text.
    """
    found = _DURATION.fullmatch(text)
    if not found or not text:
        raise ValueError(
            f"{text!r} is not a duration: write numbers with s, m, h or d and no spaces, "
            "such as 90s, 15m, 12h, 7d or 1h30m"
        )
    return sum(int(number) * _UNIT_S[unit] for unit, number in found.groupdict("0").items())


def format_duration(seconds: int) -> str:
    """5400 as `"1h30m"`, which `parse_duration` reads as the same number. Takes 0 and more."""
    words = []
    for unit, length_s in _UNIT_S.items():
        number, seconds = divmod(seconds, length_s)
        if number:
            words.append(f"{number}{unit}")
    return "".join(words) or "0s"
