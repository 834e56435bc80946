"""Which part of the other twin's history is believed: what can be true at this time.

The rules of the pair do not use it. So each part is judged by itself, and the rest is taken.
"""

from collections.abc import Mapping

from twin.core.pair.bounds import BOOT_BYTES, NAME_BYTES, TWIN_BYTES, is_longer, shortened
from twin.core.pair.history import KEPT_S, Change, Decision, Life, Look, Record

_AHEAD_S = 3600.0
"""A clock may be so far ahead. A later entry would stay the newest for ever."""
_WORD_BYTES = 20
"""Of a verdict, a role, a release."""


def credible(told: Record, wall: float) -> Record:
    """The part that can be true at `wall`, in epoch seconds."""
    return Record(
        _looks(told.looks, wall),
        _decisions(told.decisions, wall),
        _changes(told.changes, wall),
        _lives(told.lives, wall),
    )


def _is_of_its_time(at: float, wall: float) -> bool:
    return wall - KEPT_S <= at <= wall + _AHEAD_S


def _looks(told: Mapping[str, tuple[Look, ...]], wall: float) -> dict[str, tuple[Look, ...]]:
    return {
        name: tuple(
            look._replace(verdict=shortened(look.verdict, _WORD_BYTES))
            for look in looks
            if _is_of_its_time(look.at, wall) and look.minute == look.at // 60
        )
        for name, looks in told.items()
        if not is_longer(name, NAME_BYTES)
    }


def _decisions(
    told: Mapping[str, tuple[Decision, ...]], wall: float
) -> dict[str, tuple[Decision, ...]]:
    return {
        name: tuple(each for each in made if _is_of_its_time(each.at, wall))
        for name, made in told.items()
        if not is_longer(name, NAME_BYTES)
    }


def _changes(told: tuple[Change, ...], wall: float) -> tuple[Change, ...]:
    return tuple(
        each
        for each in told
        if _is_of_its_time(each.at_ms / 1000, wall)
        and not is_longer(each.twin, TWIN_BYTES)
        and not is_longer(each.boot, BOOT_BYTES)
        and not is_longer(each.role, _WORD_BYTES)
    )


def _lives(told: Mapping[str, Life], wall: float) -> dict[str, Life]:
    return {
        boot: life
        for boot, life in told.items()
        if life.since <= life.until <= wall + _AHEAD_S
        and not is_longer(boot, BOOT_BYTES)
        and not is_longer(life.twin, TWIN_BYTES)
        and not is_longer(life.release, _WORD_BYTES)
    }
