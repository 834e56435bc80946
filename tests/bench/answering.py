"""Rows of requests a second."""

import asyncio
import base64
from collections.abc import Iterator

from measured import Limit, Row, alternately
from processes import LOGIN, until
from subjects import answers, bare, now, place, solo

_CONNECTIONS = 8
_WINDOW_S = 1.5


def requests() -> Iterator[Row]:
    with place() as directory, solo(directory) as twin, bare(twin) as plain:
        twin.start()
        answers(plain.port, _request("/"), plain.start())
        until(lambda: twin.role() == "on_duty")
        for path, least in (("/update", 0.7), ("/status", 0.4)):
            ours, baseline = alternately(
                lambda: _a_second(plain.port, "/"),
                lambda path=path: _a_second(twin.port, path),  # type: ignore[misc]
            )
            limit = Limit(least, at_least=True)
            yield Row(f"GET {path}", ours, baseline, "requests/s", "bare", limit)


def _request(path: str) -> bytes:
    login = base64.b64encode(":".join(LOGIN).encode()).decode()
    return f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {login}\r\n\r\n".encode()


def _a_second(port: int, path: str) -> float:
    return asyncio.run(_asked(port, _request(path)))


async def _asked(port: int, request: bytes) -> float:
    began = now()
    asking = (_ask(port, request, began + _WINDOW_S) for _ in range(_CONNECTIONS))
    return sum(await asyncio.gather(*asking)) / (now() - began)


async def _ask(port: int, request: bytes, ends: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    count = 0
    while now() < ends:
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        assert head.startswith(b"http/1.1 200 "), head
        await reader.readexactly(int(head.split(b"content-length:")[1].split()[0]))
        count += 1
    writer.close()
    return count
