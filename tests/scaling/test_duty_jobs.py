"""The pair's own jobs: their names and slots, whose word they take, and where they keep notes."""

import contextlib
import io
import json
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import pairwise
from typing import ClassVar

import pytest
from node_bench import ENVIRON, WALL, bench

from twin.clock import Clock
from twin.core.pair.events import Via
from twin.core.pair.history import Look, Record
from twin.core.scaling.target import TargetError
from twin.core.schedule.job import Run
from twin.hosts import OFFERS, Offer
from twin.log import Log
from twin.scaling.duty_jobs import Duties, gone_after_s, slots, witnesses
from twin.settings.settings import read_settings

SHOP = {
    "SCALE_TARGET": "docker:shop",
    "SCALE_TIMETABLE": "00:00=1",
    "DOCKER_HOST": "unix:///nowhere/docker.sock",
}


def duties(**environ: str) -> tuple[Duties, io.StringIO]:
    output = io.StringIO()
    settings = read_settings({**ENVIRON, **environ})
    return Duties(settings, Clock(), Log("a", output)), output


def steps(made: Duties) -> None:
    """Its first job runs once, as `run` would have it."""
    (scheduled,) = made.jobs
    slot = datetime.fromtimestamp(WALL, UTC)
    run = Run(scheduled.job, slot, term=0, late=timedelta(), ask_peer_heard_at=lambda: None)
    with contextlib.suppress(TargetError):
        scheduled.call(run)


