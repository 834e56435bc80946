"""The commands that look from outside, against two real twins, and against nothing."""

import asyncio
import json
import re

import pytest
from processes import LOGIN, Twin, until

from twin.lab.platform import Platform

Pair = tuple[Twin, Twin]


# ---- status


def test_status_shows_both_twins_and_the_jobs(pair: Pair) -> None:
    ended = pair[0].command("status")
    assert ended.returncode == 0
    said = ended.stderr.splitlines()
    assert [line for line in said if not line.startswith("waiting for ")] == []  # it may be slow
    for text in ("TWIN", "on duty", "standby", pair[0].url, pair[1].url, "good", "every 1h"):
        assert text in ended.stdout


def test_status_for_programs_is_json(pair: Pair) -> None:
    ended = pair[0].command("status", "--json")
    told = json.loads(ended.stdout)["twins"]
    assert [twin["twin"] for twin in told] == ["a", "b"]
    assert sorted(twin["role"] for twin in told) == ["on_duty", "standby"]


def test_status_finds_the_peer_by_what_the_twin_knows(pair: Pair) -> None:
    assert pair[1].url in pair[0].command("status", PEER_URL="").stdout


def test_status_of_nothing_says_so(lonely: Twin) -> None:
    ended = lonely.command("status")
    assert ended.returncode == 1
    assert ended.stdout.count("the connection is refused") == 2
    assert "JOB" not in ended.stdout
    assert "Traceback" not in ended.stderr


def test_a_proxy_of_the_machine_is_no_way_to_a_twin(pair: Pair) -> None:
    proxy = "http://127.0.0.1:9"
    ended = pair[0].command("status", HTTP_PROXY=proxy, http_proxy=proxy, ALL_PROXY=proxy)
    assert ended.returncode == 0


# ---- check


def test_check_finds_a_pair_that_is_wired_well(pair: Pair) -> None:
    ended = pair[0].command("check")
    assert ended.returncode == 0, ended.stdout
    assert "wrong" not in ended.stdout
    assert "the pair is wired" in ended.stdout
    assert f"{pair[1].url} is 'b'" in ended.stdout
    assert f"reaches this twin at {pair[0].url}" in ended.stdout
    assert "good, bad" in ended.stdout


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({"PEER_PASSWORD": "another"}, "are others: set both alike on both twins"),
        (
            {"PEER_URL": "http://127.0.0.1:9"},
            "refused: is that twin deployed and awake, and is its URL right?",
        ),
        ({"PEER_URL": "http://no-such-twin"}, "): is that twin deployed and awake, and is its"),
        ({"TWIN_NAME": "b"}, "set SELF_URL to this twin's"),
        ({"JOBS": "nothing"}, "nothing"),
    ],
)
def test_check_says_what_is_wrong(pair: Pair, environ: dict[str, str], told: str) -> None:
    ended = pair[0].command("check", **environ)
    assert ended.returncode == 1
    wrong = [line for line in ended.stdout.splitlines() if line.startswith("wrong")]
    assert any(told in line for line in wrong), ended.stdout
    assert "another" not in ended.stdout + ended.stderr


def test_check_finds_the_program_of_a_command_and_misses_it_on_the_peer(pair: Pair) -> None:
    ended = pair[0].command("check", RUN="cd / && sh bot.sh")
    assert ended.returncode == 1
    assert re.search(r"^ok +command +sh is /\S*/sh$", ended.stdout, re.M), ended.stdout
    assert "wrong  commands     only 'a' runs sh: set the same RUN" in ended.stdout


def test_check_says_which_program_of_a_command_is_not_there(lonely: Twin) -> None:
    ended = lonely.command("check", RUN="no-such-program --token=s3cret")
    told = "wrong  command      no-such-program: there is no program no-such-program: install it"
    assert told in ended.stdout
    assert "s3cret" not in ended.stdout


def test_check_of_nothing_says_so(lonely: Twin) -> None:
    ended = lonely.command("check")
    assert ended.returncode == 1
    assert ended.stdout.count("refused") == 2
    assert "Traceback" not in ended.stderr


def test_settings_that_are_wrong_are_told_all_at_once(lonely: Twin) -> None:
    ended = lonely.command("check", BASIC_AUTH_PASSWORD="", ON_WAKE="maybe")
    assert ended.returncode == 1
    assert ended.stdout.count("wrong  ") == 2
    assert ended.stderr == ""


def test_check_says_of_each_target_whether_it_can_be_read(lonely: Twin) -> None:
    async def checked() -> str:
        async with Platform() as platform:
            await platform.create("shop", procfile={"web": "true"}, quantity={"web": 2})
            tables = [
                f'[[target]]\nname = "{name}"\ntimetable = "=1"\napi_url = "{platform.api.url}"\n'
                for name in ("shop", "shop/clock")
            ]
            tables.append(
                '[[target]]\nname = "far"\ntimetable = "=1"\napi_url = "http://127.0.0.1:9"\n'
            )
            tables.append('[[target]]\nname = "docker:shop"\ntimetable = "=1"\n')
            (lonely.directory / "twin.toml").write_text("\n".join(tables))
            keys = {"SCALE_API_KEY": platform.api.key, "DOCKER_HOST": "unix:///no/docker.sock"}
            ended = await asyncio.to_thread(lonely.command, "check", **keys)
            assert platform.api.key not in ended.stdout + ended.stderr
            return ended.stdout + ended.stderr

    told = asyncio.run(checked())
    assert "ok     target       shop/web is at 2\n" in told
    assert "wrong  target       shop/clock: shop/clock is not there (404: " in told
    assert (
        "wrong  target       docker:shop: no Docker engine answers at unix:///no/docker.s" in told
    )
    assert "refused), so check the network and SCALE_API_URL: try again in a while\n" in told
    assert "by itself" not in told


