"""The app as peers, hosts and people use it, without a socket."""

import asyncio
import base64
import json
from dataclasses import asdict, replace
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from node_bench import WALL, Bench, bench, document, higher, job
from starlette.types import ASGIApp

import twin
from twin.core.pair.document import Role
from twin.core.pair.events import Via
from twin.core.pair.history import Look, Record
from twin.core.pair.knowledge import Claim, Entry, Fate
from twin.core.pair.timeouts import STALLED_S
from twin.log import Log
from twin.node.codec import DOCUMENT_BYTES, dump_json
from twin.settings.settings import Credentials
from twin.web.actions import Peering
from twin.web.app import Parts, make_app
from twin.web.snapshot import About
from twin.web.streams import Streams

AUTH = ("user", "pässword")
PATHS = [("GET", "/"), ("GET", "/status"), ("GET", "/watch"), ("POST", "/actions")] + [
    (method, path) for path in ("/update", "/down") for method in ("GET", "POST")
]

CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537"
)
A_BROWSERS: list[dict[str, str]] = [
    {"User-Agent": CHROME, "Accept": "*/*"},  # a script, over plain http, without a referrer
    {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"},
    {"Accept": "image/avif,image/webp,*/*;q=0.8"},
    {"Accept": "text/css,*/*;q=0.1"},
    {"Upgrade-Insecure-Requests": "1"},
    {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"},
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Dest": "image"},
    {"Sec-Purpose": "prefetch;prerender"},
    {"Purpose": "prefetch"},
    {"X-Moz": "prefetch"},
]


async def nobody(_: object) -> None:
    """A peer that does not answer."""


async def this_boot(_: str) -> str:
    """A URL that leads here."""
    return "1-a"


def app_of(
    made: Bench,
    peering: Peering | None = None,
    about: About | None = None,
    most_bytes: int = DOCUMENT_BYTES,
) -> ASGIApp:
    streams = Streams(made.node)
    peering = peering or Peering(nobody, this_boot, nobody)
    parts = Parts(made.node, streams, peering, about or About(), made.clock, Log("a", made.output))
    return make_app(parts, Credentials(*AUTH), most_bytes)


def ask(
    made: Bench,
    method: str,
    path: str,
    peering: Peering | None = None,
    about: About | None = None,
    most_bytes: int = DOCUMENT_BYTES,
    **options: Any,
) -> httpx.Response:
    """One request, with credentials unless `auth` says otherwise."""

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(
            app_of(made, peering, about, most_bytes), raise_app_exceptions=False
        )
        login = httpx.BasicAuth(AUTH[0].encode(), AUTH[1].encode())
        async with httpx.AsyncClient(transport=transport, base_url="http://a.example") as client:
            answer = await client.request(method, path, **{"auth": login, **options})
            await asyncio.sleep(0)  # its background work is done, too
            return answer

    return asyncio.run(send())


@pytest.fixture
def holder() -> Bench:
    made = bench(job())
    made.take_duty()
    return made


@pytest.fixture
def standby() -> Bench:
    made = bench(job())
    made.join()
    return made


def claiming(made: Bench) -> bytes:
    """The document of a peer that takes the duty."""
    return dump_json(document(claim=higher(made), role=Role.CLAIMING))


# ---- access


@pytest.mark.parametrize(("method", "path"), PATHS)
@pytest.mark.parametrize(
    "header",
    [
        None,
        "Basic " + base64.b64encode(b"user:wrong").decode(),
        "Basic " + base64.b64encode("user:pässword".encode("latin-1")).decode(),
        "Basic " + base64.b64encode("user:pässword ".encode()).decode(),
        "Basic !!!",
        "Basic \xfc",
        "Bearer " + base64.b64encode("user:pässword".encode()).decode(),
    ],
)
def test_without_credentials_every_request_is_refused(
    method: str, path: str, header: str | None, holder: Bench
) -> None:
    before = holder.node.look()
    headers = {} if header is None else {"Authorization": header.encode("latin-1")}
    answer = ask(holder, method, path, auth=None, headers=headers, content=claiming(holder))
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic")
    assert answer.json() == {"error": "credentials are needed"}
    assert holder.node.look() is before


@pytest.mark.parametrize(("method", "path"), [path for path in PATHS if path[1] != "/"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_another_site_cannot_use_the_credentials_that_a_browser_adds(
    method: str, path: str, headers: dict[str, str], holder: Bench
) -> None:
    before = holder.node.look()
    answer = ask(holder, method, path, headers=headers, content=claiming(holder))
    assert answer.status_code == 403
    assert holder.node.look() is before


@pytest.mark.parametrize("path", ["/update", "/down", "/watch"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("headers", A_BROWSERS, ids=lambda headers: next(iter(headers)))
def test_no_automatic_browser_request_moves_the_duty(
    method: str, path: str, headers: dict[str, str], standby: Bench
) -> None:
    before = standby.node.look()
    answer = ask(standby, method, path, headers=headers)
    assert answer.status_code == 403
    assert method == "HEAD" or "status page" in answer.json()["error"]
    assert standby.node.look() is before


@pytest.mark.parametrize(
    "headers",
    [
        {"User-Agent": "curl/8.5.0", "Accept": "*/*"},
        {"User-Agent": "Wget/1.21.4", "Accept": "*/*", "Accept-Encoding": "identity"},
        {"User-Agent": "python-requests/2.32.3", "Accept": "*/*"},
        {"User-Agent": "Go-http-client/1.1"},
        {"User-Agent": "node", "Accept": "*/*", "Accept-Language": "*", "Sec-Fetch-Mode": "cors"},
        {"User-Agent": ""},
    ],
    ids=lambda headers: headers["User-Agent"],
)
def test_programs_may_move_the_duty_by_a_plain_get(headers: dict[str, str], standby: Bench) -> None:
    assert ask(standby, "GET", "/down", headers=headers).status_code == 200
    assert standby.role in (Role.CLAIMING, Role.ON_DUTY)


def test_the_page_works_behind_a_proxy_that_changes_the_host(holder: Bench) -> None:
    headers = {"Host": "127.0.0.1:8001", "Origin": "https://twins.example"}
    body = {"do": "pause"}
    assert ask(holder, "POST", "/actions", json=body, headers=headers).status_code == 403
    for said in ({"Sec-Fetch-Site": "same-origin"}, {"Twin-Page": "1"}):
        answer = ask(holder, "POST", "/actions", json=body, headers={**headers, **said})
        assert answer.status_code == 200
        assert ask(holder, "GET", "/status", headers={**headers, **said}).status_code == 200


def test_static_files_are_served_to_our_page_under_another_host(holder: Bench) -> None:
    headers = {"Host": "127.0.0.1:8001", "Referer": "http://pair/"}
    assert ask(holder, "GET", "/static/page.js", headers=headers).status_code == 200


def test_a_page_at_the_own_url_is_no_other_site() -> None:
    made = bench(url="http://pair:8080")
    headers = {"Host": "127.0.0.1:8001", "Referer": "http://pair:8080/"}
    assert ask(made, "GET", "/status", headers=headers).status_code == 200
    headers["Referer"] = "http://pair:3000/"
    answer = ask(made, "GET", "/status", headers=headers)
    assert answer.status_code == 403
    assert "set SELF_URL" in answer.json()["error"]


def test_wrong_credentials_are_counted_and_none_at_all_are_not(holder: Bench) -> None:
    assert ask(holder, "GET", "/status").json()["refused_logins"] == 0
    ask(holder, "GET", "/status", auth=None)
    assert not [line for line in holder.lines if "login.failed" in line]
    ask(holder, "GET", "/status", auth=("user", "wrong"))
    assert [line for line in holder.lines if "login.failed" in line]


def test_a_link_from_another_site_to_the_status_page_is_followed(holder: Bench) -> None:
    assert ask(holder, "GET", "/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


@pytest.mark.parametrize(
    "path", ["/nothing", "/update/", "/healthz/", "/docs", "/openapi.json", "/redoc", "//status"]
)
def test_everything_else_is_not_there(path: str, holder: Bench) -> None:
    assert ask(holder, "GET", f"http://a.example{path}").status_code == 404
    assert ask(holder, "GET", f"http://a.example{path}", auth=None).status_code == 401


# ---- the peer's requests


def test_an_update_is_merged_and_answered_with_the_new_document(holder: Bench) -> None:
    claim = higher(holder)
    answer = ask(holder, "POST", "/update", content=claiming(holder))
    assert answer.status_code == 200
    told = answer.json()
    assert (told["status"], told["twin"], told["role"]) == ("Update", "a", "standby")
    assert told["claim"] == asdict(claim)
    assert holder.role is Role.STANDBY


def test_a_down_hands_the_duty_over(standby: Bench) -> None:
    held = standby.node.look().knowledge.claim
    released = Claim(held.term, held.twin, held.boot, released=True)
    leaving = document(claim=released, role=Role.LEAVING, leaving=True)
    answer = ask(standby, "POST", "/down", content=dump_json(leaving))
    assert (answer.status_code, answer.json()["status"]) == (200, "Down")
    assert standby.role in (Role.CLAIMING, Role.ON_DUTY)


def test_the_plain_update_of_a_legacy_peer_takes_the_duty_away(holder: Bench) -> None:
    answer = ask(holder, "GET", "/update")
    assert (answer.status_code, answer.json()) == (200, {"status": "Update"})
    assert holder.role is Role.STANDBY


def test_the_plain_down_of_a_legacy_peer_gives_the_duty(standby: Bench) -> None:
    answer = ask(standby, "GET", "/down")
    assert (answer.status_code, answer.json()) == (200, {"status": "Down"})
    assert standby.role in (Role.CLAIMING, Role.ON_DUTY)


@pytest.mark.parametrize(
    ("called", "url"),
    [
        ("http://twin-a/update", "http://twin-a"),
        ("https://a.example/update", "https://a.example"),
        ("https://a.example/twins/a/update", "https://a.example/twins/a"),
        ("http://10.0.0.1:8001/update", "http://10.0.0.1:8001"),
        ("http://a.example/update", None),
        ("gopher://a.example/update", None),
        ("https://user:pass@a.example/update", None),
        ("/update", None),
        ("", None),
    ],
)
def test_a_twin_learns_its_url_from_the_peers_calls(
    called: str, url: str | None, holder: Bench
) -> None:
    headers = {"Twin-Called": called, "Host": "127.0.0.1:8001", "X-Forwarded-Proto": "https"}
    assert ask(holder, "POST", "/update", content=claiming(holder), headers=headers).is_success
    assert holder.node.look().url == url


def test_a_url_from_the_settings_is_not_learned_again() -> None:
    made = bench(url="https://set.example")
    headers = {"Twin-Called": "https://a.example/update"}
    ask(made, "POST", "/update", content=claiming(made), headers=headers)
    assert made.node.look().url == "https://set.example"


# ---- invalid documents


def refused(made: Bench, body: bytes) -> None:
    for path in ("/update", "/down"):
        before = made.node.look()
        answer = ask(made, "POST", path, content=body)
        assert 400 <= answer.status_code < 500, answer.text
        assert made.node.look() is before


STANDING = bench(job())
STANDING.join()
PLAIN = json.loads(dump_json(document(claim=higher(STANDING), ledger={})))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_refused_and_change_nothing(body: bytes) -> None:
    refused(STANDING, body)


@settings(max_examples=40, deadline=None)
@given(JSON)
def test_any_json_that_is_no_document_is_refused_and_changes_nothing(value: Any) -> None:
    refused(STANDING, json.dumps(value).encode())


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(PLAIN)), JSON)
def test_a_document_with_a_field_of_any_kind_never_breaks_a_twin(field: str, value: Any) -> None:
    made = bench(job())
    made.take_duty()
    before = made.node.look()
    body = json.dumps({**PLAIN, field: value}).encode()
    answer = ask(made, "POST", "/update", content=body)
    assert answer.status_code in (200, 400), answer.text
    if answer.status_code == 400:
        assert made.node.look() is before
    assert ask(made, "GET", "/status").status_code == 200


HUGE = [10**400, -(10**400), 2**63, 1e308, -1e308, float("nan"), float("inf"), -1, 0.5]


@pytest.mark.parametrize("number", HUGE)
@pytest.mark.parametrize("field", ["term", "slot", "late_ms", "seconds", "ticked_ago_s"])
def test_no_number_breaks_a_twin(field: str, number: float, holder: Bench) -> None:
    entry = {"slot": int(WALL), "fate": "done", "twin": "b", "boot": "2-b"}
    body = {**PLAIN, "claim": {"term": 1}, "ledger": {"jobs.post": entry}}
    match field:
        case "term":
            body["claim"] = {"term": number}
        case "ticked_ago_s":
            body[field] = number
        case _:
            entry[field] = number
    answer = ask(holder, "POST", "/update", content=json.dumps(body).encode())
    assert answer.status_code in (200, 400), answer.text
    assert ask(holder, "GET", "/status").status_code == 200
    assert ask(holder, "GET", "/").status_code == 200
    holder.wait(15)  # and its scheduler runs on
    assert "slot.started" in holder.events


def test_a_body_over_the_limit_is_refused(holder: Bench) -> None:
    before = holder.node.look()
    for size, status in ((1001, 413), (1000, 400)):
        answer = ask(holder, "POST", "/update", most_bytes=1000, content=b" " * size)
        assert answer.status_code == status
    assert holder.node.look() is before


# ---- requests of hosts and people


def test_the_status_holds_every_documented_field(holder: Bench) -> None:
    holder.clock.move(1)
    holder.hear(
        Via.LINE,
        url="https://b.example",
        ledger={"jobs.post": Entry(int(WALL), Fate.DONE, "b", "2-b", late_ms=3, seconds=0.8)},
    )
    told = ask(holder, "GET", "/status").json()
    term = holder.node.look().knowledge.claim.term
    assert (told["twin"], told["boot"], told["role"]) == ("a", "1-a", "on_duty")
    assert (told["term"], told["version"], told["url"]) == (term, twin.__version__, None)
    assert told["since"] == "2027-01-15T08:00:02Z"
    peer = told["peer"]
    assert (peer["twin"], peer["url"], peer["role"]) == ("b", "http://b.example", "standby")
    assert peer["heard_at"] == "2027-01-15T08:00:03Z"
    (shown,) = told["jobs"]
    expected = {
        "name": "jobs.post",
        "schedule": "every 10s",
        "slot": "2027-01-15T08:00:00Z",
        "state": "done",
        "seconds": 0.8,
        "late_ms": 3,
        "next": "2027-01-15T08:00:10Z",
    }
    assert {key: shown[key] for key in expected} == expected


def test_the_status_is_a_document_too(holder: Bench) -> None:
    told = ask(holder, "GET", "/status").json()
    assert {"protocol", "claim", "ledger", "running", "leaving", "ticked_ago_s"} <= told.keys()


def test_healthz_answers_without_credentials(holder: Bench) -> None:
    answer = ask(holder, "GET", "/healthz", auth=None)
    assert answer.status_code == 200
    assert answer.json() == {"ok": True, "role": "on_duty", "boot": "1-a", "nonce": ""}


def test_an_answer_repeats_the_nonce_of_its_question(holder: Bench) -> None:
    for path in ("/healthz", "/status"):
        assert ask(holder, "GET", f"{path}?nonce=0af1").json()["nonce"] == "0af1"
        assert ask(holder, "GET", f"{path}?nonce=<b>").status_code == 422


def test_healthz_reports_a_stuck_scheduler(holder: Bench) -> None:
    holder.clock.move(STALLED_S)
    answer = ask(holder, "GET", "/healthz", auth=None)
    assert answer.status_code == 503
    assert answer.json()["ok"] is False


def test_healthz_answers_head_requests(holder: Bench) -> None:
    assert ask(holder, "HEAD", "/healthz", auth=None).status_code == 200


def test_no_secret_is_in_an_answer(holder: Bench) -> None:
    for path in ("/status", "/", "/healthz"):
        assert AUTH[1] not in ask(holder, "GET", path).text


def test_a_visit_through_the_router_teaches_the_own_url(holder: Bench) -> None:
    ask(holder, "GET", "/status", headers={"x-forwarded-proto": "https"})
    assert holder.node.look().url == "https://a.example"


# ---- the history


def test_the_history_starts_at_the_requested_time(holder: Bench) -> None:
    looks = tuple(Look(int(WALL // 60) - ago, 80, "healthy", 0, 3, 3) for ago in (9, 1))
    holder.node.history.record(Record(looks={"web": looks}))
    told = ask(holder, "GET", f"/status?since={WALL - 300}").json()
    assert told["history"]["looks"] == {"web": [list(looks[1])]}
    assert told["history"]["changes"][-1][3:] == ["on_duty", "b knows of it"]
    earlier = ask(holder, "GET", f"/status?since=0&until={WALL - 300}").json()
    assert earlier["history"]["looks"] == {"web": [list(looks[0])]}
    assert "history" not in ask(holder, "GET", "/status").json()


@pytest.mark.parametrize("since", ["yesterday", "-1", "nan", "inf", "1e300", ""])
def test_an_invalid_time_is_refused(since: str, holder: Bench) -> None:
    assert ask(holder, "GET", f"/status?since={since}").status_code == 422


# ---- minimal messages between the twins


def test_the_answer_omits_records_of_the_request(holder: Bench) -> None:
    holder.wait(10)
    known = holder.node.look().knowledge
    new = {"mail": Entry(int(WALL), Fate.DONE, "b", "2-b")}
    asked = dump_json(document(ledger={**known.ledger, **new}))
    answer = ask(holder, "POST", "/update", content=asked).json()
    assert answer["status"] == "Update"
    assert answer["ledger"] == {}
    assert ask(holder, "POST", "/update", content=dump_json(document())).json()[
        "ledger"
    ].keys() == {
        "jobs.post",
        "mail",
    }


def test_the_other_twin_can_ask_for_the_document_the_history_or_the_jobs_alone(
    holder: Bench,
) -> None:
    told = ask(holder, "GET", "/status?only=document&nonce=0f").json()
    assert told == json.loads(dump_json(replace(holder.node.document(), nonce="0f")))
    assert ask(holder, "GET", "/status?only=history&since=0").json().keys() == {"history"}
    assert ask(holder, "GET", "/status?only=jobs").json().keys() == {"jobs"}
    assert ask(holder, "GET", "/status?only=all").status_code == 422


def test_the_reason_of_a_refused_document_is_sent_back_and_logged(
    holder: Bench,
) -> None:
    body = dump_json(document(claim=Claim(2**52, "b", "2-b")))
    before = holder.node.look()
    for _ in range(3):
        answer = ask(holder, "POST", "/update", content=body)
        assert answer.status_code == 400
        assert "more than 136 years ahead of our clock" in answer.json()["error"]
    assert holder.node.look().knowledge == before.knowledge
    assert "document.refused" in holder.events
