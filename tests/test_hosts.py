from twin.hosts import HOSTS, host_of


def test_each_host_is_recognized_by_its_variable() -> None:
    for host in HOSTS:
        assert host_of({host.sign: "x"}) is host


def test_without_a_known_variable_there_is_no_host() -> None:
    assert host_of({"PORT": "8000", "DYNO": ""}) is None


def test_a_host_name_from_the_host_becomes_an_https_url() -> None:
    heroku, render = HOSTS
    assert heroku.url({heroku.address: "my-app.herokuapp.com"}) == "https://my-app.herokuapp.com"
    assert render.url({render.address: "https://x.onrender.com"}) == "https://x.onrender.com"


def test_a_host_that_sets_no_url_has_none() -> None:
    assert HOSTS[0].url({}) is None
