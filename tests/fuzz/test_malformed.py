"""10,000 malformed requests to a real twin on duty. SEED=1 repeats a run."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from malformed import BROKEN, NO_CREDENTIALS, Attack, attacks
from processes import LOGIN, Twin, until

COUNT = 10_000
AT_ONCE = 40
NOWHERE = "http://127.0.0.1:9"
SECRETS = ("peer-hunter2", "key-hunter3", "probe-hunter4", "notify-hunter5", "dead-hunter6")
ENVIRON = {
    "PEER_USERNAME": "them",
    "PEER_PASSWORD": SECRETS[0],
    "SCALE_TARGET": "my-app",
    "SCALE_API_URL": NOWHERE,
    "SCALE_API_KEY": SECRETS[1],
    "PROBE_EVERY": "1s",
    "NOTIFY_URLS": f"json://127.0.0.1:9/{SECRETS[3]}",
    "DEADMAN_URL": f"{NOWHERE}/{SECRETS[4]}",
}
JOBS = """
import logging
from twin import every

logging.basicConfig(level=logging.DEBUG)

@every("1h", name="hourly")
def hourly():
    pass
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[Twin]:
    """A twin alone, on duty, with secrets."""
    (tmp_path / "jobs.py").write_text(JOBS)
    made = Twin("a", tmp_path, environ=dict(ENVIRON))
    # A URL that answers: httpx logs only such.
    made.environ["PROBE_URL"] = f"{made.url}/healthz?key={SECRETS[2]}"
    try:
        made.start()
        until(lambda: made.role() == "on_duty")
        yield made
    finally:
        made.kill()


def stable_state(twin: Twin) -> dict[str, object]:
    """Its state, without what changes by itself."""
    status = twin.status()
    names = ("boot", "url", "role", "term", "claim", "since", "paused", "leaving", "peer")
    kept: dict[str, object] = {name: status[name] for name in names}
    kept["hourly"] = status["ledger"].get("hourly")
    kept["memos"] = {key for key in status["memos"] if not key.startswith("scale ")}
    return kept


async def answers(port: int, made: list[Attack]) -> list[bytes]:
    slots = asyncio.Semaphore(AT_ONCE)

    async def answer(attack: Attack) -> bytes:
        async with slots:
            return await _answer(port, attack.sent, 0.1 if attack.kind == BROKEN else 5.0)

    return await asyncio.gather(*map(answer, made))


async def _answer(port: int, sent: bytes, timeout_s: float) -> bytes:
    """The bytes that arrive until the twin hangs up, or waits for the rest of a broken request."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    received = bytearray()
    try:
        writer.write(sent)
        while chunk := await asyncio.wait_for(reader.read(100_000), timeout_s):
            received += chunk
    except (ConnectionError, TimeoutError):
        pass
    finally:
        writer.close()
    return bytes(received)


def is_wrong(attack: Attack, answer: bytes) -> bool:
    """Whether the answer is a fault of the twin. A missing one is not: a client that sends on after
    an error may lose the answer."""
    statuses = set(re.findall(rb"HTTP/1\.1 (\d{3}) ", answer))
    if attack.kind == NO_CREDENTIALS and b" /healthz" not in attack.sent:
        return not statuses <= {b"400", b"401"}
    return any(status >= b"500" for status in statuses)


def test_malformed_requests_change_no_state_and_reveal_no_secret(seed: int, holder: Twin) -> None:
    made, before = attacks(seed, COUNT), stable_state(holder)
    received = asyncio.run(answers(holder.port, made))
    wrong = [pair for pair in zip(made, received, strict=True) if is_wrong(*pair)]
    assert [(attack.kind, attack.sent[:500], answer[:500]) for attack, answer in wrong[:3]] == []
    assert sum(map(bool, received)) > 0.8 * COUNT
    assert {answer[9:12] for answer in received} >= {b"400", b"401", b"413", b"415", b"422"}
    assert stable_state(holder) == before
    assert httpx.get(f"{holder.url}/healthz", trust_env=False).json()["ok"] is True
    outputs = b"".join(received).decode(errors="replace") + holder.output
    assert [secret for secret in (*SECRETS, LOGIN[1]) if secret in outputs] == []
    assert "traceback" not in outputs.lower()
