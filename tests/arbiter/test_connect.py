"""Which adapter a URL gets, and what is imported for it."""

import subprocess
import sys

import pytest

from twin.arbiter import connect
from twin.arbiter.postgres import PostgresArbiter
from twin.arbiter.redis import RedisArbiter
from twin.settings.settings import SettingsError

REDIS = "write it like redis://user:password@host:6379, with %2F for a / in the password"
POSTGRES = "write it like postgres://user:password@host/database, with %40 for an @ in the password"


@pytest.mark.parametrize(
    ("url", "adapter"),
    [
        ("redis://127.0.0.1", RedisArbiter),
        ("rediss://default:s3cret@redis.example.com:6380/0", RedisArbiter),
        ("postgres://twin:s3cret@db.example.com/app", PostgresArbiter),
        ("postgresql://twin@/app?host=/var/run/postgresql", PostgresArbiter),
    ],
)
def test_the_scheme_chooses_the_adapter(url: str, adapter: type) -> None:
    assert isinstance(connect(url), adapter)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("mysql://s3cret@host", " must begin with redis://, rediss:// or postgres://"),
        ("s3cret", " must begin with redis://, rediss:// or postgres://"),
        ("redis://:s3cret/1@host", f": {REDIS}"),
        ("redis://[:s3cret", f": {REDIS}"),
        (
            "redis://host?pasword=s3cret",
            ": it has an option after the ? that redis-py does not know",
        ),
        ("postgres://twin:s3cret@host:s3cret/app", f": {POSTGRES}"),
        ("postgres://twin:s3/cret@host/app", f": {POSTGRES}"),
        ("postgres://twin:s3@cret@host/app", f": {POSTGRES}"),
        ("postgres://host/app?pasword=s3cret", f": {POSTGRES}"),
    ],
)
def test_a_wrong_url_is_refused_without_showing_it(url: str, problem: str) -> None:
    with pytest.raises(SettingsError) as caught:
        connect(url)
    assert caught.value.problems == (f"ARBITER_URL{problem}",)


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_twin_without_an_arbiter_imports_nothing_of_it() -> None:
    code = (
        "import sys, twin.assemble; print([name for name in sys.modules if 'twin.arbiter' in name])"
    )
    assert python(code) == "[]"


def test_no_driver_is_imported_before_it_is_used() -> None:
    code = "import sys, twin.arbiter; print({'redis', 'psycopg'} & set(sys.modules))"
    assert python(code) == "set()"


@pytest.mark.parametrize(("url", "package"), [("redis://h", "redis"), ("postgres://h", "psycopg")])
def test_a_missing_driver_is_named_with_the_remedy(url: str, package: str) -> None:
    code = f"""
import sys
sys.modules[{package!r}] = None
from twin.arbiter import connect
from twin.settings.settings import SettingsError
try:
    connect({url!r})
except SettingsError as error:
    print(error)
"""
    remedy = "pip install -r requirements-strict.txt"
    assert python(code) == f"ARBITER_URL needs the package {package}: {remedy}"
