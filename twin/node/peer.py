"""The other twin, over HTTP: sends the core's requests and reports the answers to it."""

import asyncio
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
from twin.hosts import ANSWERS_WITHIN_S
from twin.http.request import NO_ANSWER, Answer, BrokenError
from twin.node.client import Client, login
from twin.node.codec import NoTwinError, dump_json, parse, parse_record
from twin.node.failures import DENIED, NO_SUCH_ENDPOINT, failure_of, failure_of_status
from twin.node.node import Node
from twin.node.shared_jobs import jobs_told
from twin.settings.settings import Settings

_PART_S = 3 * 3600.0
"""The part of a history that one request asks for: the records of a thousand targets take 12 MB."""
_PASS_ON_S = ANSWERS_WITHIN_S - 5.0
"""Our own caller must get its answer before a router gives up on it."""
_DOWN_TIMEOUT_S = 2.0
"""A sleeping peer may need a minute to wake, but our host kills this process after 30 s."""


class PeerLink:
    """Requests to the peer, and to our own public URL. Lives on one event loop."""

    def __init__(
        self,
        settings: Settings,
        node: Node,
        clock: Clock,
        client: Client,
        down_timeout_s: float = _DOWN_TIMEOUT_S,
    ) -> None:
        self._down_timeout_s = down_timeout_s
        self._loop = asyncio.get_running_loop()
        self._node = node
        self._clock = clock
        self._client = client
        self._peer_auth = login(settings.peer)
        self._own_auth = login(settings.own)
        self._tasks: set[asyncio.Task[None]] = set()

    def send(self, request: Request, url: str | None = None) -> None:
        """Start sending a request, to another twin than the peer if it has a URL; safe from every
        thread."""
        self._loop.call_soon_threadsafe(self._spawn, request, url)

    def catch_up(self, since: float) -> None:
        """Start asking for the peer's history from this wall time on; safe from every thread."""
        self._loop.call_soon_threadsafe(self._begin, self._catch_up(since))

    def ask_for_jobs(self) -> None:
        """Start asking which jobs the peer runs; safe from every thread."""
        self._loop.call_soon_threadsafe(self._begin, self._ask_for_jobs())

    async def pass_on(self, body: bytes) -> Answer | None:
        """Forward a user's request to the peer; None if it does not answer."""
        return await self._request("POST", "/actions", body, again=False, timeout_s=_PASS_ON_S)

    async def outputs(self, path: str) -> Answer | None:
        """What runs on the peer wrote; None if it does not answer."""
        return await self._request("GET", path)

    async def boot_at(self, url: str) -> str:
        """The boot of the twin that answers at this URL; "" if none. Sends no credentials."""
        try:
            boot = (await self._client.fetch("GET", f"{url}/healthz")).content.get("boot")
        except NO_ANSWER:
            return ""
        return boot if isinstance(boot, str) else ""

    async def down(self) -> None:
        """Tell the peer that this twin leaves, and wait for its answer, 2 s at most."""
        try:
            async with asyncio.timeout(self._down_timeout_s):
                if await self._lacks("/down"):
                    await self._request("GET", "/down")
        except TimeoutError:
            return  # the request is sent; a sleeping peer may still wake up and read it

    async def close(self) -> None:
        """Close the client. Gives up the requests underway."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, request: Request, url: str | None) -> None:
        self._begin(self._sending(request) if url is None else self._tell(request, url))

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
            case Request.TAKE:
                return self._ask_to_take()
            case Request.STATUS:
                return self._status()
            case Request.LOOK:
                return self._look()
            case Request.OWN:
                return self._ask_own_url()

    async def _tell(self, request: Request, url: str) -> None:
        asked_at = self._clock.now().mono
        path = "/down" if request is Request.DOWN else "/update"
        try:
            answer = await self._client.fetch(
                "POST", url + path, self._peer_auth, self._body(), keep=False
            )
            document = parse(answer.body, self._clock.now().wall)
        except (*NO_ANSWER, NoTwinError):
            return
        self._node.handle(Heard(document, Via.ANSWER, asked_at))

    async def _update(self) -> None:
        if not await self._lacks("/update"):
            return
        if self._node.look().role is Role.STANDBY:
            # A plain GET announces a claim, and the peer would give up the duty.
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
        # An older release sends no nonce, but it is there.
        told = answer.content if answer.content.get("nonce", nonce) == nonce else {}
        boot, on_duty = told.get("boot"), told.get("role") == "on_duty"
        alive = answer.status < HTTPStatus.INTERNAL_SERVER_ERROR
        self._node.handle(Looked(on_duty, boot if isinstance(boot, str) else "", alive))

    async def _ask_to_take(self) -> None:
        asked_at = self._clock.now().mono
        answer = await self._request("GET", "/down")
        if answer is not None and answer.status in DENIED:
            self._node.handle(self._judge(answer, asked_at))

    async def _catch_up(self, since: float) -> None:
        """Fetch one part at a time, because each must fit into one answer. Stops at a failure:
        later calls ask for the missing part again."""
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

    async def _ask_for_jobs(self) -> None:
        """Given up where it fails: the next message shows that they are still not known."""
        try:
            path = "/status?only=jobs"
            answer = await self._client.fetch("GET", self._url + path, self._peer_auth)
            told = await asyncio.to_thread(jobs_told, answer.content.get("jobs"))
            self._node.jobs.learn(told)
        except (*NO_ANSWER, ValueError):
            return

    async def _ask_own_url(self) -> None:
        """Tell the core which boot answers at our own public URL."""
        url, asked_at = self._node.look().url, self._clock.now().mono
        if url is None:
            return
        try:
            answer = await self._client.fetch(
                "POST", f"{url}/update", self._own_auth, self._body(), keep=False
            )
            document = parse(answer.body, self._clock.now().wall)
            self._node.handle(Heard(document, Via.OWN, asked_at))
        except (*NO_ANSWER, NoTwinError):
            return  # waking and retired boots ask again; to other boots a failure says nothing

    async def _lacks(self, path: str) -> bool:
        """Send our document there, and report the answer to the core. Returns whether the peer
        lacks this path and may be legacy. A peer that was already heard as a twin is not: its
        router answers 404.
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
        timeout_s: float | None = None,
    ) -> Answer | None:
        """The answer; None if there was none. `again`: retry a broken connection over a new one,
        which tells whether the peer serves."""
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
