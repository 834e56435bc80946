"""Malformed requests, made from one seed."""

import base64
import json
from dataclasses import dataclass
from random import Random
from typing import Any

from processes import LOGIN

_RIGHT = "Basic " + base64.b64encode(":".join(LOGIN).encode()).decode()
NO_CREDENTIALS, BROKEN = "no credentials", "broken"
_PATHS = ("/", "/status", "/watch", "/update", "/down", "/actions", "/static/page.js", "/healthz")
_METHODS = ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "TRACE", "PATCH", "get", "BREW")

DOCUMENT: dict[str, Any] = {
    "twin": "b",
    "boot": "2-b",
    "url": None,
    "role": "claiming",
    "claim": {"term": 4_000_000_000_000, "twin": "b", "boot": "2-b", "released": False},
    "ledger": {
        "hourly": {"slot": 1_800_000_000, "fate": "done", "twin": "b", "boot": "2-b"},
    },
    "protocol": 1,
}
"""A valid document: its claim takes the duty."""

_NUMBERS: tuple[Any, ...] = (
    -1,
    2**53,
    10**400,
    -(10**400),
    1e308,
    0.5,
    float("nan"),
    float("inf"),
    None,
    [],
    "x",
)
_WRONG: dict[str, tuple[Any, ...]] = {
    "twin": (None, 7, "", [], {}),
    "boot": (None, 7, "", [], {}),
    "url": (7, "b.example", "javascript:alert(1)", "https://u:p@b.example", "http://[::1"),
    "role": (None, "boss", 7, ""),
    "claim": (None, [], "x", *({"term": number} for number in _NUMBERS)),
    "ledger": (
        *(None, [], {"hourly": None}, {"hourly": {}}),
        *({"hourly": {**DOCUMENT["ledger"]["hourly"], "slot": number}} for number in _NUMBERS),
        {"hourly": {**DOCUMENT["ledger"]["hourly"], "fate": "lost"}},
    ),
    "memos": (None, [], *({"pause": {"term": number}} for number in _NUMBERS)),
    "recent": (None, [], {"looks": {"web": [[1]]}}, {"lives": {"1-x": ["a", 0, 10**30]}}),
    "ticked_ago_s": (-1, -1e308, float("nan"), float("inf"), None, "x"),
    "running": (None, "hourly", 7, [7]),
    "leaving": (None, "perhaps", 7),
    "protocol": (None, 0, 2, -1, 10**400, "x"),
}


@dataclass(frozen=True)
class Attack:
    sent: bytes
    kind: str


def attacks(seed: int, count: int) -> list[Attack]:
    random = Random(seed)  # noqa: S311 (it must repeat a run by its seed)
    makers = (_without_credentials, _without_credentials, _broken, _document, _query)
    few = [_with_wrong_credentials(random) for _ in range(20)]
    made = few + [makers[n % len(makers)](random) for n in range(count - len(few))]
    random.shuffle(made)
    return made


def _without_credentials(random: Random) -> Attack:
    """A request without credentials; its body may be a valid document."""
    body = random.choice([b"", _json(DOCUMENT), _body(random), b'{"do": "pause"}'])
    header = random.choice(["", "", "Cookie: a=b", "X-Forwarded-Proto: https", "Range: bytes=0-"])
    sent = _request(random.choice(_METHODS), _path(random), body, header)
    return Attack(sent, NO_CREDENTIALS)


def _with_wrong_credentials(random: Random) -> Attack:
    """A request with wrong credentials. Each delays the next, so there are few."""
    wrong = random.choice(["Basic", "Basic !!!", f"Bearer {_RIGHT[6:]}", _RIGHT[:-5], "Basic \xfc"])
    sent = _request("GET", "/down", b"", f"Authorization: {wrong}")
    return Attack(sent, "wrong credentials")


def _document(random: Random) -> Attack:
    """An invalid document or action, with credentials."""
    path = random.choice(["/update", "/down", "/actions"])
    kind = random.choice(["application/json", "application/json", "text/plain", "x"])
    headers = f"Authorization: {_RIGHT}\r\nContent-Type: {kind}"
    return Attack(_request("POST", path, _body(random), headers), f"an invalid document to {path}")


