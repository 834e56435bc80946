"""Documents with extreme values: nothing breaks, and an honest claim still wins."""

import dataclasses
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from node_bench import WALL, Bench, bench, context, document, job
from pydantic_core import to_json

from twin.core.pair.document import Document, Role
from twin.core.pair.events import Heard, LearnedUrl, Remember, Via
from twin.core.pair.history import LIVES_KEPT_S
from twin.core.pair.knowledge import PAUSE
from twin.core.scaling.state import ScalingState
from twin.duties import Duties
from twin.hosts import OFFERS
from twin.log import Log
from twin.node.codec import NoTwinError, dump_json, dump_record, parse, parse_record
from twin.web.snapshot import About, snapshot

HIGHEST_MS = int(WALL * 1000) + 2**32 * 1000
NUMBERS = st.sampled_from(
    [
        *(-1, 0, 1, int(WALL), int(WALL) + 60, int(WALL * 1000), HIGHEST_MS, HIGHEST_MS + 1),
        *(10**11 - 1, 10**14 - 1, 2**52, 2**53 - 1),
    ]
)
TEXTS = st.sampled_from(["", "a", "b", "x" * 200, '"' * 100, "😀" * 40, "\x00", "<script>", "NaN"])
NAMES = (
    st.sampled_from(["jobs.post", "web", "scale my-app/web", "pause", "x" * 170, "\x00"]) | TEXTS
)
BOOTS = st.sampled_from(
    ["1-a", "2-b", "3-a", "0-0", f"{HIGHEST_MS}-z", "9999999999999-z", "zzzz", ""]
)
FATES = st.sampled_from(["skipped", "running", "unknown", "failed", "done", "cancelled"])
TIMES = st.sampled_from([0.0, WALL, WALL + 1, 6e10 - 1, 1 - 6e10, 1e11 - 1, 1 - 1e11])
MEMORY = {
    each.name: TIMES if "float" in str(each.type) else TEXTS if each.type is str else NUMBERS
    for each in dataclasses.fields(ScalingState)
}
MEMORIES = st.sets(st.sampled_from(sorted(MEMORY)), min_size=1, max_size=3).flatmap(
    lambda names: st.fixed_dictionaries({name: MEMORY[name] for name in names}).map(json.dumps)
)


def fields(**of: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(of)


CLAIMS = fields(term=NUMBERS, twin=TEXTS, boot=BOOTS, released=st.booleans())
ENTRIES = fields(
    slot=NUMBERS, fate=FATES, twin=TEXTS, boot=BOOTS, late_ms=NUMBERS, seconds=NUMBERS, why=TEXTS
)
MEMOS = fields(term=NUMBERS, at_ms=NUMBERS, twin=TEXTS, text=TEXTS | MEMORIES)
LOOKS = st.tuples(NUMBERS, NUMBERS, TEXTS, NUMBERS, NUMBERS, NUMBERS)
RECORDS = fields(
    looks=st.dictionaries(NAMES, st.lists(LOOKS, max_size=2), max_size=2),
    decisions=st.dictionaries(
        NAMES, st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS, TEXTS), max_size=2), max_size=2
    ),
    changes=st.lists(st.tuples(NUMBERS, TEXTS, BOOTS, TEXTS, TEXTS), max_size=3),
    lives=st.dictionaries(BOOTS, st.tuples(TEXTS, NUMBERS, NUMBERS, TEXTS), max_size=3),
)
DOCUMENTS = fields(
    twin=st.sampled_from(["a", "b", "c"]),
    boot=BOOTS,
    url=st.sampled_from([None, "https://b.example", "https://a.example"]),
    role=st.sampled_from(Role),
    claim=CLAIMS,
    ledger=st.dictionaries(NAMES, ENTRIES, max_size=3),
    memos=st.dictionaries(NAMES, MEMOS, max_size=3),
    boots=st.dictionaries(TEXTS, BOOTS, max_size=3),
    leaving=st.booleans(),
    retired=st.booleans(),
    ticked_ago_s=NUMBERS,
    recent=RECORDS,
)
# Most whole documents hold a refused value, so each draw varies a few fields only.
PARTS = DOCUMENTS.flatmap(
    lambda whole: st.sets(st.sampled_from(sorted(whole)), max_size=3).map(
        lambda names: {name: whole[name] for name in names}
    )
)
VALID = {**json.loads(dump_json(document(url="https://b.example"))), "ledger": {}}


def parsed(part: dict[str, Any]) -> Document | None:
    try:
        return parse(json.dumps({**VALID, **part}).encode(), WALL)
    except NoTwinError:
        return None


def duties_of(made: Bench) -> Duties:
    scale = {"SCALE_TARGET": "my-app", "SCALE_API_KEY": "k", "SCALE_TIMETABLE": "00:00=1"}
    one = context(Log("a", made.output), made.node, made.clock, environ=scale)
    duties = Duties(one.settings, made.clock)
    duties.start(one)
    return duties


def check_output(made: Bench) -> None:
    """Its document, its status and its history can be written as JSON, and the peer reads them."""
    duties, now = duties_of(made), made.clock.now()
    assert parse(dump_json(made.node.document()), now.wall).twin == "a"
    to_json(snapshot(made.node, now, About(OFFERS[0], duties.status)))
    story = made.node.history.story(WALL - LIVES_KEPT_S, WALL + LIVES_KEPT_S)
    parse_record(json.loads(json.dumps(dump_record(story), allow_nan=False)))


@settings(deadline=None)
@given(MEMORIES)
def test_any_memo_of_a_target_can_be_shown(text: str) -> None:
    made = bench()
    made.node.remember("scale my-app/web", text, 0)
    to_json(duties_of(made).status(WALL))


@settings(deadline=None, max_examples=200)
@given(st.lists(st.tuples(PARTS, st.sampled_from(Via)), max_size=4))
def test_after_any_documents_output_claims_and_resumes_still_work(
    messages: list[tuple[dict[str, Any], Via]],
) -> None:
    made = bench(job())
    made.take_duty()
    made.node.handle(LearnedUrl("https://a.example"))
    for part, via in messages:
        message = parsed(part)
        if message is not None:
            made.node.handle(Heard(message, via, made.clock.now().mono))
        check_output(made)
    made.wait(1)
    claim = made.node.look().knowledge.claim
    ours = document(claim=type(claim)(claim.term + 1, "b", "2-b"), role=Role.ON_DUTY)
    honest = parse(dump_json(ours), made.clock.now().wall)
    made.node.handle(Heard(honest, Via.UPDATE))
    assert made.node.look().knowledge.claim.term > claim.term
    made.node.handle(Remember(PAUSE, "", made.node.look().knowledge.claim.term))
    assert made.node.look().knowledge.paused is None
    check_output(made)
