"""A month of questions to the arbiter, against what free databases allow; by hand."""

import pytest

from twin.core.questions import (
    HEROKU,
    NEON,
    REDIS_CLOUD,
    UPSTASH,
    Load,
    Questions,
    Service,
    day_dry,
    lease_for,
    services_for,
)

MONTH_S = 31 * 86_400  # 2,678,400


def load(standby_s: float = MONTH_S, slots: int = 0, on_duty_s: float = MONTH_S) -> Load:
    return Load(on_duty_s, standby_s, slots, renews=3, join_every_s=60)


@pytest.mark.parametrize(
    ("lease_s", "of", "renewals", "joins", "starts"),
    [
        # 2,678,400 s / 3.333 s, and a look each minute of 31 days
        (10, load(), 803_520, 44_640, 0),
        (20, load(), 401_760, 44_640, 0),
        (60, load(), 133_920, 44_640, 0),
        # a sleeping standby asks nothing; a job of every ten minutes has 144 slots a day
        (10, load(standby_s=0, slots=4_464), 803_520, 0, 4_464),
        # two standbys; a pair that is dry after 500 h, 1,800,000 s
        (10, load(standby_s=2 * MONTH_S), 803_520, 89_280, 0),
        (15, load(on_duty_s=1_800_000, standby_s=1_800_000), 360_000, 30_000, 0),
    ],
)
def test_questions_follow_from_the_lease_the_standbys_and_the_slots(
    lease_s: float, of: Load, renewals: int, joins: int, starts: int
) -> None:
    asked = of.questions(lease_s)
    assert asked == Questions(renewals, joins, starts)
    assert asked.total == renewals + joins + starts


def test_the_commands_in_a_script_are_ten_to_twelve_a_question() -> None:
    assert Questions(1, 0, 0).commands == Questions(0, 0, 1).commands == 12
    assert Questions(0, 1, 0).commands == 10
    # 803,520 * 12 + 44,640 * 10
    assert load().questions(10).commands == 10_088_640


@pytest.mark.parametrize(
    ("of", "lease_s"),
    [
        (load(), 20),  # 446,400; 15 s: 535,680 + 44,640
        (load(slots=44_640), 20),  # a job each minute: 491,040
        (load(slots=54_000), 30),  # 500,400 with 20 s
        (load(standby_s=0), 20),  # 401,760; 15 s: 535,680
        (load(slots=330_000), None),  # 133,920 + 44,640 + 330,000 with 60 s
        (load(on_duty_s=86_400, standby_s=86_400), 10),  # one day
    ],
)
def test_the_shortest_lease_that_fits_is_suggested(of: Load, lease_s: int | None) -> None:
    assert lease_for(of, 500_000, lambda asked: asked.total) == lease_s


def test_no_lease_fits_half_a_million_commands_if_those_in_a_script_count() -> None:
    # 133,920 * 12 = 1,607,040 with the longest
    assert lease_for(load(standby_s=0), 500_000, lambda asked: asked.commands) is None


@pytest.mark.parametrize(
    ("of", "hours", "day"),
    [
        (load(), 400, 17),  # 16 days and 16 hours
        (load(on_duty_s=400 * 3600), 400, None),
        (load(on_duty_s=401 * 3600), 400, 17),
        (load(), 24, 2),
    ],
)
def test_a_database_that_never_suspends_is_dry_when_its_hours_are_over(
    of: Load, hours: float, day: int | None
) -> None:
    assert day_dry(of, hours) == day


@pytest.mark.parametrize(
    ("is_redis", "host", "services"),
    [
        (True, "eu1-nice-cat-1.upstash.io", (UPSTASH,)),
        (True, "redis-1.c1.eu.ec2.cloud.redislabs.com", (REDIS_CLOUD,)),
        (False, "ep-cool-1-pooler.eu.aws.neon.tech", (NEON,)),
        (True, "ec2-1.compute-1.amazonaws.com", (UPSTASH, REDIS_CLOUD, HEROKU)),
        (True, "upstash.io.example", (UPSTASH, REDIS_CLOUD, HEROKU)),
        (False, "", (NEON,)),
    ],
)
def test_a_service_is_known_by_its_hosts_else_all_of_its_kind_are_told(
    is_redis: bool, host: str, services: tuple[Service, ...]
) -> None:
    assert services_for(is_redis, host) == services
