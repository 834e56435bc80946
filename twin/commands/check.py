"""`check`: tries everything that the settings name, a line for each."""

from collections.abc import Iterator
from threading import Event

from twin.assemble import load_jobs
from twin.clock import Clock
from twin.commands.ask import Answer, ask, own_url
from twin.commands.say import say, waiting_for
from twin.core.scaling.target import TargetError
from twin.core.scaling.verdict import judge
from twin.log import Log
from twin.notify.notifier import understood
from twin.scaling.duty_jobs import Duties
from twin.scaling.platforms.api import AGAIN
from twin.scaling.platforms.registry import make_target
from twin.settings.settings import Settings
from twin.settings.targets import ScaleSettings
from twin.worker.jobsfile import JobsError

Line = tuple[bool, str, str]
"""Whether it is as it should be, what was tried, and what was found."""

_OF_APPRISE = "an address that Apprise understands"
_OF_NOBODY = (
    "none that Apprise understands: write it as https://github.com/caronc/apprise/wiki says"
)


def check(settings: Settings) -> int:
    """Exit status 1 if anything is wrong."""
    fine = True
    for ok, what, found in _lines(settings):
        say(f"{'ok   ' if ok else 'wrong'}  {what:<11}  {found}")
        fine = fine and ok
    say("the pair is wired" if fine else "mend what is wrong, and check again")
    return 0 if fine else 1


def _lines(settings: Settings) -> Iterator[Line]:
    yield True, "settings", f"this twin is {settings.name!r}"
    own = ask(own_url(settings), settings.own)
    yield _own(settings, own)
    yield from _peer(settings, own)
    yield _jobs(settings)
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


def _peer(settings: Settings, own: Answer) -> Iterator[Line]:
    known = own.status["peer"] if own.status else {"url": None, "wrong": None}
    if known.get("wrong"):
        yield False, "own view", f"{settings.name!r} says of its peer: {known['wrong']}"
    url = settings.peer_url or known["url"]
    if url is None:
        yield False, "peer", "none yet: set PEER_URL here, or deploy the other twin with this one's"
        return
    answer = ask(url, settings.peer)
    if answer.status is None:
        yield False, "peer", answer.wrong
        return
    told = answer.status
    if told["twin"] == settings.name:
        why = f"{answer.url} is called {settings.name!r} too: give TWIN_NAME two values"
        yield False, "peer", f"{why}, or set PEER_URL to the other twin's URL"
        return
    yield True, "peer", f"{answer.url} is {told['twin']!r}, {_role(told['role'])}"
    back = told["peer"]
    if back.get("wrong"):
        yield False, "peer's view", f"{told['twin']!r} says of this twin: {back['wrong']}"
    elif back["url"] is None:
        yield False, "peer's view", f"{told['twin']!r} has not heard of this twin: is it running?"
    else:
        yield True, "peer's view", f"{told['twin']!r} reaches this twin at {back['url']}"


def _jobs(settings: Settings) -> Line:
    log = Log(settings.name)
    try:
        jobs = load_jobs(settings, Duties(settings, Clock(), log), log)
    except JobsError as error:
        return False, "jobs", "; ".join(error.problems)
    return True, "jobs", ", ".join(jobs) or "none: set JOBS, or write a jobs.py"


def _target(scale: ScaleSettings) -> Iterator[Line]:
    from twin.scaling.probe import Prober

    target = make_target(scale.target, scale.access, Clock(), Event())
    try:
        with waiting_for(f"the platform of {target.name}"):
            quantity = target.read().quantity
        yield True, "target", f"{target.name} is at {quantity}"
    except TargetError as error:
        why = str(error).replace(AGAIN, "try again in a while")  # which nobody does after a check
        yield False, "target", f"{target.name}: {why}"
    if scale.probe_url is not None:
        probe = Prober(scale.probe_url, scale.rules.slow_s, scale.rules.fast_s, Clock()).once()
        page = scale.probe_url.split("?")[0]  # what follows may be meant for nobody's eyes
        yield not judge(probe, scale.rules.slow_s).is_bad, "probe", f"{page}: {probe}"


def _deadman(url: str, own: Answer) -> Line:
    """Fetches it only while the pair does: a fetch would end the alarm that nobody is on duty."""
    from twin.notify.deadman import DEADMAN_JOB, Deadman

    deadman = Deadman(url, Log("check"))
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
