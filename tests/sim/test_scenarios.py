"""Failures found in the past, by name: each is replayed, and its story compared with a transcript.

The transcripts are in tests/sim/scenarios: seconds since the scene began, boot, event and reason.
`a1` is the first boot of twin a. A changed rule shows as a difference between two stories. Read it,
and if the new story is as good, rewrite the transcripts:

    REWRITE_SCENARIOS=1 python -m pytest tests/sim/test_scenarios.py

That accepts no broken promise: the observer and each scenario's own assertions come first. Failures
that need no story are in test_pair.py.
"""

import os
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from twin.core.pair.events import HandOver, Heard, TakeDuty, Via, WatchLost
from twin.core.pair.shift import parse_shift
from twin.core.pair.state import Rules
from twin.core.zones import zone
from twin.sim.host import Host
from twin.sim.lines import Quality
from twin.sim.pair import Pair
from twin.sim.play import JOBS, settle
from twin.sim.process import Process

FOLDER = Path(__file__).parent / "scenarios"
REWRITE = "REWRITE_SCENARIOS" in os.environ

JOIN, TAKE = Rules(takes_on_wake=False), Rules()
BOTH_WAYS = {("a", "b"), ("b", "a")}

TELLING = re.compile(
    r"boots$|its (URL|clock)|is (killed|woken)|gets|freezes|thaws|exits|are |hears|runs"
    r"|duty\.(taken|released|lost)|standby\.joined|twin\.(retired|woke)|slot\.skipped|slots\."
)
"""The hosts' actions, the duty, and the fate of slots."""
BOOT = re.compile(r"\d{13}-[0-9a-f]{4}")
TAIL_LENGTH = 4
SLOT = re.compile(r"\b\d{10}\b")
NOISE = re.compile(r"term=\d+ ?|because=")


class Scene(Pair):
    """Two hosts, `a` on duty and `b` watching, on lines with a constant delay.

    It begins in the middle between two slots of `often`: these come at 10, 30, 50 and so on.
    """

    def __init__(
        self,
        rules: Rules = JOIN,
        rules_of_b: Rules | None = None,
        run_s: float = 0.5,
        way_s: float = 0.05,
    ) -> None:
        super().__init__(1, {"often": JOBS["often"]}, rules)
        self._run_s = run_s
        self.lines.quality = Quality(way_s, way_s)
        self.began_at = self.now + 50
        self.a, self.b = self.hosts.values()
        self.b.rules = rules_of_b or rules
        for host, until in ((self.a, -30), (self.b, 0)):
            host.boot_s = 0.3
            host.boot()
            self.at(until)
        assert self.roles == ["on_duty", "standby"]

    def run_s(self, job: str) -> float:  # noqa: ARG002 - all take as long
        return self._run_s

    def at(self, seconds: float) -> None:
        """Play until this long after the beginning."""
        self.run(self.began_at + seconds - self.now)

    @property
    def roles(self) -> list[str]:
        return [str(front(host).state.role) for host in (self.a, self.b)]

    def end(self, at: float, doubles: int = 0) -> None:
        """Check that all is well again. `doubles`: slots run twice by twins that were cut off."""
        self.at(at)
        settle(self)
        self.observer.check_slots(self.began_at, self.now - 10)
        assert self.observer.excused_doubles == doubles


def front(host: Host) -> Process:
    assert host.front is not None
    return host.front


def lead_to_the_new(host: Host) -> None:
    """The end of a deploy: the URL moves, and the old boot gets SIGTERM."""
    old = front(host)
    host.lead_to(host.alive[-1])
    host.terminate(old, "a deploy")


def transcript(scene: Scene) -> str:
    names = boots(scene)
    lines = []
    for at, who, what, why in scene.story.lines:
        if at >= scene.began_at and TELLING.match(what):
            twin, _, tail = who.partition(" ")
            told = f"{what}: {why}" if why else what
            told = BOOT.sub(lambda found: names[found[0][-TAIL_LENGTH:]], NOISE.sub("", told))
            told = SLOT.sub(lambda found: f"{int(found[0]) - scene.began_at:.0f}", told)
            lines.append(f"{at - scene.began_at:7.1f}  {names.get(tail, twin):<5}  {told}".rstrip())
    return "\n".join(lines) + "\n"


def boots(scene: Scene) -> dict[str, str]:
    """The name of each boot in a transcript, by the end of its identity."""
    names: dict[str, str] = {}
    count: Counter[str] = Counter()
    for _, who, _, _ in scene.story.lines:
        twin, _, tail = who.partition(" ")
        if tail and tail not in names:
            count[twin] += 1
            names[tail] = f"{twin}{count[twin]}"
    return names


