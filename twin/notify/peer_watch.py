"""Alerts people when the other twin has been away for long, and when it is back."""

import asyncio

from twin.core.alert import Severity
from twin.core.pair.absence import Absence, Patience, observe
from twin.hosts import Offer
from twin.node.context import Context
from twin.node.notebook import read_as, written

MEMO = "peer away"


_GONE_AFTER_S = 600.0
"""A deploy or a restart takes some minutes at most, wherever the other twin runs."""
_BOOTS = 10
"""Or so many of the host's longest boots, which may fail and be tried again."""

_EVENTS = {
    Severity.FAILURE: "peer.gone",
    Severity.WARNING: "peer.unreachable",
    Severity.SUCCESS: "peer.back",
}


class PeerWatch:
    def __init__(self, context: Context) -> None:
        settings = context.settings
        limit_s = gone_after_s(settings.offer) / context.clock.real_s(1)
        self._patience = Patience(limit_s, settings.standby_asleep)
        self._context = context

    async def run(self, every_s: float = 5.0) -> None:
        """Until cancelled, on duty or not."""
        while True:
            await asyncio.sleep(every_s)
            self.look()

    def look(self) -> None:
        pair, log = self._context.pair, self._context.log
        state = pair.look()
        before = read_as(Absence, pair.recall(MEMO))
        after, alert = observe(state, before, self._patience, self._context.clock.now())
        if after != before:
            # Remembered first: people are alerted late rather than twice.
            text = written(after)
            pair.remember(MEMO, text, state.knowledge.claim.term)
            if pair.recall(MEMO) != text:
                return  # the other twin is on duty
        if alert is not None:
            say = log.info if alert.severity is Severity.SUCCESS else log.warning
            say(_EVENTS[alert.severity], peer=alert.about, because=alert.line)
            self._context.alert(alert)


def gone_after_s(offer: Offer | None) -> float:
    return max(_GONE_AFTER_S, _BOOTS * offer.boots_in_s[1] if offer else 0.0)
