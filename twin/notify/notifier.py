"""Alerts people by mail, SMS or chat: whatever has an Apprise URL.

https://github.com/caronc/apprise/wiki lists the services and how their URLs are written. The URLs
are secrets: one is named by its place in NOTIFY_URLS and its scheme.
"""

import random
import re
import threading
from collections.abc import Iterator, Sequence

from twin.clock import Clock
from twin.core.alert import Alert, utc
from twin.log import Log
from twin.notify.delivery import WAITS, Delivery, Outcome, Waits, service_of
from twin.notify.letter import Letter
from twin.notify.outbox import Outbox

_EMPTY = Outbox()
WAITING = 100
"""Alerts that wait for one URL: more than a letter lists, and little enough to keep in memory."""


class Notifier:
    """Each URL has a thread of its own, which lives while there is something to send.

    Safe to use from every thread.
    """

    def __init__(
        self,
        twin: str,
        urls: Sequence[str],
        clock: Clock,
        log: Log,
        waits: Waits = WAITS,
        outbox: Outbox | None = None,
    ) -> None:
        """`outbox`: an empty one, which says how often a letter leaves."""
        self.twin, self.clock, self.log, self.waits = twin, clock, log, waits
        outbox = outbox or Outbox(clock.real_s(_EMPTY.every_s), clock.real_s(_EMPTY.again_s))
        places = zip(urls, _places(urls), strict=True)
        self._channels = [_Channel(self, url, place, outbox) for url, place in places]

    def tell(self, alert: Alert) -> None:
        """Returns at once, whatever becomes of it; that is logged."""
        for channel in self._channels:
            channel.tell(alert)

    def hurry(self) -> None:
        """This twin ends soon: what waits, and what comes, leaves at once."""
        for channel in self._channels:
            channel.hurry()

    def close(self, within_s: float) -> None:
        """Takes no more alerts, and waits until all are delivered or have failed, or `within_s`.

        What waits leaves at once, and what failed before is tried once more. What is left then is
        logged as dropped.
        """
        ends_at = self.clock.now().mono + within_s
        for channel in self._channels:
            channel.close()
        for channel in self._channels:
            channel.wait(max(0.0, ends_at - self.clock.now().mono))


