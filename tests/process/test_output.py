"""Log lines on their way to stdout, over real pipes."""

import fcntl
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import until

from twin.log import Log
from twin.process.output import Output

LINE = "x" * 99 + "\n"


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reads, writes = os.pipe()
    yield reads, writes
    os.close(reads)
    os.close(writes)


def read(descriptor: int, size: int) -> str:
    """Read until `size` bytes have arrived."""
    got = b""
    while len(got) < size:
        got += os.read(descriptor, size - len(got))
    return got.decode()


def test_a_line_is_written_without_a_flush(pipe: tuple[int, int]) -> None:
    Log("a", Output("a", pipe[1], "utf-8")).info("thing.happened", name="Grüße 🙂")
    line = 'at=info event=thing.happened twin=a name="Grüße 🙂"\n'
    assert read(pipe[0], len(line.encode())) == line


@pytest.mark.parametrize(
    ("encoding", "written"),
    [
        ("utf-8", "Grü€\n"),
        ("latin-1", "Grü\\u20ac\n"),
        ("ascii", "Gr\\xfc\\u20ac\n"),
    ],
)
def test_characters_outside_the_encoding_are_escaped(
    pipe: tuple[int, int], encoding: str, written: str
) -> None:
    output = Output("a", pipe[1], encoding)
    output.write("Grü€\n")
    assert output.drain(5)
    assert os.read(pipe[0], 100) == written.encode(encoding)


def test_a_line_with_escaped_characters_is_cut_to_the_limit(pipe: tuple[int, int]) -> None:
    Log("a", Output("a", pipe[1], "ascii")).info("x", because="🙂" * 3000)
    assert 8_000 < len(os.read(pipe[0], 20_000)) < 10_000


def test_lines_of_several_threads_stay_in_order_and_do_not_mix(pipe: tuple[int, int]) -> None:
    output, most = Output("a", pipe[1], "utf-8"), 500

    def write(name: str) -> None:
        for number in range(most):
            output.write(f"{name} {number:03}\n")

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    lines = read(pipe[0], len(threads) * most * len("a 000\n")).splitlines()
    for name in "abcd":
        mine = [line for line in lines if line.startswith(name)]
        assert mine == [f"{name} {number:03}" for number in range(most)]


def test_an_unread_pipe_blocks_no_writer_and_dropped_lines_are_counted(
    pipe: tuple[int, int],
) -> None:
    output, most = Output("a", pipe[1], "utf-8", most_bytes=10_000), 0
    while output.drain(0.05):  # until the pipe is full
        for _ in range(100):
            output.write(LINE)
            most += 1
    for _ in range(1_000):
        output.write(LINE)
        most += 1
    found = ""
    while "event=log.dropped" not in found:
        found += os.read(pipe[0], 100_000).decode()
    *lines, last, rest = found.split("\n")
    assert rest == ""
    assert last == f"at=warning event=log.dropped twin=a lines={most - len(lines)}"
    assert set(lines) == {LINE.strip()}
    output.write("after\n")
    assert output.drain(5)
    assert os.read(pipe[0], 100) == b"after\n"


def test_lines_lost_to_a_broken_pipe_are_counted_later(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    reader = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    writer = os.open(tmp_path / "fifo", os.O_WRONLY)
    output = Output("a", writer, "utf-8")
    os.close(reader)
    for _ in range(3):
        output.write("lost\n")
        assert output.drain(5)
    reader = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    output.write("kept\n")
    assert output.drain(5)
    assert os.read(reader, 1_000) == b"at=warning event=log.dropped twin=a lines=3\nkept\n"
    os.close(reader)
    os.close(writer)


def test_a_non_blocking_pipe_loses_nothing(pipe: tuple[int, int]) -> None:
    fcntl.fcntl(pipe[1], fcntl.F_SETFL, os.O_NONBLOCK)
    output, most = Output("a", pipe[1], "utf-8"), 3_000  # a pipe holds 64 kB
    for _ in range(most):
        output.write(LINE)
    assert read(pipe[0], most * len(LINE)) == most * LINE


def test_output_survives_a_close_of_its_descriptor(tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as file:
        output = Output("a", file.fileno(), "utf-8")
    output.write("after\n")
    assert output.drain(5)
    assert (tmp_path / "out").read_text() == "after\n"


def test_a_write_within_a_write_does_not_deadlock(pipe: tuple[int, int]) -> None:
    """Python's garbage collector may report an error at any moment, on any thread."""
    output = Output("a", pipe[1], "utf-8")

    def write() -> None:
        with output._changed:
            output.write("within\n")

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    until(lambda: not thread.is_alive(), 5)
    assert read(pipe[0], 7) == "within\n"
