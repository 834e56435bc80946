from collections.abc import Mapping
from pathlib import Path

import certifi
import pytest

from twin.core.scaling.observation import Rules
from twin.core.scaling.timetable_parser import FORM
from twin.http.urls import base_url
from twin.scaling.platforms.docker import DockerAddress
from twin.scaling.platforms.heroku import HerokuAddress
from twin.settings.settings import Settings, SettingsError, read_settings

LEAST = {
    "TWIN_NAME": "a",
    "BASIC_AUTH_USERNAME": "user",
    "BASIC_AUTH_PASSWORD": "own-s3cret",
}
DOCKER = {"SCALE_TARGET": "docker:shop", "SCALE_TIMETABLE": "00:00=1"}
SCALED = {
    "SCALE_TARGET": "my-app",
    "SCALE_API_KEY": "k3y",
    "SCALE_TIMETABLE": "07:00=3 22:00=1",
}
HEROKU = {"DYNO": "web.1"}
RENDER = {
    "RENDER": "true",
    "RENDER_SERVICE_NAME": "my-service",
    "RENDER_EXTERNAL_URL": "https://my-service.onrender.com",
}


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def read(**environ: str) -> Settings:
    return read_settings({**LEAST, **environ})


def problems(environ: Mapping[str, str]) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        read_settings(environ)
    return caught.value.problems


def problem(**environ: str) -> str:
    """The only problem."""
    (sentence,) = problems({**LEAST, **environ})
    return sentence


def test_credentials_and_a_name_suffice() -> None:
    settings = read()
    assert settings.port == 8000
    assert settings.name == "a"
    assert settings.self_url is None
    assert settings.peer_url is None
    assert settings.peer == settings.own
    assert settings.self_ping_s == 15 * 60
    assert settings.jobs == ()
    assert settings.timezone == "UTC"
    assert settings.rules.takes_on_wake
    assert settings.rules.shift is None
    assert not settings.standby_asleep
    assert settings.targets == ()
    assert settings.notify_urls == ()
    assert settings.deadman_url is None


def test_every_setting_is_read(tmp_path: Path) -> None:
    (tmp_path / "more.py").touch()
    settings = read(
        PORT="5000",
        SELF_URL="https://A.example/",
        PEER_URL="https://b.example:8443/twin/",
        PEER_USERNAME="them",
        PEER_PASSWORD="theirs",
        SELF_PING="10m",
        JOBS="jobs, more.py ,",
        ON_WAKE="join",
        SHIFT="00:00-12:00",
        TIMEZONE="Asia/Tokyo",
        STANDBY="asleep",
        NOTIFY_URLS="mailto://me:pw@example.com?to=a@b.example,c@d.example, slack://T/B/C\nsms://5",
        DEADMAN_URL="https://hc-ping.example/0815",
    )
    assert settings.port == 5000
    assert settings.self_url == "https://a.example"
    assert settings.peer_url == "https://b.example:8443/twin"
    assert (settings.peer.username, settings.peer.password) == ("them", "theirs")
    assert settings.self_ping_s == 600
    assert settings.jobs == ("jobs", "more.py")
    assert not settings.rules.takes_on_wake
    assert settings.rules.shift is not None
    assert settings.rules.shift.zone.key == settings.timezone == "Asia/Tokyo"
    assert settings.standby_asleep
    assert settings.notify_urls == (
        *("mailto://me:pw@example.com?to=a@b.example,c@d.example", "slack://T/B/C", "sms://5"),
    )
    assert settings.deadman_url == "https://hc-ping.example/0815"


def test_every_scaling_setting_is_read() -> None:
    settings = read(
        **SCALED,
        SCALE_API_URL="http://127.0.0.1:5050/",
        SCALE_TIMEZONE="Asia/Tokyo",
        SCALE_MAX="9",
        SCALE_WINDOW="5m",
        SCALE_RESPECT="1h",
        SCALE_DRY_RUN="true",
        PROBE_URL="https://my-app.example/health/?deep=1",
        PROBE_EVERY="30s",
        PROBE_SLOW="8s",
        PROBE_FAST="2s",
    )
    (scale,) = settings.targets
    assert scale.target.name == "my-app/web"
    assert scale.target == HerokuAddress("my-app", "web", "k3y", "http://127.0.0.1:5050")
    assert scale.timetable is not None
    assert scale.timetable.zone.key == "Asia/Tokyo"
    assert scale.rules == Rules(9, slow_s=8, fast_s=2, window_s=300, respect_s=3600)
    assert scale.probe_url == "https://my-app.example/health/?deep=1"
    assert scale.probe_every_s == 30
    assert scale.dry_run


