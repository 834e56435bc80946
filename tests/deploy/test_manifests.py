"""`render.yaml` and `heroku.yml`, from which hosts make the pair."""

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
    """As Render makes it of the Blueprint, and what it sets itself."""
    environ = {"RENDER": "true", "RENDER_SERVICE_NAME": service["name"], **told_by_render(service)}
    for entry in service["envVars"]:
        match entry:
            case {"fromGroup": name}:
                environ |= group(name)
            case {"key": key, "fromService": {"type": "web", "name": name, "envVarKey": of}}:
                environ[key] = told_by_render(named(name))[of]
    return environ


def told_by_render(service: dict[str, Any]) -> dict[str, str]:
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


def test_the_two_are_told_of_each_other_and_share_a_password(
    settings: tuple[Settings, Settings],
) -> None:
    a, b = settings
    assert (a.name, b.name) == ("twin-a", "twin-b")
    assert (a.peer_url, b.peer_url) == (b.self_url, a.self_url)
    assert a.own == b.own == a.peer == b.peer


def test_the_password_is_written_nowhere() -> None:
    (shared,) = BLUEPRINT["envVarGroups"]
    assert {"key": "BASIC_AUTH_PASSWORD", "generateValue": True} in shared["envVars"]


def test_the_two_differ_in_nothing_but_their_names() -> None:
    told = [json.dumps(each).replace("twin-a", "x").replace("twin-b", "x") for each in (A, B)]
    assert told[0] == told[1]


def test_what_render_runs_is_what_heroku_runs() -> None:
    assert f"web: {A['startCommand']}" == (ROOT / "Procfile").read_text().strip()


def test_the_pair_fits_the_free_hours_of_the_longest_month(tmp_path: Path) -> None:
    plan = run("plan", "--json", environ=environ_of(A) | CODE, directory=tmp_path)
    told = json.loads(plan.stdout)
    assert (told["host"], told["days"], told["dry_on_day"]) == ("render-free", 31, None)
    assert told["hours"] < 750


@pytest.mark.parametrize("named", ["Dockerfile", "compose.yaml", "deploy/shop.yaml"])
def test_images_are_named_by_their_digest(named: str) -> None:
    text = (ROOT / named).read_text()
    images = re.findall(r"^(?:FROM| *image:) (\S+)", text, re.MULTILINE)
    assert images
    for image in set(images) - {"twin"}:  # ours is built here
        assert re.fullmatch(r"[\w/.-]+:[\w.-]+@sha256:[0-9a-f]{64}", image), image


CODE = {"PYTHONPATH": str(ROOT)}


def test_the_container_stack_has_a_web_image_that_runs_what_the_procfile_runs() -> None:
    """`heroku run` and the Scheduler use the image of `web`, and do nothing without one."""
    heroku = yaml.safe_load((ROOT / "heroku.yml").read_text())
    assert heroku == {"build": {"docker": {"web": "Dockerfile"}}}
    last = (ROOT / "Dockerfile").read_text().splitlines()[-1]
    assert " ".join(json.loads(last.removeprefix("CMD "))) == A["startCommand"]
