"""What `check` finds of the arbiter."""

import asyncio
from collections.abc import Iterator
from typing import Any

from twin.core.pair.timeouts import SILENCE_S
from twin.settings.settings import Settings, SettingsError

Line = tuple[bool, str, str]
"""Whether it is right, what was tried, and the result."""

_ASLEEP = (
    "a sleeping standby (STANDBY=asleep) confirms nobody: while it sleeps, the twin on duty stops "
    "when the arbiter is silent, so the arbiter has to be up"
)


def lines(
    settings: Settings, own: dict[str, Any] | None, peer: dict[str, Any] | None
) -> Iterator[Line]:
    """`own` and `peer`: the `/status` of the two twins, if it was to be had. Nothing in pair
    mode."""
    if settings.arbiter_url is not None:
        yield from _findings(settings.arbiter_url)
        if settings.standby_asleep:
            yield True, "arbiter", _ASLEEP
    if peer is not None:
        yield from _its_arbiter(settings, own, peer)


def _findings(url: str) -> Iterator[Line]:
    from twin.arbiter import Finding, connect

    async def ask() -> list[Finding]:
        arbiter = connect(url, timeout_s=SILENCE_S)
        try:
            return await arbiter.findings()
        finally:
            await arbiter.close()

    try:
        found = asyncio.run(ask())
    except SettingsError as error:
        yield from ((False, "arbiter", problem) for problem in error.problems)
    else:
        yield from ((finding.ok, "arbiter", finding.sentence) for finding in found)


def _its_arbiter(
    settings: Settings, own: dict[str, Any] | None, peer: dict[str, Any]
) -> Iterator[Line]:
    """Both twins, or neither, must ask the same one, and for leases of one length."""
    its, lease_s = peer.get("arbiter"), settings.rules.lease_s
    ours, theirs = repr(settings.name), repr(peer["twin"])
    if (its is None) is not (lease_s is None):
        without = ours if its is not None else theirs
        yield False, "arbiter", f"{without} has none: set the same ARBITER_URL on both"
        return
    if its is None or lease_s is None:
        return
    if its["lease_s"] != lease_s:
        lengths = f"{theirs} has a lease of {its['lease_s']:g} s, {ours} one of {lease_s:g} s"
        yield False, "arbiter", f"{lengths}: set ARBITER_LEASE alike on both"
    elif own is not None and own.get("arbiter") and settings.name not in its["twins"]:
        remedy = "set the same ARBITER_URL on both, and check in a minute"
        yield False, "arbiter", f"{ours} is not in the list of {theirs}: {remedy}"
    else:
        yield True, "arbiter", f"{theirs} has an arbiter, too, and a lease of {lease_s:g} s"
