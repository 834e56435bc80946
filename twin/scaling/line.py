"""Whether our own connection works, if a target cannot be reached."""

from concurrent.futures import ThreadPoolExecutor

from twin.clock import Clock
from twin.node.context import Pair
from twin.scaling.probe import Prober

ANSWER_S = 3.0
"""A twin's own URL answers in much less if the connection works."""


def line_doubt(pair: Pair, clock: Clock) -> str:
    """Why our connection may be down; empty if this twin's own public URL or its peer answers."""
    state = pair.look()
    urls = witnesses(state.url, state.peer.url, state.peer.left)
    if not urls:
        return "nobody else can be asked: set SELF_URL, or deploy the other twin"

    def answers(url: str) -> bool:
        return Prober(f"{url}/healthz", ANSWER_S, ANSWER_S, clock).once().status is not None

    with ThreadPoolExecutor(len(urls)) as asking:
        if any(asking.map(answers, urls)):
            return ""
    asked = " nor ".join(urls)
    return f"neither {asked} answers" if len(urls) > 1 else f"{asked} does not answer either"


def witnesses(own_url: str | None, peer_url: str | None, peer_sleeps: bool) -> list[str]:
    """The URLs to ask. A peer that sleeps, and would wake, only if there is no other."""
    if own_url is not None and peer_sleeps:
        peer_url = None
    return [url for url in (own_url, peer_url) if url is not None]