class Teapot(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(418)

    def log_message(self, *_: object) -> None:
        pass


class Engine(Teapot):
    """One of this machine, with a service of one."""

    def do_GET(self) -> None:
        spec = {"Mode": {"Replicated": {"Replicas": 1}}}
        body = json.dumps({"ID": "1", "Version": {"Index": 1}, "Spec": spec}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def somebody() -> Iterator[str]:
    """The URL of one who answers, whatever he says."""
    with answering(Teapot) as url:
        yield url


@contextlib.contextmanager
def answering(handler: type[Teapot]) -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def nobody() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize("every_s", [1, 2, 3, 15, 60, 600])
def test_two_looks_are_never_as_far_apart_as_probe_every(every_s: int) -> None:
    grid, at = slots(every_s, "my-app/web"), [int(WALL)]
    for _ in range(500):
        at.append(grid.after(at[-1]))
    distances = [later - earlier for earlier, later in pairwise(at[1:])]
    assert max(distances) <= max(1, every_s - 1)
    assert min(distances) >= max(1, every_s // 2)
    assert len(set(distances)) > 1 or every_s < 15


def test_targets_are_not_looked_at_in_step() -> None:
    one, other = ({slots(15, name).after(WALL + 60 * n) for n in range(100)} for name in ("a", "b"))
    assert len(one & other) < 50


def test_each_target_has_a_job_of_its_own_named_after_it() -> None:
    made, _ = duties(**SHOP, DEADMAN_URL="https://hc.example/uuid")
    assert [each.job.name for each in made.jobs] == ["twin.scale.docker:shop", "twin.deadman"]
    assert made.quiet == {"twin.scale.docker:shop", "twin.deadman"}
    assert all(each.job.catch_up for each in made.jobs)
    # In a pause nothing is scaled, but the pair still lives.
    assert [each.job.pausable for each in made.jobs] == [True, False]


@pytest.mark.parametrize(("slow", "limit_s"), [("5s", 35), ("1m", 86)])
def test_a_frozen_twins_step_is_waited_for_no_longer_than_a_step_takes(
    slow: str, limit_s: int
) -> None:
    made, _ = duties(**SHOP, PROBE_URL="https://shop.example", PROBE_SLOW=slow)
    assert made.jobs[0].job.timeout_s == limit_s


def test_without_a_target_there_is_no_job() -> None:
    made, _ = duties()
    assert made.jobs == []


def test_notes_are_the_pairs_where_there_is_one_and_the_processs_own_where_not() -> None:
    made, _ = duties()
    made.remember("scale shop", "alone", 0)
    assert made.recall("scale shop") == "alone"
    pair = bench()
    pair.take_duty()
    made.node = pair.node
    assert made.recall("scale shop") is None
    made.remember("scale shop", "together", pair.node.look().knowledge.claim.term)
    assert made.recall("scale shop") == pair.node.recall("scale shop") == "together"


def test_an_unreachable_target_is_blamed_if_our_own_url_answers(nobody: str, somebody: str) -> None:
    made, output = duties(**SHOP, PROBE_URL=nobody, SELF_URL=somebody)
    steps(made)
    assert "event=outage.began" in output.getvalue()


@pytest.mark.parametrize("with_peer", [True, False])
def test_it_is_not_if_our_own_url_does_not_answer_or_nobody_can_be_asked(
    nobody: str, with_peer: bool
) -> None:
    made, output = duties(**SHOP, PROBE_URL=nobody, **({"PEER_URL": nobody} if with_peer else {}))
    steps(made)
    assert "event=outage.began" not in output.getvalue()
    assert "now=unknown" not in output.getvalue()  # as it was before


def test_it_is_blamed_if_the_peer_answers_though_our_own_url_cannot_be_reached_from_inside(
    nobody: str, somebody: str
) -> None:
    made, output = duties(**SHOP, PROBE_URL=nobody, SELF_URL=nobody, PEER_URL=somebody)
    steps(made)
    assert "event=outage.began" in output.getvalue()


@pytest.mark.parametrize(
    ("witnesses", "told"),
    [
        ((), "nobody else can be asked: set SELF_URL, or deploy the other twin"),
        (("SELF_URL",), "nothing can: http://127.0.0.1:{port} does not answer either"),
        (("SELF_URL", "PEER_URL"), "neither http://127.0.0.1:{port} nor http://localhost:{port}"),
    ],
)
def test_where_no_witness_answers_the_log_says_whom_was_asked(
    nobody: str, witnesses: tuple[str, ...], told: str
) -> None:
    urls = dict(zip(witnesses, (nobody, nobody.replace("127.0.0.1", "localhost")), strict=False))
    with answering(Engine) as engine:
        host = {"DOCKER_HOST": engine.replace("http:", "tcp:")}
        made, output = duties(**{**SHOP, **host}, PROBE_URL=nobody, **urls)
        steps(made)
    (line,) = [line for line in output.getvalue().splitlines() if "scale.failed" in line]
    assert told.format(port=nobody.rpartition(":")[2]) in line


@pytest.mark.parametrize(
    ("host", "is_beyond"),
    [
        *(("unix:///var/run/docker.sock", False), ("tcp://127.0.0.1:2375", False)),
        *(("tcp://localhost:2375", False), ("tcp://[::1]:2375", False)),
        *(("tcp://10.0.0.5:2375", True), ("tcp://engine:2375", True)),
    ],
)
def test_an_engine_beyond_this_machine_is_a_witness(host: str, is_beyond: bool) -> None:
    settings = read_settings({**ENVIRON, **SHOP, "DOCKER_HOST": host})
    assert settings.targets[0].is_beyond is is_beyond


@pytest.mark.parametrize(
    ("own", "peer", "sleeps", "asked"),
    [
        ("a", "b", False, ["a", "b"]),
        ("a", "b", True, ["a"]),
        (None, "b", True, ["b"]),
        (None, None, False, []),
    ],
)
def test_a_peer_that_sleeps_is_woken_to_be_asked_only_if_there_is_nobody_else(
    own: str | None, peer: str | None, sleeps: bool, asked: list[str]
) -> None:
    assert witnesses(own, peer, sleeps) == asked


def test_where_our_own_url_is_not_known_the_peers_is_asked(nobody: str, somebody: str) -> None:
    made, output = duties(**SHOP, PROBE_URL=nobody)
    made.node = bench(peer=somebody).node
    steps(made)
    assert "event=outage.began" in output.getvalue()


def test_a_look_during_which_this_process_stood_still_finds_nothing() -> None:
    pair = bench()

    class AnHourLater(Teapot):
        def do_GET(self) -> None:
            pair.clock.move(3600)
            super().do_GET()

    with answering(AnHourLater) as url:
        made, output = duties(**SHOP, PROBE_URL=url)
        made.node = pair.node
        steps(made)
    assert output.getvalue() == ""


def test_what_is_scaled_is_shown_as_the_last_step_left_it() -> None:
    made, _ = duties(**SHOP)
    made.node = bench().node
    looks = (Look(int(WALL // 60), 80, "healthy", int(WALL), 3, 1),)
    made.node.history.record(Record(looks={"docker:shop": looks}))
    made.remember("scale docker:shop", '{"reason": "the timetable says 1", "quantity": 3}', 1)
    (shown,) = made.shown(WALL)
    assert (shown["name"], shown["quantity"], shown["latency_ms"]) == ("docker:shop", 3, 80)
    assert shown["reason"] == "the timetable says 1"


# ---- the other twin


class Hook(Teapot):
    """Takes what people are told."""

    bodies: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        self.bodies.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.send_response(200)
        self.end_headers()


def test_people_are_told_that_the_other_twin_is_gone_and_that_it_is_back() -> None:
    pair = bench()
    pair.take_duty()
    with answering(Hook) as url:
        urls = {"NOTIFY_URLS": url.replace("http", "json")}
        made = Duties(read_settings({**ENVIRON, **urls}), pair.clock, Log("a", pair.output))
        made.watch_the_peer()  # nothing yet: there is no node
        made.node = pair.node
        for heard in (False, True):
            for _ in range(40):
                pair.wait(20)
                if heard:
                    pair.hear(Via.ANSWER, claim=pair.node.look().knowledge.claim)
                made.watch_the_peer()
        made.close(20.0)
    told = "".join(Hook.bodies)
    assert told.count("The twin b has been gone since") == 1
    assert told.count("The twin b is back at") == 1


@pytest.mark.parametrize("offer", [None, *OFFERS])
def test_a_peer_is_not_gone_while_its_host_may_be_starting_it(offer: Offer | None) -> None:
    assert gone_after_s(offer) >= 600
    assert offer is None or gone_after_s(offer) >= 10 * max(offer.boots_in_s)
