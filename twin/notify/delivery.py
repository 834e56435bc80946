"""One letter to one Apprise URL, and what became of it.

The URLs are secrets: Apprise's own words, which contain parts of them, are masked.
"""

import logging
import re
import threading
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_plus

from twin.notify.letter import Letter

if TYPE_CHECKING:  # imported when something is to be sent: most twins need not wait for it
    from apprise import AppriseResult, NotifyBase


@dataclass(frozen=True, slots=True)
class Waits:
    """How long a service is waited for, in seconds."""

    answer_s: float = 30.0
    """For each part of an answer. A mail server may take its time, and giving up too early leaves
    unknown whether the letter arrived."""
    letter_s: float = 75.0
    """For all of it: to connect, to be answered, and some more for a second recipient."""
    pauses_s: tuple[float, ...] = (5.0, 20.0, 60.0, 180.0)
    """Before each further try of a refused letter: most of what fails heals within minutes."""


WAITS = Waits()
_WHY_LETTERS = 300

_PERHAPS_TAKEN = re.compile(r"error=(?:302|303|502|504|520|524)\b")
"""By a gateway that did not wait for the service behind it, or that then leads elsewhere."""
_LED_ELSEWHERE = re.compile(r"error=3\d\d\b")
_EXCEPTION = re.compile(r"[\w/. ]{1,40}Exception\b")
_NOT_SENT = re.compile(
    r"Caused by (?:NewConnection|NameResolution|ConnectTimeout|Proxy)Error"
    r"|CERTIFICATE_VERIFY_FAILED|Connection refused|\[Errno -\d+\]|\([45]\d\d, b"
)
"""Exceptions after which the letter has not arrived. The last two are of unknown host names, and of
a mail server's refusal."""

_NOWHERE = logging.NullHandler()


class Outcome(Enum):
    TOLD = auto()
    REFUSED = auto()
    """It has not arrived: it is sent again."""
    UNKNOWN = auto()
    """It was sent, and not acknowledged: sending it again may tell people twice."""


class Delivery(threading.Thread):
    """One delivery. On a thread, as Apprise's limits are for each part of a request, not for all of
    it; not on one of Apprise's own, as those would keep the process from ending."""

    def __init__(self, url: str, waits: Waits, letter: Letter, signature: str) -> None:
        super().__init__(name="notify once", daemon=True)
        self._url = url
        self._waits = waits
        self._signature = signature
        self.letter = letter
        self.outcome = Outcome.UNKNOWN
        self.why = "it broke off"

    def run(self) -> None:
        from twin.http.tls import bundle

        try:
            with bundle() as trusted:
                result = self._notify(trusted)
        except OSError as error:  # the bundle's: there is no folder for it
            self.outcome, self.why = Outcome.REFUSED, str(error)
            return
        self.outcome = _outcome(result)
        self.why = "" if result else _masked(_why(result), self._url)

    def _notify(self, trusted: str | None) -> "AppriseResult":
        from apprise import Apprise

        # Made anew: one that was used before waits some seconds first, which we have done.
        service = service_of(self._url, self._waits)
        if trusted and service and service.verify_certificate:
            service.verify_certificate = trusted  # type: ignore[assignment]  # requests takes it
        return Apprise(service).notify(
            title=self.letter.title,
            body=f"{self.letter.body}\n{self._signature}",
            body_format="text",
            notify_type=self.letter.severity.value,
            log_level=logging.DEBUG,
        )


def service_of(url: str, waits: Waits) -> "NotifyBase | None":
    """What Apprise makes of the URL; None if nothing."""
    from apprise import Apprise, AppriseAsset

    _hush()
    # `service_timeout=0` sends on the calling thread. A redirect would turn a letter into a mere
    # question, whose answer says nothing of the letter.
    asset = AppriseAsset(
        service_timeout=0, storage_mode="memory", app_id="Twin", http_redirects=False
    )
    service = Apprise.instantiate(url, asset=asset)
    if service is not None:
        service.socket_read_timeout = max(service.socket_read_timeout, waits.answer_s)
        # Apprise waits for a mail server's answers as long as for a connection to it.
        service.socket_connect_timeout = max(service.socket_connect_timeout, waits.answer_s)
    return service


def _hush() -> None:
    """Keep Apprise's log, which masks only half of each secret, and the URLs that it fetches from
    all other logs. A delivery still gets all of it, down to DEBUG, the only level with causes."""
    logger = logging.getLogger("apprise")
    logger.propagate = False
    logger.addHandler(_NOWHERE)
    logger.setLevel(logging.DEBUG)
    logging.getLogger("urllib3").setLevel(logging.WARNING)


def _outcome(result: "AppriseResult") -> Outcome:
    """By Apprise's log, since its result does not say at which step a delivery failed."""
    if result:
        return Outcome.TOLD
    said, log = _said(result), result.logs()
    # Of several recipients at one URL one may have it already: each try goes to all of them.
    arrived = any(entry.level == "INFO" and entry.message.startswith("Sent ") for entry in log)
    taken = any(map(_PERHAPS_TAKEN.search, said))
    broke = any(_EXCEPTION.match(text) and not _NOT_SENT.search(text) for text in said)
    # Of mail, Apprise says so of all that fails before the letter's own turn.
    too_early = any(text.startswith("Connection error while submitting") for text in said)
    return Outcome.UNKNOWN if arrived or taken or (broke and not too_early) else Outcome.REFUSED


def _why(result: "AppriseResult") -> str:
    said = _said(result)
    if any(map(_LED_ELSEWHERE.search, said)):
        said.append("The address leads elsewhere: write the one that it leads to.")
    return " ".join(said) or "Apprise does not say why"


def _said(result: "AppriseResult") -> list[str]:
    """Apprise's warnings, and the exceptions behind them, which it logs only at DEBUG."""
    return [
        entry.message
        for entry in result.logs()
        if entry.level in ("WARNING", "ERROR") or _EXCEPTION.match(entry.message)
    ]


def _masked(text: str, url: str) -> str:
    """The text without any part of the URL, except its scheme and parts too short for a secret."""
    _, _, rest = url.partition("://")
    parts = {part for form in (rest, unquote_plus(rest)) for part in re.split(r"[/?&=:@,;]+", form)}
    forms = {form for part in parts if len(part) > 2 for form in (part, quote(part, safe=""))}
    # The longest first, as it may hold another.
    for part in sorted(forms, key=len, reverse=True):
        text = re.sub(re.escape(part), "***", text, flags=re.IGNORECASE)
    return text[:_WHY_LETTERS]
