"""Failures that were found, by name: each played again, and its story held against a transcript.

The transcripts are in tests/sim/scenarios: seconds since the scene began, who, what and why. `a1`
is the first boot of twin a. A rule that changes shows as a difference between two stories. Read
it, and if the new one is as good, write them all anew:

    REWRITE_SCENARIOS=1 python -m pytest tests/sim/test_scenarios.py

That blesses no broken promise: the observer and each scenario's own assertions are asked first.
Failures that need no story are in test_pair.py.
"""

import os
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from twin.core.pair.events import Heard, Via
from twin.core.pair.shift import parse_shift
from twin.core.pair.state import Rules
from twin.core.zones import zone
from twin.sim.host import Host
from twin.sim.lines import Quality
from twin.sim.play import JOBS, settle
from twin.sim.process import Process
from twin.sim.world import World

FOLDER = Path(__file__).parent / "scenarios"
REWRITE = "REWRITE_SCENARIOS" in os.environ

JOIN, TAKE = Rules(takes_on_wake=False), Rules()
BOTH_WAYS = {("a", "b"), ("b", "a")}

TELLING = re.compile(
    r"boots$|its (URL|clock)|is (killed|woken)|gets|freezes|thaws|exits|are |hears|runs"
    r"|duty\.(taken|released|lost)|standby\.joined|twin\.retired|slot\.skipped"
)
"""What the hosts do, who has the duty, and what becomes of slots."""
BOOT = re.compile(r"\d{13}-[0-9a-f]{4}")
TAIL_LENGTH = 4
SLOT = re.compile(r"\b\d{10}\b")
NOISE = re.compile(r"term=\d+ ?|because=")


class Scene(World):
    """Two hosts, `a` on duty and `b` watching, on lines that always take as long.

    It begins in the middle between two slots of `often`: these come at 10, 30, 50 and so on.
    """

    def __init__(
        self,
        rules: Rules = JOIN,
        rules_of_b: Rules | None = None,
        run_s: float = 0.5,
        way_s: float = 0.05,
    ) -> None:
        super().__init__(1, {"often": JOBS["often"]})
        self._run_s = run_s
        self.lines.quality = Quality(way_s, way_s)
        self.began_at = self.now + 50
        self.a = self.add(Host(self, "a", "b", rules))
        self.b = self.add(Host(self, "b", "a", rules_of_b or rules))
        for host, until in ((self.a, -30), (self.b, 0)):
            host.boot_s = 0.3
            host.boot()
            self.at(until)
        assert self.roles == ["on_duty", "standby"]

    def run_s(self, job: str) -> float:  # noqa: ARG002 - all take as long
        return self._run_s

    def at(self, seconds: float) -> None:
        """Go on until so long after the beginning."""
        self.run(self.began_at + seconds - self.now)

    @property
    def roles(self) -> list[str]:
        return [str(front(host).state.role) for host in (self.a, self.b)]

    def end(self, at: float, doubles: int = 0) -> None:
        """All is well again by then. `doubles`: slots run twice by twins that were cut off."""
        self.at(at)
        settle(self)
        self.observer.check_slots(self.began_at, self.now - 10)
        assert self.observer.excused_doubles == doubles


def front(host: Host) -> Process:
    assert host.front is not None
    return host.front


def lead_to_the_new(host: Host) -> None:
    """The end of a deploy: the URL changes hands, and the old boot is told to end."""
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
    """What each boot is called in a transcript, by the end of its identity."""
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
    """A claim heard twice was once refused, and both stayed on standby."""
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
    """It was once believed about the new boot, which has the duty again by then."""
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


def a_claim_above_a_frozen_holder_that_nobody_could_tell_it() -> Scene:
    """A claim that was not repeated left two on duty, long after the line was whole again."""
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
    scene.end(60, doubles=1)
    return scene


def a_router_answers_with_a_page_for_a_holder_that_died() -> Scene:
    """A page was taken for a wrong PEER_URL: nobody was on duty for half a minute."""
    scene = Scene()
    scene.a.pages = True
    scene.a.kill(front(scene.a))
    scene.at(8)
    assert front(scene.b).state.on_duty
    scene.end(30)
    return scene


def neither_can_read_the_others_answers() -> Scene:
    """Each claim yielded to the next call, and none was confirmed: nobody was on duty for ever."""
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
    """A claim that silence confirmed after 2 s, sooner than the answer came, made two holders."""
    scene = Scene(TAKE, way_s=1.45)
    scene.b.terminate(front(scene.b), "a restart")
    scene.at(31)
    scene.b.boot()
    scene.end(90)
    assert scene.observer.double_duty_s == 0
    return scene


