"""Both twins look who is away, share one memory, and tell people once."""

from dataclasses import replace

import pytest
from node_bench import Bench, bench

from twin.core.alert import Kind, News
from twin.core.pair.absence import Absence, Patience
from twin.core.pair.events import Via
from twin.core.pair.history import Record
from twin.log import Log
from twin.node.notebook import read_as, written
from twin.notify.peer_watch import MEMO, PeerWatch


class Notebook:
    """Of a node; what is written under an older term counts less."""

    def __init__(self, made: Bench) -> None:
        self.made = made

    def remember(self, key: str, text: str, term: int) -> None:
        self.made.node.remember(key, text, term)

    def recall(self, key: str) -> str | None:
        return self.made.node.recall(key)

    def record(self, record: Record) -> None:
        self.made.node.history.record(record)


class Watching:
    def __init__(self) -> None:
        self.made = bench()
        self.made.take_duty()
        self.told: list[News] = []
        log = Log("a", self.made.output)
        patience = Patience(600.0, may_sleep=False)
        self.watch = PeerWatch(patience, Notebook(self.made), self.told.append, log)

    def go_on(self, seconds: int, peer_heard: bool = False) -> None:
        for _ in range(seconds // 20):
            self.made.wait(20)
            if peer_heard:
                self.made.hear(Via.ANSWER, claim=self.made.node.look().knowledge.claim)
            self.look()

    def look(self) -> None:
        self.watch.look(self.made.node.look(), self.made.clock.now())

    @property
    def kinds(self) -> list[Kind]:
        return [news.kind for news in self.told]


def test_who_is_gone_and_who_is_back_is_told_and_logged_once() -> None:
    watching = Watching()
    watching.go_on(1200)
    watching.go_on(200, peer_heard=True)
    assert watching.kinds == [Kind.PEER_GONE, Kind.PEER_BACK]
    lines = [line for line in watching.made.lines if "peer=b" in line]
    assert [line.split(" twin=")[0] for line in lines] == [
        "at=warning event=peer.gone",
        "at=info event=peer.back",
    ]


def test_what_the_one_twin_told_the_other_one_knows_when_it_takes_the_duty() -> None:
    before = Watching()
    before.go_on(1200)
    after = Watching()  # `b` would say that `a` is back; `a` that `b` still is not
    after.made.hear(Via.UPDATE, memos=before.made.node.look().knowledge.memos)
    after.go_on(1200)
    assert (before.kinds, after.kinds) == ([Kind.PEER_GONE], [])


def test_a_twin_that_lost_the_word_meanwhile_tells_nothing() -> None:
    watching = Watching()
    watching.go_on(100)
    late, now = watching.made.node.look(), watching.made.clock.now()
    claim = late.knowledge.claim
    newer = written(Absence("a", now.wall - 5000, told=True))
    watching.made.node.remember(MEMO, newer, claim.term + 1)
    watching.watch.look(late, replace(now, wall=now.wall + 1200, mono=now.mono + 1200))
    assert watching.told == []
    assert watching.made.node.recall(MEMO) == newer


@pytest.mark.parametrize(
    "text", ['{"since": 1e400}', '{"twin": 7}', '{"since": "x"}', "[", '{"back_since": NaN}']
)
def test_a_memory_that_is_none_counts_as_none(text: str) -> None:
    assert read_as(Absence, text) == Absence()


def test_what_is_written_is_read_as_it_was() -> None:
    for absence in (Absence(), Absence("b", 1e9, told=True, back_since=2e9)):
        assert read_as(Absence, written(absence)) == absence