def test_scaling_settings_have_defaults() -> None:
    (scale,) = read(**SCALED).targets
    assert scale.target == HerokuAddress("my-app", "web", "k3y", "https://api.heroku.com")
    assert scale.rules == Rules(3, slow_s=5, fast_s=1, window_s=600, respect_s=900)
    assert (scale.probe_url, scale.probe_every_s, scale.dry_run) == (None, 15, False)


def test_a_docker_service_needs_no_key() -> None:
    docker = {"SCALE_TARGET": "docker:shop", "SCALE_TIMETABLE": "07:00=3"}
    (scale,) = read(**docker, DOCKER_HOST="tcp://10.0.0.1:2375").targets
    assert scale.target == DockerAddress("shop", "tcp://10.0.0.1:2375")
    (scale,) = read(**docker).targets
    assert scale.target == DockerAddress("shop", "unix:///var/run/docker.sock")
    assert problem(**docker, DOCKER_HOST="10.0.0.1").startswith("DOCKER_HOST is '10.0.0.1': write")
    assert read(**SCALED, DOCKER_HOST="10.0.0.1").targets  # a Heroku app does not use it


def test_an_empty_setting_counts_as_unset() -> None:
    assert read(PORT="", PEER_URL=" ", ON_WAKE="", SELF_PING="") == read()


def test_an_existing_jobs_file_is_the_default(tmp_path: Path) -> None:
    (tmp_path / "jobs.py").touch()
    assert read().jobs == ("jobs",)


def test_all_problems_are_reported_at_once() -> None:
    said = problems(
        {
            "PORT": "eighty",
            "SELF_PING": "soon",
            "TIMEZONE": "Mars/Olympus",
            "ON_WAKE": "perhaps",
            "PEER_URL": "b.example",
            "SHIFT": "9-5",
            "SCALE_TARGET": "my app",
            "SCALE_TIMETABLE": "7=3",
        }
    )
    for name in (
        *("BASIC_AUTH_USERNAME", "BASIC_AUTH_PASSWORD", "PORT", "SELF_PING", "TIMEZONE"),
        *("ON_WAKE", "PEER_URL", "SHIFT", "SCALE_TARGET", "SCALE_TIMETABLE"),
    ):
        assert [sentence for sentence in said if sentence.startswith(name)], name


