"""The prober against real servers on this machine, with limits under a second."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from http_bench import breaking_encryption

from twin.clock import Clock
from twin.core.moment import Moment
from twin.core.scaling.verdict import Probe, Verdict, judge
from twin.scaling.probe import Prober

SLOW_S = 0.25
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class Server:
    """Serves one connection after another: reads its request, then calls `answer`."""

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
                    continue  # the prober hung up


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
    """A clock that shows the next of its readings at each call."""

    monos: list[float] = field(default_factory=list)

    def now(self) -> Moment:
        return Moment(0.0, self.monos.pop(0))


def probe(url: str, slow_s: float = 5.0) -> Probe:
    return Prober(url, slow_s, slow_s / 4, Clock()).once()


def saying(answer: bytes) -> Callable[[socket.socket, threading.Event], None]:
    return lambda connection, _: connection.sendall(answer)


def test_a_probe_records_the_status_and_the_time() -> None:
    with serving(saying(OK)) as server:
        seen = probe(server.url)
    assert (seen.status, seen.failure) == (200, None)
    assert 0 < seen.elapsed_s < 5


def test_an_error_status_is_recorded() -> None:
    with serving(saying(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")) as server:
        assert probe(server.url).status == 503


def test_a_redirect_is_not_followed() -> None:
    answer = b"HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n"
    with serving(saying(answer)) as server:
        assert probe(server.url).status == 302
        assert len(server.requests) == 1


def test_a_refused_connection_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    seen = probe(f"http://127.0.0.1:{port}/")
    assert (seen.status, seen.failure) == (None, "no connection: Connection refused")
    assert judge(seen, SLOW_S) is Verdict.UNREACHABLE


def test_a_hanging_target_times_out() -> None:
    with serving(lambda _, stop: void(stop.wait(5))) as server:
        seen = probe(server.url, SLOW_S)
    assert (seen.status, seen.failure) == (None, "no answer in 0.25 s")
    assert judge(seen, SLOW_S) is Verdict.SLOW
    assert SLOW_S <= seen.elapsed_s < 2


def test_a_dripping_answer_times_out_too() -> None:
    def drip(connection: socket.socket, stop: threading.Event) -> None:
        for byte in b"HTTP/1.1 200 OK\r\nX-Drip: " + b"x" * 200:
            connection.sendall(bytes([byte]))
            stop.wait(0.02)

    with serving(drip) as server:
        seen = probe(server.url, SLOW_S)
    assert (seen.status, seen.failure) == (None, "no answer in 0.25 s")
    assert seen.elapsed_s < 2


def test_an_answer_later_than_the_limit_is_slow() -> None:
    with serving(saying(OK)) as server:
        seen = Prober(server.url, 5.0, 1.0, Readings(monos=[100.0, 105.2])).once()
    assert seen.elapsed_s == pytest.approx(5.2)
    assert (seen.status, judge(seen, 5.0)) == (200, Verdict.SLOW)


def test_a_body_that_does_not_end_is_slow_but_has_a_status() -> None:
    def half(connection: socket.socket, stop: threading.Event) -> None:
        connection.sendall(OK[:-1])
        stop.wait(5)

    with serving(half) as server:
        seen = probe(server.url, 0.5)
    assert (seen.status, seen.failure) == (200, "not all of it in 0.5 s")
    assert judge(seen, 0.5) is Verdict.SLOW


def test_a_reset_connection_has_no_status() -> None:
    def reset(connection: socket.socket, _: threading.Event) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with serving(reset) as server:
        seen = probe(server.url)
    assert (seen.status, seen.failure) == (
        None,
        "the connection broke off: Connection reset by peer",
    )


def test_a_truncated_body_is_failing() -> None:
    with serving(saying(OK[:-1])) as server:
        seen = probe(server.url)
    assert seen.status == 200
    assert judge(seen, SLOW_S) is Verdict.FAILING
    assert seen.failure is not None
    assert "broke off" in seen.failure


def test_another_protocol_is_unreachable() -> None:
    with serving(saying(b"SSH-2.0-OpenSSH_9.6\r\n")) as server:
        seen = probe(server.url)
    assert seen.status is None
    assert judge(seen, SLOW_S) is Verdict.UNREACHABLE


GZIP = b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok"
ODD = {
    "line ends without a return": OK.replace(b"\r\n", b"\n"),
    "a space before a colon": OK.replace(b"Length:", b"Length :"),
    "a folded header": OK.replace(b"\r\n\r\n", b"\r\nX-A: a\r\n  b\r\n\r\n"),
    "a fold before all headers": OK.replace(b"OK\r\n", b"OK\r\n odd\r\n"),
    "a header without a colon": OK.replace(b"\r\n\r\n", b"\r\nodd\r\n\r\n"),
    "a header without a name": OK.replace(b"\r\n\r\n", b"\r\n: odd\r\n\r\n"),
    "other bytes than ASCII": OK.replace(b"\r\n\r\n", b"\r\nX-\xc3\xa9: \xff\xfe\r\n\r\n"),
    "a zero byte": OK.replace(b"\r\n\r\n", b"\r\nX-Odd: \0\r\n\r\n"),
    "two lengths": OK.replace(b"\r\n\r\n", b"\r\nContent-Length: 3\r\n\r\n"),
    "a length that is no number": OK.replace(b": 2", b": two"),
    "a large header": OK.replace(b"\r\n\r\n", b"\r\nX-Odd: " + b"x" * 150_000 + b"\r\n\r\n"),
    "bad chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nodd\r\n",
    "two encodings": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\nodd",
    "gzip that is none": b"HTTP/1.1 200 OK\r\n" + GZIP,
    "no headers": b"HTTP/1.0 200 OK\r\n\r\nok",
    "no reason": OK.replace(b" OK", b""),
    "an odd reason": OK.replace(b"OK", b"\xe2\x9c\x93 \x01"),
    "an odd version": OK.replace(b"HTTP/1.1", b"HTTP/1.7"),
    "hints before": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK,
    "odd hints before": b"HTTP/1.1 103 Hints\r\nLink : </a>\r\n\r\n" + OK,
    "an odd place": OK.replace(b"200 OK", b"302 Found\r\nLocation: http://[odd"),
}


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_answer_that_browsers_accept_is_accepted(odd: str) -> None:
    with serving(saying(ODD[odd])) as server:
        seen = probe(server.url)
    assert (seen.status, seen.failure) == (302 if b"302" in ODD[odd] else 200, None)
    assert not seen.hangs


def test_an_odd_error_is_failing() -> None:
    odd = b"HTTP/1.1 503 Busy\r\nContent-Length : 0\r\n\r\n"
    with serving(saying(odd)) as server:
        assert judge(probe(server.url), SLOW_S) is Verdict.FAILING


@pytest.mark.parametrize(
    "odd", [b"", b"\r\n\r\n", b"HTTP/1.1 20", b"HTTP/1.1 100 Continue\r\nA :\r\n\r\n"]
)
def test_an_answer_without_a_status_is_unreachable(odd: bytes) -> None:
    with serving(saying(odd)) as server:
        seen = probe(server.url)
    assert (seen.status, judge(seen, SLOW_S)) == (None, Verdict.UNREACHABLE)


def test_a_connection_that_closes_without_an_answer_is_not_retried() -> None:
    with serving(saying_in_turn(b"", OK)) as server:
        assert probe(server.url).status is None
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("retry_after", "pause_s"),
    [
        (b"3600", 3600),
        (b"Fri, 01 Jan 2100 00:00:00 GMT", 4_102_444_800),
        (b"Fri, 01 Jan 1960 00:00:00 GMT", 0),
        (b"Fri, 01 Jan 99999 00:00:00 GMT", 0),
        (b"soon", 0),
    ],
)
def test_the_retry_after_header_is_recorded(retry_after: bytes, pause_s: float) -> None:
    closed = b"HTTP/1.1 503 No\r\nretry-after: %s\r\nContent-Length: 0\r\n\r\n" % retry_after
    with serving(saying(closed)) as server:
        seen = Prober(server.url, 5.0, 1.0, Readings(monos=[0.0, 0.1])).once()
    assert seen.retry_after_s == pause_s


def test_an_unknown_host_name_or_missing_tls_is_not_a_sign_of_load() -> None:
    with serving(saying(OK)) as server:
        unencrypted = probe(server.url.replace("http:", "https:"))
    for seen in (probe("http://nowhere.invalid/"), unencrypted):
        assert seen.is_astray
        assert judge(seen, SLOW_S) is Verdict.UNREACHABLE


def test_a_refused_connection_or_a_broken_handshake_may_be_a_sign_of_load() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with serving(lambda *_: None) as server:
        ended = probe(server.url.replace("http:", "https:"))
    for seen in (probe(f"http://127.0.0.1:{port}/"), ended):
        assert not seen.is_astray
        assert judge(seen, SLOW_S) is Verdict.UNREACHABLE


def test_a_large_page_is_read_up_to_a_limit() -> None:
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


def test_a_probe_sends_no_credentials_and_ignores_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(saying(OK)) as server:
        monkeypatch.setenv("HTTP_PROXY", "http://user:password@127.0.0.1:9")
        assert probe(server.url).status == 200
        request = server.requests[0].lower()
    assert b"authorization" not in request
    assert b"user-agent: twin-probe\r\n" in request


def probes(url: str, slow_s: float = SLOW_S) -> tuple[tuple[Probe, ...], float]:
    """The probes of one call, and its duration in seconds."""
    clock = Clock()
    prober = Prober(url, slow_s, slow_s / 4, clock)
    began = clock.now().mono
    return prober(), clock.now().mono - began


def saying_in_turn(*answers: bytes) -> Callable[[socket.socket, threading.Event], None]:
    left = list(answers)
    return lambda connection, _: connection.sendall(left.pop(0))


NO = b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"


def test_a_good_answer_is_not_probed_again() -> None:
    with serving(saying(OK)) as server:
        seen, _ = probes(server.url)
        assert len(server.requests) == 1
    assert [probe.status for probe in seen] == [200]


@pytest.mark.parametrize(("second", "statuses"), [(OK, [503, 200]), (NO, [503, 503])])
def test_a_bad_answer_is_probed_again_a_moment_later(second: bytes, statuses: list[int]) -> None:
    with serving(saying_in_turn(NO, second)) as server:
        seen, seconds = probes(server.url, slow_s=10)
    assert [probe.status for probe in seen] == statuses
    assert 0.25 <= seconds < 10


def test_a_hanging_target_is_probed_again_meanwhile_and_both_are_slow() -> None:
    with serving(lambda _, stop: void(stop.wait(5))) as server:
        seen, seconds = probes(server.url, slow_s=0.8)
    assert [judge(probe, 0.8) for probe in seen] == [Verdict.SLOW] * 2
    assert [probe.failure for probe in seen] == ["no answer in 0.8 s", "no answer in 0.6 s"]
    assert seconds >= 0.8


def test_an_answer_between_fast_and_slow_is_not_probed_again() -> None:
    def late(connection: socket.socket, stop: threading.Event) -> None:
        stop.wait(1)
        connection.sendall(OK)

    with serving(late) as server:
        seen, _ = probes(server.url, slow_s=3.6)
    assert [probe.status for probe in seen] == [200]


def test_a_host_that_accepts_no_connection_is_unreachable_at_the_limit() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:  # they fill the backlog: nothing accepts them
            each.setblocking(False)
            each.connect_ex(address)
        seen = probe(f"http://127.0.0.1:{address[1]}/", SLOW_S)
        for each in waiting:
            each.close()
    assert (seen.status, seen.failure) == (None, "no connection in 0.25 s")
    assert judge(seen, SLOW_S) is Verdict.UNREACHABLE


def test_a_hanging_name_lookup_does_not_delay_probes(monkeypatch: pytest.MonkeyPatch) -> None:
    resolved = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: resolved.wait(5) and [])
    seen, seconds = probes("http://shop.example/")
    resolved.set()
    assert [judge(probe, SLOW_S) for probe in seen] == [Verdict.UNREACHABLE] * 2
    assert seconds < 2


def test_an_answer_whose_encryption_breaks_is_unreachable() -> None:
    with serving(saying(OK)) as server, breaking_encryption():
        seen = probe(server.url)
    assert seen.failure == "the connection broke off: [SSL: BAD_RECORD_TYPE] bad record type"
    assert judge(seen, SLOW_S) is Verdict.UNREACHABLE


def test_every_probe_opens_a_new_connection() -> None:
    with serving(saying(OK)) as server:
        prober = Prober(server.url, 5.0, 1.0, Clock())
        assert [prober.once().status, prober.once().status] == [200, 200]
        assert len(server.requests) == 2


def void(_: object) -> None:
    """Discards the value of a lambda."""