def test_check_says_of_each_address_whether_people_can_be_told_there(lonely: Twin) -> None:
    ended = lonely.command("check", NOTIFY_URLS="json://n.example/s3cret slack://s3cret")
    assert "ok     notify       1 (json) of NOTIFY_URLS is an address that Apprise" in ended.stdout
    assert "wrong  notify       2 (slack) of NOTIFY_URLS is none that Apprise" in ended.stdout
    assert "s3cret" not in ended.stdout.replace("s3cret-of-both", "") + ended.stderr


# ---- run


@pytest.mark.parametrize(
    ("job", "status"), [("good", 0), ("exits-well", 0), ("bad", 1), ("exits", 1)]
)
def test_run_ends_as_its_job_ended(lonely: Twin, job: str, status: int) -> None:
    ended = lonely.command("run", job)
    assert ended.returncode == status, ended.stdout + ended.stderr
    assert f"job={job}" in ended.stdout
    assert ("no such thing" in ended.stdout) is (job == "bad")


def test_run_gives_the_job_its_run(lonely: Twin) -> None:
    assert "ran good 0\n" in lonely.command("run", "good").stdout


def test_run_of_a_job_that_is_not_there_names_those_that_are(lonely: Twin) -> None:
    ended = lonely.command("run", "god")
    assert ended.returncode == 1
    assert "there is no job 'god'; the jobs are: good, bad, exits, exits-well" in ended.stderr


def test_run_without_any_job_says_where_jobs_come_from(lonely: Twin) -> None:
    (lonely.directory / "jobs.py").unlink()
    told = "there is no job 'god', nor any other: set JOBS, or write a jobs.py\n"
    assert lonely.command("run", "god").stderr == told


def test_run_of_a_name_that_several_jobs_begin_with_says_how_they_are_named(lonely: Twin) -> None:
    (lonely.directory / "jobs.py").write_text(
        "import schedule\n\ndef job(): ...\n\n"
        "schedule.every(10).minutes.do(job)\nschedule.every().hour.do(job)\n"
    )
    said = "several jobs begin with 'jobs.job'; quote one: 'jobs.job every 10m', 'jobs.job every 1h"
    assert said in lonely.command("run", "jobs.job").stderr
    assert lonely.command("run", "jobs.job every 10m").returncode == 0
    assert "there is no job 'jobs'; the jobs are: 'jobs.job" in lonely.command("run", "jobs").stderr


@pytest.mark.parametrize("command", [("run", "good"), ("check",), ("plan", "--days=1")])
def test_threads_that_a_jobs_file_starts_keep_no_command_from_ending(
    lonely: Twin, command: tuple[str, ...]
) -> None:
    server = "import threading\nthreading.Thread(target=threading.Event().wait).start()\n"
    jobs = lonely.directory / "jobs.py"
    jobs.write_text(server + jobs.read_text())
    assert "good" in lonely.command(*command).stdout


def test_run_waits_for_the_threads_that_its_job_starts(lonely: Twin) -> None:
    (lonely.directory / "jobs.py").write_text(
        "import threading\nfrom twin import every\n\n"
        "def works():\n    threading.Event().wait(0.5)\n    print('worked')\n\n"
        "@every('1h', name='good')\ndef good():\n    threading.Thread(target=works).start()\n"
    )
    assert "worked" in lonely.command("run", "good").stdout


def test_run_waits_until_people_are_told_what_the_job_has_for_them(pair: Pair) -> None:
    guarded = f"127.0.0.1:{pair[0].port}"  # answers both, the engine's client and Apprise, with 401
    environ = {"DOCKER_HOST": f"tcp://{guarded}", "NOTIFY_URLS": f"json://{guarded}/news"}
    told = (
        pair[0]
        .command(
            *("run", "twin.scale.docker:shop"),
            **environ,
            SCALE_TARGET="docker:shop",
            SCALE_TIMETABLE="07:00=2",
        )
        .stdout
    )
    assert 'event=notify.failed twin=a url="1 (json)" alert="docker:shop' in told


# ---- down


def test_down_of_nothing_says_so(lonely: Twin) -> None:
    ended = lonely.command("down")
    assert ended.returncode == 1
    assert "there is nobody to hand the duty to, so it stays where it is" in ended.stderr
    assert ended.stderr.count("refused") == 2


def test_down_of_a_peer_that_is_not_there_leaves_the_duty(pair: Pair) -> None:
    holder = next(twin for twin in pair if twin.role() == "on_duty")
    ended = holder.command("down", PEER_URL="http://127.0.0.1:9")
    assert ended.returncode == 1
    assert "refused: is that twin deployed and awake, and is its URL right?" in ended.stderr
    assert holder.role() == "on_duty"


@pytest.mark.parametrize("asked", [0, 1])
def test_down_hands_the_duty_over_whoever_is_asked(pair: Pair, asked: int) -> None:
    holder = next(twin for twin in pair if twin.role() == "on_duty")
    other = pair[1] if holder is pair[0] else pair[0]
    ended = pair[asked].command("down")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert f"{other.url} is on duty now" in ended.stdout
    until(lambda: (other.role(), holder.role()) == ("on_duty", "standby"))


# ---- secrets


def test_no_secret_is_in_what_twins_and_commands_wrote(pair: Pair) -> None:
    for twin in pair:
        assert LOGIN[1] not in twin.output
    ended = pair[0].command("check")
    assert LOGIN[1] not in ended.stdout + ended.stderr


def test_twins_of_a_pair_wrote_nothing_but_lines_of_their_log(pair: Pair) -> None:
    for twin in pair:
        strange = [line for line in twin.output.splitlines() if not line.startswith("at=")]
        assert strange == []
