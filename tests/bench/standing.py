"""Rows of a process that starts, and of one that stands there and does nothing."""

from collections.abc import Iterator
from statistics import median
from typing import Any

import httpx
from measured import TIMES, Limit, Row
from processes import LOGIN, Twin, until
from subjects import Bare, answers, bare, cpu_s, now, pair, place, resident_mb, rest, solo

_STARTS = 9
_WINDOW_S = 10.0


def start() -> Iterator[Row]:
    with place() as directory, solo(directory) as twin, bare(twin) as plain:
        times = [(_started(plain), _started(twin)) for _ in range(_STARTS)]
    bound, answered = ([(one[i], two[i]) for one, two in times] for i in (0, 1))
    yield _row("start to the port bound", bound, "ms", Limit(0.35))
    yield _row("start to the first answer", answered, "ms", Limit(1.15))


def _row(what: str, pairs: list[tuple[float, float]], unit: str, limit: Limit) -> Row:
    """Of (baseline, ours), measured in turns."""
    ours, baseline = median(two for _, two in pairs), median(one for one, _ in pairs)
    return Row(what, ours, baseline, unit, "bare", limit)


def _started(subject: Bare | Twin) -> tuple[float, float]:
    """Milliseconds until the port was bound, and until something was answered."""
    path = "/healthz" if isinstance(subject, Twin) else "/"
    began = now()
    process = subject.start()
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    bound_at, answered_at = answers(subject.port, request, process)
    subject.kill()
    return (bound_at - began) * 1000, (answered_at - began) * 1000


def memory() -> Iterator[Row]:
    pairs = [_resident() for _ in range(TIMES)]
    yield _row("memory on duty, 10 jobs, a day of history", pairs, "MB", Limit(1.25))


def _resident() -> tuple[float, float]:
    with place() as directory, solo(directory) as twin, bare(twin) as plain:
        request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
        answers(plain.port, request, plain.start())
        twin.start()
        until(lambda: twin.role() == "on_duty")
        tell_of_looks(twin, minutes=1440)
        rest(1)
        return resident_mb(plain.process), resident_mb(twin.process)


def tell_of_looks(twin: Twin, minutes: int) -> None:
    """As a peer does that has been there for so long: a target's looks, by the minute."""
    told = twin.status()
    minute = int(told["now"]) // 60
    looks = [(at, 87, "healthy", at * 60 + 44, 2, 1) for at in range(minute - minutes, minute)]
    document: dict[str, Any] = {
        "twin": "b",
        "boot": "1-b",
        "url": None,
        "role": "leaving",
        "leaving": True,
    }
    document |= {"protocol": 1, "claim": told["claim"], "ledger": {}}
    document |= {"recent": {"looks": {"my-app/web": looks}}}
    httpx.post(f"{twin.url}/update", json=document, auth=LOGIN, trust_env=False).raise_for_status()
    asked = httpx.get(f"{twin.url}/status?since=0", auth=LOGIN, trust_env=False).json()
    assert len(asked["history"]["looks"]["my-app/web"]) == len(looks)
    assert twin.role() == "on_duty"


def idle() -> Iterator[Row]:
    """CPU that nobody asked for; of an hour, by windows of ten seconds."""
    with place() as directory, pair(directory) as (holder, standby), bare(holder) as plain:
        answers(plain.port, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", plain.start())
        rest(5)
        processes = (plain.process, holder.process, standby.process)
        windows = []
        for _ in range(TIMES):
            before = [cpu_s(process) for process in processes]
            rest(_WINDOW_S)
            after = [cpu_s(process) for process in processes]
            windows.append([b - a for a, b in zip(before, after, strict=True)])
    plainly, on_duty, on_standby = (
        median(used) * 3600 / _WINDOW_S for used in zip(*windows, strict=True)
    )
    limit = Limit(1.5)
    yield Row("CPU of an idle hour, on duty", on_duty, plainly, "s", "bare", limit)
    yield Row("CPU of an idle hour, on standby", on_standby, plainly, "s", "bare", limit)
