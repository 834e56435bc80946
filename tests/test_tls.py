"""Every client, against servers with certificates of a private authority."""

import asyncio
import contextlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from certificates import Authority, authority
from http_bench import answer, client, saying, serving

from twin.clock import Clock
from twin.commands.ask import ask
from twin.core.alert import Alert, Severity
from twin.duties.deadman import Deadman
from twin.http.request import NoAnswerError
from twin.http.tls import bundle, tls
from twin.log import Log
from twin.notify.notifier import Notifier
from twin.scaling.platforms.api import Api
from twin.scaling.probe import Prober
from twin.settings.settings import Credentials

OUTAGE = Alert("my-app/web is down", "503", Severity.FAILURE)


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("private"))


@pytest.fixture(scope="module")
def simple(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("simple"), "basicConstraints=critical,CA:TRUE")


@pytest.fixture(autouse=True)
def fresh_contexts() -> Iterator[None]:
    tls.cache_clear()
    yield
    tls.cache_clear()


def twin(url: str) -> bool:
    async def fetch() -> bool:
        async with client() as made:
            return (await made.fetch("GET", url)).status == 200

    return asyncio.run(fetch())


def command(url: str) -> bool:
    return "not as a twin does" in ask(url, Credentials("a", "b")).wrong


def probe(url: str) -> bool:
    return Prober(url, 5.0, 1.0, Clock()).once().status == 200


def api(url: str) -> bool:
    return Api(url, {}).ask("GET", "/").status == 200


def dead_man(url: str) -> bool:
    deadman = Deadman(url, Clock())
    return not deadman.fetched() and not deadman.reached()


def notification(url: str) -> bool:
    output = io.StringIO()
    notifier = Notifier("a", [url.replace("https", "jsons")], Clock(), Log("a", output))
    notifier.tell(OUTAGE)
    notifier.close(20.0)
    return "event=notify.told" in output.getvalue()


def reaches(fetches: Callable[[str], bool], to: Authority) -> bool:
    async def run() -> bool:
        async with serving(saying(answer(200)), to.server) as server:
            return await asyncio.to_thread(fetches, server.url)

    with contextlib.suppress(NoAnswerError):
        return asyncio.run(run())
    return False


@pytest.mark.parametrize("fetches", [twin, command, probe, api, dead_man, notification])
def test_a_private_certificate_is_trusted_only_with_ssl_cert_file(
    fetches: Callable[[str], bool], private: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    assert not reaches(fetches, private)
    tls.cache_clear()
    monkeypatch.setenv("SSL_CERT_FILE", str(private.file))
    assert reaches(fetches, private)


def test_an_authority_without_a_key_usage_is_trusted(
    simple: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(simple.file))
    assert reaches(twin, simple)


def test_a_private_authority_is_added_to_the_usual_ones(
    private: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    usual = len(tls().get_ca_certs())
    with bundle() as file:
        assert file is None
    tls.cache_clear()
    monkeypatch.setenv("SSL_CERT_FILE", str(private.file))
    assert len(tls().get_ca_certs()) == usual + 1
    with bundle() as file:
        assert Path(str(file)).read_text().count("BEGIN CERTIFICATE") == usual + 1
    assert not Path(str(file)).exists()
