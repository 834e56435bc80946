"""When a twin claims the duty, when its claim is confirmed, and when it steps back."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest
from stepping import A_URL, B_BOOT, B_URL, NOON, Twin, noted, sent

from twin.core.pair.document import Role
from twin.core.pair.duty import next_timer
from twin.core.pair.events import (
    Event,
    Failed,
    Failure,
    Froze,
    Heard,
    LearnedUrl,
    Leave,
    Looked,
    PlainConfirmed,
    PlainDown,
    PlainUpdate,
    Publish,
    Request,
    RunNow,
    Send,
    Start,
    Tick,
    Via,
    Watch,
    Watchers,
    WatchLost,
)
from twin.core.pair.knowledge import Claim, Entry, Fate
from twin.core.pair.shift import Shift
from twin.core.pair.state import Holding, Retired, Rules, Standby, Trouble, boot_name
from twin.core.schedule.job import Job
from twin.core.schedule.schedules import every

REFUSED = Failed(Failure.REFUSED, "the connection is refused")
DENIED = Failed(Failure.DENIED, "401: set TWIN_PASSWORD to one value on both")
STRANGER = Failed(Failure.STRANGER, "a blog answers there")
ON_STANDBY = Looked(on_duty=False, boot="1-b", alive=True)
A_PAGE = Looked(on_duty=False, boot="", alive=True)
NO_ANSWER = Looked(on_duty=False, boot="", alive=False)
NO_ENDPOINT = Failed(Failure.LEGACY, "404")
NEWER, OLDER = "1780056900000-b", "1780050000000-b"
NEWER_A = "1790000000000-x"
JOIN = Rules(takes_on_wake=False)
MORNING = Rules(shift=Shift(0, 12 * 60, ZoneInfo("UTC")))
EVENING = Rules(shift=Shift(12 * 60, 24 * 60 - 1, ZoneInfo("UTC")))

# ---- situations: each a twin that has come so far


def claiming() -> Twin:
    return Twin().wake()


def on_duty() -> Twin:
    return Twin().take()


def standing_by() -> Twin:
    return Twin().stand_by()


def in_doubt() -> Twin:
    twin = standing_by()
    twin.tell(WatchLost("no line for 4.2 s"))
    return twin


def thawed() -> Twin:
    twin = on_duty()
    twin.wait(20)
    twin.tell(Froze(20.0))
    return twin


def look_for(twin: Twin, seconds: float, look: Looked) -> Twin:
    """Let time pass, with this answer to each look at the peer's `/healthz`."""
    for _ in range(10):
        twin.tell(look)
        twin.wait(seconds / 10)
    return twin


# ---- a claim is confirmed

CONFIRMS: list[tuple[str, Callable[[], Twin], Callable[[Twin], object], Role]] = [
    (
        "a message of the peer's that shows it confirms a claim",
        claiming,
        lambda twin: twin.hear(Role.STANDBY, twin.state.knowledge.claim, Via.ANSWER),
        Role.ON_DUTY,
    ),
    (
        "a message of the peer's that shows a lower one does not",
        claiming,
        lambda twin: twin.hear(Role.STANDBY, twin.claim_of_b(above=-9), Via.ANSWER),
        Role.CLAIMING,
    ),
    (
        "a refused connection confirms a claim",
        claiming,
        lambda twin: twin.tell(REFUSED),
        Role.ON_DUTY,
    ),
    ("2.9 s of silence do not", claiming, lambda twin: twin.wait(2.9), Role.CLAIMING),
    ("3 s of silence do", claiming, lambda twin: twin.wait(3.01), Role.ON_DUTY),
    (
        "silence counts from the last message of the peer's",
        claiming,
        lambda twin: (twin.wait(2), twin.hear(Role.WAKING), twin.wait(2)),
        Role.CLAIMING,
    ),
    (
        "a boot that made way cannot confirm for the newer one",
        claiming,
        lambda twin: twin.hear_retired(twin.state.knowledge.claim, Via.ANSWER),
        Role.CLAIMING,
    ),
    (
        "wrong credentials confirm nothing while a twin is seen there",
        claiming,
        lambda twin: (twin.tell(DENIED), look_for(twin, 29, ON_STANDBY)),
        Role.CLAIMING,
    ),
    (
        "wrong credentials where nobody is seen any more are silence",
        claiming,
        lambda twin: (twin.tell(DENIED), look_for(twin, 6, NO_ANSWER)),
        Role.ON_DUTY,
    ),
    (
        "an answer that is no twin's is silence",
        claiming,
        lambda twin: (twin.tell(STRANGER), look_for(twin, 3, A_PAGE)),
        Role.ON_DUTY,
    ),
    (
        "an answer that is no twin's confirms nothing while a twin is seen there",
        claiming,
        lambda twin: (twin.tell(STRANGER), look_for(twin, 29, ON_STANDBY)),
        Role.CLAIMING,
    ),
    (
        "a call that shows the claim confirms it, though no answer can be read",
        claiming,
        lambda twin: (
            twin.tell(STRANGER),
            twin.hear(Role.STANDBY, twin.state.knowledge.claim, Via.UPDATE),
        ),
        Role.ON_DUTY,
    ),
    (
        "a legacy peer confirms by its plain answer",
        claiming,
        lambda twin: twin.tell(PlainConfirmed()),
        Role.ON_DUTY,
    ),
    (
        "a higher claim ends ours at once",
        claiming,
        lambda twin: twin.hear(Role.CLAIMING, twin.claim_of_b(above=9_999), Via.UPDATE),
        Role.STANDBY,
    ),
    (
        "a higher claim ends the duty at once",
        on_duty,
        lambda twin: twin.hear(Role.CLAIMING, twin.claim_of_b(above=9_999), Via.UPDATE),
        Role.STANDBY,
    ),
    (
        "a late message of an older boot changes nothing",
        on_duty,
        lambda twin: twin.hear(Role.LEAVING, twin.claim_of_b(boot=OLDER), Via.DOWN, OLDER),
        Role.ON_DUTY,
    ),
    (
        "our own claim, seen again at the peer, changes nothing",
        on_duty,
        lambda twin: twin.hear(Role.STANDBY, twin.state.knowledge.claim),
        Role.ON_DUTY,
    ),
]


@pytest.mark.parametrize(
    ("situation", "then", "role"), [row[1:] for row in CONFIRMS], ids=[row[0] for row in CONFIRMS]
)
def test_when_a_claim_is_confirmed(
    situation: Callable[[], Twin], then: Callable[[Twin], object], role: Role
) -> None:
    twin = situation()
    then(twin)
    assert twin.role() is role


# ---- a standby follows

