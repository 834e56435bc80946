"""What `check` finds of DEADMAN_URL, with a real twin on duty, and with none."""

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from processes import Twin, until

PATH = "/p1ng/s3cret"


class Service(ThreadingHTTPServer):
    """Counts the calls, and answers each with `status`."""

    daemon_threads = True

    def __init__(self, status: int) -> None:
        super().__init__(("127.0.0.1", 0), _Call)
        self.status, self.calls = status, 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}{PATH}"


class _Call(BaseHTTPRequestHandler):
    server: Service

    def do_GET(self) -> None:
        self.server.calls += 1
        self.send_response(self.server.status)
        self.send_header("Location", f"https://hc.example{PATH}")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def service(status: int) -> Iterator[Service]:
    with Service(status) as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def checked(twin: Twin, url: str) -> str:
    ended = twin.command("check", DEADMAN_URL=url)
    assert "s3cret/" not in ended.stdout + ended.stderr
    assert PATH not in ended.stdout + ended.stderr
    return next(line for line in ended.stdout.splitlines() if "dead man" in line)


def test_while_nobody_is_on_duty_check_connects_and_does_not_end_the_alarm(lonely: Twin) -> None:
    with service(200) as switch:
        line = checked(lonely, switch.url)
        assert switch.calls == 0
    assert line.startswith("ok ")
    assert "127.0.0.1 can be reached; not called, since that would end an alarm" in line
    line = checked(lonely, switch.url)
    assert line.startswith("wrong ")
    assert "127.0.0.1 cannot be reached (" in line


def deadman(twin: Twin) -> str | None:
    jobs = {job["name"]: job["state"] for job in twin.status().get("jobs", ())}
    return jobs.get("twin.deadman")


@pytest.mark.parametrize(
    ("status", "state", "told"),
    [
        (200, "done", "ok     dead man     127.0.0.1 takes the calls of DEADMAN_URL"),
        (301, "failed", "wrong  dead man     'a' could not call it: 127.0.0.1 answers 301 and"),
    ],
)
def test_check_says_what_becomes_of_the_calls_of_the_twin_on_duty(
    lonely: Twin, status: int, state: str, told: str
) -> None:
    with service(status) as switch:
        lonely.environ["DEADMAN_URL"] = switch.url
        lonely.start()
        until(lambda: deadman(lonely) == state)
        assert checked(lonely, switch.url).startswith(told)
