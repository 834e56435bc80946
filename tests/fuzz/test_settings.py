"""Random invalid settings: each is read, or refused in sentences without a secret."""

from pathlib import Path
from random import Random

import pytest
from processes import Twin

from twin.settings.settings import SettingsError, read_settings

COUNT = 2_000
SECRETS = ("BASIC_AUTH_PASSWORD", "PEER_PASSWORD", "SCALE_API_KEY", "NOTIFY_URLS", "DEADMAN_URL")
HIDDEN = "hunter2"
URLS = ("PEER_URL", "SELF_URL", "SCALE_API_URL", "PROBE_URL")
NAMES = [
    *("PORT", "TWIN_NAME", "SELF_URL", "PEER_URL", "SELF_PING", "JOBS", "ON_WAKE", "SHIFT"),
    *("TIMEZONE", "STANDBY", "SCALE_TARGET", "SCALE_API_URL", "SCALE_TIMETABLE", "SCALE_MAX"),
    *("SCALE_TIMEZONE", "SCALE_WINDOW", "SCALE_RESPECT", "SCALE_DRY_RUN", "DOCKER_HOST"),
    *("PROBE_URL", "PROBE_EVERY", "PROBE_SLOW", "PROBE_FAST", "BASIC_AUTH_USERNAME"),
    *("PEER_USERNAME", "DYNO", "HEROKU_APP_DEFAULT_DOMAIN_NAME", "RENDER", "RENDER_EXTERNAL_URL"),
]
GOOD = {
    "TWIN_NAME": "a",
    "BASIC_AUTH_USERNAME": "user",
    "SCALE_TARGET": "my-app",
    "SCALE_TIMETABLE": "07:00=3 22:00=1",
    **dict.fromkeys(SECRETS[:3], HIDDEN),
    "NOTIFY_URLS": f"json://notify.example/{HIDDEN}",
    "DEADMAN_URL": f"https://ping.example/{HIDDEN}",
}
ODD = [
    *(
        "",
        " ",
        "0",
        "-1",
        "9" * 5000,
        "9" * 400 + "s",
        "9" * 5000 + "d",
        "1e400",
        "nan",
        "٣",
        "\udcff",
    ),
    *(
        "\x00",
        "\n",
        "x" * 10_000,
        "../../etc/passwd",
        "..",
        ".",
        ":",
        "=",
        "=1",
        "07:00",
        "25:99=1",
    ),
    *("07:00=" + "9" * 5000, "00:00-00:00", "24:00-1:00", "http://", "http://[", "https://[::1"),
    *("https://b.example:99999", "https://u@b.example", "https://b.example/?x", "http://b.example"),
    *("docker:", "docker:" + "x" * 300, "/", "a/b/c", "tcp://[", "unix://", "Mars/Olympus", "true"),
    *("mon-sun 07:00=3", "mon-mon-mon 1=1", "tcp://h:" + "9" * 5000, "ß://x", "json://[", "1h30"),
]


def test_any_settings_are_read_or_refused_without_a_secret(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    random = Random(seed)  # noqa: S311 (it must repeat a run by its seed)
    for _ in range(COUNT):
        environ = dict(GOOD)
        for name in random.sample(NAMES, random.randint(1, 6)):
            environ[name] = random.choice(ODD) + random.choice(["", "", "", random.choice(ODD)])
        for name in random.sample(URLS, random.randint(0, 2)):
            environ[name] = random.choice([f"https://u:{HIDDEN}@b.example", f"http://b/?{HIDDEN}"])
        for name in random.sample(SECRETS, random.randint(0, 2)):
            environ[name] = random.choice(
                [HIDDEN, f"{HIDDEN} {random.choice(ODD)}", "://" + HIDDEN]
            )
        try:
            output = repr(read_settings(environ))
        except SettingsError as error:
            output = str(error)
        assert HIDDEN not in output, (environ, output)


@pytest.mark.parametrize("name", ["PORT", "SELF_PING"])
def test_a_twin_that_cannot_start_says_why_without_a_traceback(name: str, lonely: Twin) -> None:
    lonely.environ[name] = "9" * 5000
    lonely.start()
    assert lonely.ends() == 1
    assert f'because="{name}' in lonely.output
    assert "Traceback" not in lonely.output