FOLLOWS: list[tuple[str, Callable[[], Twin], Callable[[Twin], object], Role]] = [
    (
        "a holder that is heard is left in charge",
        standing_by,
        lambda twin: twin.hear(Role.ON_DUTY, twin.claim_of_b()),
        Role.STANDBY,
    ),
    (
        "what the peer released is taken at once",
        standing_by,
        lambda twin: twin.hear(Role.LEAVING, twin.claim_of_b(released=True), Via.DOWN),
        Role.ON_DUTY,
    ),
    (
        "what an older boot of the peer released is claimed, and waits for the newer one's word",
        standing_by,
        lambda twin: twin.hear_retired(twin.claim_of_b(9_999, True, OLDER), Via.DOWN, boot=OLDER),
        Role.CLAIMING,
    ),
    (
        "a peer that says it is on standby too is followed",
        standing_by,
        lambda twin: twin.hear(Role.STANDBY, twin.claim_of_b()),
        Role.CLAIMING,
    ),
    (
        "a newer boot in the holder's place is followed",
        standing_by,
        lambda twin: twin.hear(Role.WAKING, twin.claim_of_b(), boot=NEWER),
        Role.CLAIMING,
    ),
    (
        "a holder that is not confirmed yet is given time",
        standing_by,
        lambda twin: twin.hear(Role.CLAIMING, twin.claim_of_b(5)),
        Role.STANDBY,
    ),
    (
        "a holder whose scheduler stands still for 30 s is followed",
        standing_by,
        lambda twin: twin.hear(Role.ON_DUTY, twin.claim_of_b(), ticked_ago_s=30),
        Role.CLAIMING,
    ),
    (
        "a lost watch alone is no reason to claim",
        in_doubt,
        lambda twin: twin.wait(3.2),
        Role.STANDBY,
    ),
    (
        "silence for 3.3 s after a lost watch is",
        in_doubt,
        lambda twin: twin.wait(3.31),
        Role.ON_DUTY,
    ),
    (
        "an answer of the holder's ends the doubt",
        in_doubt,
        lambda twin: (
            twin.wait(1),
            twin.hear(Role.ON_DUTY, twin.claim_of_b(), Via.ANSWER),
            twin.hear(Role.ON_DUTY, twin.claim_of_b()),
            twin.wait(9),
        ),
        Role.STANDBY,
    ),
    (
        "one refusal may have met the moment between two boots",
        in_doubt,
        lambda twin: (twin.tell(REFUSED), twin.wait(0.1), twin.tell(REFUSED)),
        Role.STANDBY,
    ),
    (
        "two refusals a breath apart are a death",
        in_doubt,
        lambda twin: (twin.tell(REFUSED), twin.wait(0.9), twin.tell(REFUSED)),
        Role.ON_DUTY,
    ),
    (
        "a stream that is refused counts as a refusal",
        standing_by,
        lambda twin: (twin.tell(WatchLost("", refused=True)), twin.wait(0.9), twin.tell(REFUSED)),
        Role.ON_DUTY,
    ),
    (
        "a peer that answers, and never takes the duty, is claimed above, not passed over",
        in_doubt,
        lambda twin: (
            twin.hear(Role.CLAIMING, twin.claim_of_b(1)),
            twin.wait(4.9),
            twin.hear(Role.CLAIMING, twin.claim_of_b(1)),
            twin.wait(0.11),
        ),
        Role.CLAIMING,
    ),
    (
        "an old boot that vouches for the holder keeps it in charge",
        in_doubt,
        lambda twin: (
            twin.wait(3),
            twin.hear_vouching(twin.claim_of_b(), Via.ANSWER, boot=OLDER),
            twin.wait(3),
        ),
        Role.STANDBY,
    ),
    (
        "an old boot that no longer hears the holder does not",
        in_doubt,
        lambda twin: (
            twin.wait(3),
            twin.hear_retired(twin.claim_of_b(), Via.ANSWER, boot=OLDER),
            twin.wait(3),
        ),
        Role.ON_DUTY,
    ),
    (
        "a plain /down hands over",
        standing_by,
        lambda twin: twin.tell(PlainDown()),
        Role.CLAIMING,
    ),
    (
        "wrong credentials in doubt confirm nothing while a twin is seen there",
        in_doubt,
        lambda twin: (twin.tell(DENIED), look_for(twin, 9, ON_STANDBY)),
        Role.CLAIMING,
    ),
    (
        "a router's page in the place of the holder is silence",
        in_doubt,
        lambda twin: (twin.tell(STRANGER), look_for(twin, 3.31, A_PAGE)),
        Role.ON_DUTY,
    ),
    (
        "a 403 in the place of the holder is silence where no twin is seen",
        in_doubt,
        lambda twin: (twin.tell(DENIED), look_for(twin, 3.31, A_PAGE)),
        Role.ON_DUTY,
    ),
    (
        "a holder whose calls arrive is left in charge, though its answers cannot be read",
        in_doubt,
        lambda twin: [
            (
                twin.tell(STRANGER),
                twin.hear(Role.ON_DUTY, twin.claim_of_b(), Via.UPDATE),
                twin.wait(3),
            )
            for _ in range(10)
        ],
        Role.STANDBY,
    ),
]


@pytest.mark.parametrize(
    ("situation", "then", "role"), [row[1:] for row in FOLLOWS], ids=[row[0] for row in FOLLOWS]
)
def test_when_a_standby_claims(
    situation: Callable[[], Twin], then: Callable[[Twin], object], role: Role
) -> None:
    twin = situation()
    then(twin)
    assert twin.role() is role


def test_whoever_is_refused_asks_again_at_once_and_no_third_time() -> None:
    twin = in_doubt()
    twin.tell(REFUSED)
    assert sent(twin.wait(0.39)) == []
    assert sent(twin.wait(0.02)) == ["UPDATE"]
    twin.tell(REFUSED)
    assert twin.role() is Role.ON_DUTY


# ---- waking


@pytest.mark.parametrize(
    ("rules", "wall", "peer_url", "role"),
    [
        (Rules(), NOON, B_URL, Role.CLAIMING),
        (JOIN, NOON, B_URL, Role.STANDBY),
        (JOIN, NOON, None, Role.ON_DUTY),
        (Rules(), NOON, None, Role.ON_DUTY),
        (MORNING, NOON - 60, B_URL, Role.CLAIMING),
        (MORNING, NOON, B_URL, Role.STANDBY),
        (MORNING, NOON, None, Role.ON_DUTY),
    ],
    ids=["take", "join", "join, alone", "alone", "in its shift", "outside it", "outside, alone"],
)
def test_a_twin_that_has_settled(
    rules: Rules, wall: float, peer_url: str | None, role: Role
) -> None:
    assert Twin(peer_url, rules, wall=wall).wake().role() is role


def test_a_twin_settles_for_a_second_before_it_claims() -> None:
    twin = Twin()
    twin.tell(Tick())
    twin.tell(Heard(twin.state.document(), Via.OWN))
    twin.wait(0.99)
    assert twin.role() is Role.WAKING
    twin.wait(0.02)
    assert twin.role() is Role.CLAIMING


def test_a_twin_woken_by_the_update_of_its_peer_joins() -> None:
    twin = Twin()
    twin.tell(Tick())
    twin.tell(Heard(twin.state.document(), Via.OWN))
    twin.hear(Role.CLAIMING, twin.claim_of_b(), Via.UPDATE)
    twin.wait(1.01)
    assert twin.role() is Role.STANDBY


def test_a_twin_woken_by_a_plain_update_joins() -> None:
    twin = Twin(url=None)
    twin.tell(PlainUpdate())
    twin.wait(1.01)
    assert twin.role() is Role.STANDBY


