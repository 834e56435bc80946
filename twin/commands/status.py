"""`status`: both twins and the jobs, as a table."""

import json
from collections.abc import Sequence

from twin.commands.ask import Answer, both
from twin.commands.say import say
from twin.settings.settings import Settings


def status(settings: Settings, as_json: bool) -> int:
    """Exit status 0 if at least one twin answered."""
    answers = both(settings)
    if as_json:
        say(json.dumps({"twins": [answer.status or {"wrong": answer.wrong} for answer in answers]}))
    else:
        say(*_tables(answers))
    return 0 if any(answer.status for answer in answers) else 1


def _tables(answers: Sequence[Answer]) -> list[str]:
    twins = [("TWIN", "ROLE", "SINCE", "URL")]
    for answer in answers:
        told = answer.status
        twins.append(
            (told["twin"], told["role"].replace("_", " "), told["since"], answer.url)
            if told
            else ("?", "?", "", answer.wrong)
        )
    jobs = [("JOB", "SCHEDULE", "LAST SLOT", "ENDED", "SECONDS", "NEXT SLOT", "WHY")]
    for job in _newest_view(answers):
        fields = ("name", "schedule", "slot", "state", "seconds", "next", "why")
        cells = ("" if job.get(key) is None else str(job[key]) for key in fields)
        jobs.append(tuple(cells))  # type: ignore[arg-type]  # as many as the head
    return [*_table(twins), *(["", *_table(jobs)] if len(jobs) > 1 else [])]


def _newest_view(answers: Sequence[Answer]) -> list[dict[str, object]]:
    """The jobs as the twin on duty tells them, else as any does."""
    told = [answer.status for answer in answers if answer.status]
    told.sort(key=lambda status: status["role"] != "on_duty")
    return list(told[0]["jobs"]) if told else []


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return [line.rstrip() for line in lines]
