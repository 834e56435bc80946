"""The other twin, over HTTP: sends what the core wants sent, and tells it what came back."""

import asyncio
import contextlib
from collections.abc import Coroutine
from dataclasses import replace
from http import HTTPStatus
from secrets import token_hex
from typing import Any

from twin.clock import Clock
from twin.core.pair.document import Role
from twin.core.pair.events import (
    Event,
    Failed,
    Failure,
    Heard,
    Looked,
    PlainConfirmed,
    Request,
    Via,
)
from twin.core.pair.history import KEPT_S
from twin.hosts import ANSWERS_WITHIN_S, WAKES_WITHIN_S
from twin.node.client import NO_ANSWER, TIMEOUT_S, BrokenError, Client, login
from twin.node.codec import NoTwinError, dump_json, parse, parse_record
from twin.node.failures import DENIED, NO_SUCH_ENDPOINT, Answer, failure_of, failure_of_status
from twin.node.node import Node
from twin.settings.settings import Settings

_PART_S = 3 * 3600.0
"""Of a history, so much is asked for at once: a thousand targets' looks take 12 MB."""
_PASS_ON_S = ANSWERS_WITHIN_S - 5.0
"""Whoever asked us is to have our answer before a router gives up on it."""
_ASK_AGAIN_S = 1.0
_DOWN_TIMEOUT_S = 2.0
"""A peer that sleeps may need a minute to wake, and a host kills after 30 s."""