# ---- messages that come twice, late, or never


def every_message_of_a_handover_comes_twice() -> Scene:
    """A claim that arrived twice was once refused, and both stayed on standby."""
    scene = Scene()
    scene.lines.quality.doubled = 1.0
    scene.at(5)
    scene.a.terminate(front(scene.a), "a restart")
    scene.at(10)
    scene.a.boot()
    scene.at(60)
    assert scene.roles == ["standby", "on_duty"]
    scene.lines.quality.doubled = 0.0
    scene.end(75)
    return scene


def the_last_down_of_an_old_boot_comes_half_a_minute_late() -> Scene:
    """It was once taken for a leave of the new boot, which is on duty again by then."""
    scene = Scene()
    old = front(scene.a)
    scene.a.terminate(old, "a restart")
    scene.at(3)
    late = old.document()
    assert late.leaving
    scene.a.boot()
    scene.at(15)
    scene.b.terminate(front(scene.b), "a restart")
    scene.at(18)
    scene.b.boot()
    scene.at(33)
    assert scene.roles == ["on_duty", "standby"]
    scene.story.tell(scene.now, "b", "hears", "the last /down of a1")
    front(scene.b).step(Heard(late, Via.DOWN))
    scene.end(60)
    assert scene.roles == ["on_duty", "standby"]
    return scene


def a_waking_twin_hears_a_late_leave_and_its_claim_is_lost() -> Scene:
    """A peer that left is called once: two were on duty until a call came by chance."""
    scene = Scene(TAKE)
    old = front(scene.a)
    scene.a.terminate(old, "a restart")
    scene.at(3)
    late = old.document()
    scene.a.boot()
    scene.at(15)
    scene.b.terminate(front(scene.b), "a restart")
    scene.at(18)
    scene.b.boot()
    scene.story.tell(scene.now, "lines", "are cut")
    scene.lines.cut |= BOTH_WAYS
    scene.at(18.4)
    scene.story.tell(scene.now, "b", "hears", "the last /down of a1")
    front(scene.b).step(Heard(late, Via.DOWN))
    scene.at(20)
    scene.story.tell(scene.now, "lines", "are joined")
    scene.lines.cut.clear()
    scene.end(60)
    assert scene.observer.double_duty_s == 0
    return scene


def calls_to_the_holder_are_lost_and_its_watch_is_read() -> Scene:
    """Without a line of the watch, the claimer would take a holder that it cannot call for gone."""
    scene = Scene()
    scene.story.tell(scene.now, "lines", "are cut", "from b to a")
    scene.lines.cut.add(("b", "a"))
    scene.at(1)
    front(scene.b).step(TakeDuty("somebody asks for it"))
    scene.at(9)
    assert scene.observer.double_duty_s == 0
    scene.story.tell(scene.now, "lines", "are joined")
    scene.lines.cut.clear()
    scene.end(60)
    assert scene.roles == ["standby", "on_duty"]
    return scene


def a_claim_above_a_frozen_holder_out_of_reach() -> Scene:
    """A claim that was not repeated left two on duty long after the line had healed. And the thawed
    holder ran the slot of its freeze again."""
    scene = Scene()
    old = front(scene.a)
    old.freeze()
    scene.at(9)
    scene.story.tell(scene.now, "lines", "are cut")
    scene.lines.cut |= BOTH_WAYS
    scene.at(12)
    old.thaw()
    scene.at(25)
    assert scene.roles == ["on_duty", "on_duty"]
    scene.story.tell(scene.now, "lines", "are joined")
    scene.lines.cut.clear()
    scene.at(28)
    assert sorted(scene.roles) == ["on_duty", "standby"]
    scene.end(60)
    return scene


def a_router_answers_with_a_page_for_a_holder_that_died() -> Scene:
    """A page was taken for a wrong PEER_URL: no twin was on duty for half a minute."""
    scene = Scene()
    scene.a.pages = True
    scene.a.kill(front(scene.a))
    scene.at(8)
    assert front(scene.b).state.on_duty
    scene.end(30)
    return scene


def a_router_answers_502_once_for_a_holder_that_lives() -> Scene:
    """Two refusals, not one, mean that a holder is dead."""
    scene = Scene()
    scene.at(12)
    scene.story.tell(scene.now, "b", "hears", "502 from the router of a")
    front(scene.b).step(WatchLost("502", refused=True))
    scene.end(40)
    assert scene.roles == ["on_duty", "standby"]
    return scene


