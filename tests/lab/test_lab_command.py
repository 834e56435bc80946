"""`python -m twin lab`: its screen, its end, its errors for wrong options."""

import asyncio
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from lab_bench import until

from twin.lab import main
from twin.lab.collected import Line
from twin.lab.narration import narrated

LAB = [sys.executable, "-c", "import sys; from twin.lab import main; sys.exit(main(sys.argv[1:]))"]


def children(pid: int) -> set[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return set(map(int, listed))


def test_the_lab_shows_the_addresses_and_ends_on_ctrl_c_with_everything_it_started() -> None:
    with subprocess.Popen(LAB, stdout=subprocess.PIPE, text=True) as lab:
        assert lab.stdout
        shown = ""
        while not re.search("shop .*web.1 is up", shown):
            line = lab.stdout.readline()
            assert line, shown
            shown += line
        started = children(lab.pid)
        lab.send_signal(signal.SIGINT)
        rest, _ = lab.communicate(timeout=15)
    assert re.search(r"twin-a +http://127\.0\.0\.1:\d+/", shown)
    assert re.search(r"twin-b +http://127\.0\.0\.1:\d+/ +log in as twin, password \S+", shown)
    assert "Nothing is left running." in rest
    assert lab.returncode == 0
    assert len(started) >= 2  # the guard and the shop, at least
    asyncio.run(until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in started)))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--speed", "0"], "argument --speed: '0': give a number from 1 to 360"),
        (["--speed", "fast"], "argument --speed: 'fast': give a number from 1 to 360"),
        (["--start", "25:00"], "argument --start: '25:00': give a time of day such as 06:55"),
        (["--timetable", "7=3"], "argument --timetable: 7=3 (character 1) is not an entry"),
        (["--jobs", "nowhere.py"], "argument --jobs: 'nowhere.py': no such file"),
        (["--port", "80"], "argument --port: '80': give a port from 1024 to 65528"),
    ],
)
def test_a_wrong_option_is_answered_with_a_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert sentence in capsys.readouterr().err


def test_a_port_in_use_is_answered_with_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = min(taken.getsockname()[1], 65_528)
        assert main(["--port", str(port)]) == 2
    said = capsys.readouterr().err
    # The lab also takes the next ports, which may be in use.
    assert any(f"port {port + nth}: Address already in use" in said for nth in range(4))


def told(source: str, text: str) -> str | None:
    return narrated(Line(0, 1763708400.0, source, text))


def test_the_lab_rephrases_the_twins_log_in_plain_words() -> None:
    line = 'at=info event=duty.taken twin=a term=1763690000123 because="peer silent for 6.1 s"'
    assert told("twin-a[web.1]", line) == ("07:00:00  twin-a    is ON DUTY: peer silent for 6.1 s")
    line = 'at=info event=scale.changed target=shop from=2 to=3 because="07:00=3"'
    assert told("twin-b[web.1]", line) == ("07:00:00  twin-b    scales shop from 2 to 3: 07:00=3")
    line = 'at=info event=notify.told twin=a url="1 (json)" alert="shop/web is down"'
    assert told("twin-a[web.1]", line) == (
        "07:00:00  twin-a    has told people that shop/web is down"
    )
    line = 'at=error code=H10 desc="App crashed" method=GET path="/watch" host=x dyno= status=503'
    assert told("twin-a[router]", line) == ("07:00:00  twin-a[router]  H10 App crashed: GET /watch")


def test_unknown_events_are_shown_unchanged() -> None:
    for text in ("Traceback (most recent call last):", "at=info event=new.thing x=1", 'at="'):
        assert told("twin-a[web.1]", text) == f"07:00:00  twin-a[web.1]  {text}"


def test_successful_requests_are_left_out() -> None:
    line = (
        'at=info method=GET path="/" host=x dyno=web.1 connect=0ms service=1ms status=200 bytes=9'
    )
    assert told("twin-a[router]", line) is None
    assert (
        told("shop[web.2]", "at=info event=request.answered dyno=web.2 path=/ status=200") is None
    )


def test_control_characters_in_a_jobs_output_do_not_reach_the_terminal() -> None:
    line = Line(0, 0.0, "twin-a[web.1]", "\x1b[2Jone\ttwo\x07")
    assert narrated(line) == "00:00:00  twin-a[web.1]  \\x1b[2Jone two\\x07"
    quoted = Line(0, 0.0, "twin-a[web.1]", r'at=info event=slot.skipped job="\x1b[2J" because=x')
    assert narrated(quoted) == "00:00:00  twin-a    skips \\x1b[2J: x"
