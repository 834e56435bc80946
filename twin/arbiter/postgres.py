"""PostgreSQL as the arbiter: one statement, `decide.sql`, answers each question.

It is committed by itself, and nothing is left in the session: every pooler will do.
"""

import asyncio
import json
import os
import re
import select
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from twin.arbiter.arbiter import Finding, SilentError
from twin.arbiter.codec import dump_question, load_member, load_record
from twin.arbiter.pool import Pool
from twin.core.pair.arbiter import MEMBER_FOR_MS, Answer, Question, Ruling
from twin.http.cause import cause
from twin.http.tls import roots
from twin.http.urls import is_private

Connection = psycopg.AsyncConnection[tuple[Any, ...]]

_DECIDE = Path(__file__).with_name("decide.sql").read_bytes()
_CREATE = (
    b"""CREATE TABLE IF NOT EXISTS twin_arbiter
    (name text PRIMARY KEY, record jsonb, seen jsonb NOT NULL DEFAULT '{}', began_ms bigint)""",
    b"""CREATE TABLE IF NOT EXISTS twin_arbiter_slot
    (name text, job text, slot bigint NOT NULL, term bigint NOT NULL, member jsonb NOT NULL,
    PRIMARY KEY (name, job))""",
)
_ENTER = b"INSERT INTO twin_arbiter (name) VALUES (%s) ON CONFLICT DO NOTHING"
_LOOK = b"""SELECT current_setting('server_version'), current_setting('server_version_num')::int,
    pg_is_in_recovery(), current_setting('fsync') = 'on', current_setting('synchronous_commit'),
    coalesce(has_schema_privilege(current_schema(), 'CREATE'), false),
    to_regclass('twin_arbiter') IS NOT NULL AND to_regclass('twin_arbiter_slot') IS NOT NULL"""
_MAY_USE = b"""SELECT bool_and(has_table_privilege(name, privilege))
    FROM unnest(ARRAY['twin_arbiter', 'twin_arbiter_slot']) AS name,
    unnest(ARRAY['SELECT', 'INSERT', 'UPDATE']) AS privilege"""
_OLDEST = 12
_GRANT = "allow its user to create tables in the schema, and to read and write them"
_NO_URL = "write it like postgres://user:password@host/database, with %40 for an @ in the password"


class PostgresArbiter:
    def __init__(self, url: str, name: str, timeout_s: float) -> None:
        """Raises ValueError if the URL is wrong, without showing it."""
        self._options = _options(url)
        self._name = name
        self._timeout_s = timeout_s
        self._pool = Pool(self._connect, _is_quiet, _drop)

    async def ask(self, question: Question) -> Answer:
        parameters = {"name": self._name, **_parameters(question)}
        async with self._talk() as connection:
            try:
                rows = await _run(connection, _DECIDE, parameters)
            except errors.UndefinedTable:
                await _create_tables(connection)
                rows = []
            if not rows:  # the first question by this name
                await _run(connection, _ENTER, [self._name])
                rows = await _run(connection, _DECIDE, parameters)
        return _answer(*rows[0])

    async def findings(self) -> list[Finding]:
        try:
            async with self._talk() as connection:
                [(version, number, is_replica, syncs, commit, creates, has_tables)] = await _run(
                    connection, _LOOK
                )
                may_use = await _run(connection, _MAY_USE) if has_tables else [(creates,)]
        except SilentError as error:
            return [Finding(False, str(error))]
        return [
            _version(version, number),
            _role(is_replica),
            _persistence(syncs and commit != "off"),
            _privileges(has_tables, may_use[0][0]),
        ]

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
        except (psycopg.Error, OSError) as error:
            # Not chained: errors may quote what was sent.
            raise SilentError(f"the arbiter {_reason(error)}") from None

    async def _connect(self) -> Connection:
        options = self._options
        if not options["sslmode"].startswith("verify-") or "sslrootcert" in options:
            return await _connected(options)
        with roots() as file:
            return await _connected({**options, "sslrootcert": file})


def _options(url: str) -> dict[str, str]:
    try:
        options = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    except psycopg.ProgrammingError:
        raise ValueError(_NO_URL) from None
    hosts = options.get("host", "localhost").split(",")
    # Of a password with an @ or a / in it, libpq would take a part for one of these, and show it.
    if "@" in options.get("host", "") or re.search("[^0-9,]", options.get("port", "")):
        raise ValueError(_NO_URL)
    is_local = all(host.startswith("/") or is_private(host) for host in hosts)
    # By itself, libpq verifies nothing, and does without TLS if somebody on the way says so.
    return {"sslmode": "prefer" if is_local else "verify-full", **options}


