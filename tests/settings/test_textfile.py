"""`.env` and `twin.toml` as editors, shells and hosts write them."""

import os
from pathlib import Path

import pytest
from processes import Twin

from twin.settings.textfile import TextFileError, read_text

UTF8 = "save it as UTF-8"
CONTENTS = [
    ("TWIN_NAME=a\n".encode("utf-16"), "it is UTF-16, as Windows PowerShell writes it", UTF8),
    ("TWIN_NAME=a\n".encode("utf-16-be"), "line 1 holds a NUL character", UTF8),
    ("A=1\nB=ü\n".encode("latin-1"), "line 2 is not UTF-8", UTF8),
    (b"A=1\nB=2\nC=x\0y\n", "line 3 holds a NUL character", UTF8),
]


def refusal(file: Path) -> str:
    with pytest.raises(TextFileError) as refused:
        read_text(file)
    return str(refused.value)


@pytest.mark.parametrize(("content", "why", "remedy"), CONTENTS)
def test_a_file_that_is_not_text_in_utf8_is_named_with_the_remedy(
    tmp_path: Path, content: bytes, why: str, remedy: str
) -> None:
    (tmp_path / "file").write_bytes(content)
    assert refusal(tmp_path / "file") == f"{tmp_path / 'file'} cannot be read: {why}: {remedy}"


def test_a_byte_order_mark_is_not_part_of_the_text(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("A=ü", encoding="utf-8-sig")
    assert read_text(tmp_path / "file") == "A=ü"


def test_a_directory_or_an_unreadable_file_is_named_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "memory").symlink_to("/proc/self/mem")  # unreadable even for root
    assert refusal(tmp_path).endswith("it is a directory: remove it, or make it a file")
    assert refusal(tmp_path / "memory").endswith("error: let this user read it, or remove it")


@pytest.mark.parametrize("command", ["serve", "check", "status", "plan"])
def test_every_command_reports_an_unreadable_env_file(lonely: Twin, command: str) -> None:
    (lonely.directory / ".env").write_bytes("PEER_PASSWORD=s3cret-ü".encode("utf-16"))
    ended = lonely.command(command)
    assert ended.returncode == 1
    error = ".env cannot be read: it is UTF-16, as Windows PowerShell writes it: save it as UTF-8\n"
    assert (ended.stdout, ended.stderr) == ("", error)


def test_a_directory_named_env_is_reported(lonely: Twin) -> None:
    (lonely.directory / ".env").mkdir()  # Docker makes one if the file to mount is missing
    error = lonely.command("check").stderr
    assert error == ".env cannot be read: it is a directory: remove it, or make it a file\n"


@pytest.mark.parametrize("line", ["BASIC_AUTH_PASSWORD='s3cret-of-us", "=s3cret", "PORT 's3cret'"])
def test_an_unparsable_env_line_is_named_without_its_content(lonely: Twin, line: str) -> None:
    (lonely.directory / ".env").write_text(f"# settings\n{line}\n")
    ended = lonely.command("check")
    assert ended.returncode == 1
    assert ended.stderr.startswith(".env cannot be used: line 2 is not NAME=VALUE")
    assert "s3cret" not in ended.stderr


def test_a_virtual_environment_named_env_is_ignored(lonely: Twin) -> None:
    (lonely.directory / ".env").mkdir()
    (lonely.directory / ".env" / "pyvenv.cfg").touch()
    assert "ok     settings" in lonely.command("check").stdout


def test_characters_outside_the_locale_are_reported_without_the_secret(lonely: Twin) -> None:
    (lonely.directory / ".env").write_text("NEW_PASSWORD=s3cretü", encoding="utf-8")
    locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    ended = lonely.command("check", **locale)
    assert ended.returncode == 1
    assert ended.stderr.startswith(".env cannot be used: ")
    assert "set LC_ALL=C.UTF-8" in ended.stderr
    assert "s3cret" not in ended.stderr.replace(os.sep, "")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("[[target]]".encode("utf-16"), "it is UTF-16, as Windows PowerShell writes it"),
        (b"a = " + b"[" * 100_000, "twin.toml cannot be read: "),
    ],
)
def test_an_unreadable_twin_toml_is_reported_with_the_settings(
    lonely: Twin, content: bytes, why: str
) -> None:
    (lonely.directory / "twin.toml").write_bytes(content)
    ended = lonely.command("check")
    assert ended.returncode == 1
    assert ended.stdout.startswith("wrong  twin.toml")
    assert why in ended.stdout
    assert "Traceback" not in ended.stderr


def test_a_twin_toml_with_a_byte_order_mark_is_read(lonely: Twin) -> None:
    (lonely.directory / "twin.toml").write_text("max = 1", encoding="utf-8-sig")
    assert "twin.toml: max is unknown here" in lonely.command("check").stdout
