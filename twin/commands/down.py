"""`down`: hands the duty over now, by telling the twin on standby that the other one leaves."""

import contextlib
import sys
import threading

import httpx

from twin.commands.ask import ask, both, client
from twin.config import Credentials, Settings

_TRIES = 30
"""One a second: a sleeping twin wakes, settles and claims in that time."""


def down(settings: Settings) -> int:
    """Exit status 0 once the other twin is on duty."""
    own, peer = both(settings)
    if own.wrong or peer.wrong:
        wrong = filter(None, (own.wrong, peer.wrong))
        print(
            "there is nobody to hand the duty to, so it stays where it is:",
            *wrong,
            sep="\n",
            file=sys.stderr,
        )
        return 1
    if own.on_duty == peer.on_duty:
        print("exactly one of the twins must be on duty; see `status`", file=sys.stderr)
        return 1
    url, credentials = (peer.url, settings.peer) if own.on_duty else (own.url, settings.own)
    if _takes_over(url, credentials):
        print(f"{url} is on duty now")
        return 0
    why = f"{url} did not take the duty, though asked {_TRIES} times; see `status`"
    print(why, file=sys.stderr)
    return 1


def _takes_over(url: str, credentials: Credentials) -> bool:
    pause = threading.Event()
    for _ in range(_TRIES):
        with contextlib.suppress(httpx.HTTPError), client(credentials) as http:
            http.get(f"{url}/down")
        pause.wait(1.0)
        if ask(url, credentials).on_duty:
            return True
    return False
