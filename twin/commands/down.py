"""`down`: hands the duty over now, by telling the twin on standby that the other one leaves."""

import sys
import threading

import httpx

from twin.commands.ask import Answer, ask, both, client
from twin.config import Credentials, Settings

_TRIES = 30
"""One a second: a sleeping twin wakes, settles and claims in that time."""


def down(settings: Settings) -> int:
    """Exit status 0 once the other twin is on duty."""
    own, peer = both(settings)
    wrong = [answer.wrong for answer in (own, peer) if answer.wrong]
    if wrong:
        print("the duty stays where it is:", *wrong, sep="\n", file=sys.stderr)
        return 1
    pair = [(own, settings.own), (peer, settings.peer)]
    standby = [(twin, login) for twin, login in pair if not _is_on_duty(twin)]
    if len(standby) != 1:
        print("exactly one of the twins must be on duty; see `status`", file=sys.stderr)
        return 1
    taker, credentials = standby[0]
    if _takes_over(taker.url, credentials):
        print(f"{taker.status and taker.status['twin']} is on duty now")
        return 0
    print(f"{taker.url} did not take the duty within {_TRIES} s; see `status`", file=sys.stderr)
    return 1


def _takes_over(url: str, credentials: Credentials) -> bool:
    pause = threading.Event()
    for _ in range(_TRIES):
        try:
            with client(credentials) as http:
                http.get(f"{url}/down")
        except httpx.HTTPError:
            continue
        pause.wait(1.0)
        if _is_on_duty(ask(url, credentials)):
            return True
    return False


def _is_on_duty(answer: Answer) -> bool:
    return answer.status is not None and answer.status["role"] == "on_duty"
