"""After the first line, a stream sends only news."""

from dataclasses import replace

from hypothesis import given
from test_knowledge import knowledge

from twin.core.pair.bounds import ENTRIES, MEMOS
from twin.core.pair.document import Document, Role
from twin.core.pair.history import Decision, Look, Record
from twin.core.pair.knowledge import Entry, Fate, Knowledge, Memo

POST = Entry(600, Fate.DONE, "a", "1-x")
MAIL = Entry(60_000, Fate.RUNNING, "a", "1-x")

MEMO = Memo(1, 1, "a", "")


def document(known: Knowledge, recent: Record = Record()) -> Document:  # noqa: B008 (frozen)
    return Document(
        twin="a",
        boot="1-x",
        url=None,
        role=Role.ON_DUTY,
        claim=known.claim,
        ledger=known.ledger,
        memos=known.memos,
        recent=recent,
    )


@given(knowledge, knowledge)
def test_a_reader_of_all_lines_knows_as_much_as_a_reader_of_whole_documents(
    first: Knowledge, more: Knowledge
) -> None:
    told, now = document(first), document(first.merge(more))
    assert now.without(told).after(told) == now


def test_a_line_holds_only_jobs_with_a_new_entry() -> None:
    told = document(Knowledge(ledger={"post": POST, "mail": MAIL}))
    ended = replace(MAIL, fate=Fate.DONE)
    now = document(Knowledge(ledger={"post": POST, "mail": ended}))
    assert now.without(told).ledger == {"mail": ended}


def test_equal_values_are_not_sent_again() -> None:
    told = document(Knowledge(ledger={"post": POST}))
    assert not document(Knowledge(ledger={"post": replace(POST)})).without(told).ledger


def test_a_line_holds_only_targets_with_new_records() -> None:
    look = Look(10, 87, "healthy", 644, 2, 1)
    made = {"shop": (Decision(600, 1, 2, "slow"),)}
    told = document(Knowledge(), Record({"shop": (look,), "blog": (look,)}, made))
    later = look._replace(at=650)
    now = document(Knowledge(), Record({"shop": (later,), "blog": (look,)}, made))
    assert now.without(told).recent == Record({"shop": (later,)})


def test_only_the_newest_entries_of_an_overlong_stream_are_kept() -> None:
    jobs = {f"job {n}": replace(POST, slot=n) for n in range(ENTRIES)}
    told = replace(document(Knowledge(ledger=jobs)), memos={str(n): MEMO for n in range(MEMOS)})
    more = replace(document(Knowledge(ledger={"mail": MAIL})), memos={"pause": MEMO})
    both = more.after(told)
    assert len(both.ledger) == ENTRIES
    assert "job 0" not in both.ledger
    assert both.ledger["mail"] == MAIL
    assert both.memos == {"pause": MEMO}
