"""The story of the log: its lines in plain words, or left out."""

import re
import shlex
from datetime import UTC, datetime

from twin.lab.collected import Line
from twin.log import printable

# What is said of an event; its `because` follows by itself. The events not named here, and lines
# that are none, are shown as they are: silence about the unexpected would mislead.
_SENTENCES = {
    "app.sleeping": "goes to sleep",
    "app.waking": "is asleep; a request wakes it and is held meanwhile",
    "dyno.up": "{dyno} is up after {seconds} s, process {pid}",
    "dyno.stopping": "{dyno} gets SIGTERM, process {pid}",
    "dyno.crashed": "{dyno} ended by itself (status {status}); restart {restart}",
    "dyno.cycling": "{dyno} has run for a day and is replaced",
    "twin.woke": "wakes",
    "twin.retired": "retires",
    "twin.leaves": "leaves",
    "duty.claimed": "claims the duty",
    "duty.taken": "is ON DUTY",
    "duty.lost": "is no longer on duty",
    "duty.released": "hands the duty over",
    "standby.joined": "stands by, and watches {peer}",
    "watch.lost": "lost sight of {peer}",
    "self_ping.failed": "cannot reach its own address",
    "peer.left": "hears that {peer} left",
    "peer.misconfigured": "cannot work with its peer",
    "peer.configured": "can work with its peer again",
    "slot.ended": "ran {job}: {state}",
    "slot.skipped": "skips {job}",
    "clock.froze": "was frozen for {seconds} s, and asks before it acts",
    "probe.changed": "sees that {target} is {now}, was {was}",
    "scale.changed": "scales {target} from {from} to {to}",
    "scale.by_hand": "sees that somebody set {target} from {from} to {to}: it stands until {until}",
    "scale.would_change": "would scale {target} from {from} to {to}, but for the dry run",
    "outage.began": "finds {target} out of order",
    "outage.ended": "finds {target} well again",
    "scale.failed": "could not scale {target}",
    "scale.recovered": "can scale {target} again",
    "notify.told": "has told people that {news}",
    "notify.delayed": "could not tell people yet that {news}",
    "notify.failed": "could not tell people that {news}",
    "notify.dropped": "could not tell people that {news}",
}

_SILENT = {
    # Steps on the way to something that is told.
    *("dyno.starting", "dyno.exited", "slot.started", "twin.left"),
    # Too many to be read.
    *("request.answered", "api.answered"),
    # On loopback a twin cannot know that its own address leads through a router. Here it does.
    "self_ping.ineffective",
}

# The router's line for a request that went well, or whose caller hung up.
_PASSED = re.compile(r"at=info .*method=\w+ path=")

_BOLD = {"duty.taken", "duty.lost", "duty.released", "scale.changed", "outage.began"}


def narrated(line: Line, *, bold: bool = False) -> str | None:
    """What to show of a line; None for one that is not worth it. `bold` marks what matters most."""
    values = pairs_of(line.text)
    event = values.get("event", "")
    if event in _SILENT or (not event and _PASSED.match(line.text)):
        return None
    told = printable((_told(event, values) or line.text).expandtabs())
    if bold and event in _BOLD:
        told = f"\x1b[1m{told}\x1b[0m"
    app, _, part = line.source.partition("[")
    # Whose words they are matters for raw lines only: the others name the dyno if it does.
    who = app if event in _SENTENCES or part == "api]" else line.source
    return f"{datetime.fromtimestamp(line.at, UTC):%H:%M:%S}  {who:<8}  {told}"


def pairs_of(text: str) -> dict[str, str]:
    """The `key=value` pairs of a line that consists of them; none of any other."""
    if not text.startswith("at="):
        return {}
    try:
        parts = [part.partition("=") for part in shlex.split(text)]
    except ValueError:  # a quotation that does not end: a line that was split
        return {}
    return {key: value for key, equals, value in parts if equals}


def _told(event: str, values: dict[str, str]) -> str:
    if "code" in values:
        text = f"{values['code']} {values.get('desc', '')}"
        return f"{text}: {values['method']} {values['path']}" if "path" in values else text
    if event not in _SENTENCES:
        return ""
    told = _SENTENCES[event].format_map(_Known(values))
    return f"{told}: {values['because']}" if values.get("because") else told


class _Known(dict[str, str]):
    """A word that is not known is not worth an error here."""

    def __missing__(self, key: str) -> str:
        return "?"
