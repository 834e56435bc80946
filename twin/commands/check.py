"""`check`: tries everything that the settings name, and prints a line for each."""

import os
import subprocess
from collections.abc import Generator, Iterator
from threading import Event
from typing import Any

from twin.clock import Clock
from twin.commands import arbiter
from twin.commands.arbiter import Line
from twin.commands.ask import Answer, ask, own_url
from twin.commands.say import say, waiting_for
from twin.core.command import Command
from twin.core.scaling.target import AGAIN, Reading, TargetError
from twin.core.scaling.verdict import judge
from twin.notify.notifier import understood
from twin.scaling.retry import Retrying
from twin.settings.commands import program
from twin.settings.settings import Settings
from twin.settings.targets import ScaleSettings
from twin.worker.child import without_secrets
from twin.worker.readout import ScriptError, jobs_of

_NO_JOBS = "none: set JOBS, or write a jobs.py"
_NO_PEER = "none yet: set PEER_URL here, or deploy the other twin with this one's"
_NO_OTHER = "none yet: deploy another twin with this one's ARBITER_URL"
_OF_APPRISE = "an address that Apprise understands"
_OF_NOBODY = (
    "none that Apprise understands: write it as https://github.com/caronc/apprise/wiki says"
)


def check(settings: Settings) -> int:
    """Exit status 1 if anything is wrong."""
    fine = True
    for ok, what, found in _lines(settings):
        say(f"{'ok   ' if ok else 'wrong'}  {what:<11}  {found}")
        fine &= ok
    say("the pair is wired" if fine else "mend what is wrong, and check again")
    return 0 if fine else 1


def _lines(settings: Settings) -> Iterator[Line]:
    yield True, "settings", f"this twin is {settings.name!r}"
    own = ask(own_url(settings), settings.own)
    yield _own(settings, own)
    peer = yield from _peer(settings, own)
    yield from arbiter.lines(settings, own.status, peer)
    yield from _jobs(settings, own, peer)
    for command in settings.commands:
        yield _command(command)
    for scale in settings.targets:
        yield from _target(scale)
    if settings.deadman_url is not None:
        yield _deadman(settings.deadman_url, own)
    for place, is_one in understood(settings.notify_urls):
        yield is_one, "notify", f"{place} of NOTIFY_URLS is {_OF_APPRISE if is_one else _OF_NOBODY}"


def _own(settings: Settings, answer: Answer) -> Line:
    if answer.status is None:
        hint = "" if settings.self_url else " (SELF_URL is not set, so this machine was asked)"
        return False, "own URL", answer.wrong + hint
    if answer.status["twin"] != settings.name:
        other = answer.status["twin"]
        return False, "own URL", f"{answer.url} leads to {other!r}: set SELF_URL to this twin's"
    return True, "own URL", f"{answer.url} leads to this twin, {_role(answer.status['role'])}"


def _peer(settings: Settings, own: Answer) -> Generator[Line, None, dict[str, Any] | None]:
    """Returns the `/status` of the peer; None if it was not to be had."""
    known = own.status["peer"] if own.status else {"url": None, "wrong": None}
    if known.get("wrong"):
        yield False, "own view", f"{settings.name!r} says of its peer: {known['wrong']}"
    url = settings.peer_url or known["url"]
    if url is None:
        yield False, "peer", _NO_PEER if settings.arbiter_url is None else _NO_OTHER
        return None
    answer = ask(url, settings.peer)
    if answer.status is None:
        yield False, "peer", answer.wrong
        return None
    told = answer.status
    if told["twin"] == settings.name:
        why = f"{answer.url} is called {settings.name!r} too: give TWIN_NAME two values"
        yield False, "peer", f"{why}, or set PEER_URL to the other twin's URL"
        return None
    yield True, "peer", f"{answer.url} is {told['twin']!r}, {_role(told['role'])}"
    yield from _its_commands(settings, told)
    back = told["peer"]
    if back.get("wrong"):
        yield False, "peer's view", f"{told['twin']!r} says of this twin: {back['wrong']}"
    elif back["url"] is None:
        yield False, "peer's view", f"{told['twin']!r} has not heard of this twin: is it running?"
    else:
        yield True, "peer's view", f"{told['twin']!r} reaches this twin at {back['url']}"
    return told


def _its_commands(settings: Settings, told: dict[str, Any]) -> Iterator[Line]:
    """What only one of the two would run stops when the duty moves."""
    ours = {command.name for command in settings.commands} | {*settings.jobs}
    its = {command["name"] for command in told.get("commands", ())}
    for name in sorted(ours ^ its):
        who = repr(settings.name if name in ours else told["twin"])
        remedy = "set the same RUN and JOBS, and deploy the same twin.toml, on both"
        yield False, "commands", f"only {who} runs {name}: {remedy}"


