import io

from node_bench import HandClock

from twin.log import Log
from twin.web.limited_log import LimitedLog


def test_three_lines_come_at_once_then_three_a_minute_and_the_rest_is_counted() -> None:
    clock, output = HandClock(), io.StringIO()
    limited = LimitedLog(clock, Log("a", output))
    for _ in range(100):
        limited.tell("server.complains", "what?", None)
    clock.move(20)
    for _ in range(2):
        limited.tell("task.failed", "again", ValueError("no such thing"))
    lines = output.getvalue().splitlines()
    assert len(lines) == 4
    assert all("left_out" not in line for line in lines[:3])
    assert "left_out=97" in lines[3]
    assert "no such thing" in lines[3]