class PeerLink:
    """Requests to the peer, and to our own public URL. Lives on one event loop."""

    def __init__(
        self,
        settings: Settings,
        node: Node,
        clock: Clock,
        client: Client,
        hand_over_within_s: float = WAKES_WITHIN_S,
    ) -> None:
        self._hand_over_within_s = hand_over_within_s
        self._loop = asyncio.get_running_loop()
        self._node = node
        self._clock = clock
        self._client = client
        self._peer_auth = login(settings.peer)
        self._own_auth = login(settings.own)
        self._tasks: set[asyncio.Task[None]] = set()

    def send(self, request: Request) -> None:
        """Start sending; safe from every thread."""
        self._loop.call_soon_threadsafe(self._spawn, request)

    def catch_up(self, since: float) -> None:
        """Start asking for the peer's history from this wall time on; safe from every thread."""
        self._loop.call_soon_threadsafe(self._begin, self._catch_up(since))

    def hand_over(self) -> None:
        """Start asking the peer to take the duty, until it has; safe from every thread."""
        self._loop.call_soon_threadsafe(self._begin, self._hand_over())

    async def pass_on(self, body: bytes) -> Answer | None:
        """Have the peer do what somebody asked of us; None if it did not answer."""
        return await self._request("POST", "/actions", body, again=False, timeout_s=_PASS_ON_S)

    async def boot_at(self, url: str) -> str:
        """The boot of the twin that answers there, which is not sent credentials; "" if none."""
        try:
            boot = (await self._client.fetch("GET", f"{url}/healthz")).content.get("boot")
        except NO_ANSWER:
            return ""
        return boot if isinstance(boot, str) else ""

    async def down(self) -> None:
        """Tell the peer that we leave, and wait for its answer, 2 s at most."""
        try:
            async with asyncio.timeout(_DOWN_TIMEOUT_S):
                if await self._lacks("/down"):
                    await self._request("GET", "/down")
        except TimeoutError:
            return  # it was told; whether it woke in time to hear is no longer our concern

    async def close(self) -> None:
        """What is still on its way is given up."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, request: Request) -> None:
        self._begin(self._sending(request))

    def _begin(self, doing: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(doing)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _sending(self, request: Request) -> Coroutine[Any, Any, None]:
        match request:
            case Request.UPDATE:
                return self._update()
            case Request.DOWN:
                return self.down()
            case Request.STATUS:
                return self._status()
            case Request.LOOK:
                return self._look()
            case Request.OWN:
                return self._ask_own_url()

    async def _update(self) -> None:
        if not await self._lacks("/update"):
            return
        if self._node.look().role is Role.STANDBY:
            # The plain call says that we take the duty, and the peer would lay it down.
            await self._status()
        else:
            await self._plain_update()

    async def _plain_update(self) -> None:
        """A legacy peer knows only the plain GET."""
        asked_at = self._clock.now().mono
        answer = await self._request("GET", "/update")
        if answer is None:
            return
        if answer.status == HTTPStatus.OK and answer.content.get("status") == "Update":
            self._node.handle(PlainConfirmed())
        else:
            failed = failure_of_status(answer.status, self._url)
            self._node.handle(replace(failed, asked_at=asked_at))

    async def _status(self) -> None:
        nonce, asked_at = token_hex(8), self._clock.now().mono
        answer = await self._request("GET", f"/status?only=document&nonce={nonce}")
        if answer is not None:
            self._node.handle(self._judge(answer, asked_at, nonce))

    async def _look(self) -> None:
        nonce = token_hex(8)
        try:
            answer = await self._client.fetch("GET", f"{self._url}/healthz?nonce={nonce}")
        except NO_ANSWER:
            self._node.handle(Looked(on_duty=False, boot="", alive=False))
            return
        # An older release tells no nonce, and is there all the same.
        told = answer.content if answer.content.get("nonce", nonce) == nonce else {}
        boot, on_duty = told.get("boot"), told.get("role") == "on_duty"
        alive = answer.status < HTTPStatus.INTERNAL_SERVER_ERROR
        self._node.handle(Looked(on_duty, boot if isinstance(boot, str) else "", alive))

    async def _hand_over(self) -> None:
        """A sleeping peer wakes, settles and claims in that time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._hand_over_within_s):
                while self._node.look().on_duty:
                    asked_at = self._clock.now().mono
                    answer = await self._request("GET", "/down")
                    if answer is not None and answer.status in DENIED:
                        self._node.handle(self._judge(answer, asked_at))
                        return
                    await asyncio.sleep(_ASK_AGAIN_S)

    async def _catch_up(self, since: float) -> None:
        """A part at a time, since each must fit into one answer. Given up where one fails: what is
        missing is asked for again, later."""
        now = self._clock.now().wall
        until = max(since, now - KEPT_S)
        while since <= now:
            until += _PART_S
            path = f"/status?only=history&since={since:.0f}&until={until:.0f}"
            try:
                answer = await self._client.fetch("GET", self._url + path, self._peer_auth)
                self._node.history.believe(parse_record(answer.content.get("history")), now)
            except (*NO_ANSWER, NoTwinError):
                return
            since = until
        self._node.history.caught_up(now)

    async def _ask_own_url(self) -> None:
        """Tell the core whose boot answers at our own public URL."""
        url = self._node.look().url
        if url is None:
            return
        try:
            own_update = f"{url}/update"
            answer = await self._client.fetch("POST", own_update, self._own_auth, self._body())
            self._node.handle(Heard(parse(answer.body, self._clock.now().wall), Via.OWN))
        except (*NO_ANSWER, NoTwinError):
            return  # waking and retired boots ask again; for others it is no news

    async def _lacks(self, path: str) -> bool:
        """Send our document there, and tell the core what came.

        Returns whether the peer has no such path and may be legacy. One that was heard
        as a twin is not: its router answers 404.
        """
        asked_at = self._clock.now().mono
        answer = await self._request("POST", path, self._body())
        if answer is None:
            return False
        if answer.status in NO_SUCH_ENDPOINT and not self._node.look().peer.boot:
            return True
        self._node.handle(self._judge(answer, asked_at))
        return False

    async def _request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        again: bool = True,
        timeout_s: float = TIMEOUT_S,
    ) -> Answer | None:
        """None if there was no answer. `again`: if the connection breaks, over a new one, which
        says more of the peer."""
        asked_at = self._clock.now().mono
        try:
            url = self._url + path
            return await self._client.fetch(method, url, self._peer_auth, body, timeout_s)
        except NO_ANSWER as error:
            if again and isinstance(error, BrokenError):
                return await self._request(method, path, body, again=False)
            failed = failure_of(error)
            if failed is not None:
                self._node.handle(replace(failed, asked_at=asked_at))
            return None

    def _judge(self, answer: Answer, asked_at: float, nonce: str | None = None) -> Event:
        if answer.status != HTTPStatus.OK:
            return replace(failure_of_status(answer.status, self._url), asked_at=asked_at)
        try:
            document = parse(answer.body, self._clock.now().wall)
            if document.nonce in (None, nonce):
                return Heard(document, Via.ANSWER, asked_at)
            why = f"a cache answers for {self._url}: exclude /status from caching"
            return Failed(Failure.STRANGER, why, asked_at)
        except NoTwinError as error:
            why = f"{self._url} answers, but not as a twin does ({error})"
            return Failed(Failure.STRANGER, why, asked_at)

    def _body(self) -> bytes:
        return dump_json(self._node.document())

    @property
    def _url(self) -> str:
        return self._node.look().peer.url or ""
