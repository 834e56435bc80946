"""The target: `python -m twin.lab.target` answers every request with the name of its dyno.

All dynos read at every request how to answer, from the file in `TARGET_CONTROL`.
"""

import asyncio
import json
import os
import signal
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import h11

from twin.lab.wire import Server, Wire, json_body
from twin.log import pairs


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the target answers."""

    latency_s: float = 0.0
    status: int = 200

    @classmethod
    def read(cls, path: Path) -> "Behaviour":
        """The default if there is no file, or only a part of it is written."""
        try:
            return cls(**json.loads(path.read_text()))
        except (OSError, ValueError, TypeError):
            return cls()

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)) + "\n")


class Target:
    """One dyno of the target."""

    def __init__(self, dyno: str, control: Path) -> None:
        self._dyno = dyno
        self._control = control

    async def answer(self, wire: Wire, request: h11.Request) -> None:
        await wire.body()
        behaviour = Behaviour.read(self._control)
        await asyncio.sleep(behaviour.latency_s)
        values = {"at": "info", "event": "request.answered", "dyno": self._dyno}
        path = request.target.decode("ascii", "replace")
        sys.stdout.write(pairs({**values, "path": path, "status": behaviour.status}) + "\n")
        sys.stdout.flush()
        headers = [("Content-Type", "application/json")]
        await wire.answer(behaviour.status, headers, json_body({"dyno": self._dyno}))


async def serve(port: int, target: Target) -> None:
    server = Server(target.answer)
    await server.listen_on(port)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    await server.close()


if __name__ == "__main__":
    control = Path(os.environ.get("TARGET_CONTROL", "target.json"))
    asyncio.run(serve(int(os.environ["PORT"]), Target(os.environ.get("DYNO", "?"), control)))
