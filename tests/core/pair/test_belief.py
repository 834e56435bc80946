"""The checks on documents of the other twin: no message does lasting harm."""

from dataclasses import replace

from hypothesis import given
from stepping import B_BOOT, NOON, Twin, noted, sent, started
from test_knowledge import knowledge

from twin.core.pair import belief
from twin.core.pair.belief import FORGOTTEN_S, STRANGE_JOBS, STRANGE_MEMOS, believed
from twin.core.pair.bounds import BOOTS, MEMO_BYTES, WHY_BYTES, json_bytes
from twin.core.pair.document import Role
from twin.core.pair.events import Effect, Ended, Heard, Remember, Via
from twin.core.pair.knowledge import PAUSE, Claim, Entry, Fate, Knowledge, Memo
from twin.core.pair.timeouts import FLAPPING_WAKES
from twin.core.schedule.job import Job
from twin.core.schedule.schedules import every

SLOT = int(NOON)
TERM = SLOT * 1000
DONE = Entry(SLOT, Fate.DONE, "b", B_BOOT)
CLAIM = Claim(TERM, "b", B_BOOT)


def minutely(*names: str) -> dict[str, Job]:
    return {name: Job(name, every("1m", None, "UTC")) for name in names}


def hear(twin: Twin, told: Knowledge, role: Role = Role.STANDBY) -> tuple[Effect, ...]:
    said = replace(twin.state.document(), twin="b", boot=B_BOOT, role=role, claim=told.claim)
    return twin.tell(Heard(replace(said, ledger=told.ledger, memos=told.memos), Via.UPDATE))


def learned(told: Knowledge, *jobs: str) -> tuple[Knowledge, tuple[str, ...]]:
    return believed(Knowledge(CLAIM), told, jobs, NOON)


@given(knowledge, knowledge)
def test_documents_of_honest_twins_are_accepted(one: Knowledge, other: Knowledge) -> None:
    written = {key: memo for key, memo in other.memos.items() if memo.term <= other.claim.term}
    other = replace(other, memos=written)
    assert believed(one, other, ["backup", "mail"], NOON) == (one.merge(other), ())


def test_a_message_without_news_leaves_the_same_object() -> None:
    known = Knowledge(CLAIM, {"mail": DONE})
    assert believed(known, Knowledge(CLAIM, {"mail": DONE}), (), NOON)[0] is known


def test_a_run_that_cannot_have_begun_yet_does_not_hold_its_job_back() -> None:
    twin = Twin(jobs=minutely("mail")).take()
    run = Entry(SLOT, Fate.RUNNING, "b", "1780050000000-x", late_ms=2**52)
    effects = hear(twin, Knowledge(ledger={"mail": run}))
    assert [line["because"] for line in noted(effects, "knowledge.refused")] == [belief.AHEAD]
    assert started(twin.wait(60)) == [("mail", SLOT + 60)]


def test_a_run_of_impossible_length_is_refused() -> None:
    long = replace(DONE, seconds=2.0**40)
    assert learned(Knowledge(ledger={"mail": long})) == (Knowledge(CLAIM), (belief.AHEAD,))


def test_a_memo_of_an_unclaimed_term_does_not_outlast_a_resume() -> None:
    twin = Twin(jobs=minutely("mail")).take()
    for term in (TERM + 10**12, twin.state.knowledge.claim.term):
        memo = Memo(term, TERM + 10**12, "b", "for ever")
        hear(twin, Knowledge(memos={PAUSE: memo}))
        twin.tell(Remember(PAUSE, "", twin.state.knowledge.claim.term))
        assert twin.state.knowledge.paused is None


def test_a_memo_is_accepted_with_the_claim_in_its_message() -> None:
    memo = Memo(TERM + 5, TERM, "b", "x")
    claim = Claim(TERM + 5, "b", B_BOOT)
    assert learned(Knowledge(claim, memos={"scale": memo}))[0].memos == {"scale": memo}
    assert learned(Knowledge(memos={"scale": memo})) == (Knowledge(CLAIM), (belief.OF_NO_CLAIM,))


def test_a_flood_of_jobs_displaces_none_of_our_own() -> None:
    known = Knowledge(CLAIM, {"mail": replace(DONE, slot=60)})
    flood = {f"junk {n}": replace(DONE, slot=SLOT - n) for n in range(2 * STRANGE_JOBS)}
    after, refused = believed(known, Knowledge(ledger=flood), ["mail"], NOON)
    assert refused == (belief.TOO_MANY_JOBS,)
    assert len(after.ledger) == STRANGE_JOBS + 2  # one for each of its own, and its own
    assert after.ledger["mail"].slot == 60
    assert "junk 0" in after.ledger
    again, refused = believed(after, Knowledge(ledger=flood), ["mail"], NOON)
    assert again is after
    assert refused == (belief.TOO_MANY_JOBS,)


