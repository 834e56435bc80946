"""The document as JSON, checked on arrival so that all other code can trust it.

A document that no honest twin can send is refused whole, with a reason: accepting a part would
leave the two twins with different knowledge. So no honest twin may ever exceed these bounds, and
both twins must apply the same ones.

- Sizes are bounded by `core.pair.bounds`. An older release may send longer reasons and job names;
  they are cut as this release cuts its own.
- Terms, boots and the times of memos are milliseconds of some twin's clock. The clock may be wrong
  by years, and right again after the next boot. A 32-bit clock shows 1970 to 2106, so these numbers
  may be that far ahead (`_WRONG_MS`), and twins with wrong clocks still understand each other.
  Without a bound, one message with the highest possible number would end all claims. A bound that
  moves with the clock prevents lasting harm: a millisecond later the next claim, one higher, is
  within it. (If the clocks differ by seconds, it takes seconds. Until then the twins cannot talk,
  and at most one is on duty.)

`core.pair.belief` checks the rest against the twin's own knowledge.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from twin.core.pair.bounds import (
    BOOT_BYTES,
    BOOTS,
    ENTRIES,
    MEMO_BYTES,
    MEMOS,
    NAME_BYTES,
    TWIN_BYTES,
    URL_BYTES,
    WHY_BYTES,
    is_longer,
    short_name,
    shortened,
)
from twin.core.pair.document import PROTOCOL, Document
from twin.core.pair.history import Record
from twin.core.pair.knowledge import Entry
from twin.http.urls import base_url, is_safe

DOCUMENT_BYTES = 32_000_000
"""The longest message that `core.pair.bounds` allows. Most take a few kilobytes."""
CALLED = "twin-called"
"""The header with the URL of the called twin: a proxy changes `Host`."""
_FAR_S = 10**11
"""In the year 5138. Much later times leave the calendar, and the page could not show them."""
_WRONG_MS = 2**32 * 1000
"""136 years."""
_BOOT = re.compile(r"(\d{1,13})-[0-9a-z]{1,16}")
"""Milliseconds of the boot's start, and a random part."""

_DOCUMENT = TypeAdapter(Document)
_RECORD = TypeAdapter(Record)
_STRICT = {"pleads", "confirms"}


class NoTwinError(Exception):
    """A message is not a twin's document; the text gives the reason."""


def parse(body: bytes, wall: float) -> Document:
    """JSON -> Document, checked against the time `wall` (epoch seconds). Raises NoTwinError.

    Ignores unknown fields. Drops a URL that must not get credentials.
    """
    document = _validated(body)
    _check_size(document)
    _check_range(document)
    _check_times(document, wall)
    document = _cut(document)
    if document.url is None:
        return document
    try:
        safe = is_safe(base_url(document.url))
    except ValueError as error:
        raise NoTwinError(f"url: {error}") from None
    return document if safe else replace(document, url=None)


def _validated(body: bytes) -> Document:
    try:
        document = _DOCUMENT.validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = shortened(".".join(map(str, first["loc"])), NAME_BYTES)
        raise NoTwinError(f"{place or 'body'}: {first['msg']}") from None
    if document.protocol != PROTOCOL:
        raise NoTwinError(f"it speaks protocol {document.protocol}, and this twin {PROTOCOL}")
    if not (document.twin and document.boot):
        raise NoTwinError("it does not say whose it is")
    return document


def parse_record(history: object) -> Record:
    """Parsed JSON -> a part of the history. Raises NoTwinError."""
    try:
        record = _RECORD.validate_python(history)
    except ValidationError as error:
        raise NoTwinError(f"history: {error.errors()[0]['msg']}") from None
    if not _is_of_our_time(record):
        raise NoTwinError("history: a number of it is out of range")
    return record


def dump_record(record: Record) -> dict[str, Any]:
    content: dict[str, Any] = _RECORD.dump_python(record, mode="json")
    return content


def dump(document: Document, **fields: Any) -> dict[str, Any]:
    """The document as values for JSON, with additional `fields`."""
    content: dict[str, Any] = _DOCUMENT.dump_python(
        document, mode="json", exclude=_unsaid(document)
    )
    return {**fields, **content}