# ---- two boots of one app


def two_deploys_that_cross_seconds_apart() -> Scene:
    """Each twin was told by the other's old boot that its peer had left."""
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
    """The new boot claimed while the old one, which it could not reach yet, was still on duty."""
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
    """The old boot asked at a URL that leads to itself, and claimed again."""
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


def a_new_boot_is_killed_beside_the_old_one_while_the_peer_is_gone() -> Scene:
    """The old boot, which made way, neither acts nor keeps the peer from it, and joins at last."""
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


def a_holder_dies_whom_only_a_boot_without_its_url_had_heard() -> Scene:
    """Its next boot asked the old one at the peer's URL, which knew nothing: the slot ran twice."""
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
    """A standby that knew more than the holder, that its run had ended, never said so."""
    scene = Scene(run_s=24.0)
    scene.at(12)
    scene.a.terminate(front(scene.a), "a restart")
    scene.at(45)
    scene.a.boot()
    scene.end(130)
    assert scene.roles == ["standby", "on_duty"]
    return scene


def a_slot_comes_while_a_sleeping_standby_is_woken() -> Scene:
    """Slots were once counted from the boot: one that came during it was nobody's."""
    scene = Scene(run_s=1.0)
    scene.b.terminate(front(scene.b), "it sleeps", sleep=True)
    scene.b.boot_s = 4.0
    scene.at(28)
    scene.a.terminate(front(scene.a), "it sleeps", sleep=True)
    scene.end(60)
    assert scene.observer.slots.skipped == 0
    return scene


def a_run_ends_in_a_freeze() -> Scene:
    """The end of a run led to the next start, past the check for a freeze."""
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
    """What lay ahead in the ledger stopped every job for that hour."""
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
    """Nobody can promise the slots until one is back; those since then were once lost, too."""
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
    """What cannot be promised: nobody watched, so nobody knows that the slot was begun."""
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
    """The holder thaws with the claim still unread: it reads before it acts."""
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
    """It claimed as it thawed: the doubt had lasted for long, and the answer was not read yet."""
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


def a_twin_is_woken_for_its_shift_and_takes_it() -> Scene:
    """It heard that its peer had the duty, and joined: the shift was never handed over."""
    # The scene begins at 20:27:30.
    one, other = (parse_shift(hours, zone("UTC")) for hours in ("08:00-20:28", "20:28-08:00"))
    scene = Scene(Rules(shift=one), Rules(shift=other))
    scene.b.terminate(front(scene.b), "it sleeps", sleep=True)
    scene.end(60)
    assert scene.roles == ["standby", "on_duty"]
    return scene


def a_twin_that_is_killed_again_and_again_is_not_followed() -> Scene:
    """Each of its wakes would bring two handovers, and nobody on duty after the next death."""
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
    a_claim_above_a_frozen_holder_that_nobody_could_tell_it,
    a_router_answers_with_a_page_for_a_holder_that_died,
    neither_can_read_the_others_answers,
    a_twin_wakes_and_takes_the_duty_over_lines_of_nearly_3_s,
    two_deploys_that_cross_seconds_apart,
    a_deploy_of_the_holder_whose_url_changes_hands_late,
    a_deploy_is_rolled_back_when_the_peer_has_the_duty,
    a_new_boot_is_killed_beside_the_old_one_while_the_peer_is_gone,
    a_holder_dies_whom_only_a_boot_without_its_url_had_heard,
    a_run_goes_on_while_the_duty_changes_hands,
    a_slot_comes_while_a_sleeping_standby_is_woken,
    a_run_ends_in_a_freeze,
    a_clock_goes_an_hour_ahead_and_is_set_back,
    both_are_gone_at_once,
    the_holder_is_killed_in_a_run_while_its_peer_is_just_waking,
    a_twin_wakes_while_the_holder_is_frozen,
    a_standby_freezes_while_it_doubts,
    a_twin_is_woken_for_its_shift_and_takes_it,
    a_twin_that_is_killed_again_and_again_is_not_followed,
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_the_story_is_the_one_that_is_known(scenario: Callable[[], Scene]) -> None:
    told = transcript(scenario())
    file = FOLDER / f"{scenario.__name__}.txt"
    if REWRITE:
        file.write_text(told)
    assert told == file.read_text()


def test_every_transcript_is_one_of_a_scenario() -> None:
    names = {scenario.__name__ for scenario in SCENARIOS}
    assert {file.stem for file in FOLDER.iterdir()} == names
