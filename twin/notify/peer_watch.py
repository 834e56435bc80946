"""Tells people when the other twin has been away for long, and when it is back."""

from collections.abc import Callable
from dataclasses import dataclass

from twin.core.alert import Kind, News
from twin.core.moment import Moment
from twin.core.pair.absence import Absence, Patience, observe
from twin.core.pair.state import State
from twin.log import Log
from twin.node.notebook import Notebook, read_as, written

MEMO = "peer away"

_EVENTS = {
    Kind.PEER_GONE: "peer.gone",
    Kind.PEER_MISCONFIGURED: "peer.unreachable",
    Kind.PEER_BACK: "peer.back",
}


@dataclass(frozen=True, slots=True)
class PeerWatch:
    """`tell` returns at once."""

    patience: Patience
    notebook: Notebook
    tell: Callable[[News], None]
    log: Log

    def look(self, state: State, now: Moment) -> None:
        """Called every few seconds, on duty or not."""
        before = read_as(Absence, self.notebook.recall(MEMO))
        after, news = observe(state, before, self.patience, now)
        if after != before and not self._write_down(after, state.knowledge.claim.term):
            return  # the other twin has the word
        if news is not None:
            event, because = _EVENTS[news.kind], news.because
            say = self.log.info if news.kind is Kind.PEER_BACK else self.log.warning
            say(event, peer=news.target, because=because)
            self.tell(news)

    def _write_down(self, absence: Absence, term: int) -> bool:
        """Whether this twin still has the word. Remembered first: told late rather than twice."""
        text = written(absence)
        self.notebook.remember(MEMO, text, term)
        return self.notebook.recall(MEMO) == text
