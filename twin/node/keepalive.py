"""The self-ping: keeps the host from putting this app to sleep, on duty or not."""

import asyncio
import traceback
from secrets import token_hex
from urllib.parse import urlsplit

from twin.clock import Clock
from twin.core.pair.document import Role
from twin.hosts import WAKES_WITHIN_S
from twin.http.request import NoAnswerError
from twin.log import Log
from twin.node.client import Client
from twin.node.node import Node
from twin.settings.settings import Settings

_PING_TIMEOUT_S = WAKES_WITHIN_S
"""Longer than a router waits for an app during a deploy."""


class KeepAwake:
    def __init__(
        self,
        settings: Settings,
        node: Node,
        client: Client,
        clock: Clock,
        log: Log,
    ) -> None:
        self._settings = settings
        self._node = node
        self._client = client
        self._clock = clock
        self._log = log
        self._raised: set[type[Exception]] = set()

    async def run(self) -> None:
        """Fetch the own public URL through the host's router, which counts it as traffic.

        Until cancelled.
        """
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
                # The first bytes suffice: an unknown answer must not fill the memory.
                async with self._client.stream("GET", asked, timeout_s=_PING_TIMEOUT_S) as answer:
                    why = "" if answer.is_success else f"it answers {answer.status_code}"
                    begins = b"" if why else await anext(answer.aiter_raw(), b"")
                    if b'"nonce"' in begins and nonce.encode() not in begins:
                        why = "a cache answers, so that the host sees no traffic: exclude /healthz"
        except TimeoutError:
            why = f"no answer in {_PING_TIMEOUT_S:g} s"
        except NoAnswerError as error:
            why = str(error)
        except Exception as error:  # noqa: BLE001 (a bug must not let the host put this app to sleep)
            self._tell_once(error)
            return
        if why:
            self._log.warning("self_ping.failed", url=url, because=why)

    def _tell_once(self, error: Exception) -> None:
        """Log a failure with its traceback once: every ping would repeat it."""
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
