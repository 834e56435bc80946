"""One table of what Twin costs, each row beside its baseline: `make bench ROWS=start,memory`.

Everything is measured in this run and on this machine; what else runs on it shows.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import answering
import growing
import looking
import moving
import punctual
import standing
import weighing
import working
from measured import GROWTH_HEAD, HEAD, Growth, Row, table

_PARTS: dict[str, Callable[[], Iterator[Row | Growth]]] = {
    "start": standing.start,
    "memory": standing.memory,
    "idle": standing.idle,
    "jobs": punctual.jobs,
    "many": punctual.many,
    "script": working.script,
    "requests": answering.requests,
    "duty": moving.duty,
    "targets": looking.targets,
    "imports": weighing.imports,
    "simulated": weighing.simulated,
    "growth": growing.growth,
}


def main() -> int:
    asked = os.environ.get("ROWS") or ",".join(_PARTS)
    found: list[Row | Growth] = []
    for name in asked.split(","):
        if name not in _PARTS:
            sys.exit(f"ROWS={name} is no part of the table: take some of {','.join(_PARTS)}")
        print(f"{name} ...", file=sys.stderr)
        found += _PARTS[name]()
    for head, kind in ((HEAD, Row), (GROWTH_HEAD, Growth)):
        if cells := [each.cells for each in found if isinstance(each, kind)]:
            print(table([head, *cells]), end="\n\n")
    Path("bench.json").write_text(json.dumps([each.told() for each in found], indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
