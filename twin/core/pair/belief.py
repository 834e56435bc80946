"""Which part of another twin's knowledge is believed.

A peer with a bug, or somebody with its password, may send anything. A twin refuses what no honest
twin can know, so it does no harm once its sender is gone. But two twins that judge differently know
different things, and may both be on duty. So each rule here heals by itself, or is the same for
both. A twin refuses:

- A slot or a start more than `CLOCK_AHEAD_S` ahead of its clock: the sender's clock runs ahead. It
  is believed as soon as the own clock is there, too.
- A memo of a higher term than any claim: a memo is written under a claim, which its writer sends
  with it (or hides for the 3 s after a freeze; then the next message is believed).
- Jobs that this twin does not have, beyond as many as it has and `STRANGE_JOBS`: those with the
  oldest slots go. After a deploy that renamed all jobs there are twice as many, and no more.
- Memos that are new to it, beyond one for each of its jobs and `STRANGE_MEMOS`.
- Boots of twins that are new to it, if it then knew more than `BOOTS` twins.
- The last entry of a job that this twin does not have, once it is older than `FORGOTTEN_S`:
  otherwise names that change with each deploy would add up for ever.

`twin.node.codec` judges how far ahead a term, a boot or a memo's time may lie when it reads a
document, since it then refuses all of it.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace

from twin.core.pair.bounds import BOOTS, ENTRIES, JOBS, MEMOS, newest
from twin.core.pair.knowledge import Entry, Knowledge, Memo
from twin.core.pair.timeouts import CLOCK_AHEAD_S

STRANGE_JOBS = JOBS
STRANGE_MEMOS = 100
FORGOTTEN_S = 100 * 86_400.0
"""Longer than a quarter of a year, the longest that jobs usually wait for their next slot."""

AHEAD = "a slot or start is ahead of our clock, and believed later: set both clocks right"
OF_NO_CLAIM = "a memo has a higher term than any claim"
TOO_MANY_JOBS = (
    "too many jobs that this twin does not have: those with the oldest slots are dropped"
)
TOO_MANY_MEMOS = "too many memos on what this twin does not know: the new ones are left out"


def believed(
    known: Knowledge, told: Knowledge, jobs: Collection[str], wall: float
) -> tuple[Knowledge, tuple[str, ...]]:
    """The knowledge of a twin with these jobs after it hears `told` at `wall`, in epoch seconds, or
    `known` itself if it learns nothing; and a sentence for each reason to refuse the rest.
    """
    news = known.news_in(told)
    ledger, refused = _believed_slots(news.ledger, jobs, wall)
    memos, refused_memos = _believed_memos(known, news, len(jobs))
    boots = _believed_boots(known.boots, news.boots)
    refused = (*refused, *refused_memos)
    if all(job in jobs or job in known.ledger for job in ledger):
        return known.merge(Knowledge(news.claim, ledger, memos, boots)), refused
    both = {**known.ledger, **ledger}
    kept = newest(both, min(ENTRIES - len(jobs), len(jobs) + STRANGE_JOBS), jobs)
    ledger = {job: entry for job, entry in ledger.items() if job in kept}
    merged = known.merge(Knowledge(news.claim, ledger, memos, boots))
    if len(kept) == len(both):
        return merged, refused
    merged = replace(merged, ledger=kept) if ledger else merged
    return merged, (*refused, TOO_MANY_JOBS)


def _believed_slots(
    news: Mapping[str, Entry], jobs: Collection[str], wall: float
) -> tuple[dict[str, Entry], tuple[str, ...]]:
    latest, oldest = wall + CLOCK_AHEAD_S, wall - FORGOTTEN_S
    begun = {
        job: entry
        for job, entry in news.items()
        if entry.began_at <= latest and entry.seconds <= latest  # no run lasts into the future
    }
    ours = {job: entry for job, entry in begun.items() if entry.slot >= oldest or job in jobs}
    return ours, (AHEAD,) if len(begun) < len(news) else ()


def _believed_memos(
    known: Knowledge, news: Knowledge, jobs: int
) -> tuple[dict[str, Memo], tuple[str, ...]]:
    most = min(MEMOS // 2, jobs + STRANGE_MEMOS)
    memos = {key: memo for key, memo in news.memos.items() if memo.term <= news.claim.term}
    refused = (OF_NO_CLAIM,) if len(memos) < len(news.memos) else ()
    if len(known.memos.keys() | memos.keys()) <= most:
        return memos, refused
    return {key: memos[key] for key in memos.keys() & known.memos}, (*refused, TOO_MANY_MEMOS)


def _believed_boots(known: Mapping[str, str], news: Mapping[str, str]) -> Mapping[str, str]:
    if len(known.keys() | news.keys()) <= BOOTS:
        return news
    return {twin: news[twin] for twin in news.keys() & known}
