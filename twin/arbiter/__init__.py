"""The database that twins share in strict mode: Redis, Valkey or PostgreSQL."""

from twin.arbiter.arbiter import TIMEOUT_S, Arbiter, Finding, SilentError
from twin.settings.settings import SettingsError

__all__ = ["Arbiter", "Finding", "SilentError", "connect"]


def connect(url: str, name: str = "twin", timeout_s: float = TIMEOUT_S) -> Arbiter:
    """The arbiter at `url`, the value of ARBITER_URL. Connects with the first question.

    Pairs that share a database need different names. `timeout_s` limits each question. Raises
    SettingsError, without the credentials in the URL.
    """
    scheme = url.partition("://")[0]
    try:
        if scheme in ("redis", "rediss"):
            from twin.arbiter.redis import RedisArbiter

            return RedisArbiter(url, name, timeout_s)
        if scheme in ("postgres", "postgresql"):
            from twin.arbiter.postgres import PostgresArbiter

            return PostgresArbiter(url, name, timeout_s)
    except ImportError as error:
        # The drivers are optional, and an app without an arbiter does without them.
        remedy = "pip install -r requirements-strict.txt"
        raise SettingsError([f"ARBITER_URL needs the package {error.name}: {remedy}"]) from None
    except ValueError as error:
        raise SettingsError([f"ARBITER_URL: {error}"]) from None
    raise SettingsError(["ARBITER_URL must begin with redis://, rediss:// or postgres://"])
