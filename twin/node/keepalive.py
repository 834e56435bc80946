"""What a twin does at its own pace, on duty or not: stays awake, and looks who else is there."""

import asyncio
import traceback
from collections.abc import Callable
from secrets import token_hex
from urllib.parse import urlsplit

from twin.clock import Clock
from twin.core.pair.document import Role
from twin.core.pair.events import Request
from twin.core.pair.timeouts import ROUND_S
from twin.hosts import WAKES_WITHIN_S
from twin.http.cause import cause
from twin.log import Log
from twin.node.client import Client, NoAnswerError
from twin.node.node import Node
from twin.node.peer import PeerLink
from twin.node.watch import Watch
from twin.settings.settings import Settings

_PING_TIMEOUT_S = WAKES_WITHIN_S
"""Longer than a router waits for an app, as in a deploy."""


class KeepAwake:
    def __init__(
        self,
        settings: Settings,
        node: Node,
        link: PeerLink,
        watch: Watch,
        client: Client,
        clock: Clock,
        log: Log,
        each_round: Callable[[], None] = lambda: None,
    ) -> None:
        self._settings = settings
        self._node = node
        self._link = link
        self._watch = watch
        self._client = client
        self._clock = clock
        self._log = log
        self._each_round = each_round
        self._raised: set[type[Exception]] = set()

    async def run(self) -> None:
        """Until cancelled."""
        await asyncio.gather(self._rounds(), self._pings())

    async def _rounds(self) -> None:
        while True:
            await asyncio.sleep(ROUND_S)
            self._each_round()
            state = self._node.look()
            # On standby only until it is ours: a request to our own URL keeps our host awake.
            holds = state.role in (Role.ON_DUTY, Role.CLAIMING)
            if holds or (state.role is Role.STANDBY and not state.reached):
                self._link.send(Request.OWN)
            if state.role is Role.STANDBY and self._watch.is_open:
                # The watch only brings us the holder's word; this brings it ours.
                self._link.send(Request.UPDATE)

    async def _pings(self) -> None:
        """Fetch the own public URL, past the host's router, which counts it as traffic."""
        self._warn_if_in_vain()
        while True:
            await asyncio.sleep(self._clock.real_s(self._settings.self_ping_s))
            state = self._node.look()
            asleep = self._settings.standby_asleep and state.role is Role.STANDBY
            if state.url is not None and not asleep:
                await self._ping(f"{state.url}/healthz")

    async def _ping(self, url: str) -> None:
        nonce = token_hex(8)
        asked = f"{url}?nonce={nonce}"
        try:
            async with asyncio.timeout(_PING_TIMEOUT_S):
                # The first bytes will do: whatever is there must not fill the memory.
                async with self._client.stream("GET", asked, timeout_s=_PING_TIMEOUT_S) as answer:
                    why = "" if answer.is_success else f"it answers {answer.status_code}"
                    begins = b"" if why else await anext(answer.aiter_raw(), b"")
                    if b'"nonce"' in begins and nonce.encode() not in begins:
                        why = "a cache answers, so that the host sees no traffic: exclude /healthz"
        except TimeoutError:
            why = f"no answer in {_PING_TIMEOUT_S:g} s"
        except NoAnswerError as error:
            why = cause(error)
        except Exception as error:  # noqa: BLE001 (a bug must not let the host put this app to sleep)
            self._tell_once(error)
            return
        if why:
            self._log.warning("self_ping.failed", url=url, because=why)

    def _tell_once(self, error: Exception) -> None:
        """With its traceback, which every ping would repeat."""
        if type(error) not in self._raised:
            self._raised.add(type(error))
            where = "".join(traceback.format_exception(error))
            self._log.error("self_ping.raised", traceback=where)

    def _warn_if_in_vain(self) -> None:
        url, host = self._node.look().url, self._settings.host
        if url is None:
            why = "SELF_URL is not known: set it, or the host may put this app to sleep"
        elif host is not None and urlsplit(url).port == self._settings.port:
            why = f"SELF_URL is {url}, which does not pass {host.name}'s router: set the public URL"
        else:
            return
        self._log.warning("self_ping.ineffective", because=why)