async def _connected(options: Mapping[str, str]) -> Connection:
    # A statement that is prepared stays in a session, of which a pooler has many.
    text = make_conninfo(**options)
    return await psycopg.AsyncConnection.connect(text, autocommit=True, prepare_threshold=None)


async def _create_tables(connection: Connection) -> None:
    for statement in _CREATE:
        try:
            await _run(connection, statement)
        except (errors.UniqueViolation, errors.DuplicateTable, errors.DuplicateObject):
            continue  # IF NOT EXISTS does not help when another twin creates it at the same time


async def _run(
    connection: Connection,
    statement: bytes,
    parameters: Mapping[str, Any] | Sequence[Any] | None = None,
) -> list[tuple[Any, ...]]:
    """The rows. If this is cancelled, the connection ends."""
    running = asyncio.ensure_future(_rows(connection, statement, parameters))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        # Psycopg would ask the server to cancel the statement, and wait for that: for seconds, if
        # the server hangs. Without a connection, it ends at once.
        with socket.socket(fileno=os.dup(connection.fileno())) as same:
            same.shutdown(socket.SHUT_RDWR)
        await asyncio.wait({running})
        running.exception()
        raise


async def _rows(
    connection: Connection,
    statement: bytes,
    parameters: Mapping[str, Any] | Sequence[Any] | None,
) -> list[tuple[Any, ...]]:
    cursor = await connection.execute(statement, parameters)
    return await cursor.fetchall() if cursor.description else []


async def _is_quiet(connection: Connection) -> bool:
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return not poll.poll(0)


async def _drop(connection: Connection) -> None:
    await connection.close()


def _parameters(question: Question) -> dict[str, Any]:
    asked = dump_question(question)
    return {
        **asked,
        "twin": question.member.twin,
        "boot": question.member.boot,
        "member": json.dumps(asked["member"]),
        "known": json.dumps(asked["known"]),
        "members": json.dumps(asked["members"]),
        "jobs": list(question.slots),
        "slots": list(question.slots.values()),
        "member_for_ms": MEMBER_FOR_MS,
    }


def _answer(
    ruling: str,
    now_ms: int,
    record: Mapping[str, Any] | None,
    members: Sequence[Mapping[str, Any]],
    began_ms: int,
    taken: Mapping[str, str],
) -> Answer:
    return Answer(
        ruling=Ruling(ruling),
        now_ms=now_ms,
        record=load_record(record) if record else None,
        members=tuple(sorted(map(load_member, members), key=lambda member: member.twin)),
        began_ms=began_ms,
        taken=taken,
    )


def _reason(error: Exception) -> str:
    """Follows "the arbiter"."""
    if isinstance(error, errors.InsufficientPrivilege):
        return f"refuses: {error.diag.message_primary}: {_GRANT}"
    if isinstance(error, errors.ReadOnlySqlTransaction):
        return "is read-only: set ARBITER_URL to the primary"
    if isinstance(error, psycopg.Error) and error.diag.message_primary:
        return f"refuses: {error.diag.message_primary}"
    # libpq says where it connected to, then why that failed, then what to look at.
    why = cause(error).rpartition("failed: ")[2].partition("\n")[0]
    return f"cannot be reached: {why.removeprefix('FATAL:').strip()}"


# ---- findings


def _version(version: str, number: int) -> Finding:
    if number < _OLDEST * 10_000:
        remedy = f"use PostgreSQL {_OLDEST} or newer"
        return Finding(False, f"the arbiter is PostgreSQL {version}: {remedy}")
    return Finding(True, f"the arbiter is PostgreSQL {version}, and answers")


def _role(is_replica: bool) -> Finding:
    if is_replica:
        return Finding(False, "the arbiter is a replica: set ARBITER_URL to the primary")
    return Finding(True, "the arbiter is a primary")


def _persistence(is_safe: bool) -> Finding:
    if is_safe:
        return Finding(True, "the arbiter writes each change to its disk")
    remedy = "set fsync and synchronous_commit to on"
    return Finding(False, f"the arbiter may lose the newest changes in a crash: {remedy}")


def _privileges(has_tables: bool, may: bool) -> Finding:
    what = "use its tables" if has_tables else "create tables"
    if may:
        return Finding(True, f"the arbiter lets its user {what}")
    return Finding(False, f"the arbiter does not let its user {what}: {_GRANT}")
