"""`app.json`, the form of the Heroku Button."""

import json
from pathlib import Path

import jsonschema
import pytest

from twin.settings.settings import read_settings

MANIFEST = json.loads(Path(__file__).parents[1].joinpath("app.json").read_text())
SCHEMA = json.loads(Path(__file__).with_name("data").joinpath("app-json.schema.json").read_text())

INPUT = {
    "TWIN_NAME": "a",
    "SELF_URL": "https://a.example",
    "PEER_URL": "https://b.example",
    "BASIC_AUTH_PASSWORD": "own-s3cret",
    "SCALE_TARGET": "my-app",
    "SCALE_API_KEY": "k3y",
    "SCALE_TIMETABLE": "mon-fri 07:00=3 22:00=1; sat,sun 09:00=2; 2026-12-24..2026-12-26 =1",
    "PROBE_URL": "https://my-app.example",
    "NOTIFY_URLS": "mailto://name:password@gmail.com",
    "DEADMAN_URL": "https://hc-ping.example/1",
}
"""A user's input for the empty fields."""


class Watched(dict[str, str]):
    """Records the variables read."""

    def __init__(self, values: dict[str, str]) -> None:
        super().__init__(values)
        self.asked: set[str] = set()

    def get(self, key: str, default: str = "") -> str:  # type: ignore[override]  # as it is used
        self.asked.add(key)
        return super().get(key, default)


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_manifest_matches_herokus_schema() -> None:
    jsonschema.validate(MANIFEST, SCHEMA)


def test_every_field_has_a_description_and_is_a_setting_that_is_read() -> None:
    fields = MANIFEST["env"]
    environ = Watched({name: field.get("value", "") for name, field in fields.items()} | INPUT)
    read_settings(environ)
    assert set(fields) <= environ.asked
    assert all(field["description"].endswith(".") for field in fields.values())


def test_the_required_fields_suffice() -> None:
    fields = MANIFEST["env"]
    needed = {name: INPUT.get(name, "") for name in fields if fields[name].get("required", True)}
    values = {name: field["value"] for name, field in fields.items() if "value" in field}
    assert read_settings(needed | values).targets == ()


def test_the_example_of_a_timetable_is_in_its_description() -> None:
    assert INPUT["SCALE_TIMETABLE"] in MANIFEST["env"]["SCALE_TIMETABLE"]["description"]
