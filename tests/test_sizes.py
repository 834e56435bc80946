"""Whatever a twin can hold, what it sends is smaller than what a twin takes: all bounds at once."""

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
    """A twin with all that it can have, which its peer has told it, and runs all of its jobs."""
    made = bench(OWN, url=URL)
    told = document(
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
    assert parse(dump_json(told), WALL) == told
    strange = {long_name(90_000 + number): ENTRY for number in range(ENTRIES)}
    made.node.handle(Heard(replace(told, ledger=strange), Via.UPDATE))
    made.node.handle(Heard(told, Via.UPDATE))
    for name in map(long_name, range(80_000, 80_000 + MEMOS // 2)):
        made.node.remember(name, MEMO.text, FAR_MS)
    made.node.outlets = replace(made.node.outlets, running=lambda: tuple(OWN))
    made.node.history.believe(everything(), WALL)
    return made


def everything() -> Record:
    """Three hours of looks at every target, and of all else more than is kept."""
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


def test_the_fullest_document_is_taken_by_the_other_twin(full: Bench) -> None:
    said = full.node.document()
    assert len(said.ledger) == ENTRIES
    assert len(said.memos) == MEMOS
    assert len(said.recent.looks) == TARGETS
    sent = dump_json(said, status="Update")
    assert 20_000_000 < len(sent) < DOCUMENT_BYTES
    assert parse(sent, WALL).ledger == said.ledger


def test_so_is_the_fullest_part_of_a_history(full: Bench) -> None:
    told = full.node.history.story(WALL - 3 * 3600, WALL)
    assert 10_000_000 < len(str(dump_record(told))) < DOCUMENT_BYTES


def test_ten_thousand_jobs_that_fail_with_5_kb_each_make_a_document_of_4_mb() -> None:
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