def a_router_holds_requests_for_a_silent_holder_until_its_next_boot() -> Scene:
    """The silence of the old boot and the wait above it added up: no twin was on duty for 10 s."""
    scene = Scene(TAKE)
    scene.at(12.2)
    scene.a.holds = True
    scene.a.kill(front(scene.a), silently=True)
    scene.at(15.2)
    scene.a.boot()
    scene.end(40)
    assert scene.observer.longest_vacancy_s < 8
    return scene


def neither_can_read_the_others_answers() -> Scene:
    """Each claim yielded to the next call, and none was confirmed: no twin was ever on duty."""
    scene = Scene(TAKE)
    scene.story.tell(scene.now, "lines", "are garbled, but calls arrive")
    scene.lines.garbled |= BOTH_WAYS
    scene.at(60)
    scene.a.kill(front(scene.a))
    scene.a.boot()
    scene.at(68)
    assert sorted(scene.roles) == ["on_duty", "standby"]
    scene.at(120)
    assert scene.observer.double_duty_s == 0
    scene.lines.garbled.clear()
    scene.end(150)
    return scene


def a_twin_wakes_and_takes_the_duty_over_lines_of_nearly_3_s() -> Scene:
    """A claim that silence confirmed after 2 s, before the answer came, made two holders."""
    scene = Scene(TAKE, way_s=1.45)
    scene.b.terminate(front(scene.b), "a restart")
    scene.at(31)
    scene.b.boot()
    scene.end(90)
    assert scene.observer.double_duty_s == 0
    return scene


# ---- two boots of one app


def two_deploys_that_cross_seconds_apart() -> Scene:
    """Each twin heard from the other's old boot that its peer had left."""
    scene = Scene()
    scene.a.boot(to_front=False)
    scene.at(2)
    scene.b.boot(to_front=False)
    scene.at(5)
    lead_to_the_new(scene.b)
    scene.at(8)
    lead_to_the_new(scene.a)
    scene.end(60)
    return scene


def a_deploy_of_the_holder_whose_url_changes_hands_late() -> Scene:
    """The new boot claimed while the old one, still out of its reach, was on duty."""
    scene = Scene()
    scene.b.terminate(front(scene.b), "it sleeps", sleep=True)
    scene.at(28)
    scene.a.boot(to_front=False)
    scene.at(58)
    lead_to_the_new(scene.a)
    scene.at(90)
    assert scene.observer.double_duty_s == 0
    scene.end(120)
    return scene


def a_deploy_is_rolled_back_when_the_peer_has_the_duty() -> Scene:
    """The old boot asked at its URL, which led to itself, and claimed again."""
    scene = Scene()
    scene.b.kill(front(scene.b))
    scene.at(2)
    scene.a.boot(to_front=False)
    scene.at(4)
    scene.b.boot()
    scene.at(15)
    scene.a.kill(scene.a.alive[-1])
    scene.end(130)
    return scene


def both_are_deployed_with_a_version_that_dies() -> Scene:
    """One push to both services: no twin was on duty for 90 s, with two healthy boots at the
    URLs."""
    scene = Scene()
    scene.at(12)
    for host in (scene.a, scene.b):
        host.boot(to_front=False)
    scene.at(13)
    for host in (scene.a, scene.b):
        host.lead_to(host.alive[-1])
    scene.at(15.3)  # each served for 3 s
    for host in (scene.a, scene.b):
        host.kill(front(host))
    scene.at(15.3 + 15)
    assert sorted(scene.roles) == ["on_duty", "standby"]
    scene.end(80)
    return scene


def the_holder_is_deployed_over_lines_of_nearly_3_s() -> Scene:
    """The peer's word came before the old boot had heard of the claim: two were on duty."""
    scene = Scene(way_s=1.45)
    scene.at(12)
    scene.a.boot(to_front=False)
    old = front(scene.a)
    scene.at(12.4)
    scene.a.lead_to(scene.a.alive[-1])
    scene.at(30)
    scene.a.terminate(old, "a deploy")
    scene.end(60)
    assert scene.observer.double_duty_s == 0
    return scene


