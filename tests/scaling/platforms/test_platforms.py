"""The address of a target, from its text and the settings of its platform."""

import pytest

from twin.core.pair.bounds import short_name
from twin.core.parser import Parser
from twin.duties.scaling import SCALE_JOB
from twin.scaling.platforms import PLATFORMS, Address, read_address
from twin.scaling.platforms.docker import DockerAddress, what_is_wrong_with
from twin.scaling.platforms.heroku import HerokuAddress

KEY = {"SCALE_API_KEY": "k3y", "KUBERNETES_SERVICE_HOST": "10.96.0.1"}


def read(text: str, **environ: str) -> Address:
    problems: list[str] = []
    address = read_address(text, Parser(environ, problems), {**KEY, **environ})
    assert problems == []
    return address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("my-app", HerokuAddress("my-app", "web", "k3y")),
        ("my-app/worker", HerokuAddress("my-app", "worker", "k3y")),
        ("01234567-89ab-cdef/web", HerokuAddress("01234567-89ab-cdef", "web", "k3y")),
        ("docker:shop", DockerAddress("shop")),
        ("docker:stack_web-1", DockerAddress("stack_web-1")),
    ],
)
def test_a_target_is_a_heroku_process_type_or_a_docker_service(text: str, address: Address) -> None:
    assert read(text) == read(address.name) == address


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_platform_has_a_valid_example_in_the_error(platform: str) -> None:
    with pytest.raises(ValueError, match="is not a target") as raised:
        read("")
    words = [word.strip(",") for word in str(raised.value).split()]
    examples = [word for word in words if "my-app" in word or word.startswith(f"{platform}:")]
    assert {type(read(each)).__module__.rpartition(".")[2] for each in examples} >= {platform}


@pytest.mark.parametrize(
    "text",
    ["", "my app", "a/b/c", "my-app/", "/web", "docker:", "docker:a/b", "docker:-x", "render:shop"],
)
def test_an_invalid_target_is_refused_with_valid_examples(text: str) -> None:
    with pytest.raises(ValueError, match="such as my-app or my-app/worker, or a Docker Swarm"):
        read(text)


@pytest.mark.parametrize("name", ["my-app/worker", "docker:shop"])
def test_a_connected_target_keeps_its_name(name: str) -> None:
    assert read(name).connect().name == name


def test_the_longest_target_names_make_job_names_that_fit() -> None:
    for text in ("a" * 30 + "/" + "b" * 128, "docker:" + "s" * 63):
        job = SCALE_JOB + read(text).name
        assert short_name(job) == job


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "schl\u00fcssel"])
def test_an_invalid_key_is_reported_but_not_shown(key: str) -> None:
    problems: list[str] = []
    read_address("my-app", Parser({}, problems), {"SCALE_API_KEY": key})
    assert problems == ["SCALE_API_KEY has characters that no key has: copy it again"]


def test_a_key_may_end_in_a_newline() -> None:
    assert read("my-app", SCALE_API_KEY="k3y\n") == HerokuAddress("my-app", "web", "k3y")


@pytest.mark.parametrize(
    ("host", "is_beyond"),
    [
        *(("unix:///var/run/docker.sock", False), ("tcp://127.0.0.1:2375", False)),
        *(("tcp://localhost:2375", False), ("tcp://[::1]:2375", False)),
        *(("tcp://10.0.0.5:2375", True), ("tcp://engine:2375", True)),
    ],
)
def test_only_a_remote_engine_is_beyond_this_machine(host: str, is_beyond: bool) -> None:
    assert read("docker:shop", DOCKER_HOST=host).is_beyond is is_beyond
    assert read("my-app").is_beyond


@pytest.mark.parametrize(
    "text",
    [
        *(
            "unix:///var/run/docker.sock",
            "tcp://127.0.0.1:2375",
            "tcp://engine:1",
            "tcp://e_1:65535/",
        ),
        *("tcp://[::1]:2375", "unix:///" + "x" * 106),
    ],
)
def test_an_engine_address_is_a_socket_or_a_port(text: str) -> None:
    assert not what_is_wrong_with(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "/var/run/docker.sock",
            "unix://docker.sock",
            "ssh://host",
            "npipe:////./pipe/docker",
        ),
        *(
            "http://h:2375",
            "fd://",
            "tcp://h",
            "tcp://h:x",
            "tcp://h:0",
            "tcp://h:99999",
            "tcp://:1",
        ),
        *(
            "tcp://h:2375/v1.40",
            "tcp://h:2375?x",
            "tcp://256.1.1.1:1",
            "tcp://[::1:2375",
            "tcp://h..h:1",
        ),
        *("tcp://::1:2375", "tcp://[]:2375", "tcp://h:-1"),
    ],
)
def test_an_invalid_engine_address_is_refused_with_valid_forms(text: str) -> None:
    assert "unix:///PATH/OF/docker.sock or tcp://HOST:2375" in what_is_wrong_with(text)


def test_a_password_in_an_engine_address_is_not_repeated() -> None:
    wrong = what_is_wrong_with("tcp://twin:s3cret@host:2375")
    assert wrong.startswith("DOCKER_HOST is 'tcp://host:2375'")


def test_a_socket_path_that_is_too_long_is_refused_with_the_limit() -> None:
    wrong = what_is_wrong_with("unix:///" + "x" * 107)
    assert "is too long: the path of a socket has 107 bytes at most" in wrong
