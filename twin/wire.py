"""The document as JSON: checked on the way in, so that inside it is trusted."""

from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from twin.address import base_url, is_safe
from twin.core.history import Record
from twin.core.knowledge import Entry
from twin.core.messages import PROTOCOL, Document

DOCUMENT_BYTES = 8_000_000
"""No document is longer: a ledger of 10,000 jobs takes about 2 MB."""
CALLED = "twin-called"
"""The header in which a twin says by which URL it calls the other: a proxy changes `Host`."""
_NUMBER = 2.0**53
"""Beyond it JSON's numbers are no longer exact everywhere; terms and slots stay far below."""
_FAR_S = 10**11
"""In the year 5138. A later time no calendar has, and what is shown beside it would be lost."""

_DOCUMENT = TypeAdapter(Document)
_RECORD = TypeAdapter(Record)


class NoTwinError(Exception):
    """What came is not the document of a twin; the text says why."""


def parse(body: bytes) -> Document:
    """JSON -> Document. Fields that it does not know are ignored. Raises NoTwinError.

    A URL that credentials must not be sent to is left out: nobody shall learn it.
    """
    try:
        document = _DOCUMENT.validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise NoTwinError(f"{place or 'body'}: {first['msg']}") from None
    if document.protocol != PROTOCOL:
        raise NoTwinError(f"it speaks protocol {document.protocol}, and this twin {PROTOCOL}")
    if not (document.twin and document.boot):
        raise NoTwinError("it does not say whose it is")
    if not _is_in_range(document):
        raise NoTwinError("a number of it is out of range")
    if document.url is None:
        return document
    try:
        safe = is_safe(base_url(document.url))
    except ValueError as error:
        raise NoTwinError(f"url: {error}") from None
    return document if safe else replace(document, url=None)


def parse_record(history: object) -> Record:
    """What JSON is made of -> a part of a history. Raises NoTwinError."""
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
    """The document as what JSON is made of, with more `fields` beside it."""
    content: dict[str, Any] = _DOCUMENT.dump_python(document, mode="json")
    return {**fields, **content}


def dump_json(document: Document) -> bytes:
    return _DOCUMENT.dump_json(document)


def _is_in_range(document: Document) -> bool:
    """JSON has no NaN, but the parser lets it pass; and in comparisons it is always false."""
    numbers = [document.claim.term, document.ticked_ago_s]
    times_ms = [memo.at_ms for memo in document.memos.values()]
    for entry in document.ledger.values():
        numbers += _numbers(entry)
    numbers += [memo.term for memo in document.memos.values()]
    in_range = all(0 <= number < _NUMBER for number in numbers)
    return in_range and _are_times(times_ms) and _is_of_our_time(document.recent)


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
    return all(-1 <= number < _FAR_S for number in numbers) and _are_times(times_ms)


def _are_times(times_ms: list[int]) -> bool:
    return all(0 <= at_ms < 1000 * _FAR_S for at_ms in times_ms)


def _numbers(entry: Entry) -> tuple[float, ...]:
    return entry.slot, entry.late_ms, entry.seconds
