"""Questions and answers as JSON."""

from collections.abc import Mapping
from typing import Any

from twin.core.pair.arbiter import Member, Question, Record


def _dump_member(member: Member) -> dict[str, str | None]:
    return {"twin": member.twin, "boot": member.boot, "url": member.url}


def load_member(found: Mapping[str, Any]) -> Member:
    return Member(found["twin"], found["boot"], found["url"])


def load_record(found: Mapping[str, Any]) -> Record:
    return Record(
        member=load_member(found["member"]),
        term=int(found["term"]),
        expires_ms=int(found["expires_ms"]),
        released=bool(found["released"]),
        known=found["known"],
        floor=int(found["floor"]),
    )


def dump_question(question: Question) -> dict[str, Any]:
    return {
        "op": question.op.value,
        "member": _dump_member(question.member),
        "lease_ms": question.lease_ms,
        "term": question.term,
        "known": dict(question.known),
        "patient": question.patient,
        "seen": question.seen,
        "floor": question.floor,
        "until_ms": question.until_ms,
        "members": [_dump_member(member) for member in question.members],
        "slots": [[job, slot] for job, slot in question.slots.items()],
    }
