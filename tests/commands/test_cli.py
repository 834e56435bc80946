"""What the command line makes of the settings."""

import os
import socket
import sys
from pathlib import Path

import pytest
from node_bench import ENVIRON

from twin import assemble
from twin.__main__ import main
from twin.settings.settings import Settings

SHOP = {
    "SCALE_TARGET": "docker:shop",
    "SCALE_TIMETABLE": "00:00=1",
    "JOBS": "",
    "PORT": "0",
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
    arguments: list[str], dry: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    served: list[Settings] = []

    def serve(settings: Settings, listener: socket.socket, *_: object) -> None:
        served.append(settings)
        listener.close()

    monkeypatch.setattr(assemble, "serve", serve)
    monkeypatch.setattr(os, "_exit", sys.exit)
    monkeypatch.setattr(sys, "argv", ["twin", *arguments])
    monkeypatch.chdir(tmp_path)
    for name, value in {**ENVIRON, **SHOP}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert [target.dry_run for target in served[0].targets] == [dry]
