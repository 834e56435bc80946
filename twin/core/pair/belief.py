"""What is believed of the knowledge that another tells, and what is not.

A peer with a bug, or somebody with its password, may tell anything. What no honest twin can have
found is refused, so that it does no harm once its sender is gone. But two twins that judge unlike
know unlike things, and may both be on duty; so each rule here heals, or holds for both alike:

- A slot or a start ahead of our clock: by more than `CLOCK_AHEAD_S` it is from a clock that runs
  ahead, and is believed as soon as our clock is there, too.
- A memo of a higher term than any claim: a memo is written under a claim, which its writer tells
  with it (or hides for the 3 s after a freeze; then the next message is believed).
- Jobs that this twin does not have, beyond as many as it has and `STRANGE_JOBS`: those with the
  oldest slots go. After a deploy that renamed all jobs there are twice as many, and no more.
- Memos that are new to it, beyond one for each of its jobs and `STRANGE_MEMOS`.
- The last word on a job that this twin does not have, once it is older than `FORGOTTEN_S`. Names
  that change with each deploy would else add up for ever.

How far a term, a boot or a memo's time may lie ahead is judged where a document is read, in
`twin.wire`, since then all of it is refused.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace

from twin.core.pair.bounds import ENTRIES, MEMOS, newest
from twin.core.pair.knowledge import Entry, Knowledge, Memo
from twin.core.pair.timeouts import CLOCK_AHEAD_S

STRANGE_JOBS = 1_000
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
    """What a twin with these jobs knows when it hears `told` at `wall`, in epoch seconds; `known`
    itself if it learns nothing. And why it does not believe the rest, a sentence for each reason.
    """
    news = known.news_in(told)
    ledger, refused = _believed_slots(news.ledger, jobs, wall)
    memos, refused_memos = _believed_memos(known, news, len(jobs))
    refused = (*refused, *refused_memos)
    if all(job in jobs or job in known.ledger for job in ledger):
        return known.merge(Knowledge(news.claim, ledger, memos)), refused
    both = {**known.ledger, **ledger}
    kept = newest(both, min(ENTRIES - len(jobs), len(jobs) + STRANGE_JOBS), jobs)
    ledger = {job: entry for job, entry in ledger.items() if job in kept}
    merged = known.merge(Knowledge(news.claim, ledger, memos))
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
        if entry.began_at <= latest and entry.seconds <= latest  # longer than there is time
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
