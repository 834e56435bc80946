"""The log of the platform: the output of every process, and the platform's own lines."""

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from twin.clock import Clock
from twin.lab.changes import Changes
from twin.log import pairs

_LINES_MOST = 100_000
"""About 20 MB: a lab that runs all night must not grow for ever."""


@dataclass(frozen=True, slots=True)
class Line:
    """Patterns match `str(line)`, which is also how it is shown."""

    number: int
    at: float
    """Seconds since the epoch, by the lab's clock."""
    source: str
    """`twin-a[web.1]`, `twin-a[router]`, `twin-a[manager]` or `platform[api]`."""
    text: str

    def __str__(self) -> str:
        at = datetime.fromtimestamp(self.at, UTC)
        return f"{at:%Y-%m-%dT%H:%M:%SZ} {self.source}: {self.text}"


class Log:
    """Collects lines, and hands them on as they come."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lines: deque[Line] = deque(maxlen=_LINES_MOST)
        self._readers: list[Callable[[Line], None]] = []
        self._changes = Changes()
        self.count = 0
        """How many lines there were so far: a mark for `wait_for`."""

    @property
    def lines(self) -> list[Line]:
        return list(self._lines)

    def subscribe(self, reader: Callable[[Line], None]) -> None:
        """Call `reader` with every line from now on. It must not raise."""
        self._readers.append(reader)

    def write(self, source: str, text: str) -> None:
        line = Line(self.count, self._clock.now().wall, source, text)
        self.count += 1
        self._lines.append(line)
        for reader in self._readers:
            reader(line)
        self._changes.notify()

    def info(self, source: str, event: str, /, **values: object) -> None:
        self.write(source, pairs({"at": "info", "event": event, **values}))

    def error(self, source: str, code: str, desc: str, /, **values: object) -> None:
        self.write(source, pairs({"at": "error", "code": code, "desc": desc, **values}))

    def matching(self, wanted: str | Callable[[Line], bool], *, after: int = 0) -> list[Line]:
        """The lines from number `after` on that match a pattern or satisfy a predicate."""
        if isinstance(wanted, str):
            pattern = re.compile(wanted)
            return [x for x in self._lines if x.number >= after and pattern.search(str(x))]
        return [x for x in self._lines if x.number >= after and wanted(x)]

    async def wait_for(
        self, wanted: str | Callable[[Line], bool], timeout_s: float = 10.0, *, after: int = 0
    ) -> Line:
        """The first line from number `after` on that matches, past lines included.

        Raises TimeoutError, with the last lines for a test that fails.
        """
        found: list[Line] = []

        def appeared() -> bool:
            nonlocal after
            found.extend(self.matching(wanted, after=after))
            after = self.count
            return bool(found)

        try:
            await self._changes.until(appeared, timeout_s)
        except TimeoutError:
            last = "\n".join(map(str, self.lines[-25:]))
            text = f"no line {wanted!r} in {timeout_s:g} s; the last:\n{last}"
            raise TimeoutError(text) from None
        return found[0]
