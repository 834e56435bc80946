"""A process in a process group of its own, with its output by line."""

import asyncio
import contextlib
import os
import re
import shlex
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

_LINE_BYTES = 10_000
"""The platform splits longer lines."""

_PIPE_CLOSES_S = 2.0
"""The pipe closes as soon as the rest of the group is killed."""


class Guard:
    """Kills process groups when this process ends: see guard.py."""

    def __init__(self, process: asyncio.subprocess.Process, pipe: int) -> None:
        self._process = process
        self._pipe = pipe

    @classmethod
    async def start(cls, directory: Path) -> "Guard":
        """`directory` is removed at the end."""
        script = str(Path(__file__).with_name("guard.py"))
        its_end, pipe = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", script, str(directory)),
                stdin=its_end,
                start_new_session=True,
            )
        finally:
            os.close(its_end)
        return cls(process, pipe)

    def add(self, group: int) -> None:
        self._tell(f"+{group}\n")

    def remove(self, group: int) -> None:
        self._tell(f"-{group}\n")

    async def close(self) -> None:
        """Kill what still lives, remove the directory, and end."""
        os.close(self._pipe)
        await self._process.wait()

    def _tell(self, line: str) -> None:
        # Unbuffered: this process may be killed in the next moment.
        os.write(self._pipe, line.encode())


class Process:
    """A running command. `await ended()` for its exit status."""

    def __init__(
        self, process: asyncio.subprocess.Process, guard: Guard, written: Callable[[str], None]
    ) -> None:
        self._process = process
        self._guard = guard
        self._written = written
        self._reading = asyncio.create_task(self._read())
        self._gone = False
        self.pid = process.pid

    @classmethod
    async def start(
        cls,
        command: str,
        *,
        environ: Mapping[str, str],
        directory: Path,
        guard: Guard,
        written: Callable[[str], None],
    ) -> "Process":
        """Run one simple shell command; `written` gets the lines of its stdout and stderr."""
        # `exec`, so that signals reach the command and not the shell.
        command = re.sub(r"^python3?(?=\s)", shlex.quote(sys.executable), command)
        process = await asyncio.create_subprocess_exec(
            *("/bin/sh", "-c", f"exec {command}"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=environ,
            cwd=directory,
            start_new_session=True,
        )
        guard.add(process.pid)
        return cls(process, guard, written)

    def signal(self, number: int) -> None:
        """Signal every process of the group; nothing happens when it is gone."""
        if not self._gone:  # else its number may be another process's by now
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    async def ended(self) -> int:
        """The exit status, negative for a signal, once the process and its output have ended.

        To be awaited by one task only.
        """
        status = await self._process.wait()
        self.signal(signal.SIGKILL)  # to what is left of its group
        self._gone = True
        self._guard.remove(self.pid)
        await asyncio.wait({self._reading}, timeout=_PIPE_CLOSES_S)
        self._reading.cancel()
        with contextlib.suppress(AttributeError):
            self._process._transport.close()  # type: ignore[attr-defined]
        return status

    async def _read(self) -> None:
        output = cast(asyncio.StreamReader, self._process.stdout)  # a pipe was asked for
        rest = b""
        while chunk := await output.read(65_536):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                self._write(line)
            while len(rest) > _LINE_BYTES:
                self._write(rest[:_LINE_BYTES])
                rest = rest[_LINE_BYTES:]
        if rest:
            self._write(rest)

    def _write(self, line: bytes) -> None:
        for start in range(0, len(line) or 1, _LINE_BYTES):
            self._written(line[start : start + _LINE_BYTES].decode(errors="replace"))
