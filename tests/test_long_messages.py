"""Many jobs fail with long messages, and two real twins keep talking. To run the largest number:
FAILING=10000 python -m pytest tests/test_long_messages.py"""

import os
import signal
from datetime import UTC, datetime
from pathlib import Path

from processes import Twin, twins, until

from twin.clock import Clock

COUNT = int(os.environ.get("FAILING", "600"))
A_SECOND = 200
"""The number of jobs that fail at once."""
JOBS = """
from datetime import datetime, timedelta
from twin import at

def fails():
    raise RuntimeError("x" * 5_000)

first = datetime.fromisoformat("{first}")
for number in range({count}):
    at(str(first + timedelta(seconds=number // {a_second})), name=f"task {{number}}")(fails)
"""


def failed(twin: Twin) -> int:
    """The number of jobs with a known failure and reason."""
    ledger = twin.status().get("ledger", {})
    whys = [entry["why"] for entry in ledger.values() if entry["fate"] == "failed"]
    return sum(why.startswith("RuntimeError: xxx") and why.endswith("…") for why in whys)


def roles(*pair: Twin) -> list[str]:
    return [twin.role() for twin in pair]


def test_a_pair_whose_jobs_fail_with_long_messages_keeps_talking(tmp_path: Path) -> None:
    timeout_s = 60 + COUNT / 20
    first = datetime.fromtimestamp(Clock().now().wall + 8 + COUNT / 1_000, UTC)
    jobs = JOBS.format(first=first.isoformat(), count=COUNT, a_second=A_SECOND)
    with twins(tmp_path, jobs) as (a, b):
        a.start()
        until(lambda: a.role() == "on_duty", timeout_s)
        b.environ["ON_WAKE"] = "join"
        b.start()
        until(lambda: roles(a, b) == ["on_duty", "standby"], timeout_s)
        until(lambda: [failed(a), failed(b)] == [COUNT, COUNT], timeout_s)
        a.ends(signal.SIGTERM, timeout_s=timeout_s)
        until(lambda: b.role() == "on_duty", timeout_s)
        a.start()
        until(lambda: roles(a, b) == ["on_duty", "standby"], timeout_s)
        until(lambda: [failed(a), failed(b)] == [COUNT, COUNT], timeout_s)
        for event in ("peer.misconfigured", "document.refused", "slot.skipped"):
            assert f"event={event}" not in a.output + b.output
