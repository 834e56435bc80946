"""A real twin under floods of requests."""

import base64
import contextlib
import resource
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from processes import LOGIN, Twin, until

FLOOD_S = 5.0
LINES_AT_MOST = 5
AUTH = b"Basic " + base64.b64encode(":".join(LOGIN).encode())
HEAD = b"POST /update HTTP/1.1\r\nHost: a\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
WHOLE = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
MALFORMED = {
    "a chunk without a size": CHUNKED + b"zz\r\n",
    "a chunk without an end": CHUNKED + b"2\r\n{}X\r\n",
    "a broken trailer": CHUNKED + b"0\r\nX y\r\n\r\n",
    "a chunk after a whole request": WHOLE + CHUNKED + b"zz\r\n",
    "no request after a whole one": WHOLE + b"what?\r\n\r\n",
    "no request": b"what?\r\n\r\n",
    "two lengths": HEAD + b"Content-Length: 5, 6\r\n\r\n",
    "half a body": HEAD + b"Content-Length: 5\r\n\r\n12",
    "a body that does not come": HEAD + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n",
    "a websocket": WHOLE[:-2] + b"Connection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    "a target outside ASCII": b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
    "bytes that are not text": b"GET /%ff%00?%ff HTTP/1.0\r\n\r\n",
    "an unknown method": b"BREW /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
    "a head without an end": HEAD + b"X: " + b"x" * 20_000,
}


FILES = 80
WITH_FEW_FILES = f"""
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_NOFILE, ({FILES}, {FILES}))
sys.argv = ["twin"]
runpy.run_module("twin", run_name="__main__", alter_sys=True)
"""


@contextlib.contextmanager
def running(twin: Twin, *python: str) -> Iterator[Twin]:
    try:
        twin.start(python=python)
        until(lambda: twin.role() == "on_duty")
        yield twin
    finally:
        twin.kill()


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    with running(Twin("a", tmp_path_factory.mktemp("alone"))) as twin:
        yield twin


def connect(twin: Twin, sending: bytes = b"") -> socket.socket:
    line = socket.create_connection(("127.0.0.1", twin.port), 2)
    line.sendall(sending)
    return line


def send(twin: Twin, sent: bytes) -> None:
    with contextlib.suppress(OSError), connect(twin, sent) as line:
        line.settimeout(0.05)
        line.recv(1000)


def flood(twin: Twin, seconds: float) -> int:
    """Send all malformed requests in a loop, by eight threads; return the number of rounds."""
    over, counts = threading.Event(), list[int]()

    def go_on() -> None:
        count = 0
        while not over.is_set():
            for sent in MALFORMED.values():
                send(twin, sent)
            count += 1
        counts.append(count)

    threads = [threading.Thread(target=go_on) for _ in range(8)]
    for thread in threads:
        thread.start()
    over.wait(seconds)
    over.set()
    for thread in threads:
        thread.join()
    return sum(counts)


@pytest.mark.parametrize("kind", MALFORMED)
def test_malformed_requests_are_not_logged(kind: str, alone: Twin) -> None:
    before = alone.output
    for _ in range(10):
        send(alone, MALFORMED[kind])
    assert alone.role() == "on_duty"
    assert alone.output == before


def test_a_flood_of_malformed_requests_logs_five_lines_at_most(alone: Twin) -> None:
    before = len(alone.output.splitlines())
    assert flood(alone, FLOOD_S) > 10
    assert len(alone.output.splitlines()) - before <= LINES_AT_MOST
    assert alone.role() == "on_duty"


GET = b"GET %s HTTP/1.1\r\nHost: a\r\nAuthorization: " + AUTH + b"\r\n\r\n"
DAY = b"/status?since=0"
HOLDING_ON = {
    "streams": GET % b"/watch",
    "unread answers": GET % DAY,
    "bodies that do not end": HEAD + b"Authorization: " + AUTH + b"\r\nContent-Length: 9\r\n\r\n1",
    "answered and idle": WHOLE,
    "idle": b"",
    "guesses": GET.replace(AUTH, b"Basic eDp5") % b"/status",
}


@pytest.mark.parametrize("kind", HOLDING_ON)
def test_400_open_connections_do_not_block_the_health_check(kind: str, alone: Twin) -> None:
    with contextlib.ExitStack() as held:
        for _ in range(400):
            held.enter_context(connect(alone, HOLDING_ON[kind]))
        for _ in range(3):
            answer = httpx.get(f"{alone.url}/healthz", trust_env=False, timeout=10)
            assert answer.status_code == 200
    assert alone.status()["watchers"] <= 8


def test_a_flood_of_wrong_passwords_moves_no_duty_and_locks_nobody_out(
    pair: tuple[Twin, Twin],
) -> None:
    """From 64 connections to each twin, while both must hear each other."""
    holder = next(twin for twin in pair if twin.role() == "on_duty")
    term, refused = holder.status()["term"], holder.status()["refused_logins"]
    over = threading.Event()
    guessing = [
        threading.Thread(target=guess, args=(twin, over)) for twin in pair for _ in range(64)
    ]
    for thread in guessing:
        thread.start()
    try:
        over.wait(FLOOD_S)
        after = until(holder.status)
        over.wait(FLOOD_S)
    finally:
        over.set()
    assert (after["role"], after["term"]) == ("on_duty", term)
    assert 5 <= after["refused_logins"] - refused < 100
    for thread in guessing:
        thread.join()
    until(lambda: sorted(twin.role() for twin in pair) == ["on_duty", "standby"])
    assert holder.status()["term"] == term


def guess(twin: Twin, over: threading.Event) -> None:
    """Guess over one connection after the other, each for as long as it lasts."""
    while not over.is_set():
        with contextlib.suppress(OSError), connect(twin) as line:
            line.settimeout(FLOOD_S)
            while not over.is_set():
                line.sendall(HOLDING_ON["guesses"])
                if not line.recv(1000):
                    break


def test_idle_connections_do_not_use_up_a_low_limit_of_open_files(tmp_path: Path) -> None:
    with running(Twin("a", tmp_path), "-c", WITH_FEW_FILES) as twin, contextlib.ExitStack() as idle:
        before = len(twin.output.splitlines())
        for _ in range(200):
            idle.enter_context(connect(twin))
        assert twin.role() == "on_duty"
        assert len(twin.output.splitlines()) - before <= LINES_AT_MOST


def leave_files(twin: Twin, count: int) -> None:
    """Let the twin open `count` more files, but no others."""
    assert twin.process is not None
    pid = twin.process.pid
    highest = max(int(file.name) for file in Path(f"/proc/{pid}/fd").iterdir())
    most = resource.prlimit(pid, resource.RLIMIT_NOFILE)[1]
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (highest + count, most))


def test_a_lack_of_open_files_does_not_flood_the_log(tmp_path: Path) -> None:
    with running(Twin("a", tmp_path)) as twin:
        before = len(twin.output.splitlines())
        leave_files(twin, 12)
        with contextlib.ExitStack() as idle:
            for _ in range(25):
                idle.enter_context(connect(twin))
            until(lambda: "out of system resource" in twin.output)
            threading.Event().wait(FLOOD_S)
        assert len(twin.output.splitlines()) - before <= LINES_AT_MOST
        until(lambda: twin.role() == "on_duty")
