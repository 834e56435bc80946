from twin.hosts import HOSTS, host_of


def test_each_host_is_known_by_its_own_sign() -> None:
    for host in HOSTS:
        assert host_of({host.sign: "x"}) is host


def test_elsewhere_there_is_no_host() -> None:
    assert host_of({"PORT": "8000", "DYNO": ""}) is None


def test_a_host_that_tells_only_a_host_name_serves_it_over_https() -> None:
    heroku, render = HOSTS
    assert heroku.url({heroku.address: "my-app.herokuapp.com"}) == "https://my-app.herokuapp.com"
    assert render.url({render.address: "https://x.onrender.com"}) == "https://x.onrender.com"


def test_a_host_that_tells_no_url_has_none() -> None:
    assert HOSTS[0].url({}) is None
