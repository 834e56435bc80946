"""The wording that alerts share."""

import pytest

from twin.core.alert import Alert, Severity, since

BEGAN = 1_795_227_000.0  # 2026-11-21 02:10:00 UTC


def test_a_period_says_since_when_and_how_long() -> None:
    assert since(BEGAN, BEGAN + 3900) == "since 2026-11-21 02:10:00 UTC, for 1h5m"


@pytest.mark.parametrize("seconds", [0, -60])
def test_a_period_that_has_just_begun_or_lies_ahead_is_not_shown(seconds: int) -> None:
    assert since(BEGAN, BEGAN + seconds) == "since 2026-11-21 02:10:00 UTC"


def test_an_alert_needs_no_target() -> None:
    alert = Alert("The disk is full", "Nothing can be written.", Severity.WARNING)
    assert alert.with_line("Done: nothing.").line == "Nothing can be written. Done: nothing."
