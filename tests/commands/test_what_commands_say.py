"""Commands, against twins that name themselves as no twin should, sleep, or are none."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from processes import Twin

from twin.commands.ask import ask
from twin.hosts import HOSTS, WAKES_WITHIN_S
from twin.settings.settings import Credentials

EVIL = "\x1b]0;owned\x07\x1b[2J\u202e\nok     forged"


def status(**fields: Any) -> dict[str, Any]:
    jobs = {"name": EVIL, "schedule": EVIL, "slot": None, "state": EVIL, "why": EVIL}
    plain = {"twin": EVIL, "role": EVIL, "since": EVIL, "jobs": [jobs]}
    return {**plain, "peer": {"url": "http://127.0.0.1:9", "wrong": EVIL}, **fields}


@contextmanager
def answering(content: object, after_s: float = 0.0) -> Iterator[str]:
    """The URL of a server that answers so to all."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            threading.Event().wait(after_s)
            body = json.dumps(content).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize("command", [("status",), ("status", "--json"), ("check",), ("down",)])
def test_what_others_name_and_give_as_reasons_commands_a_terminal_to_nothing(
    lonely: Twin, command: tuple[str, ...]
) -> None:
    with answering(status()) as url:
        ours = url.replace("127.0.0.1", "localhost")  # another URL, to the same server
        ended = lonely.command(*command, PEER_URL=url, SELF_URL=ours)
    told = ended.stdout + ended.stderr
    assert "owned" in told or command == ("down",)
    assert not [each for each in told if not (each.isprintable() or each == "\n")]
    assert "\nok     forged" not in told
    assert "Traceback" not in told


NO_STATUS: list[object] = [
    *(status(peer="b"), status(peer=None), status(peer={}), status(role=5), status(twin=None)),
    *(status(jobs=[1]), status(jobs={}), status(since=None), [], "x", None),
]


@pytest.mark.parametrize(
    ("command", "content"),
    [*(("status", each) for each in NO_STATUS), ("check", NO_STATUS[0]), ("down", NO_STATUS[0])],
)
def test_an_answer_that_is_no_status_is_told_as_such(
    lonely: Twin, command: str, content: object
) -> None:
    with answering(content) as url:
        ended = lonely.command(command, PEER_URL=url, SELF_URL="http://127.0.0.1:9")
    assert ended.returncode == 1
    assert "answers, but not as a twin does" in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("command", ["status", "check", "down"])
@pytest.mark.parametrize("nonce", ["", "0af1"])
def test_an_answer_that_a_cache_keeps_is_not_believed(
    lonely: Twin, command: str, nonce: str
) -> None:
    with answering(status(role="on_duty", nonce=nonce)) as url:
        ended = lonely.command(command, PEER_URL=url, SELF_URL="http://127.0.0.1:9")
    assert ended.returncode == 1
    told = ended.stdout + ended.stderr
    assert f"a cache answers for {url}: exclude /status from caching" in told


def test_a_command_that_has_to_wait_says_for_what(lonely: Twin) -> None:
    with answering(status(), after_s=3.0) as url:
        ended = lonely.command("status", "--json", PEER_URL=url, SELF_URL="http://127.0.0.1:9")
    assert ended.stderr == (
        f"waiting for {url}: if it sleeps, it may take {WAKES_WITHIN_S:g} s to wake ...\n"
    )
    assert len(json.loads(ended.stdout)["twins"]) == 2


def test_a_sleeping_twin_is_waited_for_as_long_as_any_host_takes_to_wake_it() -> None:
    with answering(status(), after_s=0.6) as url:
        asleep = ask(url, Credentials("user", "password"), within_s=0.2)
    assert "no answer (in 0.2 s)" in asleep.wrong
    assert max(host.wakes_in_s for host in HOSTS) + 7.5 < WAKES_WITHIN_S


@pytest.mark.parametrize(
    "command",
    [("plan", "--days=1"), ("check",), ("status",), ("down",), ("run", "exits-well"), ("--help",)],
)
@pytest.mark.parametrize("streams", ["1", "2>&1 1"])
def test_a_reader_that_has_enough_ends_a_command_without_a_word(
    lonely: Twin, command: tuple[str, ...], streams: str
) -> None:
    """`head`, which has gone before anything is written."""
    piped = f'{{ sleep 0.05; "$@" {"2>&1" if "2" in streams else ""}; echo $? >&3; }} | true'
    ended = subprocess.run(
        ["/bin/bash", "-c", f"{{ {piped}; }} 3>&1", "-", sys.executable, "-m", "twin", *command],
        env=lonely.settings,
        cwd=lonely.directory,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.stdout in ("0\n", "1\n")
    assert "Traceback" not in ended.stderr
    assert "Exception ignored" not in ended.stderr


@pytest.mark.parametrize("command", [("status",), ("plan", "--days=1"), ("check",)])
def test_an_answer_that_finds_no_room_is_told(lonely: Twin, command: tuple[str, ...]) -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123 (a device)
        ended = subprocess.run(
            [sys.executable, "-m", "twin", *command],
            env=lonely.settings,
            cwd=lonely.directory,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert ended.returncode == 1
    assert ended.stderr.endswith("cannot be written (No space left on device): make room there\n")
    assert "Traceback" not in ended.stderr


def test_a_command_shows_all_letters_on_a_terminal_that_knows_few(lonely: Twin) -> None:
    ended = lonely.command("check", TWIN_NAME="Grüße", PYTHONIOENCODING="ascii")
    assert "this twin is 'Gr\\xfc\\xdfe'" in ended.stdout
