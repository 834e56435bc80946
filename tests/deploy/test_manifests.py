"""`render.yaml` and `heroku.yml`, from which hosts create the pair."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from processes import run

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


CODE = {"PYTHONPATH": str(ROOT)}


def test_the_heroku_container_stack_runs_the_command_of_the_procfile() -> None:
    """`heroku run` and the Scheduler use the image of `web`, and do nothing without one."""
    heroku = yaml.safe_load((ROOT / "heroku.yml").read_text())
    assert heroku == {"build": {"docker": {"web": "Dockerfile"}}}
    last = (ROOT / "Dockerfile").read_text().splitlines()[-1]
    assert " ".join(json.loads(last.removeprefix("CMD "))) == A["startCommand"]