def test_a_plain_update_changes_nothing_where_the_peer_is_on_duty_already() -> None:
    twin = standing_by()
    held = twin.state.knowledge.claim
    assert noted(twin.tell(PlainUpdate()), "update.plain")
    assert twin.state.knowledge.claim == held


def test_a_leave_heard_while_settling_is_not_believed() -> None:
    """It may be an old boot's, while a newer one already claims."""
    twin = Twin(url=None)
    twin.hear(Role.LEAVING, twin.claim_of_b(released=True), Via.DOWN)
    twin.wait(1.01)
    assert twin.role() is Role.CLAIMING
    assert not twin.state.peer.left


def test_a_boot_that_follows_an_older_one_waits_until_that_one_has_heard_of_it() -> None:
    """The two run side by side: the older is on duty until the peer lets go of its watch."""
    twin = Twin()
    assert "STATUS" in sent(twin.tell(Tick()))
    older = Claim(int(NOON * 1000) - 9_000, "a", "1780055000000-a")
    twin.tell(Heard(twin.state.document(), Via.OWN))
    twin.hear(Role.STANDBY, older, Via.ANSWER)
    twin.wait(1.01)
    twin.hear(Role.STANDBY, twin.state.knowledge.claim, Via.ANSWER)
    twin.wait(2.9)
    assert twin.role() is Role.CLAIMING
    twin.wait(0.2)
    assert twin.role() is Role.ON_DUTY


def test_a_claim_above_a_boot_that_is_still_heard_waits_until_that_one_has_heard_of_it() -> None:
    """The peer deploys: its new boot answers that it wakes, and the old one goes on starting."""
    twin = Twin().stand_by()
    newer = "1780055600000-b"
    twin.hear(Role.WAKING, twin.claim_of_b(), Via.ANSWER, boot=newer)
    twin.hear(Role.WAKING, twin.state.knowledge.claim, Via.ANSWER, boot=newer)
    assert twin.role() is Role.CLAIMING


def test_a_watch_of_an_older_boot_ends_when_a_newer_one_is_heard() -> None:
    twin = Twin().stand_by()
    newer = "1780055600000-b"
    effects = twin.hear(Role.CLAIMING, twin.claim_of_b(1, boot=newer), Via.UPDATE, boot=newer)
    assert Watch(open=True) in effects


def test_a_twin_waits_four_seconds_for_its_url() -> None:
    twin = Twin()
    assert sent(twin.wait(3.9)).count("OWN") == 8
    assert twin.role() is Role.WAKING
    twin.wait(0.2)
    assert twin.role() is Role.CLAIMING


def test_a_freeze_while_settling_begins_it_anew() -> None:
    twin = Twin(url=None)
    twin.wait(0.9)
    twin.tell(Froze(9.0))
    twin.wait(0.9)
    assert twin.role() is Role.WAKING


def test_on_wake_join_claims_only_if_the_peer_is_not_on_duty() -> None:
    twin = Twin(rules=JOIN).wake()
    twin.wait(0.9)
    twin.hear(Role.ON_DUTY, twin.claim_of_b(), Via.ANSWER)
    twin.hear(Role.ON_DUTY, twin.claim_of_b())
    twin.wait(9)
    assert twin.role() is Role.STANDBY
    assert Twin(rules=JOIN).wake().wait(3.31)


def test_a_release_told_late_by_an_old_boot_is_no_word_of_a_peer_never_heard() -> None:
    """Its router held the word for us while we booted, and a newer boot took over (seed 1069)."""
    twin = Twin(rules=JOIN).wake()
    twin.hear_retired(twin.claim_of_b(released=True), Via.DOWN)
    assert twin.role() is Role.CLAIMING


def test_a_release_heard_by_way_of_an_old_boot_of_ours_waits_for_the_peers_word() -> None:
    twin = standing_by()
    twin.hear_retired(via=Via.OWN, boot="1-x", url=A_URL, twin="a")
    twin.hear_retired(twin.claim_of_b(released=True), Via.OWN, boot="1-x", url=A_URL, twin="a")
    assert twin.role() is Role.CLAIMING


# ---- what is repeated, and asked


def test_a_claim_is_repeated_until_the_peer_has_shown_it() -> None:
    twin = claiming()
    twin.tell(Watchers(1))
    assert sent(twin.wait(4.6)) == ["UPDATE"] * 3
    twin.hear(Role.STANDBY, twin.state.knowledge.claim, Via.ANSWER)
    assert sent(twin.wait(60)) == []


def test_a_peer_that_left_is_told_once_and_left_asleep() -> None:
    twin = standing_by()
    effects = twin.hear(Role.LEAVING, twin.claim_of_b(released=True), Via.DOWN)
    assert sent(effects) == ["UPDATE"]
    assert sent(twin.wait(60)) == []


def test_a_holder_that_nobody_can_ask_repeats_its_update_for_as_long_as_it_holds() -> None:
    twin = Twin(url=None).take()
    assert set(sent(twin.wait(30))) == {"UPDATE"}
    assert len(sent(twin.wait(30))) == 20


def test_a_holder_whose_url_leads_to_an_old_boot_asks_there_until_it_is_its_own() -> None:
    twin = on_duty()
    old = Twin(wall=NOON - 900)
    document = old.state.document()
    twin.tell(Heard(document, Via.OWN))
    assert set(sent(twin.wait(3))) == {"UPDATE", "OWN"}
    twin.tell(Heard(twin.state.document(), Via.OWN))
    assert sent(twin.wait(9)) == []


def test_while_an_old_boot_has_its_url_a_holder_tells_even_a_peer_that_left() -> None:
    """It may come back, ask that old boot, and find nobody on duty (seeds 115, 207)."""
    twin = standing_by()
    twin.hear(Role.LEAVING, twin.claim_of_b(released=True), Via.DOWN)
    twin.wait(100)
    twin.tell(Heard(Twin(wall=NOON - 900).state.document(), Via.OWN))
    assert sent(twin.wait(3.1)).count("UPDATE") >= 2
    twin.tell(Heard(twin.state.document(), Via.OWN))
    assert sent(twin.wait(60)) == []


def test_a_young_holder_that_does_not_know_who_has_its_url_tells_a_peer_that_left() -> None:
    twin = Twin()
    twin.wait(4.1)
    twin.tell(Failed(Failure.REFUSED, ""))
    twin.hear(Role.LEAVING, twin.state.knowledge.claim, Via.DOWN)
    assert sent(twin.wait(9)).count("UPDATE") == 6
    twin.wait(90)
    assert sent(twin.wait(60)) == []


def test_a_leave_that_is_heard_before_all_else_is_not_believed() -> None:
    """It was an old boot's, and late; the next one has the duty (seed 1795287644)."""
    twin = Twin()
    twin.wait(4.1)
    twin.hear(Role.LEAVING, twin.claim_of_b(-9), Via.DOWN)
    assert not twin.state.peer.left
    assert sent(twin.wait(9)).count("UPDATE") == 6


def test_when_the_last_watcher_drops_without_a_word_the_peer_is_asked() -> None:
    twin = on_duty()
    twin.tell(Watchers(1))
    assert sent(twin.tell(Watchers(0))) == ["STATUS"]
    assert sent(twin.wait(16)) == ["STATUS"]
    twin.tell(Watchers(1))
    assert sent(twin.wait(60)) == []