def _query(random: Random) -> Attack:
    """An invalid query, with credentials."""
    value = random.choice(["nan", "inf", "-1", "1e400", "x", "", "%00", "%ff", "[]", "9" * 5000])
    key = random.choice(["since", "until"])
    headers = f"Authorization: {_RIGHT}"
    more = random.choice(["", "&" * 500, "&since=1&since=2", "&" + key + "[]=1", "&%"])
    return Attack(_request("GET", f"/status?{key}={value}{more}", b"", headers), "an invalid query")


def _broken(random: Random) -> Attack:
    """Bytes that are not HTTP, or a request with a wrong length."""
    whole = bytearray(_document(random).sent)
    match random.randrange(7):
        case 0:
            for _ in range(random.randint(1, 20)):
                whole[random.randrange(whole.index(b"\r\n\r\n"))] = random.randrange(256)
        case 1:
            del whole[random.randrange(len(whole)) :]
        case 2:
            whole = bytearray(random.randbytes(random.randint(1, 2000)))
        case 3:
            length = random.choice(
                ["-1", "1e3", "9" * 30, "5, 6", "0x10", "7\r\nContent-Length: 8"]
            )
            whole = bytearray(_framed(f"Content-Length: {length}", b"{}"))
        case 4:
            chunk = random.choice(
                [b"-1\r\n", b"fffffffffffffffff\r\n{", b"2\r\n{}X", b"0;x=\xff\r\n"]
            )
            whole = bytearray(_framed("Transfer-Encoding: chunked", chunk))
        case 5:
            large = random.choice(["X: " + "x" * 70_000, "X: y\r\n" * 5000, "X" * 40_000 + ": y"])
            whole = bytearray(_framed(large, b""))
        case _:
            encoding = random.choice(["gzip", "chunked, gzip", "identity", "\x00", "chunked\r\n x"])
            whole = bytearray(_framed(f"Transfer-Encoding: {encoding}", b"0\r\n\r\n"))
    return Attack(bytes(whole), BROKEN)


def _framed(header: str, body: bytes) -> bytes:
    head = f"POST /update HTTP/1.1\r\nHost: a\r\nAuthorization: {_RIGHT}\r\n{header}\r\n\r\n"
    return head.encode("latin-1") + body


def _request(method: str, path: str, body: bytes, headers: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: a", "Connection: close"]
    lines += [headers] if headers else []
    if body or method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def _path(random: Random) -> str:
    path = random.choice(_PATHS)
    match random.randrange(4):
        case 0:
            return path + random.choice(["?", "?since=nan", "?%ff=%00", "?" + "a=b&" * 300, "#x"])
        case 1:
            odd = [
                "//",
                "/../",
                "/%2e%2e/",
                "/%00",
                "/;x",
                "/\x7f",
                "*",
                "http://a/",
                "/" + "a" * 9000,
            ]
            return random.choice(odd) + path
        case _:
            return path


def _body(random: Random) -> bytes:
    """Never a valid document or action."""
    match random.randrange(8):
        case 0:
            return random.randbytes(random.randint(0, 300))
        case 1:
            return random.choice([b"[", b'{"a":', b'{"claim":', b"[{"]) * random.randint(1, 5_000)
        case 2:
            whole = _json({**DOCUMENT, "do": "pause"})
            return whole[: random.randrange(len(whole))]
        case 3:
            return _json(DOCUMENT).replace(
                b'"b"', random.choice([b'"\xff"', b'"\\ud800"', b'"\x00"'])
            )
        case 4:
            return json.dumps(DOCUMENT).encode(random.choice(["utf-16", "utf-32", "utf-8-sig"]))
        case 5:
            return random.choice(
                [b"null", b"0", b'""', b"[]", b"{}", b"-", b"NaN", b"\xef\xbb\xbf"]
            )
        case _:
            key = random.choice(sorted(_WRONG))
            wrong = {**DOCUMENT, "do": "nothing", key: random.choice(_WRONG[key])}
            return _json(wrong)


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()
