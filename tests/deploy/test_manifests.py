"""The files from which hosts and engines create the pair."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from node_bench import ENVIRON
from processes import run
from redis_server import redis_server

from twin.settings.settings import Settings, read_settings

ROOT = Path(__file__).parents[2]
BLUEPRINT = yaml.safe_load((ROOT / "render.yaml").read_text())
A, B = BLUEPRINT["services"]


def environ_of(service: dict[str, Any]) -> dict[str, str]:
    """The environment that Render makes from the Blueprint, with its own variables."""
    environ = {"RENDER": "true", "RENDER_SERVICE_NAME": service["name"], **set_by_render(service)}
    for entry in service["envVars"]:
        match entry:
            case {"fromGroup": name}:
                environ |= group(name)
            case {"key": key, "fromService": {"type": "web", "name": name, "envVarKey": of}}:
                environ[key] = set_by_render(named(name))[of]
    return environ


def set_by_render(service: dict[str, Any]) -> dict[str, str]:
    return {"RENDER_EXTERNAL_URL": f"https://{service['name']}.onrender.com"}


def named(name: str) -> dict[str, Any]:
    (service,) = (each for each in BLUEPRINT["services"] if each["name"] == name)
    return dict(service)


def group(name: str) -> dict[str, str]:
    (found,) = (each for each in BLUEPRINT["envVarGroups"] if each["name"] == name)
    return {each["key"]: each.get("value", "made by Render") for each in found["envVars"]}


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Settings, Settings]:
    monkeypatch.chdir(tmp_path)
    return read_settings(environ_of(A)), read_settings(environ_of(B))


def test_the_twins_know_each_other_and_share_a_password(
    settings: tuple[Settings, Settings],
) -> None:
    a, b = settings
    assert (a.name, b.name) == ("twin-a", "twin-b")
    assert (a.peer_url, b.peer_url) == (b.self_url, a.self_url)
    assert a.own == b.own == a.peer == b.peer


def test_the_password_is_generated() -> None:
    (shared,) = BLUEPRINT["envVarGroups"]
    assert {"key": "BASIC_AUTH_PASSWORD", "generateValue": True} in shared["envVars"]


def test_hosts_offer_a_command_to_run_and_need_none(settings: tuple[Settings, Settings]) -> None:
    assert group("twin")["RUN"] == ""
    assert not any(each.commands for each in settings)
    assert not json.loads((ROOT / "app.json").read_text())["env"]["RUN"]["required"]


def test_the_services_differ_only_in_their_names() -> None:
    texts = (json.dumps(each) for each in (A, B))
    one, other = (text.replace("twin-a", "x").replace("twin-b", "x") for text in texts)
    assert one == other


def test_render_and_heroku_run_the_same_command() -> None:
    assert f"web: {A['startCommand']}" == (ROOT / "Procfile").read_text().strip()


def test_the_pair_fits_the_free_hours_of_the_longest_month(tmp_path: Path) -> None:
    plan = run("plan", "--json", environ=environ_of(A) | CODE, directory=tmp_path)
    shown = json.loads(plan.stdout)
    assert (shown["host"], shown["days"], shown["dry_on_day"]) == ("render-free", 31, None)
    assert shown["hours"] < 750


@pytest.mark.parametrize("named", ["Dockerfile", "compose.yaml", "deploy/shop.yaml"])
def test_images_are_pinned_by_digest(named: str) -> None:
    text = (ROOT / named).read_text()
    images = re.findall(r"^(?:FROM| *image:) (\S+)", text, re.MULTILINE)
    assert images
    for image in set(images) - {"twin"}:  # ours, built here
        assert re.fullmatch(r"[\w/.-]+:[\w.-]+@sha256:[0-9a-f]{64}", image), image


# ---- an arbiter


def composed(**environ: str) -> dict[str, Any]:
    """The services of `compose.yaml`, with `${NAME:-default}` filled in as Compose does."""
    text = re.sub(
        r"\$\{(\w+):[-?]([^}]*)\}",
        lambda found: environ.get(found[1], found[2]),
        (ROOT / "compose.yaml").read_text(),
    )
    return dict(yaml.safe_load(text)["services"])


def test_compose_starts_an_arbiter_only_if_it_is_asked_to() -> None:
    services = composed()
    assert {name for name, service in services.items() if "profiles" in service} == {"arbiter"}
    assert services["arbiter"]["profiles"] == ["strict"]
    assert {services[twin]["environment"]["ARBITER_URL"] for twin in "ab"} == {""}
    assert read_settings(services["a"]["environment"]).arbiter_url is None


def test_both_twins_of_compose_ask_its_arbiter() -> None:
    services = composed(ARBITER_URL="redis://arbiter", ARBITER_LEASE="20s", ARBITER_DOWN="pair")
    for twin in "ab":
        settings = read_settings(services[twin]["environment"])
        assert settings.arbiter_url == "redis://arbiter"
        assert (settings.rules.lease_s, settings.rules.goes_on) == (20, True)
    assert "networks" not in services["arbiter"]  # it is in the default one, as the twins are


def test_the_arbiter_of_compose_is_fit_to_be_one(tmp_path: Path) -> None:
    """Its own options, on the Redis of this machine."""
    program, *options = composed()["arbiter"]["command"]
    assert program == "redis-server"
    words = [word for option in options for word in option.split()]
    with redis_server(*words) as server:
        environ = {**ENVIRON, "ARBITER_URL": server.url, "PATH": os.environ["PATH"], **CODE}
        told = run("check", environ=environ, directory=tmp_path).stdout
        assert len(re.findall("^ok +arbiter ", told, re.M)) == 5
        assert server.command("CONFIG", "GET", "appendfsync").split()[1] == "always"


BUILDS = [
    pytest.param(("bash", str(ROOT / "bin/post_compile")), id="heroku"),
    pytest.param(("sh", "-c", A["buildCommand"]), id="render"),
]


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize(("url", "installs"), [("redis://x", True), ("", False), (None, False)])
def test_a_build_installs_the_drivers_only_where_an_arbiter_is_set(
    build: tuple[str, ...], url: str | None, installs: bool, tmp_path: Path
) -> None:
    for program in ("python", "pip"):
        (tmp_path / program).write_text('#!/bin/sh\necho "$@"\n')
        (tmp_path / program).chmod(0o755)
    environ = {"PATH": f"{tmp_path}:/usr/bin:/bin"} | ({} if url is None else {"ARBITER_URL": url})
    done = subprocess.run(build, env=environ, capture_output=True, text=True, check=True)
    assert ("requirements-strict.txt" in done.stdout) is installs


def test_the_image_has_the_drivers() -> None:
    assert "--requirement=requirements-strict.txt" in (ROOT / "Dockerfile").read_text()


CODE = {"PYTHONPATH": str(ROOT)}


def test_the_heroku_container_stack_runs_the_command_of_the_procfile() -> None:
    """`heroku run` and the Scheduler use the image of `web`, and do nothing without one."""
    heroku = yaml.safe_load((ROOT / "heroku.yml").read_text())
    assert heroku == {"build": {"docker": {"web": "Dockerfile"}}}
    last = (ROOT / "Dockerfile").read_text().splitlines()[-1]
    assert " ".join(json.loads(last.removeprefix("CMD "))) == A["startCommand"]
