"""Both apps are deployed at once, side by side, with a version that dies after some seconds."""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

from processes import Twin, until
from relay import Relay

from twin.clock import Clock

SERVES_FOR_S = 3.0
BACK_WITHIN_S = 15.0


@contextlib.contextmanager
def two_urls() -> Iterator[dict[str, Relay]]:
    with Relay() as a, Relay() as b:
        for url in (a, b):
            threading.Thread(target=url.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield {"a": a, "b": b}
        finally:
            a.shutdown()
            b.shutdown()


def start(name: str, directory: Path, urls: dict[str, Relay]) -> Twin:
    """A new process of this app, which does not have the URL yet."""
    directory.mkdir(exist_ok=True)
    peer = urls["b" if name == "a" else "a"]
    twin = Twin(name, directory, environ={"SELF_URL": urls[name].text, "PEER_URL": peer.text})
    twin.start()
    return twin


def lead(urls: dict[str, Relay], twins: list[Twin]) -> None:
    for twin in twins:
        urls[twin.name].port = twin.port


def roles(twins: list[Twin]) -> list[str]:
    return sorted(twin.role() for twin in twins)


def test_a_version_of_both_that_dies_leaves_nobody_on_duty_for_15_s_at_most(tmp_path: Path) -> None:
    old: list[Twin] = []
    new: list[Twin] = []
    with two_urls() as urls:
        try:
            old += [start(name, tmp_path / "old", urls) for name in urls]
            lead(urls, old)
            until(lambda: roles(old) == ["on_duty", "standby"])
            new += [start(name, tmp_path / "new", urls) for name in urls]
            until(lambda: all(twin.status() for twin in new))
            lead(urls, new)
            until(lambda: roles(old) == ["leaving", "leaving"])
            threading.Event().wait(SERVES_FOR_S)
            for twin in new:
                twin.kill()
            clock = Clock()
            died_at = clock.now().mono
            lead(urls, old)
            until(lambda: "on_duty" in roles(old))
            vacant_s = clock.now().mono - died_at
            assert vacant_s < BACK_WITHIN_S
            until(lambda: roles(old) == ["on_duty", "standby"])
        finally:
            for twin in (*old, *new):
                twin.kill()
