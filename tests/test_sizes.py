"""The largest messages, with every value at its bound, are below the accepted size."""

from dataclasses import replace

import pytest
from node_bench import WALL, Bench, bench, document

from twin.core.pair.bounds import (
    BOOT_BYTES,
    ENTRIES,
    JOBS,
    MEMO_BYTES,
    MEMOS,
    NAME_BYTES,
    TARGETS,
    TWIN_BYTES,
    URL_BYTES,
    WHY_BYTES,
)
from twin.core.pair.document import Role
from twin.core.pair.events import Ended, Heard, Via
from twin.core.pair.history import Change, Decision, Life, Look, Record
from twin.core.pair.knowledge import Claim, Entry, Fate, Memo
from twin.core.pair.state import boot_name
from twin.core.schedule.job import Job
from twin.core.schedule.schedules import every
from twin.node.codec import DOCUMENT_BYTES, dump_json, dump_record, parse

NOW, NOW_MS = int(WALL), int(WALL * 1000)
FAR_MS = NOW_MS + 10**12
TWIN = "b" * TWIN_BYTES
BOOT = boot_name(FAR_MS, "z" * 16)
URL = "https://b.example/".ljust(URL_BYTES, "x")
WHY = "y" * WHY_BYTES


def long_name(number: int) -> str:
    return f"{number:05}".ljust(NAME_BYTES, "x")


def long_boot(number: int) -> str:
    return f"{number:05}".ljust(BOOT_BYTES, "x")


OWN = {name: Job(name, every("1m", None, "UTC")) for name in map(long_name, range(JOBS + TARGETS))}
ENTRY = Entry(NOW - 20_000, Fate.CANCELLED, TWIN, "x" * BOOT_BYTES, 12_345_678, 1_234_567.123, WHY)
MEMO = Memo(FAR_MS, FAR_MS, TWIN, "z" * MEMO_BYTES)


@pytest.fixture(scope="module")
def full() -> Bench:
    """A twin at every limit, filled by its peer, with all of its jobs running."""
    made = bench(OWN, url=URL)
    largest = document(
        twin=TWIN,
        boot=BOOT,
        url=URL,
        role=Role.ON_DUTY,
        claim=Claim(FAR_MS, TWIN, BOOT),
        ledger={long_name(number): ENTRY for number in range(ENTRIES)},
        memos={long_name(number): MEMO for number in range(MEMOS // 2)},
        running=tuple(OWN),
        ticked_ago_s=12_345.123,
    )
    assert parse(dump_json(largest), WALL) == largest
    strange = {long_name(90_000 + number): ENTRY for number in range(ENTRIES)}
    made.node.handle(Heard(replace(largest, ledger=strange), Via.UPDATE))
    made.node.handle(Heard(largest, Via.UPDATE))
    for name in map(long_name, range(80_000, 80_000 + MEMOS // 2)):
        made.node.remember(name, MEMO.text, FAR_MS)
    made.node.outlets = replace(made.node.outlets, running=lambda: tuple(OWN))
    made.node.history.believe(everything(), WALL)
    return made


def everything() -> Record:
    """Three hours of looks at every target, and more of each other kind than is kept."""
    first = NOW // 60 - 180
    looks = tuple(
        Look(minute, 10**10, "x" * 20, 60 * minute, 10**10, 10**10)
        for minute in range(first, first + 181)
    )
    made = tuple(Decision(NOW, 10**10, number, WHY) for number in range(20))
    changes = tuple(
        Change(NOW_MS + number, TWIN, "x" * BOOT_BYTES, "x" * 20, WHY) for number in range(4_000)
    )
    lives = {long_boot(n): Life(TWIN, NOW - 60, NOW + n % 9, "x" * 20) for n in range(10_000)}
    targets = [long_name(number) for number in range(2 * TARGETS)]
    return Record(dict.fromkeys(targets, looks), dict.fromkeys(targets, made), changes, lives)


def test_the_largest_document_is_accepted(full: Bench) -> None:
    largest = full.node.document()
    assert len(largest.ledger) == ENTRIES
    assert len(largest.memos) == MEMOS
    assert len(largest.recent.looks) == TARGETS
    sent = dump_json(largest, status="Update")
    assert 20_000_000 < len(sent) < DOCUMENT_BYTES
    assert parse(sent, WALL).ledger == largest.ledger


def test_the_largest_part_of_a_history_is_below_the_limit(full: Bench) -> None:
    part = full.node.history.story(WALL - 3 * 3600, WALL)
    assert 10_000_000 < len(str(dump_record(part))) < DOCUMENT_BYTES


def test_ten_thousand_failures_of_5_kb_make_a_document_of_4_mb_at_most() -> None:
    names = [f"jobs.task_{number:05}" for number in range(JOBS)]
    made = bench({name: Job(name, every("1m", None, "UTC")) for name in names})
    made.node.outlets = replace(made.node.outlets, publish=lambda: None)
    made.take_duty()
    made.wait(60)
    assert len(made.started) == JOBS
    for start in made.started:
        made.node.handle(Ended(start.job, start.slot, Fate.FAILED, 0.1, "x" * 5_000))
    sent = dump_json(made.node.document())
    assert len(sent) < 4_000_000
    assert parse(sent, made.clock.now().wall).ledger == made.node.look().knowledge.ledger