def test_a_standby_tells_a_holder_that_knows_less() -> None:
    twin = standing_by()
    entry = Entry(int(NOON), Fate.DONE, "a", "x")
    twin.hear(Role.ON_DUTY, twin.claim_of_b(), Via.UPDATE, ledger={"mail": entry})
    assert sent(twin.hear(Role.ON_DUTY, twin.claim_of_b())) == ["UPDATE"]
    assert sent(twin.hear(Role.ON_DUTY, twin.claim_of_b(-9))) == ["UPDATE"]


def test_a_watch_that_ends_at_an_old_boot_is_closed_and_tried_again() -> None:
    twin = standing_by()
    assert Watch(open=False) in twin.hear_retired(twin.claim_of_b(), boot=OLDER)
    twin.hear(Role.ON_DUTY, twin.claim_of_b(), Via.UPDATE)
    assert twin.role() is Role.STANDBY
    twin.wait(3)
    twin.hear(Role.ON_DUTY, twin.claim_of_b(), Via.UPDATE)
    twin.wait(2.5)
    assert Watch(open=True) in twin.hear(Role.ON_DUTY, twin.claim_of_b(), Via.UPDATE)


def test_news_are_published_before_anything_is_sent() -> None:
    twin = Twin(url=None)
    twin.wait(0.99)
    twin.mono += 0.02
    effects = twin.tell(Tick())
    assert effects[0] == Publish()
    assert Send(Request.UPDATE) in effects


# ---- freezes


def test_a_holder_that_froze_asks_before_it_acts() -> None:
    twin = on_duty()
    twin.wait(20)
    assert sent(twin.tell(Froze(20.0))) == ["UPDATE"]
    assert twin.role() is Role.CLAIMING


THAWS: list[tuple[str, Callable[[Twin], object], Role]] = [
    (
        "the answer to a question asked since counts",
        lambda twin: twin.hear(Role.STANDBY, twin.state.knowledge.claim, Via.ANSWER),
        Role.ON_DUTY,
    ),
    (
        "the answer to an older question does not",
        lambda twin: twin.hear(Role.STANDBY, twin.state.knowledge.claim, Via.ANSWER, asked_ago_s=9),
        Role.CLAIMING,
    ),
    (
        "a message that waited meanwhile does not",
        lambda twin: twin.hear(Role.STANDBY, twin.state.knowledge.claim, Via.UPDATE),
        Role.CLAIMING,
    ),
    (
        "a refusal of before the freeze does not",
        lambda twin: twin.tell(Failed(Failure.REFUSED, "", asked_at=twin.mono - 9)),
        Role.CLAIMING,
    ),
    ("a refusal does", lambda twin: twin.tell(REFUSED), Role.ON_DUTY),
    ("2.9 s of silence do not", lambda twin: twin.wait(2.9), Role.CLAIMING),
    ("3 s of silence do", lambda twin: twin.wait(3.01), Role.ON_DUTY),
    (
        "a claim and its release that waited meanwhile give it nothing at once",
        lambda twin: (
            twin.hear(Role.CLAIMING, twin.claim_of_b(9_999), Via.UPDATE),
            twin.hear(Role.LEAVING, twin.claim_of_b(9_999, released=True), Via.DOWN),
        ),
        Role.CLAIMING,
    ),
    (
        "a line that waited meanwhile is no reason to claim",
        lambda twin: (
            twin.hear(Role.CLAIMING, twin.claim_of_b(9_999), Via.UPDATE),
            twin.hear(Role.STANDBY, twin.claim_of_b(9_999), Via.LINE),
        ),
        Role.STANDBY,
    ),
]


@pytest.mark.parametrize(
    ("then", "role"), [row[1:] for row in THAWS], ids=[row[0] for row in THAWS]
)
def test_a_twin_that_cannot_trust_its_time_does_not_act(
    then: Callable[[Twin], object], role: Role
) -> None:
    twin = thawed()
    then(twin)
    assert twin.role() is role


def test_after_a_freeze_no_answer_counts_of_a_peer_that_was_not_told_we_are_back() -> None:
    """Found by seed 377: `/status` tells the peer nothing, so it claimed after the answer."""
    twin = on_duty()
    twin.tell(Watchers(1))
    twin.wait(20)
    twin.tell(Froze(20.0))
    assert set(sent(twin.tell(Watchers(0)))) == {"UPDATE"}


def test_a_standby_that_froze_asks_anew() -> None:
    twin = standing_by()
    twin.wait(20)
    assert sent(twin.tell(Froze(20.0))) == ["UPDATE"]
    twin.wait(3.2)
    assert twin.role() is Role.STANDBY


def test_a_twin_that_is_alone_has_nobody_to_ask_after_a_freeze() -> None:
    twin = Twin(peer_url=None).wake()
    twin.tell(Froze(20.0))
    assert twin.role() is Role.ON_DUTY


def test_a_doubt_that_ends_late_waits_for_what_has_arrived() -> None:
    """A freeze too short to be noticed may hold the answers that came in it."""
    twin = in_doubt()
    twin.mono += 3.9
    assert sent(twin.tell(Tick())) == ["STATUS"]
    assert twin.role() is Role.STANDBY
    twin.wait(0.31)
    assert twin.role() is Role.ON_DUTY


def test_who_woke_from_a_freeze_confirms_no_claim_before_all_is_read_that_came_meanwhile() -> None:
    """Another boot of its app may have told it of a run (seed 1795283384)."""
    twin = standing_by()
    twin.tell(Froze(54.0))
    claim = twin.claim_of_b(9_999, boot=NEWER)
    twin.hear(Role.CLAIMING, claim, Via.UPDATE, boot=NEWER)
    assert twin.state.document().claim != claim
    twin.hear(Role.CLAIMING, claim, Via.ANSWER, boot=NEWER)
    assert twin.state.document().claim == claim


# ---- leaving, retiring, waking again


def test_a_holder_that_leaves_releases_publishes_and_sends_down_at_once() -> None:
    effects = (twin := on_duty()).tell(Leave("SIGTERM"))
    assert effects[0] == Publish()
    assert sent(effects) == ["DOWN"]
    assert twin.state.knowledge.claim.released
    assert twin.state.document().leaving
    assert next_timer(twin.state) is None
    assert twin.tell(Leave("SIGTERM")) == ()


def test_a_standby_that_leaves_says_so_too() -> None:
    effects = (twin := standing_by()).tell(Leave("SIGTERM"))
    assert sent(effects) == ["DOWN"]
    assert not twin.state.knowledge.claim.released


def test_a_boot_that_hears_of_a_newer_boot_of_its_app_makes_way() -> None:
    twin = on_duty()
    newer = twin.hear(Role.WAKING, via=Via.UPDATE, boot=NEWER_A, url=A_URL, twin="a")
    assert sent(newer) == ["DOWN", "OWN"]  # the peer and the newer boot hear what was just started
    assert twin.state.vouches
    assert not twin.state.document().leaving
    twin.tell(Heard(twin.state.document(), Via.OWN))
    assert twin.state.retired, "our URL has not been handed on yet: that is no sign of a failure"
    twin.wait(3.1)
    assert twin.state.retired
    assert not twin.state.vouches
    twin.hear(Role.CLAIMING, via=Via.UPDATE, boot=NEWER_A, url=A_URL, twin="a")
    assert twin.state.vouches


