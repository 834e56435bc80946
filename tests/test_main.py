"""`python -m twin` as a process: how it begins, and how it ends."""

import contextlib
import http.client
import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from processes import Twin, run, seconds_of, twins, until

from twin.core.pair.timeouts import LINE_EVERY_S

SLOW = """
import threading
from pathlib import Path
from twin import every

@every("1s", name="slow")
def slow():
    Path("begun").touch()
    while not Path("let").exists():
        threading.Event().wait(0.02)
    Path("ended").touch()
"""

LEFT_BEHIND = """
import threading
from twin import every

threading.Thread(target=threading.Event().wait, name="left behind").start()

@every("1s", name="chatty")
def chatty():
    print("x" * 100, flush=True)
"""


NO_IPV6 = """
import errno
import socket

class Socket(socket.socket):
    def __init__(self, family=-1, *arguments, **options):
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
        super().__init__(family, *arguments, **options)

socket.socket = Socket
"""

NOBODY_RESOLVES = """
import socket
import threading

socket.getaddrinfo = lambda *_, **__: threading.Event().wait(20)
"""


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Twin]:
    """A twin without a peer, not started yet."""
    with twins(tmp_path) as (a, _):
        a.environ["PEER_URL"] = ""
        yield a


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """The same, on duty; not to be changed."""
    with twins(tmp_path_factory.mktemp("serving")) as (a, _):
        a.environ["PEER_URL"] = ""
        yield on_duty(a)


def on_duty(twin: Twin) -> Twin:
    twin.start()
    until(lambda: twin.role() == "on_duty")
    return twin


def holder_and_standby(a: Twin, b: Twin) -> None:
    on_duty(a)
    b.environ["ON_WAKE"] = "join"
    b.start()
    until(lambda: b.role() == "standby" and a.status().get("watchers"))


# ---- beginning


def test_the_port_is_bound_before_anything_heavy_is_imported(alone: Twin, tmp_path: Path) -> None:
    for module in ("fastapi", "uvicorn", "httpx", "pydantic", "schedule", "starlette"):
        (tmp_path / f"{module}.py").write_text("import threading\nthreading.Event().wait()\n")
    alone.start()

    def connects() -> bool:
        try:
            socket.create_connection(("127.0.0.1", alone.port), 1).close()
        except OSError:
            return False
        return True

    until(connects, timeout_s=5)


def test_a_request_that_comes_while_it_starts_is_answered(alone: Twin) -> None:
    alone.start()

    def connected() -> http.client.HTTPConnection | None:
        line = http.client.HTTPConnection("127.0.0.1", alone.port, timeout=15)
        try:
            line.connect()
        except OSError:
            return None
        return line

    line = until(connected, timeout_s=5)
    line.request("GET", "/healthz")
    assert line.getresponse().status == 200
    line.close()


@pytest.mark.parametrize("address", ["127.0.0.1", "[::1]"])
def test_it_listens_on_ipv4_and_on_ipv6(serving: Twin, address: str) -> None:
    url = f"http://{address}:{serving.port}/healthz"
    assert httpx.get(url, trust_env=False).status_code == 200


def test_without_ipv6_it_listens_on_ipv4(alone: Twin, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(NO_IPV6)
    alone.environ["PYTHONPATH"] = f"{tmp_path}:{alone.settings['PYTHONPATH']}"
    on_duty(alone)


def test_it_is_one_process_whatever_the_buildpack_says(serving: Twin) -> None:
    assert serving.settings["WEB_CONCURRENCY"] == "2"
    process = serving.process
    assert process is not None
    groups = [
        stat.read_text().rpartition(")")[2].split()[2] for stat in Path("/proc").glob("[0-9]*/stat")
    ]
    assert groups.count(str(process.pid)) == 1


def test_a_port_in_use_is_told_in_a_sentence(alone: Twin) -> None:
    with socket.create_server(("0.0.0.0", alone.port)):  # noqa: S104 (as the twin would)
        ended = alone.command()
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"port {alone.port} cannot be used (")
    assert "set PORT to another one" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_without_settings_all_that_is_missing_is_told_at_once(alone: Twin, tmp_path: Path) -> None:
    bare = {name: alone.settings[name] for name in ("PATH", "PYTHONPATH", "PORT")}
    ended = run(environ={**bare, "ON_WAKE": "x"}, directory=tmp_path)
    assert ended.returncode == 1
    assert [line.split()[1] for line in ended.stdout.splitlines()] == ["event=settings.wrong"] * 3
    for name in ("BASIC_AUTH_USERNAME", "BASIC_AUTH_PASSWORD", "ON_WAKE"):
        assert name in ended.stdout


@pytest.mark.parametrize("port", ["http", "70000"])
def test_a_port_that_is_none_is_told_with_the_other_settings(alone: Twin, port: str) -> None:
    ended = alone.command(PORT=port, ON_WAKE="x")
    assert ended.returncode == 1
    assert ended.stdout.count("event=settings.wrong") == 2


@pytest.mark.parametrize("command", [(), ("serve",), ("check",), ("plan",), ("lab",)])
def test_without_its_dependencies_it_says_how_they_are_installed(
    alone: Twin, command: tuple[str, ...]
) -> None:
    alone.environ["PYTHONWARNINGS"] = ""  # of the port, which ends with the process
    alone.start(*command, python=("-S",))  # without site-packages, as in a fresh clone
    assert alone.ends() == 1
    (told,) = alone.output.splitlines()
    assert re.match("the module [a-z0-9_]+ is not installed: run `python3 -m venv .venv && ", told)