def understood(urls: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Each URL's place, and whether Apprise knows what to do with it. Sends nothing."""
    for url, place in zip(urls, _places(urls), strict=True):
        yield place, service_of(url, WAITS) is not None


class _Channel:
    """One URL, and what waits to be sent there."""

    def __init__(self, notifier: Notifier, url: str, place: str, outbox: Outbox) -> None:
        self._notifier = notifier
        self._url = url
        self._place = place
        self._outbox = outbox
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._sending: Letter | None = None
        self._late: Delivery | None = None
        """It took too long, and has not ended yet."""
        self._hurries = threading.Event()
        self._closed = False

    def tell(self, alert: Alert) -> None:
        with self._changed:
            if self._closed:
                self._say("notify.dropped", alert.title, "this twin ends")
                return
            self._outbox = self._outbox.with_alert(alert)
            if len(self._outbox.waiting) > WAITING:  # the newest say most
                oldest, self._outbox = self._outbox.without_oldest()
                self._say("notify.dropped", oldest.title, f"{WAITING} newer ones wait")
            self._changed.notify()
            if self._thread is None:
                self._begin(alert)

    def _begin(self, alert: Alert) -> None:
        # A daemon: a service that hangs must not keep the process from ending.
        thread = threading.Thread(target=self._run, name="notify", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # no thread is left; by the next alert there may be one
            self._say("notify.delayed", alert.title, error)
        else:
            self._thread = thread

    def hurry(self) -> None:
        with self._changed:
            self._hurries.set()
            self._changed.notify()

    def close(self) -> None:
        self.hurry()
        self._closed = True

    def wait(self, timeout_s: float) -> None:
        thread = self._thread
        if thread is not None:
            thread.join(timeout_s)
        with self._changed:
            sending = self._sending.alerts if self._sending else ()
            left, doubtful = (*sending, *self._outbox.waiting), self._outbox.doubtful
            self._outbox = _EMPTY
        for alert in left:
            self._say("notify.dropped", alert.title, "this twin ends")
        for alert in doubtful:
            self._say("notify.dropped", alert.title, "this twin ends, and perhaps it has arrived")

    def _run(self) -> None:
        while (letter := self._next()) is not None:
            self._deliver(letter)

    def _next(self) -> Letter | None:
        """Waits until a letter is due; None if there is nothing to send."""
        with self._changed:
            self._sending = None
            while True:
                self._settle()
                now, due_at = self._notifier.clock.now().mono, self._outbox.due_at()
                ends = self._hurries.is_set()
                if due_at is None or (ends and not self._outbox.waiting):
                    self._thread = None
                    return None
                if ends or now >= due_at:
                    self._sending, self._outbox = self._outbox.taken(now)
                    return self._sending
                self._changed.wait(due_at - now)

    def _deliver(self, letter: Letter) -> None:
        waits = self._notifier.waits
        if service_of(self._url, waits) is None:
            why = "Apprise does not understand this URL: see python -m twin check"
            self._say("notify.failed", letter.title, why)
            return
        for pause_s in (*waits.pauses_s, None):
            outcome, why = self._try(letter)
            if outcome is not Outcome.REFUSED:
                self._settled(letter, outcome, why)
                return
            if pause_s is None or self._hurries.is_set():
                break
            self._say("notify.delayed", letter.title, why)
            # Not all at the same time, should many twins send the same.
            self._hurries.wait(pause_s * random.uniform(0.5, 1.5))  # noqa: S311 (no secret)
        self._say("notify.failed", letter.title, why)

    def _try(self, letter: Letter) -> tuple[Outcome, str]:
        """What became of it, and why. Never two at once: a service that hangs is not flooded."""
        waits, notifier = self._notifier.waits, self._notifier
        if self._late is not None:
            self._late.join(waits.letter_s)
            self._settle()
        if self._late is not None:
            return Outcome.REFUSED, "an earlier letter is still on its way"
        signature = f"Sent by the twin {notifier.twin} at {utc(notifier.clock.now().wall)}."
        delivery = Delivery(self._url, waits, letter, signature)
        try:
            delivery.start()
        except RuntimeError as error:  # no thread is left
            return Outcome.REFUSED, str(error)
        delivery.join(waits.letter_s)
        if delivery.is_alive():
            self._late = delivery
            return Outcome.UNKNOWN, f"no answer in {waits.letter_s:g} s"
        return delivery.outcome, delivery.why

    def _settle(self) -> None:
        """If a late delivery has ended, what became of it is known after all."""
        delivery = self._late
        if delivery is None or delivery.is_alive():
            return
        self._late = None
        if delivery.outcome is Outcome.TOLD:
            self._settled(delivery.letter, Outcome.TOLD, "")
        elif delivery.outcome is Outcome.REFUSED:
            with self._changed:
                self._outbox = self._outbox.returned(delivery.letter)

    def _settled(self, letter: Letter, outcome: Outcome, why: str) -> None:
        now, told = self._notifier.clock.now().mono, outcome is Outcome.TOLD
        with self._changed:
            settle = self._outbox.acknowledged if told else self._outbox.unacknowledged
            self._outbox = settle(letter, now)
            self._say("notify.told" if told else "notify.unknown", letter.title, why)

    def _say(self, event: str, title: str, why: object) -> None:
        log = self._notifier.log
        milder = {"told": log.info, "delayed": log.warning, "unknown": log.warning}
        say = milder.get(event.removeprefix("notify."), log.error)
        say(event, url=self._place, alert=title, **({"because": why} if why else {}))


def _places(urls: Sequence[str]) -> list[str]:
    """`2 (slack)`: where it stands, from 1, and its scheme."""
    schemes = [re.match(r"([a-zA-Z0-9]{1,20})://", url) for url in urls]
    return [f"{n} ({found[1] if found else 'no scheme'})" for n, found in enumerate(schemes, 1)]
