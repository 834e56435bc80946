import io
import logging
import threading

import pytest

from twin.log import Log, hush_requests, pairs


def written(**values: object) -> str:
    stream = io.StringIO()
    Log("a", stream).info("thing.happened", **values)
    return stream.getvalue()


def test_a_line_has_a_level_an_event_and_the_twin() -> None:
    stream = io.StringIO()
    log = Log("a", stream)
    log.info("x")
    log.warning("y", n=1)
    log.error("z", n=None)
    assert stream.getvalue().splitlines() == [
        "at=info event=x twin=a",
        "at=warning event=y twin=a n=1",
        "at=error event=z twin=a n=None",
    ]


def test_a_failed_write_loses_its_line_but_no_later_one() -> None:
    class Full(io.StringIO):
        def flush(self) -> None:
            if "event=x" in self.getvalue():
                self.truncate(self.seek(0))
                raise OSError(28, "No space left on device")

    stream = Full()
    log = Log("a", stream)
    log.info("x")
    log.info("y")
    assert stream.getvalue() == "at=info event=y twin=a\n"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ("", '""'),
        ("two words", '"two words"'),
        ("a=b", '"a=b"'),
        ('say "x"', r'"say \"x\""'),
        ("it's", '"it\'s"'),
        ("back\\slash", r'"back\\slash"'),
        ("one\ntwo\r\t", r'"one\ntwo\r\t"'),
        ("\x1b[31mred", r'"\x1b[31mred"'),
        ("\x00\x7f\u2028", r'"\x00\x7f\u2028"'),
        ("\udcff", r'"\udcff"'),
        ("Grüße", "Grüße"),
        (6.1, "6.1"),
        (0.30000000000000004, "0.3"),
        (True, "True"),
    ],
)
def test_a_value_is_quoted_so_that_a_line_stays_one_line(value: object, text: str) -> None:
    assert pairs({"k": value}) == f"k={text}"


@pytest.mark.parametrize("letter", ["x", "ü", "🙂", "\n"])
def test_a_long_line_is_cut_below_the_limit_of_the_platform(letter: str) -> None:
    line = written(because=letter * 20_000)
    assert 8_000 < len(line.encode()) < 10_000
    assert line.count("\n") == 1
    assert line.endswith("\n")


def test_lines_of_several_threads_do_not_mix() -> None:
    stream = io.StringIO()
    log = Log("a", stream)

    def write(n: int) -> None:
        for _ in range(50):
            log.info("x", n=n)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = stream.getvalue().splitlines()
    assert len(lines) == 200
    assert {line.rpartition("=")[0] for line in lines} == {"at=info event=x twin=a n"}


@pytest.mark.parametrize("library", ["httpx", "urllib3.connectionpool"])
def test_libraries_never_log_the_urls_they_fetch(
    library: str, caplog: pytest.LogCaptureFixture
) -> None:
    hush_requests()
    logger = logging.getLogger(library)
    with caplog.at_level(logging.DEBUG, library), caplog.at_level(logging.DEBUG):
        logger.info("HTTP Request: GET https://x.example/?key=hunter2")
        logger.warning("too many connections")
    assert caplog.messages == ["too many connections"]
