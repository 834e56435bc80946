"""What `check` says of a target once its platform has answered."""

import pytest
from node_bench import ENVIRON

from twin.commands.arbiter import Line
from twin.commands.check import _inspected
from twin.core.scaling.target import Reading
from twin.settings.settings import read_settings

SCALED = {"SCALE_TARGET": "my-app", "SCALE_API_KEY": "k3y", "SCALE_TIMETABLE": "=1"}
RIVAL = "Autoscaling is on: turn it off"


@pytest.mark.parametrize(
    ("seen", "lines"),
    [
        (Reading(2), [(True, "target", "my-app/web is at 2")]),
        (Reading(2, most=10), [(True, "target", "my-app/web is at 2, of 10 at most")]),
        (
            Reading(1, most=1, rival=RIVAL),
            [
                (True, "target", "my-app/web is at 1, of 1 at most"),
                (False, "target", f"my-app/web: {RIVAL}"),
                (
                    False,
                    "target",
                    "SCALE_MAX is 3, but my-app/web may have 1 at most: lower it, or have the "
                    "platform allow more",
                ),
            ],
        ),
    ],
)
def test_check_names_the_quantity_the_most_and_another_autoscaler(
    seen: Reading, lines: list[Line]
) -> None:
    (scale,) = read_settings({**ENVIRON, **SCALED}).targets
    assert list(_inspected(scale, seen)) == lines
