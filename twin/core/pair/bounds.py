"""The most that a twin keeps, and so sends. Its peer can take all that it can hold.

Texts are counted in bytes of JSON, since a quote, an emoji or a control character takes more than
one. The largest document has 27 MB, and the largest part of a history 20 MB; a twin takes 32 MB
(`codec.DOCUMENT_BYTES`). With 10,000 jobs a document has 1 to 4 MB.
"""

from collections.abc import Collection, Mapping
from json.encoder import encode_basestring

from twin.core.pair.knowledge import Entry

JOBS = 10_000
"""Of one twin's jobs files. So many are measured, and promised to be punctual."""
ENTRIES = 2 * JOBS
"""Of a ledger: a deploy may rename all jobs."""
TARGETS = 1_000
"""More than one core can probe every 15 s."""
MEMOS = 2 * TARGETS + 2
"""Of both twins, and the pause."""

NAME_BYTES = 176
"""Of a job or target: a line, and at least as long as a platform lets its names be."""
WHY_BYTES = 200
"""A sentence. The log has all of it."""
BOOTS = 16
"""A pair has two twins. A twin that is renamed counts again."""
TWIN_BYTES = 128
"""Hosts allow 63 letters for an app, and some add as many to make its host name."""
BOOT_BYTES = 32
URL_BYTES = 2_000
MEMO_BYTES = 4_000
"""The memory of a target takes less than half of it, and two texts of `TEXT_BYTES` the rest: a
text within a text has each of its quotes escaped twice."""
TEXT_BYTES = 600
"""Of a platform's error, or a plan's reason, which quote a text from outside."""

_CUT = "…"


def json_bytes(text: str) -> int:
    """Its length in JSON, without the quotes around it; half characters are escaped."""
    return len(encode_basestring(text).encode(errors="backslashreplace")) - 2


def is_longer(text: str, most_bytes: int) -> bool:
    return 6 * len(text) > most_bytes and json_bytes(text) > most_bytes


def shortened(text: str, most_bytes: int) -> str:
    """The text, its end cut if it is longer; half a character, which cannot be sent, is escaped."""
    if text.isascii() and 6 * len(text) <= most_bytes:
        return text
    text = text.encode(errors="backslashreplace").decode()
    if not is_longer(text, most_bytes):
        return text
    room = most_bytes - json_bytes(_CUT)
    text = text[:room]
    while (excess := json_bytes(text) - room) > 0:
        text = text[: -max(1, excess // 6)]
    return text + _CUT


def short_name(name: str) -> str:
    """The name; a long one ends in a digest of all of it, so that two long names stay distinct."""
    if shortened(name, NAME_BYTES) == name:
        return name
    from hashlib import sha256  # brings OpenSSL along, 4 MB in each worker

    digest = sha256(name.encode(errors="backslashreplace")).hexdigest()[:8]
    return f"{shortened(name, NAME_BYTES - 10)} #{digest}"


def newest(
    ledger: Mapping[str, Entry], most: int, kept: Collection[str] = ()
) -> Mapping[str, Entry]:
    """The ledger, cut to the jobs in `kept` and the `most` others with the newest slots."""
    if len(ledger) <= most:
        return ledger
    by_age = sorted((entry.slot, job) for job, entry in ledger.items() if job not in kept)
    dropped = {job for _, job in by_age[: max(0, len(by_age) - most)]}
    return {job: entry for job, entry in ledger.items() if job not in dropped}
