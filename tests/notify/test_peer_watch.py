"""Both twins watch for an absent peer, share one memo, and alert once."""

import asyncio
from dataclasses import replace

import pytest
from node_bench import ENVIRON, bench

from twin.core.alert import Alert
from twin.core.pair.absence import Absence
from twin.core.pair.events import Via
from twin.core.pair.state import State
from twin.hosts import OFFERS, Offer
from twin.log import Log
from twin.node.context import Context
from twin.node.node import Node
from twin.node.notebook import read_as, written
from twin.notify.peer_watch import MEMO, PeerWatch, gone_after_s
from twin.settings.settings import read_settings


class Late:
    """A pair that still shows its state and memo of when this was made."""

    def __init__(self, node: Node) -> None:
        self.history = node.history
        self._node = node
        self._state, self._memo = node.look(), node.recall(MEMO)

    def look(self) -> State:
        return self._state

    def freezes(self) -> int:
        return 0

    def remember(self, key: str, text: str, term: int) -> None:
        self._node.remember(key, text, term)
        self._memo = self._node.recall(key)

    def recall(self, _: str) -> str | None:
        return self._memo


class Watching:
    def __init__(self) -> None:
        self.made = bench()
        self.made.take_duty()
        self.alerts: list[Alert] = []
        log = Log("a", self.made.output)
        node, clock = self.made.node, self.made.clock
        self.context = Context(read_settings(ENVIRON), clock, log, node, self.alerts.append)
        self.watch = PeerWatch(self.context)

    def go_on(self, seconds: int, peer_heard: bool = False) -> None:
        for _ in range(seconds // 20):
            self.made.wait(20)
            if peer_heard:
                self.made.hear(Via.ANSWER, claim=self.made.node.look().knowledge.claim)
            self.watch.look()

    @property
    def titles(self) -> list[str]:
        return [alert.title for alert in self.alerts]


GONE, BACK = "The twin b is gone", "The twin b is back"


def test_an_absence_and_a_return_are_alerted_and_logged_once() -> None:
    watching = Watching()
    watching.go_on(1200)
    watching.go_on(200, peer_heard=True)
    assert watching.titles == [GONE, BACK]
    lines = [line for line in watching.made.lines if "peer=b" in line]
    assert [line.split(" twin=")[0] for line in lines] == [
        "at=warning event=peer.gone",
        "at=info event=peer.back",
    ]


def test_it_watches_until_it_is_cancelled() -> None:
    watching = Watching()
    watching.made.wait(20)

    async def run() -> None:
        task = asyncio.create_task(watching.watch.run(every_s=0.001))
        while not watching.alerts:
            watching.made.wait(20)
            await asyncio.sleep(0.002)
        task.cancel()

    asyncio.run(asyncio.wait_for(run(), 20))
    assert watching.titles == [GONE]


def test_a_new_holder_does_not_repeat_the_alert_of_the_other_twin() -> None:
    before = Watching()
    before.go_on(1200)
    after = Watching()  # on its own, it would send this alert too
    after.made.hear(Via.UPDATE, memos=before.made.node.look().knowledge.memos)
    after.go_on(1200)
    assert (before.titles, after.titles) == ([GONE], [])


def test_a_twin_that_lost_the_duty_meanwhile_sends_no_alert() -> None:
    watching = Watching()
    watching.go_on(100)
    late = Late(watching.made.node)
    newer = written(Absence("a", watching.made.clock.now().wall - 5000, told=True))
    term = late.look().knowledge.claim.term
    watching.made.node.remember(MEMO, newer, term + 1)
    watching.made.clock.move(1200)
    PeerWatch(replace(watching.context, pair=late)).look()
    assert watching.alerts == []
    assert watching.made.node.recall(MEMO) == newer


@pytest.mark.parametrize(
    "text", ['{"since": 1e400}', '{"twin": 7}', '{"since": "x"}', "[", '{"back_since": NaN}']
)
def test_an_unreadable_memo_counts_as_empty(text: str) -> None:
    assert read_as(Absence, text) == Absence()


def test_a_written_memo_reads_back_the_same() -> None:
    for absence in (Absence(), Absence("b", 1e9, told=True, back_since=2e9)):
        assert read_as(Absence, written(absence)) == absence


@pytest.mark.parametrize("offer", [None, *OFFERS])
def test_a_peer_is_not_gone_while_its_host_may_be_starting_it(offer: Offer | None) -> None:
    assert gone_after_s(offer) >= 600
    assert offer is None or gone_after_s(offer) >= 10 * max(offer.boots_in_s)
