"""Redis or Valkey as the arbiter: one script, `decide.lua`, answers each question.

Its keys share a hash tag, so that a cluster keeps them on one node, and never expire.
"""

import asyncio
import hashlib
import json
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from redis import exceptions
from redis.asyncio import Connection, SSLConnection
from redis.asyncio.connection import AbstractConnection, parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from twin.arbiter.arbiter import Finding, SilentError
from twin.arbiter.codec import dump_question, load_member
from twin.arbiter.pool import Pool
from twin.core.pair.arbiter import MEMBER_FOR_MS, Answer, Question, Record, Ruling
from twin.http.cause import cause
from twin.http.tls import tls

_SCRIPT = Path(__file__).with_name("decide.lua").read_text("utf-8")
_SHA = hashlib.sha1(_SCRIPT.encode(), usedforsecurity=False).hexdigest()
_TRIAL = """
redis.call('TIME') redis.call('HSET', KEYS[1], 'a', '1') redis.call('HGET', KEYS[1], 'a')
redis.call('HMGET', KEYS[1], 'a') redis.call('HGETALL', KEYS[1]) redis.call('HVALS', KEYS[1])
return redis.call('HDEL', KEYS[1], 'a')
"""
"""The commands of the script, on a key that is gone afterwards."""
_OLDEST = 6
_NO_URL = "write it like redis://user:password@host:6379, with %2F for a / in the password"

_REFUSES = "refuses the username or the password of ARBITER_URL"
_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (exceptions.BusyLoadingError, "is still loading its data"),
    (exceptions.ReadOnlyError, "is a replica: set ARBITER_URL to the primary"),
    (exceptions.OutOfMemoryError, "has no memory left: raise its maxmemory"),
    (exceptions.AuthenticationError, _REFUSES),
    (exceptions.AuthorizationError, _REFUSES),
    (exceptions.InvalidResponse, "does not answer as Redis does: check ARBITER_URL"),
)


class RedisArbiter:
    def __init__(self, url: str, name: str, timeout_s: float) -> None:
        """Raises ValueError if the URL is wrong, without showing it."""
        _connection(url)
        self._url = url
        self._timeout_s = timeout_s
        self._pool = Pool(self._connect, _is_quiet, _drop)
        self._keys = [f"{{{name}}}:{part}" for part in ("record", "members", "seen", "started")]
        self._trial_key = f"{{{name}}}:trial"

    async def ask(self, question: Question) -> Answer:
        asked = json.dumps(dump_question(question))
        arguments = [str(len(self._keys)), *self._keys, asked, str(MEMBER_FOR_MS)]
        async with self._talk() as connection:
            try:
                found = await _call(connection, "EVALSHA", _SHA, *arguments)
            except exceptions.NoScriptError:  # a new server, or a restarted one
                found = await _call(connection, "EVAL", _SCRIPT, *arguments)
            return _answer(found)

    async def findings(self) -> list[Finding]:
        try:
            async with self._talk() as connection:
                info = _parse_info(await _call(connection, "INFO"))
                found = [_version(info), _role(info), _eviction(info)]
                found.append(await _persistence(connection, info))
                found.append(await self._privileges(connection))
        except SilentError as error:
            return [Finding(False, str(error))]
        return found

    async def close(self) -> None:
        await self._pool.close()

    @asynccontextmanager
    async def _talk(self) -> AsyncIterator[Connection]:
        """A connection for as long as an answer may take. Raises SilentError."""
        try:
            async with asyncio.timeout(self._timeout_s), self._pool.connection() as connection:
                yield connection
        except TimeoutError:
            why = f"the arbiter did not answer within {self._timeout_s:g} s"
            raise SilentError(why) from None
        except (exceptions.RedisError, OSError, ValueError) as error:
            # ValueError: of bytes that are no text. Not chained: errors may quote what was sent.
            raise SilentError(f"the arbiter {_reason(error)}") from None

    async def _connect(self) -> Connection:
        connection = _connection(self._url)
        await connection.connect()  # type: ignore[no-untyped-call]
        return connection

    async def _privileges(self, connection: Connection) -> Finding:
        try:
            await _call(connection, "EVAL", _TRIAL, "1", self._trial_key)
        except exceptions.ResponseError as error:
            remedy = "allow its user EVAL, EVALSHA, TIME and hashes"
            return Finding(False, f"the arbiter {_reason(error)}: {remedy}")
        return Finding(True, "the arbiter runs scripts and writes")


class _Connection(AbstractConnection):
    """Ends at once: TLS would wait for the server's goodbye, and a long question for its end."""

    async def disconnect(self, *arguments: Any, **options: Any) -> None:
        if self._writer is not None:
            self._writer.transport.abort()
        await super().disconnect(*arguments, **options)


