"""Lines of the log in plain words."""

import re
import shlex
from collections import defaultdict
from datetime import UTC, datetime

from twin.lab.collected import Line
from twin.log import printable

# By event; its `because` is appended. All other lines are shown as they are: silence about the
# unexpected would mislead.
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
    "arbiter.silent": "cannot ask",
    "arbiter.back": "can ask the arbiter again",
    "twin.superseded": "takes no duty",
    "peer.left": "hears that {peer} left",
    "peer.misconfigured": "cannot work with its peer",
    "peer.configured": "can work with its peer again",
    "slot.ended": "ran {job}: {state}",
    "slot.skipped": "skips {job}",
    "command.started": "starts {command}",
    "command.ended": "sees {command} end, and starts it again {starts_again}",
    "command.stopped": "has ended {command}",
    "command.failing": "cannot keep {command} running",
    "clock.froze": "was frozen for {seconds} s, and asks before it acts",
    "probe.changed": "sees that {target} is {now}, was {was}",
    "scale.changed": "scales {target} from {from} to {to}",
    "scale.by_hand": "sees that somebody set {target} from {from} to {to}: it stands until {until}",
    "scale.would_change": "would scale {target} from {from} to {to}, but for the dry run",
    "outage.began": "finds {target} out of order",
    "outage.ended": "finds {target} well again",
    "scale.failed": "could not scale {target}",
    "scale.recovered": "can scale {target} again",
    "notify.told": "has told people that {alert}",
    "notify.delayed": "could not tell people yet that {alert}",
    "notify.failed": "could not tell people that {alert}",
    "notify.dropped": "could not tell people that {alert}",
}

_SILENT = {
    # Steps on the way to something that is shown.
    *(
        "dyno.starting",
        "dyno.exited",
        "slot.started",
        "slots.not_counted",
        "slots.unknown",
        "twin.left",
    ),
    # Too many to be read.
    *("request.answered", "api.answered"),
    # On loopback a twin cannot know that its own address leads through a router. Here it does.
    "self_ping.ineffective",
}

# The router's line for a request that went well, or whose caller hung up.
_PASSED = re.compile(r"at=info .*method=\w+ path=")

# What Redis says of itself: the manager says when it starts and ends.
_REDIS = re.compile(r"\d+:(signal-handler|[A-Z] )")

_BOLD = {"duty.taken", "duty.lost", "duty.released", "scale.changed", "outage.began"}


def narrated(line: Line, *, bold: bool = False) -> str | None:
    """How to show a line; None for not at all. `bold` marks what matters most."""
    values = pairs_of(line.text)
    event = values.get("event", "")
    if event in _SILENT or (not event and (_PASSED.match(line.text) or _REDIS.match(line.text))):
        return None
    told = printable((_told(event, values) or line.text).expandtabs())
    if bold and event in _BOLD:
        told = f"\x1b[1m{told}\x1b[0m"
    app, _, part = line.source.partition("[")
    # Sentences name the dyno where that matters.
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
    told = _SENTENCES[event].format_map(defaultdict(lambda: "?", values))
    return f"{told}: {values['because']}" if values.get("because") else told