def test_newer_jobs_take_the_place_of_the_oldest() -> None:
    flood = {f"junk {n}": replace(DONE, slot=SLOT - 9 - n) for n in range(STRANGE_JOBS)}
    full, refused = learned(Knowledge(ledger=flood))
    assert refused == ()
    after, refused = believed(full, Knowledge(ledger={"new": DONE}), (), NOON)
    assert refused == (belief.TOO_MANY_JOBS,)
    assert "new" in after.ledger
    assert f"junk {STRANGE_JOBS - 1}" not in after.ledger


def test_a_flood_of_memos_is_dropped_and_known_memos_are_updated() -> None:
    known = Knowledge(CLAIM, memos={PAUSE: Memo(1, 1, "a", "")})
    flood = {f"junk {n}": Memo(TERM, n, "b", "x") for n in range(2 * STRANGE_MEMOS)}
    paused = Memo(TERM, 1, "b", "somebody paused it")
    after, refused = believed(known, Knowledge(memos={**flood, PAUSE: paused}), (), NOON)
    assert refused == (belief.TOO_MANY_MEMOS,)
    assert after.memos == {PAUSE: paused}


def test_a_flood_of_twins_is_left_out_and_the_newest_boots_are_learned() -> None:
    known = Knowledge(CLAIM, boots={"a": "1-a", "b": "2-b"})
    flood = {f"junk {n}": "9-z" for n in range(BOOTS)}
    after, _ = believed(known, Knowledge(boots={**flood, "a": "3-a"}), (), NOON)
    assert after.boots == {"a": "3-a", "b": "2-b"}
    assert learned(Knowledge(boots={"c": "3-c"}))[0].boots == {"c": "3-c"}


def test_the_last_entry_of_a_job_of_the_other_twin_alone_is_forgotten_after_100_days() -> None:
    old = {"mail": replace(DONE, slot=SLOT - int(FORGOTTEN_S) - 1)}
    assert learned(Knowledge(ledger=old)) == (Knowledge(CLAIM), ())
    assert learned(Knowledge(ledger=old), "mail")[0].ledger == old


def test_a_twin_that_still_has_such_an_entry_does_not_send_it_again() -> None:
    old = {"mail": replace(DONE, slot=SLOT - int(FORGOTTEN_S) - 1)}
    standby = Twin(jobs=minutely("mail")).stand_by()
    standby.state = replace(standby.state, knowledge=replace(standby.state.knowledge, ledger=old))
    assert sent(standby.hear(Role.ON_DUTY, standby.claim_of_b())) == []
    newer = {"mail": replace(DONE, slot=SLOT)}
    standby.state = replace(standby.state, knowledge=replace(standby.state.knowledge, ledger=newer))
    assert sent(standby.hear(Role.ON_DUTY, standby.claim_of_b())) == ["UPDATE"]


def test_the_reason_of_a_refusal_is_logged_once() -> None:
    twin = Twin().take()
    ahead = Knowledge(ledger={"mail": replace(DONE, slot=SLOT + 3600)})
    assert len(noted(hear(twin, ahead), "knowledge.refused")) == 1
    assert noted(hear(twin, ahead), "knowledge.refused") == []


def test_the_text_of_an_error_is_cut_where_it_enters_the_ledger() -> None:
    twin = Twin(jobs=minutely("mail")).take()
    ((_, slot),) = started(twin.wait(60))
    twin.tell(Ended("mail", slot, Fate.FAILED, 0.1, "x" * 5_000))
    assert json_bytes(twin.state.knowledge.ledger["mail"].why) == WHY_BYTES


def test_a_memo_is_cut_where_it_is_written() -> None:
    twin = Twin().take()
    twin.tell(Remember("scale", "x" * 50_000, twin.state.knowledge.claim.term))
    assert json_bytes(twin.state.knowledge.memos["scale"].text) == MEMO_BYTES


def test_among_thousands_of_boots_only_the_last_wakes_are_kept() -> None:
    twin = Twin().stand_by()
    for number in range(1_000):
        twin.hear(Role.STANDBY, boot=f"{TERM + number}-b")
    assert len(twin.state.peer.wakes) == FLAPPING_WAKES