class _PlainConnection(_Connection, Connection):
    pass


class _VerifiedConnection(_Connection, SSLConnection):
    """Trusts what the rest of the app trusts, unless the URL says otherwise (`ssl_cert_reqs`)."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        if self.ssl_context.cert_reqs == ssl.CERT_REQUIRED:
            self.ssl_context.context = tls()


def _connection(url: str) -> Connection:
    """Not connected yet. Raises ValueError, as above."""
    try:
        options: dict[str, Any] = dict(parse_url(url))
    except ValueError:  # whose text may quote a part of the password
        raise ValueError(_NO_URL) from None
    kind = _VerifiedConnection if options.pop("connection_class", None) else _PlainConnection
    # What was lost is asked again by the caller, who knows whether it still matters.
    options |= {"retry": Retry(NoBackoff(), 0), "socket_timeout": None, "protocol": 2}
    options |= {"decode_responses": True, "socket_connect_timeout": None}
    try:
        return kind(driver_info=None, **options)  # without a round trip to tell the driver's name
    except TypeError:
        raise ValueError("it has an option after the ? that redis-py does not know") from None


async def _call(connection: Connection, *command: str) -> Any:
    await connection.send_command(*command, check_health=False)
    return await connection.read_response()


async def _is_quiet(connection: Connection) -> bool:
    try:
        return not await connection.can_read()
    except exceptions.ConnectionError:
        return False


async def _drop(connection: Connection) -> None:
    await connection.disconnect(nowait=True)


def _answer(found: Sequence[Any]) -> Answer:
    ruling, now_ms, record, members, began_ms, taken = found
    loaded = [load_member(json.loads(member)) for member in members]
    return Answer(
        ruling=Ruling(ruling),
        now_ms=int(now_ms),
        record=_record(*record),
        members=tuple(sorted(loaded, key=lambda member: member.twin)),
        began_ms=int(began_ms),
        taken=dict(zip(taken[::2], taken[1::2], strict=True)),
    )


def _record(
    member: str | None, term: str, expires_ms: str, released: str, known: str, floor: str
) -> Record | None:
    if member is None:
        return None
    return Record(
        load_member(json.loads(member)),
        int(term),
        int(expires_ms),
        released == "1",
        json.loads(known),
        int(floor),
    )


def _reason(error: Exception) -> str:
    """Follows "the arbiter"."""
    for kind, reason in _REASONS:
        if isinstance(error, kind):
            return reason
    if isinstance(error, exceptions.ResponseError):
        # Of an unknown command, Redis quotes the arguments: of AUTH, the password.
        return f"refuses: {str(error).partition(', with args')[0]}"
    return f"cannot be reached: {cause(error)}"


# ---- findings


def _parse_info(text: str) -> Mapping[str, str]:
    """What INFO says, by name."""
    pairs = (line.partition(":") for line in text.splitlines() if ":" in line)
    return {name: value for name, _, value in pairs}


def _version(info: Mapping[str, str]) -> Finding:
    version = info.get("redis_version", "0")
    kind = "Valkey" if "valkey_version" in info else "Redis"
    shown = f"{kind} {info.get('valkey_version', version)}"
    if int(version.partition(".")[0]) < _OLDEST:
        return Finding(False, f"the arbiter is {shown}: use Redis {_OLDEST} or newer, or Valkey")
    return Finding(True, f"the arbiter is {shown}, and answers")


def _role(info: Mapping[str, str]) -> Finding:
    if info.get("role") == "slave":
        return Finding(False, "the arbiter is a replica: set ARBITER_URL to the primary")
    return Finding(True, "the arbiter is a primary")


def _eviction(info: Mapping[str, str]) -> Finding:
    policy = info.get("maxmemory_policy", "noeviction")
    # The others evict only keys that expire, and ours do not.
    if policy.startswith("allkeys"):
        wrong = f"the arbiter forgets keys when its memory is full ({policy})"
        return Finding(False, f"{wrong}: set its maxmemory-policy to noeviction")
    return Finding(True, "the arbiter forgets nothing when its memory is full")


async def _persistence(connection: Connection, info: Mapping[str, str]) -> Finding:
    if info.get("aof_enabled") == "1":
        return Finding(True, "the arbiter writes each change to its disk")
    try:
        _, save = await _call(connection, "CONFIG", "GET", "save")
    except (exceptions.ResponseError, ValueError):  # hosts refuse CONFIG, or hide a part of it
        save = None
    loses = {"": "loses everything", None: "may lose the newest changes"}
    wrong = f"the arbiter {loses.get(save, 'loses the newest changes')} in a restart"
    return Finding(False, f"{wrong}: set appendonly to yes")
