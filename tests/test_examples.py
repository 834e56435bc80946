"""Each example of a command starts with its line in docs/jobs.md, and ends on SIGTERM."""

import json
import os
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from processes import Twin, twins, until

ROOT = Path(__file__).parents[1]
LINES = re.findall(r"^\| .* \| `(.*examples.*)` \|$", (ROOT / "docs/jobs.md").read_text(), re.M)


class Telegram(BaseHTTPRequestHandler):
    """Sends the bot one message, and records its answers."""

    answers: list[str]
    waiting = True

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        result: object = []
        if self.path.endswith("/sendMessage"):
            self.answers.append(asked["text"])
        elif type(self).waiting:
            type(self).waiting = False
            result = [{"update_id": 7, "message": {"chat": {"id": 1}, "text": "hello"}}]
        else:
            threading.Event().wait(0.2)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"result": result}).encode())

    def log_message(self, *_: object) -> None:
        """Quiet: pytest shows the output of the twin."""


@contextmanager
def telegram() -> Iterator[tuple[str, list[str]]]:
    answers: list[str] = []
    handler = type("Handler", (Telegram,), {"answers": answers})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", answers
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def running(directory: Path, line: str, **environ: str) -> Iterator[Twin]:
    """A twin alone, in a folder with the examples, with the Python of the tests."""
    (directory / "examples").symlink_to(ROOT / "examples")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    # Warnings of libraries are not errors here.
    with twins(directory, RUN=line, PATH=path, PYTHONWARNINGS="", **environ) as (a, _):
        a.start()
        yield a
        a.ends(15)
        assert "event=command.stopped" in a.output


def test_every_example_is_documented() -> None:
    named = {word for line in LINES for word in re.findall(r"examples/(\S+)", line)}
    celery = {"celery_tasks.py"}
    there = {file.name for file in (ROOT / "examples").iterdir() if file.is_file()}
    assert named | celery == there - {"jobs.py"}


def line_of(example: str) -> str:
    (line,) = (each for each in LINES if example in each)
    return str(line)


def test_the_bot_answers_a_message(tmp_path: Path) -> None:
    with telegram() as (url, answers):
        environ = {"TELEGRAM_API": url, "TELEGRAM_TOKEN": "123:abc"}
        with running(tmp_path, line_of("bot.py"), **environ):
            until(lambda: answers == ["You said hello"])


@pytest.mark.parametrize(
    ("example", "says"),
    [
        ("bot.js", r"^look 1, term \d+$"),
        ("celery_tasks", "hello from Celery"),
        ("blocking_scheduler.py", r"^This job is run every second\.$"),
    ],
)
def test_an_example_runs_as_it_is(tmp_path: Path, example: str, says: str) -> None:
    with running(tmp_path, line_of(example)) as twin:
        until(lambda: re.search(says, twin.output, re.M), timeout_s=40)