def a_deploy_of_the_holder_fails_while_its_peer_claims() -> Scene:
    """The word of the new boot confirmed the claim, and the old one was still on duty."""
    scene = Scene(rules_of_b=TAKE, way_s=1.4)
    scene.at(1)
    scene.b.kill(front(scene.b))
    scene.at(12)
    scene.b.boot()
    scene.at(14.7)
    scene.a.boot(to_front=False)
    scene.at(15.1)
    scene.a.lead_to(scene.a.alive[-1])
    scene.at(18.1)
    scene.a.kill(scene.a.alive[-1])
    scene.end(60)
    assert scene.observer.double_duty_s == 0
    assert scene.roles == ["standby", "on_duty"]
    return scene


def both_are_deployed_at_once_and_get_their_urls_late() -> Scene:
    """Each new boot could ask only the other's old one, and took the other for gone."""
    scene = Scene()
    scene.at(12)
    for host in (scene.a, scene.b):
        host.boot(to_front=False)
    scene.at(32)
    for host in (scene.a, scene.b):
        lead_to_the_new(host)
    scene.end(80)
    assert scene.observer.double_duty_s == 0
    return scene


def a_boot_of_a_failed_deploy_wakes_again_and_hears_of_a_newer_one() -> Scene:
    """It went on beside the newer one, which had its URL: only the peer had heard both (seed
    1795290461)."""
    scene = Scene()
    old = front(scene.b)
    scene.b.boot(to_front=False)
    scene.at(5)
    scene.b.kill(scene.b.alive[-1])
    scene.at(15.5)
    assert not old.state.retired
    scene.b.boot()
    scene.at(30)
    assert old.state.retired
    scene.end(60)
    return scene


def a_new_boot_is_killed_beside_the_old_one_while_the_peer_is_gone() -> Scene:
    """The old boot, which made way, neither acts nor hinders the peer, and finally joins."""
    scene = Scene()
    scene.a.boot(to_front=False)
    scene.at(29)
    scene.b.kill(front(scene.b))
    scene.at(31)
    scene.a.kill(scene.a.alive[-1])
    scene.at(40)
    scene.b.boot()
    scene.end(140)
    return scene


def a_deploy_fails_after_its_boot_has_run_a_slot_while_the_peer_is_gone() -> Scene:
    """The old boot woke again, and recorded the slot as skipped: nobody had told it that it ran."""
    scene = Scene(TAKE)
    scene.b.kill(front(scene.b))
    scene.at(5)
    scene.a.boot(to_front=False)
    scene.at(30.2)
    scene.a.kill(scene.a.alive[-1])
    scene.at(60)
    assert front(scene.a).state.on_duty
    scene.end(100)
    return scene


def a_holder_dies_that_only_a_boot_without_its_url_had_heard() -> Scene:
    """Its next boot asked the peer's old boot, which did not know the slot: it ran twice."""
    scene = Scene()
    scene.b.boot(to_front=False)
    scene.at(10.12)
    scene.a.kill(front(scene.a), silently=True)
    scene.at(10.2)
    scene.a.boot()
    scene.at(25)
    lead_to_the_new(scene.b)
    scene.end(60)
    return scene


# ---- runs and slots


def a_run_goes_on_while_the_duty_changes_hands() -> Scene:
    """A standby knew that its run had ended, and never informed the holder."""
    scene = Scene(run_s=24.0)
    scene.at(12)
    scene.a.terminate(front(scene.a), "a restart")
    scene.at(45)
    scene.a.boot()
    scene.end(130)
    assert scene.roles == ["standby", "on_duty"]
    return scene


def a_holder_dies_in_a_run_and_its_next_boot_takes_the_duty() -> Scene:
    """The next slot waited for 30 s, though the peer heard nothing of the boot before."""
    scene = Scene(TAKE, run_s=24.0)
    scene.at(12.7)
    scene.a.holds = True
    scene.a.kill(front(scene.a), silently=True)
    scene.a.boot()
    started = scene.observer.starts
    scene.at(25)
    assert scene.roles == ["on_duty", "standby"]
    assert scene.observer.starts == started + 1
    scene.end(130)
    return scene


def a_holder_dies_that_has_told_a_waking_twin_only_of_the_past() -> Scene:
    """A call that a router had held was taken for all that ran: a slot ran twice."""
    scene = Scene()
    scene.b.terminate(front(scene.b), "a restart")
    scene.at(8)
    held = front(scene.a).document()
    scene.at(9.75)
    scene.b.boot()
    scene.at(10.08)
    scene.a.holds = True
    scene.a.kill(front(scene.a), silently=True)
    scene.story.tell(scene.now, "b", "hears", "a call of a1 that its router held")
    front(scene.b).step(Heard(held, Via.UPDATE))
    scene.at(25)
    assert front(scene.b).state.on_duty
    scene.end(60)
    return scene


