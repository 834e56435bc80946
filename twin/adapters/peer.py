"""The other twin, over HTTP: sends what the core wants sent, and tells it what came back."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import httpx

from twin.clock import Clock
from twin.config import Credentials, Settings
from twin.core.events import (
    Event,
    Failed,
    Failure,
    Heard,
    Looked,
    PlainConfirmed,
    Request,
    Via,
)
from twin.node import Node
from twin.wire import NoTwinError, dump_json, parse

TIMEOUT_S = 3.0
"""As long as silence takes to confirm a claim; an answer that is slower helps nobody."""
_DOWN_TIMEOUT_S = 2.0
"""A peer that sleeps may need a minute to wake, and a host kills after 30 s."""
_NO_SUCH_ENDPOINT = (404, 405)


class PeerLink:
    """Requests to the peer, and to our own public URL. Lives on one event loop."""

    def __init__(self, settings: Settings, node: Node, clock: Clock) -> None:
        self._loop = asyncio.get_running_loop()
        self._node = node
        self._clock = clock
        self._peer_auth = _auth(settings.peer)
        self._own_auth = _auth(settings.own)
        # A proxy of the machine would answer in the peer's place.
        self._client = httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False)
        self._tasks: set[asyncio.Task[None]] = set()

    def send(self, request: Request) -> None:
        """Start sending; safe from every thread."""
        self._loop.call_soon_threadsafe(self._spawn, request)

    async def down(self) -> None:
        """Tell the peer that we leave, and wait for its answer, 2 s at most."""
        await self._down()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.aclose()

    async def ask_own_url(self) -> None:
        """Tell the core whose boot answers at our own public URL."""
        url = self._node.look().url
        if url is None:
            return
        try:
            answer = await self._client.post(
                f"{url}/update", content=self._body(), headers=_JSON, auth=self._own_auth
            )
            self._node.handle(Heard(parse(answer.content), Via.OWN))
        except (httpx.HTTPError, NoTwinError):
            return  # waking and retired boots ask again; for others it is no news

    def _spawn(self, request: Request) -> None:
        task = self._loop.create_task(self._coroutine(request))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _coroutine(self, request: Request) -> Coroutine[Any, Any, None]:
        match request:
            case Request.UPDATE:
                return self._update()
            case Request.DOWN:
                return self._down()
            case Request.STATUS:
                return self._status()
            case Request.LOOK:
                return self._look()
            case Request.OWN:
                return self.ask_own_url()

    async def _update(self) -> None:
        answer = await self._ask("POST", "/update", self._body())
        if answer is not None and answer.status_code in _NO_SUCH_ENDPOINT:
            await self._plain_update()

    async def _status(self) -> None:
        await self._ask("GET", "/status")

    async def _plain_update(self) -> None:
        """A peer of the first kind knows only the plain GET."""
        answer = await self._request("GET", "/update")
        if answer is None:
            return
        if answer.status_code == httpx.codes.OK and _says(answer, "Update"):
            self._node.handle(PlainConfirmed())
        else:
            self._node.handle(self._failed(answer))

    async def _down(self) -> None:
        try:
            async with asyncio.timeout(_DOWN_TIMEOUT_S):
                answer = await self._request("POST", "/down", self._body())
                if answer is not None and answer.status_code in _NO_SUCH_ENDPOINT:
                    await self._request("GET", "/down")
                elif answer is not None and answer.status_code == httpx.codes.OK:
                    self._node.handle(self._judge(answer, self._clock.now().mono))
        except TimeoutError:
            return  # it was told; whether it woke in time to hear is no longer our concern

    async def _look(self) -> None:
        try:
            answer = await self._client.get(f"{self._url}/healthz")
        except httpx.HTTPError:
            self._node.handle(Looked(on_duty=False, boot="", alive=False))
            return
        told = _object(answer)
        role, boot = told.get("role"), told.get("boot")
        alive = answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR
        self._node.handle(Looked(role == "on_duty", boot if isinstance(boot, str) else "", alive))

    async def _ask(
        self, method: str, path: str, body: bytes | None = None
    ) -> httpx.Response | None:
        """Send, and tell the core what came; for a missing endpoint, leave that to the caller."""
        asked_at = self._clock.now().mono
        answer = await self._request(method, path, body)
        if answer is None:
            return None
        if method == "GET" or answer.status_code not in _NO_SUCH_ENDPOINT:
            self._node.handle(self._judge(answer, asked_at))
        return answer

    async def _request(
        self, method: str, path: str, body: bytes | None = None
    ) -> httpx.Response | None:
        try:
            return await self._client.request(
                method, f"{self._url}{path}", content=body, headers=_JSON, auth=self._peer_auth
            )
        except httpx.HTTPError as error:
            failed = failure_of(error)
            if failed is not None:
                self._node.handle(failed)
            return None

    def _judge(self, answer: httpx.Response, asked_at: float) -> Event:
        if answer.status_code != httpx.codes.OK:
            return self._failed(answer)
        try:
            return Heard(parse(answer.content), Via.ANSWER, asked_at)
        except NoTwinError as error:
            why = f"{self._url} answers, but not as a twin does ({error})"
            return Failed(Failure.STRANGER, f"{why}: set PEER_URL to the URL of the other twin")

    def _failed(self, answer: httpx.Response) -> Failed:
        return failure_of_status(answer.status_code, self._url)

    def _body(self) -> bytes:
        return dump_json(self._node.document())

    @property
    def _url(self) -> str:
        return self._node.look().peer.url or ""


_JSON = {"Content-Type": "application/json", "User-Agent": "twin"}


def failure_of_status(status: int, url: str) -> Failed:
    """What a status that is not 200 means, in a sentence with its remedy."""
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        why = (
            f"the peer answers {status} to our credentials: set PEER_USERNAME and PEER_PASSWORD "
            "to its BASIC_AUTH_USERNAME and BASIC_AUTH_PASSWORD"
        )
        return Failed(Failure.DENIED, why)
    if status >= httpx.codes.INTERNAL_SERVER_ERROR:
        return Failed(Failure.REFUSED, f"it answers {status}")
    why = f"{url} answers {status}, as no twin does: set PEER_URL to the URL of the other twin"
    kind = Failure.FIRST_KIND if status in _NO_SUCH_ENDPOINT else Failure.STRANGER
    return Failed(kind, why)


def failure_of(error: httpx.HTTPError) -> Failed | None:
    """What a request that got no answer means; None for silence, which the core counts itself."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ConnectionRefusedError):
            return Failed(Failure.REFUSED, "the connection is refused")
        if "CERTIFICATE_VERIFY_FAILED" in str(cause):
            why = f"the peer's certificate is not valid ({cause}): check PEER_URL"
            return Failed(Failure.STRANGER, why)
        cause = cause.__cause__ or cause.__context__
    return None


def _auth(credentials: Credentials) -> httpx.BasicAuth:
    return httpx.BasicAuth(credentials.username.encode(), credentials.password.encode())


def _object(answer: httpx.Response) -> dict[str, object]:
    try:
        told = answer.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _says(answer: httpx.Response, status: str) -> bool:
    return _object(answer).get("status") == status