def dump_json(document: Document, **fields: Any) -> bytes:
    """The document as JSON, in a fraction of the time."""
    whole = _DOCUMENT.dump_json(document, exclude=_unsaid(document))
    return to_json(fields)[:-1] + b"," + whole[1:] if fields else whole


def _unsaid(document: Document) -> set[str] | None:
    """A pair without an arbiter says nothing of one."""
    return None if document.pleads or document.confirms else _STRICT


# ---- bounds


def _check_size(document: Document) -> None:
    ledger, memos = document.ledger, document.memos
    if len(ledger) > ENTRIES or len(document.running) > ENTRIES or len(memos) > MEMOS:
        raise NoTwinError(f"it has more than {ENTRIES} jobs, or {MEMOS} memos")
    if len(document.boots) > BOOTS:
        raise NoTwinError(f"it knows more than {BOOTS} twins")
    entries, claim = ledger.values(), document.claim
    twins = {document.twin, claim.twin, *document.boots, *(entry.twin for entry in entries)}
    twins |= {memo.twin for memo in memos.values()}
    _check_texts("twin", twins, TWIN_BYTES)
    _check_texts("boot", {document.boot, claim.boot, *(e.boot for e in entries)}, BOOT_BYTES)
    _check_texts("memo", memos, NAME_BYTES)
    _check_texts("memo", (memo.text for memo in memos.values()), MEMO_BYTES)
    _check_texts("url", [document.url or ""], URL_BYTES)
    _check_texts("jobs", [document.jobs_digest], BOOT_BYTES)


def _check_texts(what: str, texts: Iterable[str], most_bytes: int) -> None:
    if any(is_longer(text, most_bytes) for text in texts):
        raise NoTwinError(f"{what}: a text of it is longer than {most_bytes} bytes")


def _check_range(document: Document) -> None:
    """Refuse numbers out of range. NaN, which the parser accepts, is outside of every range."""
    fits = all(map(_fits, document.ledger.values()))
    if not (fits and 0 <= document.ticked_ago_s < _FAR_S and _is_of_our_time(document.recent)):
        raise NoTwinError("a number of it is out of range")


def _fits(entry: Entry) -> bool:
    return (
        0 <= entry.slot < _FAR_S
        and 0 <= entry.late_ms < 1000 * _FAR_S
        and 0 <= entry.seconds < _FAR_S
    )


def _check_times(document: Document, wall: float) -> None:
    """All numbers that come from a twin's clock."""
    latest_ms = int(wall * 1000) + _WRONG_MS
    claim, memos = document.claim, document.memos.values()
    times_ms = [claim.term, *(memo.term for memo in memos), *(memo.at_ms for memo in memos)]
    # A claim from a legacy peer's plain `/update` has no boot.
    names = (document.boot, claim.boot, *document.boots.values())
    boots = [_BOOT.fullmatch(boot) for boot in names if boot]
    if None in boots:
        raise NoTwinError("boot: it is named by its milliseconds and some letters, as in 1780-a1b2")
    times_ms += [int(boot[1]) for boot in boots if boot]
    if not all(0 <= at_ms <= latest_ms for at_ms in times_ms):
        raise NoTwinError(
            "a term, a boot or a memo of it is more than 136 years ahead of our clock"
        )


def _is_of_our_time(record: Record) -> bool:
    looks = (look for looks in record.looks.values() for look in looks)
    decisions = (made for decisions in record.decisions.values() for made in decisions)
    numbers = (
        number
        for each in (*looks, *decisions, *record.lives.values())
        for number in each
        if isinstance(number, int)
    )
    times_ms = [change.at_ms for change in record.changes]
    in_calendar = all(0 <= at_ms < 1000 * _FAR_S for at_ms in times_ms)
    return in_calendar and all(-1 <= number < _FAR_S for number in numbers)


# ---- longer texts of older releases


def _cut(document: Document) -> Document:
    long = {
        job: entry
        for job, entry in document.ledger.items()
        if is_longer(job, NAME_BYTES) or is_longer(entry.why, WHY_BYTES)
    }
    if not long:
        return document
    ledger = {job: entry for job, entry in document.ledger.items() if job not in long}
    for job, entry in long.items():
        ledger[short_name(job)] = replace(entry, why=shortened(entry.why, WHY_BYTES))
    return replace(document, ledger=ledger)
