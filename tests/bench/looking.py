"""Rows of targets that are probed: how late each look begins."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from measured import Limit, Row
from processes import until
from subjects import place, rest, solo

_SECONDS = 45
_TARGET = """
[[target]]
name = "app-{number}/web"
probe_url = "{url}/"
timetable = "00:00=1"
api_url = "{url}"
"""
_FORMATION = b'{"type": "web", "quantity": 1}'
_ANSWER = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"


def targets() -> Iterator[Row]:
    with serving() as url:
        one, hundred = (_late_s(url, count) for count in (1, 100))
    told = f"100 targets probed: {len(hundred)} looks, the latest"
    yield Row(told, max(hundred), median(one), "s", "one target", Limit(1, of_ratio=False))


@contextlib.contextmanager
def serving() -> Iterator[str]:
    """The URL of what is probed, and where it is scaled."""
    server = _Server()
    yield server.url
    server.stop()


class _Server:
    """What is probed and what is scaled in one: it answers whatever is asked."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        listening = asyncio.start_server(self._answer, "127.0.0.1", 0, backlog=1000)
        self._server = self._loop.run_until_complete(listening)
        host, port = self._server.sockets[0].getsockname()
        self.url = f"http://{host}:{port}"
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A second probe that turns out not to be needed is broken off.
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(_ANSWER % (len(_FORMATION), _FORMATION))
            await writer.drain()
        writer.close()


def _late_s(url: str, count: int) -> list[float]:
    """Of every look that was seen to have begun."""
    with place() as directory, solo(directory, SCALE_API_KEY="a-key") as twin:
        write_targets(directory, url, count)
        twin.start()
        until(lambda: twin.role() == "on_duty", 60)
        rest(20)  # the first looks come all at once, as the duty was just taken
        late: dict[tuple[str, int], int] = {}
        for _ in range(_SECONDS):
            ledger = twin.status()["ledger"]
            looks = {name: each for name, each in ledger.items() if name.startswith("twin.scale.")}
            assert len(looks) == count
            late |= {(name, look["slot"]): look["late_ms"] for name, look in looks.items()}
            rest(1)
    return [late_ms / 1000 for late_ms in late.values()]


def write_targets(directory: Path, url: str, count: int) -> None:
    tables = (_TARGET.format(number=number, url=url) for number in range(count))
    (directory / "twin.toml").write_text("".join(tables))
