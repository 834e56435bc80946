"""The prober against real servers on this machine, with limits of a fraction of a second."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from twin.adapters.prober import Prober
from twin.clock import Clock
from twin.core.moment import Moment
from twin.core.verdict import Probe, Verdict, judge

SLOW_S = 0.25
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class Server:
    """Reads one request after another and hands each connection to `answer`."""

    answer: Callable[[socket.socket, threading.Event], None]
    requests: list[bytes] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}/health"

    def serve(self) -> None:
        while True:
            connection, _ = self.listener.accept()
            with connection:
                request = connection.recv(65536)
                if self.stop.is_set():
                    return
                self.requests.append(request)
                try:
                    self.answer(connection, self.stop)
                except OSError:
                    continue  # the prober has had enough


@contextmanager
def serving(answer: Callable[[socket.socket, threading.Event], None]) -> Iterator[Server]:
    server = Server(answer)
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield server
    finally:
        server.stop.set()
        with socket.create_connection(server.listener.getsockname()) as last:
            last.shutdown(socket.SHUT_WR)
            thread.join(5)
        server.listener.close()


@dataclass(frozen=True)
class Readings(Clock):
    """A clock that shows one time after another."""

    monos: list[float] = field(default_factory=list)

    def now(self) -> Moment:
        return Moment(0.0, self.monos.pop(0))


def probe(url: str, slow_s: float = 5.0) -> Probe:
    return Prober(url, slow_s, Clock())()


def saying(answer: bytes) -> Callable[[socket.socket, threading.Event], None]:
    return lambda connection, _: connection.sendall(answer)


def test_an_answer_is_seen_with_its_status_and_time() -> None:
    with serving(saying(OK)) as server:
        seen = probe(server.url)
    assert (seen.status, seen.failure) == (200, None)
    assert 0 < seen.elapsed_s < 5


def test_an_error_status_is_an_answer() -> None:
    with serving(saying(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")) as server:
        assert probe(server.url).status == 503


def test_a_redirect_is_not_followed() -> None:
    answer = b"HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n"
    with serving(saying(answer)) as server:
        assert probe(server.url).status == 302
        assert len(server.requests) == 1


def test_a_failed_connection_is_seen_instead_of_raised() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    seen = probe(f"http://127.0.0.1:{port}/")
    assert (seen.status, seen.failure) == (None, "no connection: Connection refused")
    assert judge(seen, SLOW_S) is Verdict.UNREACHABLE


def test_a_name_that_does_not_resolve_is_seen_instead_of_raised() -> None:
    seen = probe("http://nowhere.invalid/")
    assert seen.status is None
    assert seen.failure is not None


def test_a_hanging_target_times_out() -> None:
    with serving(lambda _, stop: void(stop.wait(5))) as server:
        seen = probe(server.url, SLOW_S)
    assert (seen.status, seen.failure) == (None, "no answer in 0.3 s")
    assert SLOW_S < seen.elapsed_s < 2


def test_an_answer_that_drips_is_given_up_at_the_same_limit() -> None:
    def drip(connection: socket.socket, stop: threading.Event) -> None:
        for byte in b"HTTP/1.1 200 OK\r\nX-Drip: " + b"x" * 200:
            connection.sendall(bytes([byte]))
            stop.wait(0.02)

    with serving(drip) as server:
        seen = probe(server.url, SLOW_S)
    assert (seen.status, seen.failure) == (None, "no answer in 0.3 s")
    assert seen.elapsed_s < 2


def test_an_answer_later_than_the_limit_is_slow() -> None:
    with serving(saying(OK)) as server:
        seen = Prober(server.url, 5.0, Readings(monos=[100.0, 105.2]))()
    assert seen.elapsed_s == pytest.approx(5.2)
    assert (seen.status, judge(seen, 5.0)) == (200, Verdict.SLOW)


def test_a_body_that_does_not_end_is_slow_with_its_status() -> None:
    def half(connection: socket.socket, stop: threading.Event) -> None:
        connection.sendall(OK[:-1])
        stop.wait(5)

    with serving(half) as server:
        seen = probe(server.url, 0.5)
    assert (seen.status, seen.failure) == (200, "not all of it in 0.6 s")
    assert judge(seen, 0.5) is Verdict.SLOW


def test_a_reset_connection_is_no_answer() -> None:
    def reset(connection: socket.socket, _: threading.Event) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with serving(reset) as server:
        seen = probe(server.url)
    assert (seen.status, seen.failure) == (
        None,
        "the connection broke off: Connection reset by peer",
    )


def test_a_body_that_breaks_off_is_failing() -> None:
    with serving(saying(OK[:-1])) as server:
        seen = probe(server.url)
    assert seen.status == 200
    assert judge(seen, SLOW_S) is Verdict.FAILING
    assert seen.failure is not None
    assert "broke off" in seen.failure


def test_what_is_not_http_is_no_answer() -> None:
    with serving(saying(b"SSH-2.0-OpenSSH_9.6\r\n")) as server:
        seen = probe(server.url)
    assert seen.status is None
    assert judge(seen, SLOW_S) is Verdict.UNREACHABLE


def test_a_large_page_is_read_to_a_limit_only() -> None:
    sent: list[int] = []

    def download(connection: socket.socket, _: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        while True:
            connection.sendall(b"x" * 100_000)
            sent.append(100_000)

    with serving(download) as server:
        seen = probe(server.url)
    assert (seen.status, seen.failure) == (200, None)
    assert sum(sent) < 50_000_000


def test_a_probe_shows_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(saying(OK)) as server:
        monkeypatch.setenv("HTTP_PROXY", "http://user:password@127.0.0.1:9")
        assert probe(server.url).status == 200
        request = server.requests[0].lower()
    assert b"authorization" not in request
    assert b"user-agent: twin-probe\r\n" in request


def test_every_probe_comes_as_a_new_visitor() -> None:
    with serving(saying(OK)) as server:
        prober = Prober(server.url, 5.0, Clock())
        assert [prober().status, prober().status] == [200, 200]
        assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("my-app.example", "it must begin with https://HOST"),
        ("ftp://my-app.example/", "it must begin with https://HOST"),
        ("https:///health", "it must begin with https://HOST"),
        ("https://user:secret@my-app.example/", "holds credentials"),
        ("https://my-app.example:port/", "is not a URL"),
        ("https://my-app..example/", "is not a URL"),
    ],
)
def test_a_url_that_cannot_be_probed_is_told_beforehand(url: str, told: str) -> None:
    with pytest.raises(ValueError, match="PROBE_URL") as raised:
        Prober(url, SLOW_S, Clock())
    assert told in str(raised.value)
    assert "secret" not in str(raised.value)


def void(_: object) -> None:
    """For a lambda whose value nobody wants."""
