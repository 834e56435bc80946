"""`status`: all twins, the jobs and the commands, as tables."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from twin.commands.ask import Answer, every
from twin.commands.say import say, table
from twin.settings.settings import Settings


def status(settings: Settings, as_json: bool) -> int:
    """Exit status 0 if at least one twin answered."""
    answers = every(settings)
    if as_json:
        say(json.dumps({"twins": [answer.status or {"wrong": answer.wrong} for answer in answers]}))
    else:
        say(*_tables(answers))
    return 0 if any(answer.status for answer in answers) else 1


def _tables(answers: Sequence[Answer]) -> list[str]:
    twins = [["TWIN", "ROLE", "SINCE", "URL"]]
    for answer in answers:
        status = answer.status
        twins.append(
            [status["twin"], status["role"].replace("_", " "), status["since"], answer.url]
            if status
            else ["?", "?", "", answer.wrong]
        )
    known = _best_view(answers)
    jobs = _rows("JOB SCHEDULE SLOT STATE SECONDS NEXT WHY", known.get("jobs", ()))
    commands = _rows("COMMAND STATE TWIN SINCE RESTARTS WHY", known.get("commands", ()))
    arbiter = _arbiter(known.get("arbiter"))
    tables = [twins, *(rows for rows in (arbiter, jobs, commands) if len(rows) > 1)]
    return [line for rows in tables for line in ("", *table(rows, len(rows[0])))][1:]


def _arbiter(told: Mapping[str, Any] | None) -> list[list[str]]:
    if told is None:
        return []
    why, lease = told["why_silent"] or "", f"{told['lease_s']:g} s"
    state = "silent" if why else "answers"
    return [["ARBITER", "LEASE", "HOLDER", "WHY"], [state, lease, told["holder"] or "nobody", why]]


def _rows(head: str, entries: Iterable[Mapping[str, object]]) -> list[list[str]]:
    """`head` names the fields, in capitals; the first is the name."""
    fields = ["name", *head.lower().split()[1:]]
    cells = ([each.get(field) for field in fields] for each in entries)
    return [head.split(), *(["" if cell is None else str(cell) for cell in row] for row in cells)]


def _best_view(answers: Sequence[Answer]) -> dict[str, Any]:
    """What the twin on duty shows, else what any twin does."""
    known = [answer.status for answer in answers if answer.status]
    known.sort(key=lambda status: status["role"] != "on_duty")
    return known[0] if known else {}
