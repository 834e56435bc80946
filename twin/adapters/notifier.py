"""Tells people by mail, SMS or chat: whatever has an Apprise URL.

https://github.com/caronc/apprise/wiki lists the services and how their URLs are written. The URLs
are secrets: one is named by its place in NOTIFY_URLS and its scheme, and Apprise's own words, in
which parts of it stand, are masked.
"""

import logging
import random
import re
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_plus

from twin.clock import Clock
from twin.core.news import Kind, News
from twin.log import Log

if TYPE_CHECKING:  # imported when something is to be told: most twins need not wait for it
    from apprise import Apprise, AppriseResult, NotifyBase

_LIMIT_S = 30.0
"""A mail server may take its time; one that takes longer will hardly ever answer."""
_PAUSES_S = (5.0, 20.0, 60.0, 180.0)
"""Before each further try: most of what fails has healed within some minutes."""
_WAITING = 20
"""News that wait for one URL: with a reminder an hour, most of a day."""
_WHY_LETTERS = 300

_NOWHERE = logging.NullHandler()

_TYPES = {
    Kind.OUTAGE: "failure",
    Kind.REMINDER: "failure",
    Kind.RECOVERY: "success",
    Kind.TROUBLE: "warning",
    Kind.RELIEF: "success",
    Kind.BY_HAND: "info",
}
"""Apprise's word for each kind, which some services show as a colour."""


class Notifier:
    """Each URL is told on a thread of its own, which lives while there is something to tell.

    Safe to use from every thread.
    """

    def __init__(self, urls: Sequence[str], clock: Clock, log: Log) -> None:
        self._clock = clock
        self._channels = [
            _Channel(url, place, log) for url, place in zip(urls, _places(urls), strict=True)
        ]

    def tell(self, news: News) -> None:
        """Returns at once, whatever becomes of it; that is logged."""
        for channel in self._channels:
            channel.tell(news)

    def close(self, within_s: float) -> None:
        """Takes no more news, and waits until all is delivered or has failed, or `within_s`.

        What failed before is tried once more, at once. What is left then is logged as dropped.
        """
        ends_at = self._clock.now().mono + within_s
        for channel in self._channels:
            channel.close()
        for channel in self._channels:
            channel.wait(max(0.0, ends_at - self._clock.now().mono))


