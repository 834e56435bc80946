"""The pair's own jobs: their names and slots, their witnesses, and their memos."""

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
from node_bench import WALL, bench, context

from twin.core.pair.events import Via
from twin.core.pair.history import Look, Record
from twin.core.schedule.job import AlreadyTold, Run
from twin.duties import Duties
from twin.duties.scaling import slots
from twin.log import Log
from twin.node.context import Pair
from twin.notify.notifier import Notifier
from twin.notify.peer_watch import PeerWatch
from twin.scaling.line import witnesses

SHOP = {
    "SCALE_TARGET": "docker:shop",
    "SCALE_TIMETABLE": "00:00=1",
    "DOCKER_HOST": "unix:///nowhere/docker.sock",
}


def duties(pair: Pair | None = None, /, **environ: str) -> tuple[Duties, io.StringIO]:
    """The duties of a running twin; without a `pair`, those of the command `run`."""
    output = io.StringIO()
    one = context(Log("a", output), pair, environ=environ)
    made = Duties(one.settings, one.clock)
    made.start(one)
    return made, output


def run_step(made: Duties) -> None:
    """Run the first job once, as the command `run` does."""
    (scheduled,) = made.jobs
    slot = datetime.fromtimestamp(WALL, UTC)
    run = Run(scheduled.job, slot, term=0, late=timedelta(), ask_peer_heard_at=lambda: None)
    with contextlib.suppress(AlreadyTold):
        scheduled.call(run)