def test_what_is_only_imported_later_is_missed_at_once(alone: Twin, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['httpx'] = None")
    alone.environ |= {"PYTHONPATH": f"{alone.settings['PYTHONPATH']}:{tmp_path}"}
    alone.environ["PYTHONWARNINGS"] = ""  # of the port, which ends with the process
    alone.start()
    assert alone.ends() == 1
    assert alone.output.startswith("the module httpx is not installed: run `python3 -m venv .venv")


def test_what_a_jobs_file_lacks_is_told_as_its_own(alone: Twin, tmp_path: Path) -> None:
    (tmp_path / "jobs.py").write_text("import no_such_module\n")
    told = alone.command("run", "any").stderr
    assert told.startswith("jobs.py:1: No module named 'no_such_module': add what provides it")


def test_a_jobs_file_that_cannot_be_read_is_told(alone: Twin, tmp_path: Path) -> None:
    (tmp_path / "jobs.py").write_text("1 / 0\n")
    ended = alone.command()
    assert ended.returncode == 1
    assert "event=jobs.wrong" in ended.stdout
    assert "jobs.py:1" in ended.stdout
    assert "Traceback" not in ended.stdout + ended.stderr


def test_settings_may_stand_in_a_file_and_the_environment_wins(tmp_path: Path, alone: Twin) -> None:
    (tmp_path / ".env").write_text("ON_WAKE=x\nSTANDBY=y\n")
    ended = alone.command(STANDBY="awake")
    assert "ON_WAKE is 'x'" in ended.stdout
    assert "STANDBY" not in ended.stdout


def test_help_names_every_command(alone: Twin) -> None:
    told = alone.command("--help").stdout
    for command in ("serve", "lab", "check", "status", "run", "down"):
        assert f"    {command} " in told


def test_a_command_that_is_none_is_refused(alone: Twin) -> None:
    ended = alone.command("dance")
    assert ended.returncode == 2
    assert "dance" in ended.stderr


# ---- ending


@pytest.mark.parametrize("signals", [[signal.SIGTERM], [signal.SIGTERM] * 3, [signal.SIGINT] * 2])
def test_a_signal_ends_it_in_order_however_often_it_comes(
    alone: Twin, signals: list[signal.Signals]
) -> None:
    on_duty(alone)
    assert alone.ends(*signals, timeout_s=5) == 0
    assert alone.is_gone()
    events = [line.split()[1] for line in alone.output.splitlines()]
    assert events[-3:] == ["event=twin.leaves", "event=duty.released", "event=twin.left"]
    assert events.count("event=twin.leaves") == 1


def test_what_a_job_left_behind_does_not_keep_it_from_ending(alone: Twin, tmp_path: Path) -> None:
    (tmp_path / "jobs.py").write_text(LEFT_BEHIND)
    on_duty(alone)
    until(lambda: "xxx" in alone.output)
    assert alone.ends(signal.SIGTERM, timeout_s=5) == 0
    assert "event=twin.left" in alone.output


def test_a_resolver_of_names_that_hangs_does_not_keep_it_from_ending(
    alone: Twin, tmp_path: Path
) -> None:
    (tmp_path / "jobs.py").write_text(NOBODY_RESOLVES)
    alone.environ["PEER_URL"] = "http://b.internal"
    on_duty(alone)
    assert alone.ends(signal.SIGTERM, timeout_s=5) == 0
    assert "event=twin.left" in alone.output


def test_a_log_that_cannot_be_written_ends_nothing(alone: Twin, tmp_path: Path) -> None:
    (tmp_path / "a.log").symlink_to("/dev/full")
    alone.environ["PYTHONUNBUFFERED"] = (
        ""  # as on most machines: what is left is written at the end
    )
    on_duty(alone)
    assert alone.ends(signal.SIGTERM, timeout_s=5) == 0


def test_a_running_job_is_let_end_while_the_peer_has_the_duty_already(tmp_path: Path) -> None:
    with twins(tmp_path, SLOW) as (a, b):
        holder_and_standby(a, b)
        until((tmp_path / "begun").exists)
        until(lambda: a.status()["running"] == ["slow"])
        assert a.process is not None
        a.process.send_signal(signal.SIGTERM)
        until(lambda: b.role() == "on_duty")
        health = httpx.get(f"{a.url}/healthz", trust_env=False).json()  # it still serves
        assert health["role"] == "leaving"
        (tmp_path / "let").touch()
        assert a.process.wait(20) == 0
        assert (tmp_path / "ended").exists()
        assert a.is_gone()
        told = b.status()
        assert told["peer"]["role"] == "asleep"
        assert "event=slot.ended" in a.output.splitlines()[-2]
        assert "state=done" in a.output.splitlines()[-2]
        entry = told["ledger"]["slow"]
        assert (entry["boot"] == told["boot"]) or entry["fate"] == "done"


def test_a_standby_that_ends_tells_the_holder(tmp_path: Path) -> None:
    with twins(tmp_path) as (a, b):
        holder_and_standby(a, b)
        assert b.ends(signal.SIGTERM) == 0
        until(lambda: a.status()["peer"]["role"] == "asleep")
        assert a.role() == "on_duty"


def test_the_watch_is_closed_at_once_when_its_reader_is_gone(tmp_path: Path) -> None:
    """The holder asks after a peer that dropped its watch: it must not notice a line later."""
    with twins(tmp_path) as (a, b):
        holder_and_standby(a, b)
        b.kill()
        assert seconds_of(lambda: until(lambda: a.status()["watchers"] == 0)) < LINE_EVERY_S


def test_on_a_connection_that_stays_open_no_answer_waits_for_the_one_before(serving: Twin) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", serving.port)

    def ask() -> None:
        connection.request("GET", "/healthz")
        connection.getresponse().read()

    with contextlib.closing(connection):
        times = sorted(seconds_of(ask) for _ in range(200))
    assert (
        times[60] < 0.04
    )  # TCP's delayed ACK takes so long; a busy machine may, too, now and then
