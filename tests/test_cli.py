"""What the command line makes of the settings."""

import pytest
from node_bench import ENVIRON

from twin import cli
from twin.config import Settings

SHOP = {
    "SCALE_TARGET": "docker:shop",
    "SCALE_TIMETABLE": "00:00=1",
    "JOBS": "",
}


@pytest.mark.parametrize(
    ("arguments", "dry"),
    [
        ([], False),
        (["--dry-run"], True),
        (["serve", "--dry-run"], True),
        (["--dry-run", "serve"], True),
    ],
)
def test_a_dry_run_may_be_asked_for_before_and_after_the_command(
    arguments: list[str], dry: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[Settings] = []

    def serve(settings: Settings, _: object) -> int:
        served.append(settings)
        return 0

    monkeypatch.setattr(cli, "_serve", serve)
    for name, value in {**ENVIRON, **SHOP}.items():
        monkeypatch.setenv(name, value)
    assert cli.run(arguments, None) == 0
    assert [target.dry_run for target in served[0].targets] == [dry]
