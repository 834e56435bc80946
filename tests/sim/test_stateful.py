"""The same world, driven by hypothesis, which shrinks a failure to the shortest story.

Hypothesis chooses the faults one by one, at any distance.
"""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from twin.core.pair.state import Rules
from twin.sim.host import Host
from twin.sim.lines import Quality
from twin.sim.play import CALM_S, pair, settle
from twin.sim.process import Process

NAMES = st.sampled_from(["a", "b"])
SPANS = st.sampled_from([0.001, 0.1, 0.5, 1.0, 2.0, 3.0, 5.0, 9.0, 20.0, 60.0])
BOOT_S = st.sampled_from([0.3, 2.0, 20.0])
DIRECTIONS = st.sampled_from([("a", "b"), ("b", "a")])


class Pair(RuleBasedStateMachine):
    """The observer checks every promise after every event, whatever rule caused it."""

    @initialize(takes=st.booleans(), boot_s=BOOT_S)
    def begin(self, takes: bool, boot_s: float) -> None:
        self.world = pair(1, Rules(takes_on_wake=takes))
        self.began_at = self.world.now
        for host in self.world.hosts.values():
            host.boot_s = boot_s
            host.boot()
        self.world.run(30)

    def host(self, name: str) -> Host:
        return self.world.hosts[name]

    def front(self, name: str) -> Process | None:
        return self.host(name).front

    @rule(seconds=SPANS)
    def time_passes(self, seconds: float) -> None:
        self.world.run(seconds)

    @rule()
    def a_slot_comes(self) -> None:
        """Play until a run is announced but has not begun."""
        self.world.run(20 - self.world.now % 20 + 0.0011)

    @rule(name=NAMES, boot_s=BOOT_S)
    def it_boots(self, name: str, boot_s: float) -> None:
        host = self.host(name)
        if not (host.alive or host.boots):
            host.boot_s = boot_s
            host.boot()

    @rule(name=NAMES, silently=st.booleans(), holds=st.booleans())
    def it_is_killed(self, name: str, silently: bool, holds: bool) -> None:
        host, front = self.host(name), self.front(name)
        if front is not None:
            host.holds = holds
            host.kill(front, silently)

    @rule(name=NAMES)
    def it_freezes(self, name: str) -> None:
        front = self.front(name)
        if front is not None and front.acts:
            front.freeze()

    @rule(name=NAMES)
    def it_thaws(self, name: str) -> None:
        for process in list(self.host(name).alive):
            process.thaw()

    @rule(name=NAMES, sleep=st.booleans())
    def it_is_terminated(self, name: str, sleep: bool) -> None:
        front = self.front(name)
        if front is not None and len(self.host(name).alive) == 1:
            self.host(name).terminate(front, "a rule", sleep)

    @rule(name=NAMES)
    def somebody_visits(self, name: str) -> None:
        self.host(name).lead(lambda _: None)

    @rule(name=NAMES, boot_s=BOOT_S)
    def a_deploy_begins(self, name: str, boot_s: float) -> None:
        host = self.host(name)
        if len(host.alive) == 1 and not host.boots and host.alive[0].acts:
            host.boot_s = boot_s
            host.boot(to_front=False)

    @rule(name=NAMES)
    def a_deploy_ends(self, name: str) -> None:
        host, old = self.host(name), self.front(name)
        if old is not None and len(host.alive) > 1:
            host.lead_to(host.alive[-1])
            host.terminate(old, "a deploy")

    @rule(name=NAMES, off_s=st.sampled_from([-1.5, 0.0, 1.5]))
    def its_clock_is_set(self, name: str, off_s: float) -> None:
        self.host(name).set_clock(off_s)

    @rule(way=DIRECTIONS)
    def a_line_is_cut(self, way: tuple[str, str]) -> None:
        self.world.lines.cut.add(way)

    @precondition(lambda self: bool(self.world.lines.cut))
    @rule()
    def lines_are_joined(self) -> None:
        self.world.lines.cut.clear()
        self.world.lines.hurt.note(self.world.now)

    @rule(slowest_s=st.sampled_from([0.06, 1.45]), share=st.sampled_from([0.0, 0.2]))
    def lines_change(self, slowest_s: float, share: float) -> None:
        self.world.lines.quality = Quality(
            slowest_s=slowest_s, lost=share, late=share, doubled=share
        )

    def teardown(self) -> None:
        """Heal the faults, and check that the pair heals."""
        if not hasattr(self, "world"):
            return  # the failure was at the beginning
        self.world.lines.cut.clear()
        self.world.lines.quality = Quality()
        self.world.run(35)  # until a leaving twin has left
        self.world.observer.disturbed()
        for host in self.world.hosts.values():
            for process in list(host.alive):
                process.thaw()
            if not (host.alive or host.boots):
                host.boot()
        self.world.run(CALM_S)
        settle(self.world)
        self.world.observer.check_slots(self.began_at, self.world.now - 10)


TestPair = Pair.TestCase
TestPair.settings = settings(
    max_examples=60,
    stateful_step_count=20,
    derandomize=True,
    deadline=None,
    print_blob=False,
    suppress_health_check=[HealthCheck.too_slow],
)
