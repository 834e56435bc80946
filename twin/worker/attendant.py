"""Looks after one command while this twin is on duty: starts it, starts it again, ends it.

The command runs as long as one run of a continuous job (`core.pair.slots`). The run is over when
this twin has lost the duty and the last process of the command is gone: then the other twin starts
its own.
"""

import re
import shlex
import signal
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from shutil import which
from typing import Protocol

from twin.clock import Clock
from twin.core.alert import Alert, Severity
from twin.core.command import GIVES_UP_AFTER, RUN_JOB, SOON_S, Command, Lives, Restart
from twin.core.pair.document import Role
from twin.core.pair.events import Event, HandOver
from twin.core.pair.state import State
from twin.core.pair.strict import lasts
from twin.core.pair.timeouts import CONTINUOUS_LEASE_S
from twin.core.schedule.job import Run
from twin.hosts import WAKES_WITHIN_S
from twin.log import Log
from twin.worker.child import Child, environment, how, without_secrets
from twin.worker.outputs import Outputs
from twin.worker.program import Begin, Process

_BEAT_S = 0.5
"""A beat may be lost, and one may be late, before the lease of 2 s runs out."""
_BAD_PROBES = 3
_NOT_STARTED = 127
_OF_A_SHELL = re.compile(r"[|&;<>()$`*?\[\]#~{}\n]")
"""What a shell makes something of. A program's name with `=` is none that `which` finds."""


class Pair(Protocol):
    """The pair, as seen from this twin."""

    def look(self) -> State: ...
    def handle(self, event: Event) -> None: ...
    def remember(self, key: str, text: str, term: int) -> None: ...
    def recall(self, key: str) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all commands of a twin share."""

    pair: Pair
    clock: Clock
    log: Log
    environ: Mapping[str, str]
    write: Callable[[str], object]
    """Takes lines for the twin's stdout, and does not block."""
    look_at: Callable[[str], str]
    """Fetches a page; returns why its answer is bad, or nothing."""
    alert: Callable[[Alert], object]
    """Tells people; returns at once."""
    outputs: Outputs
    probe_every_s: float = 10.0
    keys: Collection[str] = ()
    """Variables that hold further secrets of the twin."""


def shell(command: Command) -> Begin:
    """Runs the command's line."""

    def begin(
        variables: Mapping[str, str],
        *,
        lease_s: float,
        written: Callable[[str], object],
        ended: Callable[[int], object],
    ) -> Process:
        return Child(
            words_of(command.line, variables.get("PATH")),
            variables,
            stop_within_s=command.stop_within_s,
            lease_s=lease_s,
            written=written,
            ended=ended,
        )

    return begin


