"""Shared by tests of a running twin: a hand-set clock, a node, and documents of a peer."""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from twin.clock import Clock
from twin.core.alert import Alert
from twin.core.moment import Moment
from twin.core.pair.document import Document, Role
from twin.core.pair.events import AskArbiter, Heard, Request, Start, Via
from twin.core.pair.knowledge import Claim
from twin.core.pair.state import Rules, State
from twin.core.schedule.job import Job
from twin.core.schedule.schedules import every
from twin.log import Log
from twin.node.context import Alone, Context, Pair
from twin.node.node import Node, Outlets
from twin.node.runner import Scheduled
from twin.settings.settings import Settings, read_settings

WALL = 1_800_000_000.0
"""A full minute: slots of `every("10s")` fall on it."""
PEER = "http://b.example"

ENVIRON = {
    "TWIN_NAME": "a",
    "BASIC_AUTH_USERNAME": "user",
    "BASIC_AUTH_PASSWORD": "own-s3cret",
    "PEER_USERNAME": "peer-user",
    "PEER_PASSWORD": "peer-s3cret",
}


@dataclass(frozen=True)
class HandClock(Clock):
    """Shows its set time."""

    hands: list[float] = field(default_factory=lambda: [WALL, 1000.0])

    def now(self) -> Moment:
        return Moment(*self.hands)

    def move(self, seconds: float) -> None:
        self.hands[:] = [hand + seconds for hand in self.hands]


@dataclass
class Bench:
    """A node and its effects."""

    clock: HandClock
    node: Node
    output: io.StringIO
    sent: list[Request] = field(default_factory=list)
    watched: list[bool] = field(default_factory=list)
    started: list[Start] = field(default_factory=list)
    published: list[Document] = field(default_factory=list)
    asked_since: list[float] = field(default_factory=list)
    asked: list[AskArbiter] = field(default_factory=list)
    """The questions to the arbiter."""

    @property
    def role(self) -> Role:
        return self.node.look().role

    @property
    def events(self) -> list[str]:
        """The names of the events in the log."""
        return [line.split()[1].removeprefix("event=") for line in self.lines]

    @property
    def lines(self) -> list[str]:
        return self.output.getvalue().splitlines()

    def wait(self, seconds: float) -> None:
        """Let time pass, with the scheduler's beats."""
        while seconds > 0:
            self.clock.move(min(1.0, seconds))
            self.node.tick()
            seconds -= 1.0

    def take_duty(self) -> None:
        """Wake, claim, and get the peer's confirmation."""
        self.wait(2)
        self.hear(Via.ANSWER, claim=self.node.look().knowledge.claim)
        assert self.role is Role.ON_DUTY

    def join(self) -> None:
        """Wake, claim, and hear of a higher claim."""
        self.wait(2)
        self.hear(Via.UPDATE, claim=higher(self), role=Role.ON_DUTY)
        assert self.role is Role.STANDBY

    def hear(self, via: Via, **fields: Any) -> None:
        self.node.handle(Heard(document(**fields), via, self.clock.now().mono))


def bench(
    jobs: Mapping[str, Job] | None = None,
    peer: str | None = PEER,
    url: str | None = None,
    rules: Rules | None = None,
) -> Bench:
    clock, output = HandClock(), io.StringIO()
    state = State.at_wake("a", "1-a", url, peer, rules or Rules(), jobs or {}, clock.now())
    log = Log("a", output)
    made = Bench(clock, Node(state, clock, log, quiet=frozenset()), output)
    made.node.outlets = Outlets(
        send=lambda request, _: made.sent.append(request),
        watch=made.watched.append,
        publish=lambda: made.published.append(made.node.document()),
        start=lambda start, _: made.started.append(start),
        running=lambda: (),
        catch_up=made.asked_since.append,
        ask_arbiter=made.asked.append,
    )
    return made


def context(
    log: Log,
    pair: Pair | None = None,
    clock: Clock | None = None,
    alert: Callable[[Alert], None] = lambda _: None,
    environ: Mapping[str, str] | None = None,
) -> Context:
    """The context of a duty; without a `pair`, as in the command `run`."""
    clock, made = clock or Clock(), read_settings({**ENVIRON, **(environ or {})})
    urls = (made.self_url, made.peer_url)
    alone = Alone(State.at_wake(made.name, "1-a", *urls, made.rules, {}, clock.now()))
    return Context(made, clock, log, pair or alone, alert)


def job(name: str = "jobs.post", interval: str = "10s", **options: Any) -> dict[str, Job]:
    return {name: Job(name, every(interval, None, "UTC"), **options)}


def scheduled(function: Any, name: str = "jobs.post") -> dict[str, Scheduled]:
    return {name: Scheduled(job(name)[name], function)}


def document(**fields: Any) -> Document:
    """A document of the peer's."""
    plain: dict[str, Any] = {
        "twin": "b",
        "boot": "2-b",
        "url": None,
        "role": Role.STANDBY,
        "claim": Claim(),
        "ledger": {},
    }
    return Document(**{**plain, **fields})


def higher(made: Bench) -> Claim:
    """A claim of the peer's above every claim that the bench's twin knows."""
    return Claim(made.node.look().knowledge.claim.term + 1, "b", "2-b")


def settings(**fields: Any) -> Settings:
    return replace(read_settings(ENVIRON), **fields)
