"""The status page: the same snapshot, for people."""

from html import escape
from typing import Any

_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Twin {twin}</title><style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 56rem }}
table {{ border-collapse: collapse; width: 100% }} :root {{ color-scheme: light dark }}
th, td {{ text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #8884 }}
</style></head><body>"""


def page(told: dict[str, Any]) -> str:
    """HTML of what `snapshot` returns."""
    peer = told["peer"]
    twins = [
        (told["twin"], _role(told), f"since {told['since']}"),
        (peer["twin"] or "the peer", _role(peer), f"heard {peer['heard_at'] or 'never'}"),
    ]
    jobs = [
        tuple(job[key] for key in ("name", "schedule", "slot", "state", "seconds", "next", "why"))
        for job in told["jobs"]
    ]
    return (
        _HEAD.format(twin=escape(told["twin"]))
        + f"<h1>Twin {escape(told['twin'])}: {_role(told)}</h1>"
        + (f"<p><strong>{escape(peer['wrong'])}</strong></p>" if peer["wrong"] else "")
        + _table(("Twin", "Role", ""), twins)
        + "<h2>Jobs</h2>"
        + _table(("Job", "Schedule", "Last slot", "Ended", "Seconds", "Next slot", "Why"), jobs)
        + "</body></html>"
    )


def _table(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    top = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _text(cell: Any) -> str:
    return "" if cell is None else escape(str(cell))


def _role(twin: dict[str, Any]) -> str:
    return str(twin["role"]).replace("_", " ")