def _jobs(settings: Settings, own: Answer, peer: dict[str, Any] | None) -> Iterator[Line]:
    """Both twins must run the same: each continues where the other one stopped."""
    told = own.status
    if told is None:
        yield _jobs_read_out(settings)
        return
    wrong = [] if peer is None else list(_differences(told, peer))
    wrong += [
        f"{each['name']} does not run: {each['why']}"
        for each in told.get("commands", ())
        if each["state"] == "waiting" and each.get("why")
    ]
    yield from ((False, "jobs", why) for why in wrong)
    if not wrong:
        yield True, "jobs", ", ".join(job["name"] for job in told["jobs"]) or _NO_JOBS


def _jobs_read_out(settings: Settings) -> Line:
    """Before there is a twin, a script tells its jobs itself."""
    try:
        with waiting_for("the scripts to come to their loops"):
            environ = without_secrets(os.environ, settings.key_names)
            jobs = jobs_of(settings.jobs, settings.timezone, environ)
    except ScriptError as error:
        return False, "jobs", str(error)
    return True, "jobs", ", ".join(jobs) or _NO_JOBS


def _differences(own: dict[str, Any], peer: dict[str, Any]) -> Iterator[str]:
    name, other = own["twin"], peer["twin"]
    its = peer.get("scripts", {})
    for script, digest in own.get("scripts", {}).items():
        if script in its and its[script] != digest:
            yield f"{other!r} has another {script} than {name!r}: deploy the same commit to both"
    for setting, remedy in (
        ("timezone", "set TIMEZONE alike on both"),
        ("version", "deploy the same release to both"),
    ):
        if setting in peer and peer[setting] != own.get(setting):
            yield f"{other!r} has the {setting} {peer[setting]}, {name!r} {own[setting]}: {remedy}"
    if "waking" in (own["role"], peer["role"]):
        return  # it does not know the jobs yet
    ours, theirs = ({job["name"] for job in each["jobs"]} for each in (own, peer))
    for job in sorted(ours ^ theirs):
        who = name if job in ours else other
        yield f"only {who!r} knows the job {job}: deploy the same to both, and check in a minute"


def _command(command: Command) -> Line:
    """Whether the program is there; it is not started, since the other twin may run it."""
    words = ("/bin/sh", "-c", 'command -v -- "$1"', "sh", program(command.line))
    found = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603
    if found.returncode:
        remedy = "install it, or name it by its path"
        return False, "command", f"{command.name}: there is no program {words[-1]}: {remedy}"
    return True, "command", f"{command.name} is {found.stdout.strip()}"


def _target(scale: ScaleSettings) -> Iterator[Line]:
    from twin.scaling.probe import Prober

    target = Retrying(scale.target.connect(), Clock(), Event())
    try:
        with waiting_for(f"the platform of {target.name}"):
            seen = target.inspect()
        yield from _inspected(scale, seen)
    except TargetError as error:
        why = str(error).replace(AGAIN, "try again in a while")  # `check` does not try again
        yield False, "target", f"{target.name}: {why}"
    if scale.probe_url is not None:
        probe = Prober(scale.probe_url, scale.rules.slow_s, scale.rules.fast_s, Clock()).once()
        page = scale.probe_url.split("?")[0]  # the query string may hold a secret
        yield not judge(probe, scale.rules.slow_s).is_bad, "probe", f"{page}: {probe}"


def _inspected(scale: ScaleSettings, seen: Reading) -> Iterator[Line]:
    name, highest = scale.target.name, scale.rules.max_quantity
    most = "" if seen.most is None else f", of {seen.most} at most"
    yield True, "target", f"{name} is at {seen.quantity}{most}"
    if seen.rival:
        yield False, "target", f"{name}: {seen.rival}"
    if seen.most is not None and seen.most < highest:
        why = f"SCALE_MAX is {highest}, but {name} may have {seen.most} at most"
        yield False, "target", f"{why}: lower it, or have the platform allow more"


def _deadman(url: str, own: Answer) -> Line:
    """Calls it only while the pair does: a call would end the alarm that nobody is on duty."""
    from twin.duties.deadman import DEADMAN_JOB, Deadman

    deadman = Deadman(url, Clock())
    jobs = own.status["jobs"] if own.status else []
    last = next((job for job in jobs if job["name"] == DEADMAN_JOB), {"state": None})
    if last["state"] == "failed":
        return False, "dead man", f"{last['twin']!r} could not call it: {last['why']}"
    if last["state"] == "done":
        why = deadman.fetched()
        return not why, "dead man", why or f"{deadman.host} takes the calls of DEADMAN_URL"
    why = deadman.reached()
    found = f"{deadman.host} can be reached; not called, since that would end an alarm"
    return not why, "dead man", why or found


def _role(role: str) -> str:
    return role.replace("_", " ")