def entry_of_b() -> dict[str, Entry]:
    return {"mail": Entry(int(NOON), Fate.RUNNING, "b", B_BOOT)}


def test_a_standby_that_makes_way_reads_on_and_passes_on_what_it_hears() -> None:
    """The newer boot has no watch yet, and the holder may die before it has (seed 1795256606)."""
    twin = standing_by()
    retires = twin.hear(Role.WAKING, via=Via.UPDATE, boot=NEWER_A, url=A_URL, twin="a")
    assert Watch(open=False) not in retires
    assert sent(twin.hear(Role.ON_DUTY, twin.claim_of_b(), ledger=entry_of_b())) == ["OWN"]
    assert sent(twin.hear(Role.ON_DUTY, twin.claim_of_b(), ledger=entry_of_b())) == []
    twin.wait(90.1)
    assert Watch(open=False) in twin.tell(Heard(twin.state.document(), Via.OWN))


def test_a_boot_of_an_older_name_that_answers_in_the_place_of_the_newest_is_believed() -> None:
    """Its clock was behind when it began, or a newer boot is gone (seed 700389); else its peer
    would never again believe that it is on duty."""
    twin = standing_by()
    twin.wait(1)
    claim = twin.claim_of_b(9, boot=OLDER)
    twin.hear(Role.ON_DUTY, claim, Via.ANSWER, boot=OLDER, asked_ago_s=1.1)
    assert twin.state.peer.boot == B_BOOT, "the newest spoke after that question"
    twin.hear(Role.ON_DUTY, claim, Via.UPDATE, boot=OLDER)
    assert twin.state.peer.boot == B_BOOT, "it may be late"
    twin.hear(Role.ON_DUTY, claim, Via.ANSWER, boot=OLDER, asked_ago_s=0.5)
    assert twin.state.peer.boot == OLDER


def test_a_peer_whose_newest_boot_left_is_told_again_when_another_boot_of_it_speaks() -> None:
    """Else a double duty after a cut might never be heard of (seed 900163)."""
    twin = on_duty()
    twin.hear(Role.LEAVING, twin.state.knowledge.claim, Via.DOWN)
    assert twin.state.peer.left
    twin.hear(Role.STANDBY, via=Via.UPDATE, boot=OLDER)
    assert not twin.state.peer.left


def test_a_boot_that_wakes_again_does_not_take_its_peer_for_gone() -> None:
    """It may have come back to the newer boot; told once, in vain, both stayed (seed 700058)."""
    twin = on_duty()
    twin.hear(Role.LEAVING, twin.state.knowledge.claim, Via.DOWN)
    twin.hear(Role.WAKING, via=Via.OWN, boot=NEWER_A, url=A_URL, twin="a")
    twin.wait(90.1)
    assert twin.state.peer.left
    twin.tell(Heard(twin.state.document(), Via.OWN))
    assert not twin.state.peer.left


def test_a_boot_tells_the_older_one_at_its_url_what_it_hears() -> None:
    """The peer's next boot can ask only that one (seed 500611)."""
    twin = standing_by()
    assert "OWN" not in sent(twin.hear(Role.ON_DUTY, twin.claim_of_b(), ledger=entry_of_b()))
    twin = standing_by()
    twin.hear_retired(via=Via.OWN, boot="1-x", url=A_URL, twin="a")
    assert "OWN" in sent(twin.hear(Role.ON_DUTY, twin.claim_of_b(), ledger=entry_of_b()))


def test_who_loses_the_duty_while_an_older_boot_has_its_url_tells_what_it_started() -> None:
    """The claimer's questions come to that older boot (seed 610076)."""
    twin = on_duty()
    twin.hear_retired(via=Via.OWN, boot="1-x", url=A_URL, twin="a")
    assert sent(twin.hear(Role.CLAIMING, twin.claim_of_b(9_999), Via.UPDATE))[0] == "UPDATE"


@pytest.mark.parametrize(("at_its_url", "tells"), [("1-x", True), (None, False)])
def test_a_holder_that_cannot_be_asked_tells_what_it_starts(
    at_its_url: str | None, tells: bool
) -> None:
    """It may be killed a moment later, and the older boot at its URL too (seed 1795278958)."""
    twin = Twin(jobs={"mail": Job("mail", every("1m", None, "UTC"))}).take()
    if at_its_url is not None:
        twin.hear_retired(via=Via.OWN, boot=at_its_url, url=A_URL, twin="a")
    effects = twin.tell(RunNow("mail"))
    assert any(isinstance(effect, Start) for effect in effects)
    assert ("UPDATE" in sent(effects)) is tells


def test_a_boot_that_made_way_and_is_ended_does_not_say_that_its_twin_leaves() -> None:
    twin = on_duty()
    twin.hear(Role.WAKING, via=Via.UPDATE, boot=NEWER_A, url=A_URL, twin="a")
    twin.tell(Leave("SIGTERM"))
    assert not twin.state.document().leaving
    assert not twin.state.document().speaks_for_its_twin


def test_a_boot_that_leaves_and_hears_of_a_newer_one_no_longer_speaks_for_its_twin() -> None:
    twin = on_duty()
    twin.tell(Leave("SIGTERM"))
    twin.hear(Role.WAKING, via=Via.UPDATE, boot=NEWER_A, url=A_URL, twin="a")
    assert not twin.state.document().leaving


def test_an_older_boot_at_our_url_changes_nothing_but_knowledge() -> None:
    twin = on_duty()
    twin.hear(Role.ON_DUTY, via=Via.OWN, boot="1-x", url=A_URL, twin="a")
    assert twin.role() is Role.ON_DUTY


def test_a_boot_that_made_way_wakes_again_if_its_url_still_leads_to_it() -> None:
    twin = on_duty()
    twin.hear(Role.WAKING, via=Via.OWN, boot=NEWER_A, url=A_URL, twin="a")
    assert twin.state.retired
    assert not twin.state.vouches
    assert sent(twin.wait(90.1)) == ["OWN"]
    before = twin.state.boot
    twin.tell(Heard(twin.state.document(), Via.OWN))
    assert twin.role() is Role.WAKING
    assert twin.state.boot > before


def test_a_holder_that_makes_way_for_a_boot_with_a_higher_claim_tells_that_it_lost_the_duty() -> (
    None
):
    twin = on_duty()
    claim = Claim(int(NOON * 1000) + 9_999, "a", NEWER_A)
    effects = twin.hear(Role.ON_DUTY, claim, Via.UPDATE, boot=NEWER_A, url=A_URL, twin="a")
    assert twin.state.retired
    assert [note["term"] for note in noted(effects, "duty.lost")] == [claim.term]
    assert not noted(effects, "duty.released")


def test_a_boot_that_vouches_does_not_wake_again() -> None:
    """An old boot whose URL leads to itself is no proof that the newer one is gone."""
    twin = on_duty()
    twin.hear(Role.WAKING, via=Via.UPDATE, boot=NEWER_A, url=A_URL, twin="a")
    twin.tell(Heard(twin.state.document(), Via.OWN))
    assert twin.state.vouches