@pytest.mark.parametrize(
    ("environ", "parts"),
    [
        ({"PORT": "http"}, ["PORT is 'http'", "whole number", "65535"]),
        ({"PORT": "65536"}, ["PORT is '65536'", "65535"]),
        ({"PORT": "-1"}, ["PORT is '-1'"]),
        ({"PORT": "٣"}, ["PORT is"]),
        ({"BASIC_AUTH_USERNAME": "us:er"}, ["BASIC_AUTH_USERNAME", "colon"]),
        ({"PEER_USERNAME": "us:er"}, ["PEER_USERNAME", "colon"]),
        ({**DOCKER, "DOCKER_TLS_VERIFY": "1"}, ["DOCKER_TLS_VERIFY is set", "unset it"]),
        ({"BASIC_AUTH_PASSWORD": "s3cret7"}, ["BASIC_AUTH_PASSWORD", "8 characters", "openssl"]),
        ({"TWIN_NAME": "a\udcff"}, ["TWIN_NAME", "is not valid UTF-8"]),
        ({"PEER_PASSWORD": "x\udcff"}, ["PEER_PASSWORD", "is not valid UTF-8"]),
        ({"SELF_PING": "0s"}, ["SELF_PING is 0s", "1s or more"]),
        ({"SELF_PING": "10"}, ["SELF_PING", "10"]),
        ({"TIMEZONE": "Mars/Olympus"}, ["TIMEZONE", "Mars/Olympus"]),
        ({"SHIFT": "12:00-12:00"}, ["SHIFT", "12:00-12:00"]),
        (
            {"JOBS": "jobs,no/bot.py"},
            ["JOBS: there is no file", "no/bot.py'", "name the jobs file"],
        ),
        ({"ON_WAKE": "maybe"}, ["ON_WAKE is 'maybe'", "take or join"]),
        ({"STANDBY": "dozing"}, ["STANDBY is 'dozing'", "awake or asleep"]),
        ({"PEER_URL": "ftp://b.example"}, ["PEER_URL", "'ftp://b.example'", "https://"]),
        ({"PEER_URL": "http://b.example"}, ["PEER_URL: http://b.example", "write https://"]),
        ({"SELF_URL": "http://8.8.8.8:8000"}, ["SELF_URL: http://8.8.8.8:8000", "https://"]),
        ({**SCALED, "SCALE_API_URL": "http://api.example"}, ["SCALE_API_URL", "write https://"]),
        ({"PEER_URL": "https://b.example:http"}, ["PEER_URL", "https://my-app"]),
        ({"PEER_URL": "https://b.example:70000"}, ["PEER_URL", "70000"]),
        ({"PEER_URL": "https://[::1"}, ["PEER_URL"]),
        ({"PEER_URL": "https://b exa.mple"}, ["PEER_URL"]),
        ({"SCALE_TIMETABLE": "07:00=3"}, ["SCALE_TIMETABLE", "SCALE_TARGET is not"]),
        ({"PROBE_URL": "https://x.example"}, ["PROBE_URL", "SCALE_TARGET is not"]),
        ({**SCALED, "SCALE_TIMETABLE": "07:00"}, ["SCALE_TIMETABLE", "07:00"]),
        ({**SCALED, "SCALE_TIMETABLE": "07:00=5"}, ["up to 5", "SCALE_MAX is 3", "raise"]),
        ({**SCALED, "SCALE_TIMEZONE": "Nowhere"}, ["SCALE_TIMEZONE", "Nowhere"]),
        ({**SCALED, "SCALE_TIMETABLE": ""}, ["nothing would be scaled", "set one of them"]),
        ({**SCALED, "SCALE_API_KEY": ""}, ["SCALE_API_KEY is not set", "authorizations"]),
        ({**SCALED, "SCALE_API_KEY": "two words"}, ["SCALE_API_KEY has characters", "copy it"]),
        ({**SCALED, "PROBE_URL": "https://shop..example"}, ["PROBE_URL", "is no URL"]),
        ({**SCALED, "PROBE_URL": "https://xn--zz"}, ["PROBE_URL: 'https://xn--zz' is no URL"]),
        ({"DEADMAN_URL": "https://xn--zz"}, ["DEADMAN_URL is no URL: write it like https://"]),
        ({**SCALED, "SCALE_TARGET": "my app"}, ["SCALE_TARGET: 'my app'", "docker:shop"]),
        ({**SCALED, "SCALE_WINDOW": "10"}, ["SCALE_WINDOW", "'10' is not a duration"]),
        ({**SCALED, "SCALE_RESPECT": "0s"}, ["SCALE_RESPECT is 0s", "1s or more"]),
        ({**SCALED, "SCALE_DRY_RUN": "yes"}, ["SCALE_DRY_RUN is 'yes'", "false or true"]),
        ({**SCALED, "SCALE_MAX": "0", "SCALE_TIMETABLE": "07:00=1"}, ["SCALE_MAX is '0'"]),
        ({**SCALED, "PROBE_FAST": "5s"}, ["PROBE_FAST is 5s", "PROBE_SLOW is 5s"]),
        ({**SCALED, "PROBE_EVERY": "0s"}, ["PROBE_EVERY is 0s", "1s or more"]),
        ({**SCALED, "PROBE_EVERY": "99999999h"}, ["PROBE_EVERY", "is not a duration"]),
        ({**SCALED, "PROBE_EVERY": "999999d"}, ["PROBE_EVERY is 999999d", "1d or less"]),
        ({**SCALED, "PROBE_SLOW": "11m"}, ["PROBE_SLOW is 11m", "10m or less"]),
        ({**SCALED, "SCALE_WINDOW": "31d"}, ["SCALE_WINDOW is 31d", "30d or less"]),
        ({**SCALED, "SCALE_RESPECT": "999999d"}, ["SCALE_RESPECT is 999999d", "30d or less"]),
        ({**SCALED, "SCALE_MAX": "1e9"}, ["SCALE_MAX is '1e9'", "a whole number from 1 to 1000"]),
        ({**SCALED, "PROBE_URL": "http://shop:99999"}, ["PROBE_URL", "is no URL"]),
        ({**SCALED, "SCALE_API_URL": "https://api:0"}, ["SCALE_API_URL", "is no URL"]),
        ({**DOCKER, "DOCKER_HOST": "tcp://h:99999"}, ["DOCKER_HOST is 'tcp://h:99999'", "65535"]),
        (
            {"RENDER": "true", "TWIN_NAME": "a", "RENDER_EXTERNAL_URL": "https://b:99=1"},
            ["RENDER_EXTERNAL_URL", "'https://b:99=1' is no URL"],
        ),
        ({**DOCKER, "DOCKER_HOST": "ssh://me@h"}, ["DOCKER_HOST is 'ssh://h'", "unix:///PATH"]),
    ],
)
def test_a_problem_names_the_setting_its_value_and_the_remedy(
    environ: dict[str, str], parts: list[str]
) -> None:
    sentence = problem(**environ)
    assert [part for part in parts if part not in sentence] == []


