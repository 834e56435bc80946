"""Memos: dataclasses as texts, which the pair carries from one twin to the next."""

import json
from dataclasses import asdict, fields
from typing import Any, TypeVar

from twin.core.pair.bounds import TEXT_BYTES, shortened

T = TypeVar("T")

_FAR_S = 6e10
"""In the year 3871, or 68. Python's JSON parser accepts times outside the calendar, and even
NaN."""


def written(memory: Any) -> str:
    """A dataclass as JSON, for the pair to carry; fields with their default are left out."""
    usual = asdict(type(memory)())
    told = {
        name: shortened(value, TEXT_BYTES) if isinstance(value, str) else value
        for name, value in asdict(memory).items()
        if value != usual[name]
    }
    return json.dumps(told, ensure_ascii=False)


def read_as(kind: type[T], text: str | None) -> T:
    """The dataclass of a memo; each of its fields needs a default.

    Returns the defaults if there is no memo, or if this release cannot read it.
    """
    try:
        memory = kind(**json.loads(text or "{}"))
    except (ValueError, TypeError):
        return kind()
    values: dict[str, Any] = asdict(memory)  # type: ignore[call-overload]  # a dataclass
    fits = all(isinstance(values[each.name], each.type) for each in fields(kind))  # type: ignore[arg-type]  # its types are not strings
    numbers = [value for value in values.values() if isinstance(value, int | float)]
    fits = fits and all(abs(number) < _FAR_S for number in numbers)
    return memory if fits and all(n >= 0 for n in numbers if isinstance(n, int)) else kind()