def a_twin_takes_the_duty_that_cannot_ask_the_frozen_holder() -> Scene:
    """It said that the pair had just started, and left the log without a line."""
    scene = Scene()
    scene.b.terminate(front(scene.b), "a restart")
    scene.at(9)
    old = front(scene.a)
    old.freeze()
    scene.b.boot()
    scene.at(25)
    old.thaw()
    scene.end(60)
    return scene


def a_slot_comes_while_a_sleeping_standby_is_woken() -> Scene:
    """Slots once counted from the boot: a slot during the boot was lost."""
    scene = Scene(run_s=1.0)
    scene.b.terminate(front(scene.b), "it sleeps", sleep=True)
    scene.b.boot_s = 4.0
    scene.at(28)
    scene.a.terminate(front(scene.a), "it sleeps", sleep=True)
    scene.end(60)
    assert scene.observer.slots.skipped == 0
    return scene


def a_run_ends_in_a_freeze() -> Scene:
    """The end of a run led to the next start without a check for a freeze."""
    scene = Scene(run_s=19.0)
    scene.at(12)
    old = front(scene.a)
    old.freeze()
    scene.at(60)
    started = scene.observer.starts
    old.thaw()
    assert not old.state.on_duty
    assert scene.observer.starts == started
    scene.end(90)
    assert scene.roles == ["standby", "on_duty"]
    return scene


def a_clock_goes_an_hour_ahead_and_is_set_back() -> Scene:
    """Entries ahead of the clock stopped every job for that hour."""
    scene = Scene()
    scene.a.set_clock(3_600.0)
    scene.at(35)
    scene.a.set_clock(0.0)
    started = scene.observer.starts
    scene.at(100)
    settle(scene)
    assert scene.observer.starts - started >= 3
    return scene


def both_are_gone_at_once() -> Scene:
    """Slots before a return cannot be promised; those since then were once lost, too."""
    scene = Scene()
    for host in (scene.a, scene.b):
        host.kill(front(host))
    scene.at(29.5)
    scene.a.boot()
    scene.at(45)
    scene.b.boot()
    scene.end(70)
    return scene


def the_holder_is_killed_in_a_run_while_its_peer_is_just_waking() -> Scene:
    """This cannot be promised: without a watcher, the start of the slot is unknown."""
    scene = Scene()
    scene.b.terminate(front(scene.b), "a restart")
    scene.at(9.5)
    scene.b.boot()
    scene.at(10.3)
    scene.a.kill(front(scene.a))
    scene.at(16)
    scene.a.boot()
    scene.end(60, doubles=1)
    return scene


# ---- freezes, sleep and shifts


def a_twin_wakes_while_the_holder_is_frozen() -> Scene:
    """The holder thaws with an unread claim: it reads before it acts."""
    scene = Scene()
    scene.b.terminate(front(scene.b), "a restart")
    scene.at(11)
    old = front(scene.a)
    old.freeze()
    scene.at(12)
    scene.b.boot()
    scene.at(25)
    old.thaw()
    assert not old.state.on_duty
    scene.end(60)
    assert scene.observer.double_duty_s == 0
    return scene


def a_standby_freezes_while_it_doubts() -> Scene:
    """It claimed at its thaw: the doubt had lasted long, and the answer was still unread."""
    scene = Scene()
    scene.story.tell(scene.now, "lines", "are cut")
    scene.lines.cut |= BOTH_WAYS
    scene.at(5)
    front(scene.b).freeze()
    scene.at(6)
    scene.story.tell(scene.now, "lines", "are joined")
    scene.lines.cut.clear()
    scene.at(20)
    front(scene.b).thaw()
    scene.end(50)
    assert scene.roles == ["on_duty", "standby"]
    return scene


def a_standby_is_held_up_as_its_doubt_ends() -> Scene:
    """It claimed by a timer that came late, though the line was well again: two were on duty."""
    scene = Scene()
    scene.at(2)
    scene.story.tell(scene.now, "lines", "are cut")
    scene.lines.cut |= BOTH_WAYS
    standby = front(scene.b)
    while not standby.state.document().doubts:
        scene.run(0.1)
    scene.run(2.4)
    scene.story.tell(scene.now, "lines", "are joined")
    scene.lines.cut.clear()
    scene.run(0.15)
    standby.freeze()
    scene.run(1.2)
    standby.thaw()
    scene.end(40)
    assert scene.roles == ["on_duty", "standby"]
    return scene