@pytest.mark.parametrize("peer", ["https://a.example", "https://A.example/", "HTTPS://a.example"])
def test_a_peer_url_equal_to_the_own_url_is_refused(peer: str) -> None:
    assert "own URL" in problem(SELF_URL="https://a.example", PEER_URL=peer)


def test_a_peer_url_equal_to_the_url_from_the_host_is_refused() -> None:
    assert "own URL" in problem(**RENDER, PEER_URL=RENDER["RENDER_EXTERNAL_URL"])


# ---- hosts


def test_render_provides_the_name_the_url_and_the_ping() -> None:
    settings = read(TWIN_NAME="", **RENDER)
    assert settings.name == "my-service"
    assert settings.self_url == "https://my-service.onrender.com"
    assert settings.self_ping_s == 10 * 60


def test_heroku_with_metadata_provides_the_name_and_the_url() -> None:
    settings = read(
        TWIN_NAME="",
        **HEROKU,
        HEROKU_APP_NAME="my-app",
        HEROKU_APP_DEFAULT_DOMAIN_NAME="my-app-0123456789ab.herokuapp.com",
    )
    assert settings.name == "my-app"
    assert settings.self_url == "https://my-app-0123456789ab.herokuapp.com"
    assert settings.self_ping_s == 15 * 60


def test_a_setting_overrides_the_host() -> None:
    settings = read(**RENDER, SELF_URL="https://own.example")
    assert (settings.name, settings.self_url) == ("a", "https://own.example")


def test_a_ping_too_rare_for_the_host_is_refused() -> None:
    sentence = problem(**RENDER, SELF_PING="20m")
    assert "SELF_PING is 20m" in sentence
    assert "Render puts an app to sleep after 15m: use 10m or less" in sentence
    assert read(SELF_PING="20m").self_ping_s == 1200  # other hosts put no app to sleep


def test_on_heroku_without_metadata_the_name_must_be_set() -> None:
    sentence = problem(TWIN_NAME="", **HEROKU)
    assert "TWIN_NAME is not set" in sentence
    assert "heroku labs:enable runtime-dyno-metadata" in sentence


def test_without_a_name_the_url_is_the_name() -> None:
    assert read(TWIN_NAME="", SELF_URL="http://127.0.0.1:8001").name == "127.0.0.1:8001"


# ---- secrets


def test_secrets_are_in_no_repr() -> None:
    settings = read(**SCALED, PEER_PASSWORD="p33r")
    for secret in ("s3cret", "p33r", "k3y"):
        assert secret not in repr(settings)
        assert secret not in str(settings)