def understood(urls: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Each URL's place, and whether Apprise knows what to do with it. Sends nothing."""
    for url, place in zip(urls, _places(urls), strict=True):
        yield place, _service(url) is not None


class _Channel:
    """One URL, and what waits to be told there."""

    def __init__(self, url: str, place: str, log: Log) -> None:
        self._url = url
        self._place = place
        self._log = log
        self._lock = threading.Lock()
        self._waiting: deque[News] = deque()
        self._thread: threading.Thread | None = None
        self._telling: News | None = None
        self._sending: _Sending | None = None
        self._closing = threading.Event()

    def tell(self, news: News) -> None:
        with self._lock:
            if self._closing.is_set():
                self._dropped(news, "this twin ends")
                return
            self._waiting.append(news)
            if len(self._waiting) > _WAITING:  # the newest say most
                self._dropped(self._waiting.popleft(), f"{_WAITING} newer ones wait")
            if self._thread is None:
                self._begin(news)

    def _begin(self, news: News) -> None:
        # A daemon: a service that hangs must not keep the process from ending.
        thread = threading.Thread(target=self._run, name="notify", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # no thread is left; with the next news there may be one
            self._log.warning("notify.delayed", url=self._place, news=news.title, because=error)
        else:
            self._thread = thread

    def close(self) -> None:
        self._closing.set()

    def wait(self, timeout_s: float) -> None:
        thread = self._thread
        if thread is not None:
            thread.join(timeout_s)
        with self._lock:
            left = [*filter(None, [self._telling]), *self._waiting]
            self._waiting.clear()
        for news in left:
            self._dropped(news, "this twin ends")

    def _run(self) -> None:
        while (news := self._next()) is not None:
            self._deliver(news)

    def _next(self) -> News | None:
        with self._lock:
            self._telling = self._waiting.popleft() if self._waiting else None
            if self._telling is None:
                self._thread = None
            return self._telling

    def _deliver(self, news: News) -> None:
        service = _service(self._url)
        if service is None:
            why = "Apprise does not understand this URL: see python -m twin check"
            self._log.error("notify.failed", url=self._place, news=news.title, because=why)
            return
        for pause_s in (*_PAUSES_S, None):
            why = self._try(service, news)
            if not why:
                self._log.info("notify.told", url=self._place, news=news.title)
                return
            if pause_s is None or self._closing.is_set():
                break
            self._log.warning("notify.delayed", url=self._place, news=news.title, because=why)
            # Not all at the same time, should many twins tell of the same.
            self._closing.wait(pause_s * random.uniform(0.5, 1.5))  # noqa: S311 (no secret)
        self._log.error("notify.failed", url=self._place, news=news.title, because=why)

    def _try(self, service: "NotifyBase", news: News) -> str:
        """Why it failed; empty if it did not. Never two at once, so that nothing comes twice."""
        if self._sending is None:
            sending = _Sending(service, self._url, news)
            try:
                sending.start()
            except RuntimeError as error:  # no thread is left
                return str(error)
            self._sending = sending
        self._sending.join(_LIMIT_S)
        if self._sending.is_alive():
            return f"not delivered in {_LIMIT_S:g} s"
        ended, self._sending = self._sending, None
        return ended.why if ended.news is news else self._try(service, news)

    def _dropped(self, news: News, why: str) -> None:
        self._log.error("notify.dropped", url=self._place, news=news.title, because=why)


class _Sending(threading.Thread):
    """One delivery. On a thread, as Apprise's limits are for each part of a request, not for all of
    it; one of its own, as those in Apprise's pool would keep the process from ending."""

    def __init__(self, service: "NotifyBase", url: str, news: News) -> None:
        super().__init__(name="notify once", daemon=True)
        self._service = service
        self._url = url
        self.news = news
        self.why = "it broke off"

    def run(self) -> None:
        result = _apprise(self._service).notify(
            title=self.news.title,
            body=self.news.body,
            body_format="text",
            notify_type=_TYPES[self.news.kind],
            log_level=logging.DEBUG,
        )
        self.why = "" if result else _masked(_why(result), self._url)


def _apprise(service: "NotifyBase") -> "Apprise":
    from apprise import Apprise

    return Apprise(service)


def _service(url: str) -> "NotifyBase | None":
    """What Apprise makes of the URL; None if nothing."""
    from apprise import Apprise, AppriseAsset

    _hush()
    # Without a time limit of its own Apprise sends on the thread that calls it.
    asset = AppriseAsset(service_timeout=0, storage_mode="memory", app_id="Twin")
    return Apprise.instantiate(url, asset=asset)


def _hush() -> None:
    """Nobody hears what Apprise logs, as it masks only half of each secret, nor which URLs are
    fetched for it. A sending still gets all of it, down to DEBUG, where alone the causes are."""
    logger = logging.getLogger("apprise")
    logger.propagate = False
    logger.addHandler(_NOWHERE)
    logger.setLevel(logging.DEBUG)
    logging.getLogger("urllib3").setLevel(logging.WARNING)


def _why(result: "AppriseResult") -> str:
    """Apprise's warnings, and the exceptions behind them, of which it tells only at DEBUG."""
    told = [
        entry.message
        for entry in result.logs()
        if entry.level in ("WARNING", "ERROR") or "Exception: " in entry.message
    ]
    return " ".join(told) or "Apprise does not say why"


def _masked(text: str, url: str) -> str:
    """The text without any part of the URL, except its scheme and what is shorter than a secret."""
    _, _, rest = url.partition("://")
    parts = {part for form in (rest, unquote_plus(rest)) for part in re.split(r"[/?&=:@,;]+", form)}
    forms = {form for part in parts if len(part) > 2 for form in (part, quote(part, safe=""))}
    # The longest first, as it may hold another.
    for part in sorted(forms, key=len, reverse=True):
        text = re.sub(re.escape(part), "***", text, flags=re.IGNORECASE)
    return text[:_WHY_LETTERS]


def _places(urls: Sequence[str]) -> list[str]:
    """`2 (slack)`: where it stands, from 1, and its scheme."""
    schemes = [re.match(r"([a-zA-Z0-9]{1,20})://", url) for url in urls]
    return [f"{n} ({found[1] if found else 'no scheme'})" for n, found in enumerate(schemes, 1)]