class Teapot(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(418)

    def log_message(self, *_: object) -> None:
        pass


class Engine(Teapot):
    """A Docker engine whose services have one replica."""

    def do_GET(self) -> None:
        spec = {"Mode": {"Replicated": {"Replicas": 1}}}
        body = json.dumps({"ID": "1", "Version": {"Index": 1}, "Spec": spec}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def answering_url() -> Iterator[str]:
    """The URL of a server that answers."""
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
def dead_url() -> str:
    """A URL without a server."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize("every_s", [1, 2, 3, 15, 60, 600])
def test_looks_are_closer_than_probe_every(every_s: int) -> None:
    grid, at = slots(every_s, "my-app/web"), [int(WALL)]
    for _ in range(500):
        at.append(grid.after(at[-1]))
    distances = [later - earlier for earlier, later in pairwise(at[1:])]
    assert max(distances) <= max(1, every_s - 1)
    assert min(distances) >= max(1, every_s // 2)
    assert len(set(distances)) > 1 or every_s < 15


def test_targets_are_probed_at_different_times() -> None:
    one, other = ({slots(15, name).after(WALL + 60 * n) for n in range(100)} for name in ("a", "b"))
    assert len(one & other) < 50


def test_each_target_has_a_job_named_after_it() -> None:
    made, _ = duties(**SHOP, DEADMAN_URL="https://hc.example/uuid")
    assert [each.job.name for each in made.jobs] == ["twin.scale.docker:shop", "twin.deadman"]
    assert made.quiet == {"twin.scale.docker:shop", "twin.deadman"}
    assert all(each.job.catch_up for each in made.jobs)
    # A pause stops scaling, but not the dead man's switch: the pair still lives.
    assert [each.job.pausable for each in made.jobs] == [True, False]


@pytest.mark.parametrize(("slow", "limit_s"), [("5s", 35), ("1m", 86)])
def test_the_timeout_of_a_step_covers_its_probes(slow: str, limit_s: int) -> None:
    made, _ = duties(**SHOP, PROBE_URL="https://shop.example", PROBE_SLOW=slow)
    assert made.jobs[0].job.timeout_s == limit_s


def test_without_a_target_there_is_no_job() -> None:
    made, _ = duties()
    assert made.jobs == []


def test_a_step_leaves_its_memo_with_the_pair() -> None:
    pair = bench()
    pair.take_duty()
    made, _ = duties(pair.node, **SHOP)
    run_step(made)
    assert "no Docker engine answers" in (pair.node.recall("scale docker:shop") or "")


def test_an_unreachable_target_is_down_if_the_own_url_answers(
    dead_url: str, answering_url: str
) -> None:
    made, output = duties(**SHOP, PROBE_URL=dead_url, SELF_URL=answering_url)
    run_step(made)
    assert "event=outage.began" in output.getvalue()


@pytest.mark.parametrize("with_peer", [True, False])
def test_an_unreachable_target_without_an_answering_witness_is_not_down(
    dead_url: str, with_peer: bool
) -> None:
    made, output = duties(
        **SHOP, PROBE_URL=dead_url, **({"PEER_URL": dead_url} if with_peer else {})
    )
    run_step(made)
    assert "event=outage.began" not in output.getvalue()
    assert "now=unknown" not in output.getvalue()  # the verdict stays as it was


def test_an_unreachable_target_is_down_if_only_the_peer_answers(
    dead_url: str, answering_url: str
) -> None:
    made, output = duties(**SHOP, PROBE_URL=dead_url, SELF_URL=dead_url, PEER_URL=answering_url)
    run_step(made)
    assert "event=outage.began" in output.getvalue()


@pytest.mark.parametrize(
    ("witnesses", "reason"),
    [
        ((), "nobody else can be asked: set SELF_URL, or deploy the other twin"),
        (("SELF_URL",), "nothing can: http://127.0.0.1:{port} does not answer either"),
        (("SELF_URL", "PEER_URL"), "neither http://127.0.0.1:{port} nor http://localhost:{port}"),
    ],
)
def test_the_log_names_witnesses_that_do_not_answer(
    dead_url: str, witnesses: tuple[str, ...], reason: str
) -> None:
    urls = dict(
        zip(witnesses, (dead_url, dead_url.replace("127.0.0.1", "localhost")), strict=False)
    )
    with answering(Engine) as engine:
        host = {"DOCKER_HOST": engine.replace("http:", "tcp:")}
        made, output = duties(**{**SHOP, **host}, PROBE_URL=dead_url, **urls)
        run_step(made)
    (line,) = [line for line in output.getvalue().splitlines() if "scale.failed" in line]
    assert reason.format(port=dead_url.rpartition(":")[2]) in line


@pytest.mark.parametrize(
    ("own", "peer", "sleeps", "asked"),
    [
        ("a", "b", False, ["a", "b"]),
        ("a", "b", True, ["a"]),
        (None, "b", True, ["b"]),
        (None, None, False, []),
    ],
)
def test_a_sleeping_peer_is_asked_only_without_an_own_url(
    own: str | None, peer: str | None, sleeps: bool, asked: list[str]
) -> None:
    assert witnesses(own, peer, sleeps) == asked


def test_without_an_own_url_the_known_url_of_the_peer_is_asked(
    dead_url: str, answering_url: str
) -> None:
    made, output = duties(bench(peer=answering_url).node, **SHOP, PROBE_URL=dead_url)
    run_step(made)
    assert "event=outage.began" in output.getvalue()


def test_a_step_during_a_freeze_logs_nothing() -> None:
    pair = bench()

    class AnHourLater(Teapot):
        def do_GET(self) -> None:
            pair.clock.move(3600)
            super().do_GET()

    with answering(AnHourLater) as url:
        made, output = duties(pair.node, **SHOP, PROBE_URL=url)
        run_step(made)
    assert output.getvalue() == ""


def test_the_status_shows_the_memo_and_the_last_look() -> None:
    pair = bench().node
    made, _ = duties(pair, **SHOP)
    looks = (Look(int(WALL // 60), 80, "healthy", int(WALL), 3, 1),)
    pair.history.record(Record(looks={"docker:shop": looks}))
    pair.remember("scale docker:shop", '{"reason": "the timetable says 1", "quantity": 3}', 1)
    (shown,) = made.status(WALL)["targets"]
    assert (shown["name"], shown["quantity"], shown["latency_ms"]) == ("docker:shop", 3, 80)
    assert shown["reason"] == "the timetable says 1"


# ---- the watch of the peer


class Hook(Teapot):
    """Collects alerts."""

    bodies: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        self.bodies.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.send_response(200)
        self.end_headers()


def test_an_absence_and_a_return_of_the_peer_reach_a_web_hook() -> None:
    pair = bench()
    pair.take_duty()
    with answering(Hook) as url:
        log = Log("a", pair.output)
        notifier = Notifier("a", [url.replace("http", "json")], pair.clock, log)
        watch = PeerWatch(context(log, pair.node, pair.clock, notifier.tell))
        for heard in (False, True):
            for _ in range(40):
                pair.wait(20)
                if heard:
                    pair.hear(Via.ANSWER, claim=pair.node.look().knowledge.claim)
                watch.look()
        notifier.close(20.0)
    sent = "".join(Hook.bodies)
    assert sent.count("The twin b has been gone since") == 1
    assert sent.count("The twin b has been back since") == 1