def test_while_an_older_boot_has_our_url_a_refusal_waits_for_what_that_boot_was_told() -> None:
    """The peer ran a slot, told the older boot of it, and was gone before our claim arrived."""
    twin = Twin()
    twin.tell(Tick())
    twin.hear(Role.LEAVING, boot="1780000000000-a", via=Via.OWN, url=A_URL, twin="a")
    twin.wait(4.1)
    assert twin.role() is Role.CLAIMING
    twin.tell(REFUSED)
    assert twin.role() is Role.CLAIMING
    twin.wait(3)
    assert twin.role() is Role.ON_DUTY


@pytest.mark.parametrize(
    ("reached", "role"), [(True, Role.WAKING), (False, Role.LEAVING)], ids=["gone", "there"]
)
def test_a_waking_boot_that_hears_of_a_claim_by_a_later_boot(reached: bool, role: Role) -> None:
    """Its name may be from before the clock was set back: whom our URL leads to is the newest."""
    twin = Twin()
    twin.tell(Tick())
    if reached:
        twin.tell(Heard(twin.state.document(), Via.OWN))
    claim = Claim(int(NOON * 1000) + 9, "a", NEWER_A)
    twin.hear(Role.STANDBY, claim)
    assert twin.role() is role
    assert (twin.state.boot > NEWER_A) is reached


def test_a_standby_hears_of_a_newer_boot_of_its_app_by_its_claim() -> None:
    twin = standing_by()
    twin.hear(Role.STANDBY, Claim(int(NOON * 1000) + 9_999, "a", NEWER_A))
    assert twin.state.retired
    assert not twin.state.vouches


def test_a_standby_takes_what_an_older_boot_of_its_app_claims() -> None:
    twin = standing_by()
    twin.hear(Role.CLAIMING, Claim(int(NOON * 1000) + 9_999, "a", "1-x"), Via.UPDATE)
    assert twin.role() is Role.CLAIMING


# ---- wired wrongly


def test_wrong_credentials_are_said_and_tried_again_every_minute() -> None:
    twin = claiming()
    (said,) = noted(twin.tell(DENIED), "peer.misconfigured")
    assert "TWIN_PASSWORD" in str(said["because"])
    assert noted(twin.tell(DENIED), "peer.misconfigured") == []
    assert sent(twin.wait(59)).count("UPDATE") == 0
    assert sent(twin.wait(2)).count("UPDATE") == 1
    right = twin.hear(Role.STANDBY, twin.state.knowledge.claim, Via.ANSWER)
    assert noted(right, "peer.configured")
    assert twin.role() is Role.ON_DUTY


def strangers_after(seconds: float, boot: str, on_duty: bool = False) -> Twin:
    twin = claiming()
    twin.tell(DENIED)
    for _ in range(int(seconds / 5) + 1):
        twin.tell(Looked(on_duty, boot, alive=True))
        twin.wait(5)
    return twin


def test_a_freeze_forgets_how_long_the_peer_was_not_seen_on_duty() -> None:
    twin = strangers_after(20, NEWER_A)
    twin.wall, twin.mono = twin.wall + 60, twin.mono + 60
    twin.tell(Froze(60.0))
    twin.tell(Looked(False, NEWER_A, alive=True))
    assert twin.role() is Role.CLAIMING


@pytest.mark.parametrize(
    ("seconds", "boot", "on_duty", "role"),
    [
        (25, NEWER_A, False, Role.CLAIMING),
        (30, NEWER_A, False, Role.ON_DUTY),
        (30, "1-b", False, Role.CLAIMING),
        (60, "1-b", False, Role.ON_DUTY),
        (30, "", False, Role.ON_DUTY),
        (90, NEWER_A, True, Role.CLAIMING),
    ],
    ids=["elder, early", "elder", "younger, early", "younger", "nobody", "peer on duty"],
)
def test_strangers_stand_in_for_each_other(
    seconds: float, boot: str, on_duty: bool, role: Role
) -> None:
    assert strangers_after(seconds, boot, on_duty).role() is role


def test_a_twin_that_stands_in_stops_when_it_sees_its_peer_on_duty() -> None:
    twin = strangers_after(30, NEWER_A)
    assert twin.role() is Role.ON_DUTY
    assert noted(twin.tell(Looked(True, NEWER_A, alive=True)), "duty.lost")
    assert twin.role() is Role.CLAIMING


def test_a_holder_whom_its_peer_confirmed_does_not_stop_for_a_look() -> None:
    twin = on_duty()
    twin.tell(DENIED)
    twin.tell(Looked(True, NEWER_A, alive=True))
    assert twin.role() is Role.ON_DUTY


def test_two_twins_of_one_name_are_told_so() -> None:
    twin = claiming()
    twin.hear(Role.ON_DUTY, via=Via.UPDATE, twin="a", url="https://other.example")
    assert twin.state.peer.trouble is Trouble.SAME_NAME
    assert "TWIN_NAME" in twin.state.peer.trouble_why


def test_a_peer_url_that_leads_to_the_twin_itself_is_told() -> None:
    twin = claiming()
    twin.tell(Heard(twin.state.document(), Via.ANSWER))
    assert twin.state.peer.trouble is Trouble.STRANGER
    assert "PEER_URL" in twin.state.peer.trouble_why
    twin.tell(Heard(twin.state.document(), Via.UPDATE))
    assert twin.role() is Role.CLAIMING
    look_for(twin, 4, Looked(on_duty=False, boot=twin.state.boot, alive=True))
    assert twin.role() is Role.ON_DUTY


def test_a_peer_url_that_was_set_is_never_left_for_what_the_peer_says() -> None:
    twin = Twin(peer_url="https://blog.example").wake()
    twin.hear(Role.STANDBY, via=Via.UPDATE)
    twin.tell(STRANGER)
    assert twin.state.peer.url == "https://blog.example"
    assert B_URL in twin.state.peer.trouble_why


def test_a_peer_url_that_was_learned_follows_what_the_peer_says() -> None:
    twin = Twin(peer_url=None).wake()
    twin.hear(Role.STANDBY, via=Via.UPDATE)
    twin.hear(Role.STANDBY, via=Via.UPDATE, url="https://moved.example")
    assert twin.state.peer.url == "https://moved.example"
    twin.hear(Role.STANDBY, via=Via.UPDATE, url=None)
    assert twin.state.peer.url == "https://moved.example"


def test_a_holder_returns_the_call_of_a_peer_that_doubts() -> None:
    """The peer may be unable to read the answer to its call."""
    twin = on_duty()
    assert sent(twin.hear(Role.STANDBY, via=Via.UPDATE, doubts=True)) == ["UPDATE"]
    assert sent(twin.hear(Role.STANDBY, via=Via.UPDATE)) == []


def test_a_holder_calls_a_peer_that_doubts_until_it_does_no_more() -> None:
    """Its PEER_URL may lead elsewhere: all that it hears of us are our calls."""
    twin = on_duty()
    shown = twin.state.knowledge.claim
    twin.hear(Role.STANDBY, shown, Via.ANSWER, doubts=True)
    assert sent(twin.wait(6)).count("UPDATE") == 4
    twin.hear(Role.STANDBY, shown, Via.ANSWER)
    assert "UPDATE" not in sent(twin.wait(6))


