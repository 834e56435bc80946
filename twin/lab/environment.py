"""The environment of a dyno."""

import os
from collections.abc import Mapping
from pathlib import Path

import twin
from twin.clock import Clock

# Enough to find programs, and no secret.
_INHERITED = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV", "PYTHONDONTWRITEBYTECODE")

# As Heroku's Python buildpack. uvicorn would take its number of workers from the second, and trust
# any X-Forwarded-For because of the third.
_BUILDPACK = {"PYTHONUNBUFFERED": "true", "WEB_CONCURRENCY": "2", "FORWARDED_ALLOW_IPS": "*"}

# A dyno starts in an empty directory.
_ROOT = str(Path(twin.__file__).parent.parent)


def environment(config: Mapping[str, str], dyno: str, port: int, clock: Clock) -> dict[str, str]:
    """`PORT` only for web dynos (`port` is 0 for others); config vars win over the buildpack's."""
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    environ = {**inherited, **_BUILDPACK, "PYTHONPATH": _ROOT, **config, "DYNO": dyno}
    if port:
        environ["PORT"] = str(port)
    if clock != Clock():
        environ["TWIN_CLOCK"] = clock.setting()
    return environ