class Attendant:
    """`run` is called by one thread at a time, all else by any."""

    def __init__(self, command: Command, begin: Begin, around: Surroundings) -> None:
        self.command = command
        self.in_charge = False
        """Whether this twin has the duty, or still ends the command."""
        self.lives = Lives()
        self.since = around.clock.now().wall
        """Of the life or pause that goes on (epoch seconds)."""
        self.why = ""
        """How the last life ended; empty before that."""
        self._begin = begin
        self._around = around
        self._key = f"run.{command.name}"
        self._began_at = 0.0
        """Of the newest life (epoch seconds)."""
        self._wake = threading.Event()
        self._child: Process | None = None
        self._status: int | None = None
        """Of a child that has ended, until that is looked at."""
        self._restart = ""
        """Why the child is to be started anew; empty if it is not."""
        self._by_hand = False
        self._beaten_at = 0.0
        self._stood_still = False
        """Whether the lease has run out in this life."""

    @property
    def is_running(self) -> bool:
        return self._child is not None

    @property
    def output(self) -> str:
        """What the newest life wrote."""
        return self._around.outputs.last_of(RUN_JOB + self.command.name)

    def run(self, run: Run) -> None:
        """Return when this twin has lost the duty, and nothing of the command is left."""
        self.lives, self.in_charge = Lives(), True
        self._beaten_at = self._around.clock.now().mono
        try:
            while self._has_duty(run.term):
                self._attend(run.term)
                self._pause()
        finally:
            self._end()
            self.in_charge = False

    def restart(self, because: str) -> None:
        """End it, and start it anew. Without counting, as somebody asked for it."""
        self._restart, self._by_hand = because, True
        self._wake.set()

    def wake(self) -> None:
        """Something may have changed: the role of this twin."""
        self._wake.set()

    # ---- the duty

    def _has_duty(self, term: int) -> bool:
        state = self._beat()
        return state.claim_is_ours and state.knowledge.claim.term == term

    def _beat(self) -> State:
        """A twin that stood still, and does not know yet whether it lost the duty, gives no sign of
        life: a command that is alive then is killed in time."""
        state = self._around.pair.look()
        now = self._around.clock.now().mono
        if state.role is not Role.CLAIMING and lasts(state, now):
            self._stood_still |= now - self._beaten_at > CONTINUOUS_LEASE_S
            self._beaten_at = now
            if self._child is not None:
                self._child.beat()
        return state

    def _pause(self) -> None:
        wait_s, again_at = _BEAT_S, self.lives.again_at
        if self._child is None and again_at is not None:
            wait_s = min(wait_s, max(0.0, again_at - self._around.clock.now().mono))
        self._wake.wait(wait_s)
        self._wake.clear()

    # ---- its lives

    def _attend(self, term: int) -> None:
        now = self._around.clock.now().mono
        if self._status is not None:
            self._ended(self._status, term)
        elif self._restart and self._child is not None:
            self._child.stop()
        elif self._restart:
            self.lives = self.lives.asked_for(now)
            self._restart, self._by_hand = "", False
        if self.lives.is_steady(now) and self._around.pair.recall(self._key):
            self._around.pair.remember(self._key, "", term)
        again_at, state = self.lives.again_at, self._around.pair.look()
        may_start = state.on_duty and lasts(state, now)
        if self._child is None and again_at is not None and now >= again_at and may_start:
            self._start(state, term)

    def _start(self, state: State, term: int) -> None:
        around, command = self._around, self.command
        variables = environment(
            without_secrets(around.environ, around.keys, command.env),
            twin=state.twin,
            term=term,
            url=state.url,
        )
        self._changed(self.lives.started(around.clock.now().mono))
        self._began_at, self._stood_still = self.since, False
        around.outputs.wrote(RUN_JOB + command.name, self._began_at, "")
        over = threading.Event()
        try:
            self._child = self._begin(
                variables,
                lease_s=CONTINUOUS_LEASE_S,
                written=self._written,
                ended=partial(self._has_ended, over),
            )
        except OSError as error:
            self._written(f"{command.name}: {error.strerror}\n")
            self._has_ended(over, _NOT_STARTED)
        around.log.info("command.started", command=command.name, starts=self.lives.starts)
        if command.probe_url is not None:
            url = command.probe_url.replace("${PORT}", "$PORT").replace("$PORT", variables["PORT"])
            threading.Thread(target=self._probe, args=(url, over), daemon=True).start()

    def _has_ended(self, over: threading.Event, status: int) -> None:
        self._status = status
        over.set()
        self._wake.set()

    def _ended(self, status: int, term: int) -> None:
        now = self._around.clock.now().mono
        lived_s = now - self.lives.started_at
        lives, restart = self.lives, self.command.restart
        self.why = self._restart or how(status)
        stood_still = self._stood_still or now - self._beaten_at > CONTINUOUS_LEASE_S
        if status == -signal.SIGKILL and stood_still:
            self.why = f"this twin stood still for over {CONTINUOUS_LEASE_S:g} s"
            lives = lives.asked_for(now)
        elif self._by_hand:
            lives = lives.asked_for(now)
        else:
            lives = lives.ended(status, Restart.ALWAYS if self._restart else restart, now)
        self._child = self._status = None
        self._restart, self._by_hand = "", False
        self._changed(lives)
        self._keep_end(lived_s, self.why)
        again = "never" if lives.again_at is None else f"in {lives.again_at - now:.0f} s"
        self._around.log.warning(
            "command.ended",
            command=self.command.name,
            because=self.why,
            seconds=round(lived_s, 1),
            starts_again=again,
        )
        if lives.failures == GIVES_UP_AFTER:
            self._give_up(term)

    def _changed(self, lives: Lives) -> None:
        self.lives, self.since = lives, self._around.clock.now().wall

    def _written(self, lines: str) -> None:
        self._around.outputs.wrote(RUN_JOB + self.command.name, self._began_at, lines)
        self._around.write(lines)

    def _keep_end(self, lived_s: float, why: str) -> None:
        job = RUN_JOB + self.command.name
        self._around.outputs.ended(job, self._began_at, "ended", lived_s, why)

    def _end(self) -> None:
        if self._child is not None and self._status is None:
            self._child.stop()
        while self._child is not None and self._status is None:
            self._beat()
            self._pause()
        if self._child is not None:
            self._around.log.info("command.stopped", command=self.command.name)
            self._keep_end(self._age_s(), "with the duty of this twin")
        self._child = self._status = None
        self._restart, self._by_hand = "", False
        self._changed(Lives(again_at=None))

    # ---- when it does not work

    def _give_up(self, term: int) -> None:
        """It keeps failing here: let the other twin try, but only once for both."""
        pair, state = self._around.pair, self._around.pair.look()
        tried = pair.recall(self._key)
        failures = f"it ended {self.lives.failures} times within {SOON_S:.0f} s of its start"
        if tried:
            told = f"{failures}; {tried} already: it is tried again here every minute"
        elif state.peer.url is None:
            told = f"{failures}, and there is no other twin to try it"
        else:
            told = f"{failures}: the other twin is asked to take the duty"
            pair.remember(self._key, f"{state.twin} gave it up", term)
            pair.handle(HandOver(WAKES_WITHIN_S))
        name, why = self.command.name, self.why
        self._around.log.error("command.failing", command=name, because=told)
        body = f"On {state.twin} {told}.\nThe last time {why}. Its output is on the status page."
        alert = Alert(f"{name} keeps failing", body, Severity.FAILURE, about=f"command {name}")
        self._around.alert(alert)

    def _probe(self, url: str, over: threading.Event) -> None:
        """On a thread of its own: ask for its page, until this life is over."""
        bad, counts = 0, False
        while not over.wait(self._around.probe_every_s):
            why = self._around.look_at(url)
            # One that is starting may not listen yet.
            counts = counts or not why or self._age_s() > SOON_S
            bad = bad + 1 if why and counts else 0
            if bad == _BAD_PROBES and not over.is_set():
                self._restart = f"{_BAD_PROBES} bad answers in a row: {why}"
                self._wake.set()

    def _age_s(self) -> float:
        return self._around.clock.now().mono - self.lives.started_at


def words_of(line: str, path: str | None) -> Sequence[str]:
    """What starts a command. A shell only if it is needed: it would not hand SIGTERM on."""
    with suppress(ValueError):  # a quotation that does not end: the shell says so
        words = shlex.split(line)
        if not _OF_A_SHELL.search(line) and which(words[0], path=path):
            return words
    return "/bin/sh", "-c", line