def test_two_that_cannot_read_each_others_answers_call_no_more_than_once_for_each_call() -> None:
    twin = standing_by()
    assert (
        sent(twin.hear(Role.STANDBY, twin.claim_of_b(above=-9), via=Via.UPDATE, doubts=True)) == []
    )


def test_a_holder_in_trouble_tells_the_peer_what_it_starts() -> None:
    twin = Twin(jobs={"mail": Job("mail", every("1m", None, "UTC"))}).take()
    twin.tell(STRANGER)
    assert "UPDATE" in sent(twin.wait(60))


def test_a_stranger_that_shows_a_twin_at_healthz_is_called_again_at_once() -> None:
    twin = on_duty()
    twin.tell(STRANGER)
    assert sent(twin.tell(ON_STANDBY)) == ["UPDATE"]
    assert sent(twin.tell(A_PAGE)) == []


def test_a_boot_that_said_it_leaves_does_not_count_as_there() -> None:
    twin = standing_by()
    twin.tell(WatchLost("it broke"))
    twin.tell(DENIED)
    twin.hear(Role.LEAVING, twin.claim_of_b(released=True), Via.DOWN)
    look_for(twin, 3.1, Looked(on_duty=False, boot=B_BOOT, alive=True))
    assert twin.role() is Role.ON_DUTY


def test_a_peer_that_left_is_let_sleep_whatever_its_host_answers_meanwhile() -> None:
    twin = Twin(jobs={"mail": Job("mail", every("1m", None, "UTC"))}).take()
    twin.hear(Role.LEAVING, twin.state.knowledge.claim, Via.DOWN)
    twin.tell(STRANGER)
    assert sent(twin.wait(180)) == []


def test_a_peer_whose_watch_drops_before_it_says_that_it_leaves_is_let_sleep() -> None:
    twin = on_duty()
    twin.tell(Watchers(1))
    twin.tell(Watchers(0))
    twin.hear(Role.LEAVING, twin.state.knowledge.claim, Via.DOWN)
    assert sent(twin.wait(60)) == []


def test_a_peer_whose_shift_began_is_asked_though_it_left_again() -> None:
    twin = Twin(rules=MORNING, wall=NOON - 30).take()
    twin.wait(31)
    twin.hear(Role.LEAVING, twin.state.knowledge.claim, Via.DOWN)
    assert "STATUS" in sent(twin.wait(20))


def test_trouble_on_standby_changes_no_role() -> None:
    twin = standing_by()
    twin.tell(STRANGER)
    twin.tell(Looked(False, NEWER_A, alive=True))
    assert twin.role() is Role.STANDBY
    twin.hear(Role.ON_DUTY, twin.claim_of_b(), Via.ANSWER)
    assert not twin.state.peer.trouble


# ---- alone, and no longer


def test_a_twin_without_a_peer_is_on_duty_alone_until_it_hears_one() -> None:
    twin = Twin(peer_url=None).wake()
    assert sent(twin.wait(60)) == []
    twin.hear(Role.CLAIMING, twin.claim_of_b(9_999_999), Via.UPDATE)
    assert twin.role() is Role.STANDBY
    assert twin.state.peer.url == B_URL


def test_a_twin_learns_its_url_from_the_peer_that_reached_it() -> None:
    twin = Twin(url=None)
    twin.tell(LearnedUrl(A_URL))
    assert twin.state.url == A_URL


def test_a_peer_that_cannot_be_asked_is_given_its_watch_time_too() -> None:
    twin = Twin(peer_url=None, url=None)
    twin.hear(Role.ON_DUTY, twin.claim_of_b(), Via.UPDATE, url=None)
    twin.wait(1.01)
    assert twin.role() is Role.STANDBY
    twin.wait(6)
    twin.hear(Role.ON_DUTY, twin.claim_of_b(), Via.UPDATE, url=None)
    twin.wait(7)
    assert twin.role() is Role.STANDBY
    twin.wait(1)
    assert twin.role() is Role.ON_DUTY


def test_a_watch_that_always_breaks_is_told_until_its_pause_grows_no_more() -> None:
    twin = standing_by()
    told = 0
    for _ in range(20):
        told += len(noted(twin.tell(WatchLost("silent for 4.2 s")), "watch.lost"))
        while not twin.state.stage.watching:  # type: ignore[union-attr]
            twin.hear(Role.ON_DUTY, twin.claim_of_b(), Via.ANSWER)
            twin.wait(0.9)
        twin.hear(Role.ON_DUTY, twin.claim_of_b())
    assert told == 10


# ---- the legacy kind


def legacy() -> Twin:
    twin = on_duty()
    twin.tell(PlainUpdate())
    twin.tell(NO_ENDPOINT)
    return twin


def test_a_plain_update_is_a_claim_one_above_the_highest() -> None:
    twin = legacy()
    assert twin.role() is Role.STANDBY
    assert twin.state.peer.legacy


def test_a_legacy_peer_is_looked_at_every_ten_seconds() -> None:
    twin = legacy()
    assert sent(twin.wait(21)).count("LOOK") == 3
    twin.tell(Looked(False, "", alive=True))
    twin.tell(Looked(False, "", alive=False))
    twin.tell(Looked(False, "", alive=False))
    twin.tell(Looked(False, "", alive=True))
    assert twin.role() is Role.STANDBY
    for _ in range(3):
        twin.tell(Looked(False, "", alive=False))
    assert twin.role() is Role.CLAIMING


def test_404_where_a_twin_answered_is_no_legacy_peer() -> None:
    twin = claiming()
    twin.tell(NO_ENDPOINT)
    assert twin.state.peer.trouble is Trouble.STRANGER
    twin.tell(PlainConfirmed())
    assert twin.state.peer.legacy
    assert not twin.state.peer.trouble
    twin.tell(NO_ENDPOINT)
    assert not twin.state.peer.trouble


def test_who_stands_by_takes_the_duty_that_a_legacy_peer_gave_away() -> None:
    """The two called each other at one moment."""
    twin = legacy()
    twin.tell(PlainConfirmed())
    assert twin.role() is Role.ON_DUTY


def test_a_plain_down_tells_a_holder_nothing() -> None:
    twin = on_duty()
    twin.tell(PlainDown())
    assert twin.role() is Role.ON_DUTY


def test_a_plain_down_is_the_reason_of_a_claim_though_nobody_need_leave() -> None:
    twin = standing_by()
    (claimed,) = noted(twin.tell(PlainDown()), "duty.claimed")
    assert claimed["because"] == "a plain /down asked for it"


# ---- shifts


def test_a_standby_claims_when_its_shift_begins() -> None:
    twin = Twin(rules=EVENING, wall=NOON - 60).stand_by()
    assert twin.role() is Role.STANDBY
    twin.wait(60)
    assert twin.role() is Role.CLAIMING


def test_a_claimer_reads_what_the_holder_still_writes_until_it_is_confirmed() -> None:
    """The holder may start a slot as our shift begins, and freeze at once (seed 900097)."""
    twin = Twin(rules=EVENING, wall=NOON - 60).stand_by()
    effects = twin.wait(60)
    assert twin.role() is Role.CLAIMING
    assert Watch(open=False) not in effects
    assert Watch(open=False) in twin.hear(Role.STANDBY, twin.state.knowledge.claim, Via.ANSWER)


