"""What people read when something happens to the target."""

from dataclasses import replace

import pytest

from twin.core.alert import Kind, News

SINCE = 1_795_227_000.0  # 2026-11-21 02:10:00 UTC
OUTAGE = News(
    Kind.OUTAGE,
    target="my-app/web",
    twin="a",
    at=SINCE + 5,
    since=SINCE,
    because="503 after 0.1 s, twice",
    done="scaled from 1 to 3",
)


def test_an_outage_says_what_since_when_why_what_was_done_and_who_tells() -> None:
    assert OUTAGE.title == "my-app/web is down"
    assert OUTAGE.body == (
        "my-app/web has not served well since 2026-11-21 02:10:00 UTC.\n"
        "Why: 503 after 0.1 s, twice.\n"
        "Done: scaled from 1 to 3.\n"
        "Told by the twin a at 2026-11-21 02:10:05 UTC."
    )


@pytest.mark.parametrize(
    ("kind", "title", "opening"),
    [
        (
            Kind.REMINDER,
            "my-app/web is still down",
            "my-app/web has not served well since 2026-11-21 02:10:00 UTC, for 1h5m now.",
        ),
        (
            Kind.RECOVERY,
            "my-app/web is up again",
            "my-app/web has served well again since 2026-11-21 03:15:00 UTC; "
            "it had not since 2026-11-21 02:10:00 UTC, for 1h5m.",
        ),
        (
            Kind.TROUBLE,
            "my-app/web cannot be scaled",
            "my-app/web cannot be scaled since 2026-11-21 02:10:00 UTC.",
        ),
        (
            Kind.RELIEF,
            "my-app/web can be scaled again",
            "my-app/web can be scaled again; it could not since 2026-11-21 02:10:00 UTC, for 1h5m.",
        ),
        (
            Kind.BY_HAND,
            "my-app/web was scaled by hand",
            "The quantity of my-app/web was changed by somebody else, "
            "which was seen at 2026-11-21 03:15:00 UTC.",
        ),
    ],
)
def test_each_kind_says_what_happened(kind: Kind, title: str, opening: str) -> None:
    news = replace(OUTAGE, kind=kind, at=SINCE + 3900)
    assert (news.title, news.body.splitlines()[0]) == (title, opening)


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_says_why_what_was_done_and_who_tells(kind: Kind) -> None:
    body = replace(OUTAGE, kind=kind).body
    assert [line.split()[0] for line in body.splitlines()[1:]] == ["Why:", "Done:", "Told"]


def test_a_clock_that_was_set_back_shows_no_negative_time() -> None:
    assert "for 0s now" in replace(OUTAGE, kind=Kind.REMINDER, at=SINCE - 60).body


def test_braces_in_a_reason_are_told_as_they_are() -> None:
    assert "Why: {target}." in replace(OUTAGE, because="{target}").body