def a_twin_is_woken_for_its_shift_and_takes_it() -> Scene:
    """It heard that its peer was on duty, and joined: the shift was never handed over."""
    # The scene begins at 20:27:30.
    one, other = (parse_shift(hours, zone("UTC")) for hours in ("08:00-20:28", "20:28-08:00"))
    scene = Scene(Rules(shift=one), Rules(shift=other))
    scene.b.terminate(front(scene.b), "it sleeps", sleep=True)
    scene.end(60)
    assert scene.roles == ["standby", "on_duty"]
    return scene


def the_duty_is_handed_to_a_twin_that_sleeps() -> Scene:
    """A user requests it on the page. The woken twin joins, and must be asked again."""
    scene = Scene(JOIN)
    scene.b.terminate(front(scene.b), "it sleeps", sleep=True)
    scene.at(15)
    front(scene.a).step(HandOver(75))
    scene.end(60)
    assert scene.roles == ["standby", "on_duty"]
    return scene


def a_twin_that_is_killed_again_and_again_is_not_followed() -> Scene:
    """Each of its wakes would cause two handovers, and a gap after the next death."""
    scene = Scene(TAKE)
    for number in range(4):
        scene.at(40 * number + 15)
        scene.b.kill(front(scene.b))
        scene.at(40 * number + 18)
        scene.b.boot()
    scene.end(180)
    assert scene.roles == ["on_duty", "standby"]
    return scene


SCENARIOS: list[Callable[[], Scene]] = [
    every_message_of_a_handover_comes_twice,
    the_last_down_of_an_old_boot_comes_half_a_minute_late,
    a_waking_twin_hears_a_late_leave_and_its_claim_is_lost,
    calls_to_the_holder_are_lost_and_its_watch_is_read,
    a_claim_above_a_frozen_holder_out_of_reach,
    a_router_answers_502_once_for_a_holder_that_lives,
    a_router_answers_with_a_page_for_a_holder_that_died,
    a_router_holds_requests_for_a_silent_holder_until_its_next_boot,
    neither_can_read_the_others_answers,
    a_twin_wakes_and_takes_the_duty_over_lines_of_nearly_3_s,
    two_deploys_that_cross_seconds_apart,
    a_deploy_of_the_holder_whose_url_changes_hands_late,
    a_deploy_is_rolled_back_when_the_peer_has_the_duty,
    both_are_deployed_with_a_version_that_dies,
    the_holder_is_deployed_over_lines_of_nearly_3_s,
    a_deploy_of_the_holder_fails_while_its_peer_claims,
    both_are_deployed_at_once_and_get_their_urls_late,
    a_boot_of_a_failed_deploy_wakes_again_and_hears_of_a_newer_one,
    a_new_boot_is_killed_beside_the_old_one_while_the_peer_is_gone,
    a_deploy_fails_after_its_boot_has_run_a_slot_while_the_peer_is_gone,
    a_holder_dies_that_only_a_boot_without_its_url_had_heard,
    a_run_goes_on_while_the_duty_changes_hands,
    a_holder_dies_in_a_run_and_its_next_boot_takes_the_duty,
    a_holder_dies_that_has_told_a_waking_twin_only_of_the_past,
    a_twin_takes_the_duty_that_cannot_ask_the_frozen_holder,
    a_slot_comes_while_a_sleeping_standby_is_woken,
    a_run_ends_in_a_freeze,
    a_clock_goes_an_hour_ahead_and_is_set_back,
    both_are_gone_at_once,
    the_holder_is_killed_in_a_run_while_its_peer_is_just_waking,
    a_twin_wakes_while_the_holder_is_frozen,
    a_standby_freezes_while_it_doubts,
    a_standby_is_held_up_as_its_doubt_ends,
    a_twin_is_woken_for_its_shift_and_takes_it,
    the_duty_is_handed_to_a_twin_that_sleeps,
    a_twin_that_is_killed_again_and_again_is_not_followed,
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_each_scenario_matches_its_transcript(scenario: Callable[[], Scene]) -> None:
    told = transcript(scenario())
    file = FOLDER / f"{scenario.__name__}.txt"
    if REWRITE:
        file.write_text(told)
    assert told == file.read_text()


def test_every_transcript_belongs_to_a_scenario() -> None:
    names = {scenario.__name__ for scenario in SCENARIOS}
    assert {file.stem for file in FOLDER.iterdir()} == names
