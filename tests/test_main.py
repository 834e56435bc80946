"""`python -m twin` as a process: its start and its end."""

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

LOOKUPS_HANG = """
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
    """A twin without a peer, on duty; shared, so tests must not change it."""
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


# ---- start


def test_the_port_is_bound_before_heavy_imports(alone: Twin, tmp_path: Path) -> None:
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


def test_a_request_during_the_start_is_answered(alone: Twin) -> None:
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


def test_it_is_one_process_even_with_web_concurrency(serving: Twin) -> None:
    assert serving.settings["WEB_CONCURRENCY"] == "2"
    process = serving.process
    assert process is not None
    groups = [
        stat.read_text().rpartition(")")[2].split()[2] for stat in Path("/proc").glob("[0-9]*/stat")
    ]
    assert groups.count(str(process.pid)) == 1


def test_a_port_in_use_is_reported_in_a_sentence(alone: Twin) -> None:
    with socket.create_server(("0.0.0.0", alone.port)):  # noqa: S104 (as the twin does)
        ended = alone.command()
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"port {alone.port} cannot be used (")
    assert "set PORT to another one" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_all_missing_settings_are_reported_at_once(alone: Twin, tmp_path: Path) -> None:
    bare = {name: alone.settings[name] for name in ("PATH", "PYTHONPATH", "PORT")}
    ended = run(environ={**bare, "ON_WAKE": "x"}, directory=tmp_path)
    assert ended.returncode == 1
    assert [line.split()[1] for line in ended.stdout.splitlines()] == ["event=settings.wrong"] * 3
    for name in ("BASIC_AUTH_USERNAME", "BASIC_AUTH_PASSWORD", "ON_WAKE"):
        assert name in ended.stdout


@pytest.mark.parametrize("port", ["http", "70000"])
def test_an_invalid_port_is_reported_with_the_other_settings(alone: Twin, port: str) -> None:
    ended = alone.command(PORT=port, ON_WAKE="x")
    assert ended.returncode == 1
    assert ended.stdout.count("event=settings.wrong") == 2


@pytest.mark.parametrize("command", [(), ("serve",), ("check",), ("plan",), ("lab",)])
def test_missing_dependencies_are_reported_with_the_install_command(
    alone: Twin, command: tuple[str, ...]
) -> None:
    alone.environ["PYTHONWARNINGS"] = ""  # the port is not closed before the process ends
    alone.start(*command, python=("-S",))  # without site-packages, as in a fresh clone
    assert alone.ends() == 1
    (line,) = alone.output.splitlines()
    assert re.match("the module [a-z0-9_]+ is not installed: run `python3 -m venv .venv && ", line)


def test_a_missing_lazy_import_is_reported_at_the_start(alone: Twin, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['httpx'] = None")
    alone.environ |= {"PYTHONPATH": f"{alone.settings['PYTHONPATH']}:{tmp_path}"}
    alone.environ["PYTHONWARNINGS"] = ""  # the port is not closed before the process ends
    alone.start()
    assert alone.ends() == 1
    assert alone.output.startswith("the module httpx is not installed: run `python3 -m venv .venv")


def test_a_missing_import_of_a_jobs_file_is_reported_with_its_line(
    alone: Twin, tmp_path: Path
) -> None:
    (tmp_path / "jobs.py").write_text("import no_such_module\n")
    error = alone.command("run", "any").stderr
    assert 'jobs.py", line 1, in <module>' in error
    assert "No module named 'no_such_module'\nadd what provides it to requirements.in" in error


def test_an_unreadable_jobs_file_is_reported(alone: Twin, tmp_path: Path) -> None:
    (tmp_path / "jobs.py").write_text("1 / 0\n")
    on_duty(alone)
    until(lambda: "event=command.ended twin=a command=jobs" in alone.output)
    assert 'jobs.py", line 1, in <module>' in alone.output
    assert alone.role() == "on_duty"


def test_the_environment_overrides_the_env_file(tmp_path: Path, alone: Twin) -> None:
    (tmp_path / ".env").write_text("ON_WAKE=x\nSTANDBY=y\n")
    ended = alone.command(STANDBY="awake")
    assert "ON_WAKE is 'x'" in ended.stdout
    assert "STANDBY" not in ended.stdout


def test_help_names_every_command(alone: Twin) -> None:
    output = alone.command("--help").stdout
    for command in ("serve", "lab", "check", "status", "run", "down"):
        assert f"    {command} " in output


def test_an_unknown_command_is_refused(alone: Twin) -> None:
    ended = alone.command("dance")
    assert ended.returncode == 2
    assert "dance" in ended.stderr


# ---- end


@pytest.mark.parametrize("signals", [[signal.SIGTERM], [signal.SIGTERM] * 3, [signal.SIGINT] * 2])
def test_one_or_more_signals_end_it_in_order(alone: Twin, signals: list[signal.Signals]) -> None:
    on_duty(alone)
    assert alone.ends(*signals, timeout_s=5) == 0
    assert alone.is_gone()
    events = [line.split()[1] for line in alone.output.splitlines()]
    events = [event for event in events if "=command." not in event]
    assert events[-3:] == ["event=twin.leaves", "event=duty.released", "event=twin.left"]
    assert events.count("event=twin.leaves") == 1


def test_a_thread_left_behind_does_not_delay_the_end(alone: Twin, tmp_path: Path) -> None:
    (tmp_path / "jobs.py").write_text(LEFT_BEHIND)
    on_duty(alone)
    until(lambda: "xxx" in alone.output)
    assert alone.ends(signal.SIGTERM, timeout_s=5) == 0
    assert "event=twin.left" in alone.output


def test_a_hanging_name_lookup_does_not_delay_the_end(alone: Twin, tmp_path: Path) -> None:
    (tmp_path / "jobs.py").write_text(LOOKUPS_HANG)
    alone.environ["PEER_URL"] = "http://b.internal"
    on_duty(alone)
    assert alone.ends(signal.SIGTERM, timeout_s=5) == 0
    assert "event=twin.left" in alone.output


def test_an_unwritable_log_does_not_stop_the_twin(alone: Twin, tmp_path: Path) -> None:
    (tmp_path / "a.log").symlink_to("/dev/full")
    alone.environ["PYTHONUNBUFFERED"] = ""  # as on most machines: the rest is written at the end
    on_duty(alone)
    assert alone.ends(signal.SIGTERM, timeout_s=5) == 0


def test_a_running_job_may_end_while_the_peer_has_the_duty(tmp_path: Path) -> None:
    with twins(tmp_path, SLOW) as (a, b):
        holder_and_standby(a, b)
        until((tmp_path / "begun").exists)
        until(lambda: "slow" in a.status()["running"])
        assert a.process is not None
        a.process.send_signal(signal.SIGTERM)
        until(lambda: b.role() == "on_duty")
        health = httpx.get(f"{a.url}/healthz", trust_env=False).json()  # it still serves
        assert health["role"] == "leaving"
        (tmp_path / "let").touch()
        assert a.process.wait(20) == 0
        assert (tmp_path / "ended").exists()
        assert a.is_gone()
        status = b.status()
        assert status["peer"]["role"] == "asleep"
        (over,) = [line for line in a.output.splitlines() if "event=slot.ended" in line]
        assert "state=done" in over
        entry = status["ledger"]["slow"]
        assert (entry["boot"] == status["boot"]) or entry["fate"] == "done"


def test_a_standby_that_ends_informs_the_holder(tmp_path: Path) -> None:
    with twins(tmp_path) as (a, b):
        holder_and_standby(a, b)
        assert b.ends(signal.SIGTERM) == 0
        until(lambda: a.status()["peer"]["role"] == "asleep")
        assert a.role() == "on_duty"


def test_a_watch_ends_as_soon_as_its_reader_is_gone(tmp_path: Path) -> None:
    """The holder checks on a peer that drops its watch, so it must notice before the next line."""
    with twins(tmp_path) as (a, b):
        holder_and_standby(a, b)
        b.kill()
        assert seconds_of(lambda: until(lambda: a.status()["watchers"] == 0)) < LINE_EVERY_S


def test_a_keep_alive_connection_does_not_delay_answers(serving: Twin) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", serving.port)

    def ask() -> None:
        connection.request("GET", "/healthz")
        connection.getresponse().read()

    with contextlib.closing(connection):
        times = sorted(seconds_of(ask) for _ in range(200))
    # TCP's delayed ACK takes 40 ms. So may some requests on a busy machine.
    assert times[60] < 0.04