@pytest.mark.parametrize(
    "url",
    [
        "https://user:hunter2@b.example",
        "https://hunter2@b.example",
        "user:hunter2@b.example",
        "https://:hunter2@b.example:port",
        "https://b.example/?key=hunter2",
        "https://b example/?key=hunter2",
        "https://b.example/#hunter2",
    ],
)
def test_credentials_in_a_url_are_refused_but_not_repeated(url: str) -> None:
    sentence = problem(PEER_URL=url)
    assert sentence.startswith("PEER_URL")
    assert "hunter2" not in sentence


def test_no_problem_repeats_a_password_or_a_key() -> None:
    said = " ".join(
        problems(
            {
                "BASIC_AUTH_PASSWORD": "hunter2-own",
                "PEER_PASSWORD": "hunter3",
                "SCALE_API_KEY": "hunter4",
                "SCALE_TARGET": "my app",
                "PORT": "x",
            }
        )
    )
    assert "hunter" not in said


def test_no_problem_and_no_repr_shows_alert_urls() -> None:
    urls = "mailto://me:hunter2@mail.example https://hunter2.example"
    settings = read(NOTIFY_URLS=urls, DEADMAN_URL="https://hc-ping.example/hunter2")
    assert "hunter" not in repr(settings)
    said = problems({**LEAST, "NOTIFY_URLS": f"{urls} hunter2", "DEADMAN_URL": "hunter2.example"})
    assert said == (
        "NOTIFY_URLS: address 3 of 3 does not begin with its service, such as mailto:// or "
        "slack://",
        "DEADMAN_URL is no URL: write it like https://hc-ping.com/…",
    )


@pytest.mark.parametrize("url", ["http://[::1]:8000/x", "http://my_app:8000", "https://a-b.c"])
def test_urls_of_every_kind_of_host_are_accepted(url: str) -> None:
    assert base_url(url) == url


# ---- twin.toml


TWO = """
[[target]]
name = "my-app"
timetable = "mon-fri 07:00=3 22:00=1"
timezone = "Europe/Berlin"
api_key_env = "OTHER_KEY"

[[target]]
name = "docker:shop"
probe_url = "https://shop.example"
probe_every = "1m"
probe_slow = "3s"
probe_fast = "2s"
max = 5
window = "20m"
respect = "1h"
dry_run = true
"""


def write(text: str) -> None:
    Path("twin.toml").write_text(text, encoding="utf-8")


def in_file(text: str, **environ: str) -> str:
    """The only problem with this `twin.toml`."""
    write(text)
    return problem(**environ)


def test_each_table_of_the_file_is_a_target() -> None:
    write(TWO)
    app, shop = read(OTHER_KEY="k3y").targets
    assert app.target == HerokuAddress("my-app", "web", "k3y")
    assert app.timetable is not None
    assert app.timetable.zone.key == "Europe/Berlin"
    assert app.rules == Rules()
    assert (shop.target.name, shop.timetable) == ("docker:shop", None)
    assert (shop.probe_url, shop.probe_every_s) == ("https://shop.example", 60)
    assert shop.rules == Rules(5, slow_s=3, fast_s=2, window_s=1200, respect_s=3600)
    assert (app.dry_run, shop.dry_run) == (False, True)


def test_targets_of_the_environment_and_the_file_add_up() -> None:
    write(TWO)
    scaled = read(**{**SCALED, "SCALE_TARGET": "my-app/worker"}, OTHER_KEY="k3y").targets
    assert [scale.target.name for scale in scaled] == ["my-app/worker", "my-app/web", "docker:shop"]


def test_a_target_named_twice_is_refused_in_any_notation() -> None:
    write(TWO.replace("docker:shop", "my-app/web"))
    twice = 'twin.toml, target 2 "my-app/web": my-app/web is named twice: keep one of the two'
    assert problem(OTHER_KEY="k3y", SCALE_API_KEY="k3y") == twice
    write(TWO)
    twice = 'twin.toml, target 1 "my-app": my-app/web is named twice: keep one of the two'
    assert problem(**SCALED, OTHER_KEY="k3y") == twice


def test_problems_of_file_and_environment_are_reported_at_once() -> None:
    write(TWO.replace("max = 5", "max = 0").replace("22:00=1", "22:00"))
    assert problems({**LEAST, "PORT": "eighty"}) == (
        "PORT is 'eighty': use a whole number from 0 to 65535",
        f'twin.toml, target 1 "my-app": timetable: 22:00 (character 17) is not an entry: {FORM}',
        'twin.toml, target 1 "my-app": OTHER_KEY is not set: make one with '
        "`heroku authorizations:create`",
        "twin.toml, target 2 \"docker:shop\": max is '0': use a whole number from 1 to 1000",
    )


