"""Refused documents in the log."""

import io

from node_bench import HandClock

from twin.log import Log
from twin.web.strangers import Strangers


def test_however_many_documents_are_refused_the_log_has_a_line_a_minute() -> None:
    clock, output = HandClock(), io.StringIO()
    strangers = Strangers(clock, Log("a", output))
    for _ in range(100):
        strangers.refused("boot: it is no name")
    clock.move(60)
    strangers.refused("claim: it is too far ahead")
    first, second = output.getvalue().splitlines()
    assert 'event=document.refused twin=a because="boot: it is no name"' in first
    assert "claim: it is too far ahead" in second