def test_a_shift_that_begins_while_the_holder_is_silent_does_not_wait_for_it_anew() -> None:
    standby = Twin(rules=EVENING, wall=NOON - 10).stand_by()
    standby.wait(NOON - 2 - standby.wall)
    standby.tell(WatchLost("silent for 4.2 s"))
    standby.wait(2.5)
    assert standby.role() is Role.CLAIMING
    standby.wait(0.6)
    assert standby.state.on_duty


def test_a_holder_asks_its_peer_when_its_shift_ends_and_stays() -> None:
    twin = Twin(rules=MORNING, wall=NOON - 60).take()
    effects = twin.wait(60)
    assert sent(effects) == ["STATUS"]
    assert twin.role() is Role.ON_DUTY


def test_a_twin_stands_in_outside_its_shift_when_its_peer_is_gone() -> None:
    twin = Twin(rules=MORNING).wake()
    twin.wait(3.31)
    assert twin.role() is Role.ON_DUTY


# ---- flapping


def test_the_third_wake_within_ten_minutes_without_a_word_is_not_followed() -> None:
    twin = on_duty()
    for wake in range(1, 4):
        twin.wait(20)
        boot = f"{1780056000000 + wake}-b"
        above = twin.state.knowledge.claim.term + 1 - int(NOON * 1000)
        twin.hear(Role.CLAIMING, twin.claim_of_b(above, boot=boot), Via.UPDATE, boot=boot)
        if wake < 3:
            assert twin.role() is Role.STANDBY
            twin.hear(Role.STANDBY, twin.state.knowledge.claim, boot=boot)
            twin.wait(4)
            assert isinstance(twin.state.stage, Holding)
    assert twin.role() is Role.CLAIMING


def test_wakes_after_a_word_are_no_flapping() -> None:
    twin = on_duty()
    twin.hear(Role.LEAVING, twin.state.knowledge.claim, Via.DOWN)
    twin.hear(Role.WAKING, twin.state.knowledge.claim, Via.UPDATE, boot=NEWER)
    assert twin.state.peer.wakes == ()


def test_a_standby_in_doubt_asks_the_old_boot_at_its_url_too() -> None:
    twin = in_doubt()
    twin.hear_retired(via=Via.OWN, boot="1-x", url=A_URL, twin="a")
    assert set(sent(twin.wait(1))) == {"UPDATE", "OWN"}


def test_a_watch_that_is_lost_again_in_a_doubt_does_not_begin_it_anew() -> None:
    twin = in_doubt()
    twin.wait(3)
    twin.tell(WatchLost("closed"))
    twin.wait(0.31)
    assert twin.role() is Role.ON_DUTY


def test_a_twin_that_leaves_still_learns_from_its_peer() -> None:
    twin = on_duty()
    twin.tell(Leave("SIGTERM"))
    twin.hear(Role.CLAIMING, twin.claim_of_b(9_999), Via.ANSWER)
    assert twin.role() is Role.LEAVING
    assert twin.state.knowledge.claim == twin.claim_of_b(9_999)


# ---- events that come when nobody waits for them


@pytest.mark.parametrize(
    "event", [WatchLost("late"), Watchers(0), REFUSED, Looked(False, "", True)]
)
def test_what_comes_too_late_is_harmless(event: Event) -> None:
    twin = on_duty()
    twin.tell(event)
    assert twin.role() is Role.ON_DUTY


def test_watchers_are_counted_on_standby_too() -> None:
    twin = standing_by()
    twin.tell(Watchers(2))
    assert twin.state.watchers == 2
    assert isinstance(twin.state.stage, Standby)


def test_a_retired_boot_waits_for_its_timers_alone() -> None:
    twin = on_duty()
    twin.hear(Role.WAKING, via=Via.OWN, boot=NEWER_A, url=A_URL, twin="a")
    assert isinstance(twin.state.stage, Retired)
    assert next_timer(twin.state) == pytest.approx(twin.mono + 90)


def test_all_messages_of_the_peers_boots_have_sorting_names() -> None:
    assert OLDER < B_BOOT < NEWER


def test_a_peer_that_leaves_and_hears_nothing_of_a_claim_does_not_hold_it_up() -> None:
    """Our line to it is cut, and it still ends its jobs, with its stream open to us."""
    standby = Twin().stand_by()
    standby.tell(Froze(5))
    standby.hear(Role.LEAVING, standby.claim_of_b(released=True))
    assert standby.role() is Role.CLAIMING
    for _ in range(2):
        standby.wait(1.6)
        standby.hear(Role.LEAVING, standby.claim_of_b(released=True))
    assert standby.state.on_duty


# ---- a watch that never lasts


def until_watched_again(twin: Twin) -> float:
    """Seconds until the watch is opened again; the holder answers meanwhile."""
    seconds = 0.0
    while True:
        if Watch(open=True) in twin.hear(Role.ON_DUTY, twin.claim_of_b(), Via.ANSWER):
            return seconds
        twin.wait(0.5)
        seconds += 0.5


def test_a_watch_that_never_lasts_is_opened_and_logged_ever_more_rarely() -> None:
    twin = standing_by()
    lines, pauses = [], []
    for _ in range(20):
        twin.hear(Role.ON_DUTY, twin.claim_of_b())
        twin.wait(2)
        lines += noted(twin.tell(WatchLost("silent for 4.2 s")), "watch.lost")
        pauses.append(until_watched_again(twin))
    assert pauses == sorted(pauses)
    assert max(pauses) == pytest.approx(298, abs=1)
    assert len(lines) == 10


def test_a_watch_that_lasted_is_opened_again_at_once() -> None:
    twin = standing_by()
    for _ in range(9):
        twin.tell(WatchLost("silent for 4.2 s"))
        until_watched_again(twin)
    for _ in range(16):
        twin.wait(2)
        twin.hear(Role.ON_DUTY, twin.claim_of_b())
    assert noted(twin.tell(WatchLost("it broke")), "watch.lost")
    assert until_watched_again(twin) == 0


def test_boots_sort_by_age_even_those_of_a_clock_that_began_in_1970() -> None:
    names = [boot_name(began_ms, "x") for began_ms in (0, 9_000, 10_000, 1_780_056_000_000)]
    assert names == sorted(names)


# ---- a standby whose questions bring no answer


def test_a_standby_says_that_it_doubts_until_an_answer_can_be_read() -> None:
    twin = in_doubt()
    assert twin.state.document().doubts
    twin.hear(Role.ON_DUTY, twin.claim_of_b(), Via.ANSWER)
    assert not twin.state.document().doubts
    twin.tell(STRANGER)
    assert twin.state.document().doubts
    twin.hear(Role.ON_DUTY, twin.claim_of_b(), Via.UPDATE)
    assert twin.state.document().doubts


def test_a_standby_without_a_watch_whose_questions_are_answered_needs_no_calls() -> None:
    """A proxy may hold back every watch: the host of a standby that sleeps would see no rest."""
    twin = in_doubt()
    twin.wait(0.5)
    twin.hear(Role.ON_DUTY, twin.claim_of_b(), Via.ANSWER)
    twin.wait(2)
    assert not twin.state.document().doubts
