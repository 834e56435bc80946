"""`down`: hands the duty over now, and waits until the other twin has it."""

import sys
import threading

from twin.clock import Clock
from twin.commands.ask import ask, both
from twin.commands.say import say, waiting_for
from twin.hosts import WAKES_WITHIN_S
from twin.http.request import NO_ANSWER, fetch
from twin.node.client import login
from twin.settings.settings import Credentials, Settings

_LOOK_EVERY_S = 0.5
_ANSWER_BYTES = 10_000


def down(settings: Settings) -> int:
    """Exit status 0 once the other twin is on duty."""
    own, peer = both(settings)
    if own.wrong or peer.wrong:
        wrong = filter(None, (own.wrong, peer.wrong))
        nobody = "there is nobody to hand the duty to, so it stays where it is:"
        say(nobody, *wrong, to=sys.stderr)
        return 1
    if own.on_duty == peer.on_duty:
        say("exactly one of the twins must be on duty; see `status`", to=sys.stderr)
        return 1
    holder, heir = (own, peer) if own.on_duty else (peer, own)
    why_not = _ask_to_hand_over(holder.url, settings.own if own.on_duty else settings.peer)
    if why_not:
        say(why_not, to=sys.stderr)
        return 1
    with waiting_for(f"{heir.url} to take the duty, {WAKES_WITHIN_S:g} s at most"):
        taken = _takes_over(heir.url, settings.peer if own.on_duty else settings.own, Clock())
    if taken:
        say(f"{heir.url} is on duty now")
        return 0
    say(f"{heir.url} did not take the duty in {WAKES_WITHIN_S:g} s; see `status`", to=sys.stderr)
    return 1


def _ask_to_hand_over(url: str, credentials: Credentials) -> str:
    """Returns why it is not possible, or an empty text."""
    try:
        answer = fetch(
            *("POST", f"{url}/actions"),
            auth=login(credentials),
            json={"do": "hand_over"},
            timeout_s=WAKES_WITHIN_S,
            most_bytes=_ANSWER_BYTES,
        )
    except NO_ANSWER as error:
        return f"{url}: no answer ({error}); see `status`"
    if answer.is_success:
        return ""
    return f"{url} does not hand the duty over: {answer.body[:200].decode(errors='replace')}"


def _takes_over(url: str, credentials: Credentials, clock: Clock) -> bool:
    pause, ends_at = threading.Event(), clock.now().mono + WAKES_WITHIN_S
    while clock.now().mono < ends_at:
        if ask(url, credentials).on_duty:
            return True
        pause.wait(_LOOK_EVERY_S)
    return False
