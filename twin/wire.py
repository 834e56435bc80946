"""The document as JSON: checked on the way in, so that inside it is trusted."""

import math
from typing import Any

from pydantic import TypeAdapter, ValidationError

from twin.core.messages import PROTOCOL, Document

_DOCUMENT = TypeAdapter(Document)


class NoTwinError(Exception):
    """What came is not the document of a twin; the text says why."""


def parse(body: bytes) -> Document:
    """JSON -> Document. Fields that it does not know are ignored. Raises NoTwinError."""
    try:
        document = _DOCUMENT.validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise NoTwinError(f"{place or 'body'}: {first['msg']}") from None
    if document.protocol != PROTOCOL:
        raise NoTwinError(f"it speaks protocol {document.protocol}, and this twin {PROTOCOL}")
    # JSON has no NaN, but the parser lets it pass; and what is compared must have an order.
    numbers = [document.ticked_ago_s, *(entry.seconds for entry in document.ledger.values())]
    if not all(map(math.isfinite, numbers)) or any(e.slot < 0 for e in document.ledger.values()):
        raise NoTwinError("a number of it is out of range")
    return document


def dump(document: Document, **fields: Any) -> dict[str, Any]:
    """The document as what JSON is made of, with more `fields` beside it."""
    content: dict[str, Any] = _DOCUMENT.dump_python(document, mode="json")
    return {**fields, **content}


def dump_json(document: Document) -> bytes:
    return _DOCUMENT.dump_json(document)
