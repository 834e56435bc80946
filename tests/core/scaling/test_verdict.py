"""A probe's observation, and its verdict on the target."""

import pytest

from twin.core.scaling.verdict import Probe, Verdict, judge, more_may_help, was_fast


@pytest.mark.parametrize(
    ("probe", "verdict"),
    [
        (Probe(200, 0.2), Verdict.HEALTHY),
        (Probe(299, 0.2), Verdict.HEALTHY),
        (Probe(204, 5.0), Verdict.HEALTHY),
        (Probe(200, 5.001), Verdict.SLOW),
        (Probe(199, 0.2), Verdict.FAILING),
        (Probe(300, 0.2), Verdict.FAILING),
        (Probe(302, 0.2), Verdict.FAILING),
        (Probe(404, 0.2), Verdict.FAILING),
        (Probe(503, 0.2), Verdict.FAILING),
        (Probe(503, 6.0), Verdict.FAILING),
        (Probe(200, 0.2, "the connection broke off"), Verdict.FAILING),
        (Probe(None, 0.0, "no connection"), Verdict.UNREACHABLE),
        (Probe(None, 6.0, "no connection in 6 s"), Verdict.UNREACHABLE),
        (Probe(None, 4.0, "no answer in 4 s", hangs=True), Verdict.SLOW),
        (Probe(200, 4.0, "not all of it in 4 s", hangs=True), Verdict.SLOW),
        (Probe(503, 4.0, "not all of it in 4 s", hangs=True), Verdict.FAILING),
        (None, Verdict.UNKNOWN),
    ],
)
def test_the_verdict_on_one_probe(probe: Probe | None, verdict: Verdict) -> None:
    assert judge(probe, slow_s=5.0) is verdict


def test_slowness_of_over_one_second_counts_in_full() -> None:
    """`elapsed.microseconds`, as in the old script, is 200 ms for an answer of 6.2 s."""
    assert judge(Probe(200, 6.2), slow_s=5.0) is Verdict.SLOW
    assert judge(Probe(200, 1.2), slow_s=1.1) is Verdict.SLOW


def test_only_answers_that_fail_visitors_are_bad() -> None:
    bad = {verdict for verdict in Verdict if verdict.is_bad}
    assert bad == {Verdict.SLOW, Verdict.FAILING, Verdict.UNREACHABLE}


@pytest.mark.parametrize(
    ("probe", "fast"),
    [
        (Probe(200, 0.999), True),
        (Probe(200, 1.0), False),
        (Probe(200, 1.2), False),
        (Probe(503, 0.1), False),
        (Probe(None, 0.1, "no connection"), False),
        (Probe(200, 0.1, "the connection broke off"), False),
    ],
)
def test_fast_is_a_good_answer_under_the_limit(probe: Probe, fast: bool) -> None:
    assert was_fast(probe, fast_s=1.0) is fast


@pytest.mark.parametrize(
    ("probe", "text"),
    [
        (Probe(503, 0.12), "503 after 0.1 s"),
        (Probe(200, 0.1, "the connection broke off"), "200 after 0.1 s, the connection broke off"),
        (Probe(None, 0.1, "connection refused"), "connection refused"),
        (Probe(None, 0.1), "no answer"),
    ],
)
def test_a_probe_reads_as_part_of_a_sentence(probe: Probe, text: str) -> None:
    assert str(probe) == text


ASTRAY = Probe(None, 0.1, "no connection: Name or service not known", is_astray=True)


@pytest.mark.parametrize(
    ("probe", "helps"),
    [
        *((Probe(status, 0.1), True) for status in (408, 425, 429, 500, 502, 503, 504, 520)),
        *((Probe(status, 0.1), False) for status in (301, 302, 400, 401, 403, 404, 405, 410, 451)),
        (Probe(200, 6.2), True),
        (Probe(200, 0.1, "the connection broke off"), True),
        (Probe(None, 5.0, "no answer in 5 s", hangs=True), True),
        (Probe(None, 0.1, "no connection: Connection refused"), True),
        (ASTRAY, False),
        (Probe(503, 0.1, retry_after_s=30), True),
        (Probe(503, 0.1, retry_after_s=75), True),
        (Probe(503, 0.1, retry_after_s=3600), False),
        (Probe(429, 0.1, retry_after_s=3600), True),
    ],
)
def test_more_processes_mend_overload_and_nothing_else(probe: Probe, helps: bool) -> None:
    assert more_may_help(probe) is helps
