"""From the name of a target to the target."""

import threading

import pytest

from twin.clock import Clock
from twin.core.pair.bounds import short_name
from twin.scaling.duty_jobs import SCALE_JOB
from twin.scaling.platforms.registry import (
    Access,
    TargetName,
    make_target,
    parse_docker_host,
    parse_target,
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("my-app", TargetName("heroku", "my-app/web")),
        ("my-app/worker", TargetName("heroku", "my-app/worker")),
        ("01234567-89ab-cdef/web", TargetName("heroku", "01234567-89ab-cdef/web")),
        ("docker:shop", TargetName("docker", "shop")),
        ("docker:stack_web-1", TargetName("docker", "stack_web-1")),
    ],
)
def test_a_target_is_a_process_type_of_an_app_or_a_service(text: str, name: TargetName) -> None:
    assert parse_target(text) == name
    assert parse_target(str(name)) == name


@pytest.mark.parametrize(
    "text",
    ["", "my app", "a/b/c", "my-app/", "/web", "docker:", "docker:a/b", "docker:-x", "render:shop"],
)
def test_what_names_no_target_is_told_with_what_does(text: str) -> None:
    with pytest.raises(ValueError, match="such as my-app or my-app/worker, or a Docker Swarm"):
        parse_target(text)


@pytest.mark.parametrize("name", ["my-app/worker", "docker:shop"])
def test_a_target_that_is_made_is_called_as_it_was_named(name: str) -> None:
    access = Access(heroku_key="k3y")
    made = make_target(parse_target(name), access, Clock(), threading.Event())
    assert made.name == name


def test_the_longest_names_of_targets_make_names_that_messages_can_carry() -> None:
    for text in ("a" * 30 + "/" + "b" * 128, "docker:" + "s" * 63):
        job = SCALE_JOB + str(parse_target(text))
        assert short_name(job) == job


def test_only_a_platform_with_accounts_needs_a_key() -> None:
    assert parse_target("my-app").needs_key
    assert not parse_target("docker:shop").needs_key


def test_the_key_is_in_no_repr() -> None:
    assert "k3y" not in repr(Access(heroku_key="k3y"))


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
def test_an_engine_is_on_a_socket_or_a_port(text: str) -> None:
    assert parse_docker_host(text) == text


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
def test_an_engine_that_cannot_be_reached_is_told_with_what_can(text: str) -> None:
    with pytest.raises(ValueError, match=r"unix:///PATH/OF/docker.sock or tcp://HOST:2375"):
        parse_docker_host(text)


def test_a_password_in_an_engines_address_is_not_repeated() -> None:
    with pytest.raises(ValueError, match="DOCKER_HOST is 'tcp://host:2375'") as raised:
        parse_docker_host("tcp://twin:s3cret@host:2375")
    assert "s3cret" not in str(raised.value)


def test_a_path_that_is_too_long_for_a_socket_is_told_with_the_most() -> None:
    with pytest.raises(ValueError, match="is too long: that of a socket has 107 bytes at most"):
        parse_docker_host("unix:///" + "x" * 107)
