"""A short run of one bot with one token, and that its judge sees what is broken."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from bots import BOT_FAULTS, Findings, Hit, Proc, Service, alive, bots, proc

SHORT = tuple(
    fault
    for fault in BOT_FAULTS
    if fault.name
    in (
        *("holder killed, restarted", "holder terminated", "both terminated"),
        *("both killed, restarted", "bot killed", "holder frozen up to 3 s"),
    )
)


def test_a_bot_is_never_there_twice_and_nothing_of_it_is_left(tmp_path: Path) -> None:
    """More of it, and all kinds: `make chaos FAULTS=200`."""
    findings, seed = Findings(), int(os.environ.get("SEED", "1"))
    run = bots(findings, tmp_path, faults=10, pairs=2, seed=seed, say=print, kinds=SHORT)
    asyncio.run(asyncio.wait_for(run, 240))
    assert len(findings.hits) >= 12
    assert not findings.broken, str(findings)


def test_two_bots_that_poll_at_once_are_a_conflict_and_one_after_the_other_a_gap() -> None:
    async def play() -> Service:
        service = Service()
        server = await service.serve()
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/poll"
        async with httpx.AsyncClient(trust_env=False) as client:
            first, second = await asyncio.gather(
                *(client.get(url, params={"pid": pid}) for pid in (1, 2))
            )
            assert {first.status_code, second.status_code} == {200, 409}
            await client.get(url, params={"pid": 3})
        server.close()
        return service

    service = asyncio.run(play())
    assert len(service.conflicts) == 1
    assert len(service.gaps) == 1


@pytest.mark.parametrize(
    ("fault", "broken"),
    [("holder terminated", 1), ("both deployed, overlap", 0), ("holder's container frozen", 0)],
)
def test_a_conflict_counts_but_where_the_readme_excuses_it(fault: str, broken: int) -> None:
    findings, service = Findings(), Service(conflicts=[105.0])
    findings.add([Hit(1, fault, "patient", 100.0, 110.0), Hit(2, fault, "patient", 110.0)], service)
    assert findings.broken == broken
    assert len(findings.excused) == 1 - broken


def test_a_process_that_is_left_is_seen_and_another_of_its_number_is_not_taken_for_it() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        its = proc(process.pid)
        assert its is not None
        assert alive({its, Proc(its.pid, 0)}) == {its}
        process.kill()
    assert alive({its}) == set()