SHOP = '[[target]]\nname = "docker:shop"\n'
LEVEL = SHOP + 'timetable = "=2"\n'


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (LEVEL + "time_zone = 'UTC'", ["time_zone is no setting", "did you mean timezone?"]),
        (LEVEL + "SCALE_MAX = 4", ["SCALE_MAX is no setting", "did you mean max?"]),
        (LEVEL + "colour = 'red'", ["colour is no setting", "there are api_key_env, api_url,"]),
        (LEVEL + "max = 2.5", ["max must be a text in quotes, a whole number, true or false"]),
        (LEVEL + "max = true", ["max is 'true': use a whole number"]),
        (LEVEL + "max = 1", ["timetable goes up to 2, but max is 1: raise max"]),
        (LEVEL + "probe_fast = '9s'", ["probe_fast is 9s, and probe_slow is 5s: make the first"]),
        (LEVEL + "dry_run = 'maybe'", ["dry_run is 'maybe': use false or true"]),
        (SHOP, ["neither timetable nor probe_url is set, so nothing would be scaled"]),
        ("[[target]]\ntimetable = '=1'", ["twin.toml, target 1: name is not set: name what"]),
        (LEVEL + "max = \n", ["twin.toml cannot be read: ", "line 4", "correct it there"]),
        ("[target]\nname = 'docker:shop'", ["begin each target with a line [[target]]"]),
        ("target = [3]", ["begin each target with a line [[target]]"]),
        ("[[targets]]", ["targets is unknown here: settings stand below lines [[target]] or"]),
    ],
)
def test_a_problem_of_the_file_names_the_table_the_key_and_the_remedy(
    text: str, parts: list[str]
) -> None:
    sentence = in_file(text, SCALE_API_KEY="k3y")
    assert sentence.startswith("twin.toml")
    assert [part for part in parts if part not in sentence] == []


def test_api_keys_in_the_file_are_refused_but_not_repeated() -> None:
    said = in_file(LEVEL + "api_key = 'HRKU-hunter2'")
    assert "api_key is a secret, and the file is not" in said
    assert "api_key_env" in said
    assert "hunter2" not in said
    said = in_file(TWO.replace("OTHER_KEY", "HRKU-hunter2"))
    assert "api_key_env must name an environment variable in capitals" in said
    assert "hunter2" not in said


def test_an_invalid_certificate_file_is_named_with_the_remedy(tmp_path: Path) -> None:
    text = tmp_path / "ca.der"
    text.write_bytes(b"\x30\x82")
    for file, why in (
        (text, "holds no certificate in PEM: name a file that has a line"),
        (tmp_path / "none", "cannot be read (No such file or directory): name a file of"),
        (tmp_path, "cannot be read (Is a directory): name a file of"),
    ):
        assert f"SSL_CERT_FILE is {file}, which {why}" in problem(SSL_CERT_FILE=str(file))


def test_a_certificate_file_is_accepted() -> None:
    assert read(SSL_CERT_FILE=certifi.where())


# ---- limits of messages


def test_a_name_too_long_for_a_message_is_refused() -> None:
    assert read(TWIN_NAME="a" * 128).name == "a" * 128
    assert problem(TWIN_NAME="a" * 129).endswith("set it to a shorter name")


def test_a_long_name_that_is_not_text_is_refused_for_both_reasons() -> None:
    with pytest.raises(SettingsError) as error:
        read(TWIN_NAME="\udcff" * 200)
    assert [said.partition(" ")[0] for said in error.value.problems] == ["TWIN_NAME"] * 2


def test_more_targets_than_a_pair_can_scale_are_refused() -> None:
    tables = (f'[[target]]\nname = "docker:shop{n}"\ntimetable = "=1"\n' for n in range(1_001))
    Path("twin.toml").write_text("".join(tables), encoding="utf-8")
    assert problem() == "twin.toml has 1001 targets: one pair scales 1000 at most"
