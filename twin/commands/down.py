"""`down`: hands the duty over now, by telling the twin on standby that the other one leaves."""

import contextlib
import sys
import threading

import httpx

from twin.clock import Clock
from twin.commands.ask import ask, both, client
from twin.commands.say import say, waiting_for
from twin.hosts import WAKES_WITHIN_S
from twin.settings.settings import Credentials, Settings


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
    url, credentials = (peer.url, settings.peer) if own.on_duty else (own.url, settings.own)
    with waiting_for(f"{url} to take the duty, {WAKES_WITHIN_S:g} s at most"):
        taken = takes_over(url, credentials, Clock())
    if taken:
        say(f"{url} is on duty now")
        return 0
    say(f"{url} did not take the duty in {WAKES_WITHIN_S:g} s; see `status`", to=sys.stderr)
    return 1


def takes_over(
    url: str, credentials: Credentials, clock: Clock, within_s: float = WAKES_WITHIN_S
) -> bool:
    """Ask once a second, until it has the duty: a sleeping twin wakes, settles and claims."""
    pause, ends_at = threading.Event(), clock.now().mono + within_s
    while clock.now().mono < ends_at:
        with contextlib.suppress(httpx.HTTPError), client(credentials) as http:
            http.get(f"{url}/down")
        pause.wait(1.0)
        if ask(url, credentials).on_duty:
            return True
    return False
