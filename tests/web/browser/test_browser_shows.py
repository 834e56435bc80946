"""What the page shows of what a twin says, in a real browser."""

import asyncio

import pytest
from chromium import Look, Scheme, Shown
from made_up import HOUR_S, NOW, Told, a_day, twin_of
from made_up_site import Site
from playwright.async_api import Locator, expect

from twin.clock import Clock
from twin.core.moment import iso

pytest_plugins = ["eyes"]

EVIL = '<img src="/x" onerror="alert(1)"><script>alert(1)</script>'
HIDEABLE = """
Object.defineProperty(document, "hidden", { get: () => globalThis.isHidden ?? false });
globalThis.hide = (is) => { isHidden = is; document.dispatchEvent(new Event("visibilitychange")); };
"""
BETWEEN = """(one, other) => {
  const [a, b] = [one, other].map((each) => each.getBoundingClientRect());
  const [right, below] = [a.left - b.right, a.top - b.bottom];
  return Math.max(right, b.left - a.right, below, b.top - a.bottom);
}"""
"""How many pixels lie between two elements: less than none if they overlap."""


# ---- the twins


def test_it_says_who_is_on_duty_in_words_and_by_shape(shown: Shown) -> None:
    async def then(_: Site, look: Look) -> None:
        await look.says("h1", "Twin a is on duty")
        await look.says("#subline", "Twin b is standing by.")
        assert await look.page.title() == "Twin a is on duty · Twin"
        shapes = look.at(".card .role use")
        assert [await shapes.nth(n).get_attribute("href") for n in (0, 1)] == [
            "#on_duty",
            "#standby",
        ]

    shown(a_day(), then)


def test_times_are_the_viewers_and_utc_is_in_their_title(shown: Shown) -> None:
    async def then(_: Site, look: Look) -> None:
        time = look.at(".card").first.locator("time").first
        assert await time.inner_text() == "13:00"
        assert await time.get_attribute("title") == "2026-11-21 12:00:00 UTC"

    shown(a_day(), then)


@pytest.mark.parametrize(
    ("zone", "told"),
    [
        ("Europe/Berlin", "those of Europe/Berlin; point at one to see it in UTC."),
        ("UTC", "in UTC."),
    ],
)
def test_the_foot_tells_the_zone(shown: Shown, zone: str, told: str) -> None:
    async def then(_: Site, look: Look) -> None:
        await expect(look.at("#foot")).to_have_text(f"Twin 1.0.0. Times are {told}")

    shown(a_day(), then, zone=zone)


def test_wrong_passwords_are_told_of_in_the_foot(shown: Shown) -> None:
    async def then(site: Site, look: Look) -> None:
        await expect(look.at("#refused")).to_have_text("")
        site.told = {**a_day(), "refused_logins": 12}
        await look.asks()
        await look.says("footer", "Twin a refused 12 requests with a wrong user name or password")

    shown({**a_day(), "refused_logins": 0}, then)


def test_both_on_duty_is_said_as_plainly_as_what_to_do_about_it(shown: Shown) -> None:
    told = a_day()
    twin_of(told, "b")["role"] = "on_duty"
    told["wrong"] = {"what": "They are cut off.", "remedy": "Mend the line.", "both_on_duty": True}

    async def then(_: Site, look: Look) -> None:
        await look.says("h1", "Both twins are on duty")
        await look.says("#wrong", "They are cut off.")
        await look.says("#wrong", "Mend the line.")

    shown(told, then)


def test_a_peer_that_may_be_on_duty_unseen_is_told_of(shown: Shown) -> None:
    told = a_day()
    twin_of(told, "b")["role"] = "unreachable"
    told["wrong"] = {"what": "b is silent.", "remedy": "Look.", "both_on_duty": True}

    async def then(_: Site, look: Look) -> None:
        await look.says("h1", "Both twins may be on duty")

    shown(told, then)


def test_what_fails_is_told_at_a_glance(shown: Shown) -> None:
    told = a_day()
    told["targets"][0].update(outage_since=iso(NOW - 700), verdict="failing")

    async def then(_: Site, look: Look) -> None:
        await look.says("#subline", "my-shop/web is out of order. 1 job failed last time.")
        await look.says(".target .why", "Out of order since 14:53 (11 min).")

    shown(told, then)


def test_what_somebody_set_by_hand_is_not_taken_for_the_timetables(shown: Shown) -> None:
    told = a_day()
    by_hand = {"quantity": 5, "baseline": 5, "respected_until": iso(NOW + 600), "timetable": 2}
    told["targets"][0].update(by_hand)

    async def then(_: Site, look: Look) -> None:
        await look.says(".target .now", "5 running, the timetable says 2, at most 5.")
        await look.says(".target .why", "Somebody set it to 5 by hand, which is respected until")

    shown(told, then)


def test_what_a_twin_does_not_know_is_not_known(shown: Shown) -> None:
    told = a_day()
    nothing = {"twin": None, "url": None, "role": "unknown", "since": None, "release": None}
    told["twins"][1].update(nothing, awake=None, heard_at=None, boot=None)
    told["targets"], told["hours"], told["jobs"] = [], None, []

    async def then(_: Site, look: Look) -> None:
        await look.says(".card >> nth=1", "Not known")
        await look.says("#jobs-note", "There are no jobs.")
        assert not await look.at("#hours-and-savings").is_visible()

    shown(told, then)


def test_nothing_that_others_write_becomes_a_part_of_the_page(shown: Shown) -> None:
    told = a_day()
    told["twins"][1].update(twin=EVIL, url="javascript:alert(1)", release=EVIL)
    told["wrong"] = {"what": EVIL, "remedy": EVIL, "both_on_duty": False}
    told["jobs"][0].update(name=EVIL, schedule=EVIL, why=EVIL, twin=EVIL)
    told["targets"][0].update(name=EVIL, reason=EVIL)
    for change in told["history"]["changes"]:
        change[4] = EVIL

    async def then(_: Site, look: Look) -> None:
        await look.says("#wrong", EVIL)
        await look.says("#jobs", EVIL)
        assert await look.at("img").count() == 0
        assert await look.at('a[href^="javascript"]').count() == 0

    shown(told, then)


# ---- the last day


def test_a_day_of_the_pair_is_two_lanes_with_a_mark_for_each_handover(shown: Shown) -> None:
    async def then(_: Site, look: Look) -> None:
        await look.says("#day-in-words", "4 handovers. Nobody on duty: 3 s at most.")
        assert await look.at(".lane").count() == 2
        marks = look.at("#lanes .mark")
        assert await marks.count() == 4
        await marks.nth(1).hover()
        await look.says("#tip", "a took the duty from b: nobody serves at the peer's URL: refused")
        await look.page.keyboard.press("Escape")

    shown(a_day(), then)


def test_marks_are_reached_with_the_keyboard(shown: Shown) -> None:
    async def then(_: Site, look: Look) -> None:
        await look.at("#lanes .mark[tabindex='0']").focus()
        await look.says("#tip", "a took the duty from b: b released it")
        await look.page.keyboard.press("ArrowLeft")
        await look.says("#tip", "b took the duty from a: it woke")

    shown(a_day(), then)


def test_pointing_at_a_chart_tells_the_exact_values_of_all_charts(shown: Shown) -> None:
    told = a_day()
    look_at = told["history"]["looks"]["my-shop/web"][-31]
    look_at[1:3] = [4321, "slow"]

    async def then(_: Site, look: Look) -> None:
        await look.at('[data-hours="1"]').click()
        await point(look, look.at(".latency .u-over"), 0.5)
        await look.says(".latency .reading", "14:35 · 4.3 s · slow")
        await look.says(".quantity .reading", "14:35 · 3 running · timetable 3")
        await look.says("#lanes .reading", "a on duty · b standing by")
        await look.asks()
        await look.says(".latency .reading", "14:35 · 4.3 s · slow")
        await look.at("h1").hover()
        await expect(look.at(".latency .reading")).to_have_text("")

    shown(told, then)


async def point(look: Look, over: Locator, share: float) -> None:
    """Move the mouse over a chart: 0 is its left side, 1 its right one."""
    await over.scroll_into_view_if_needed()
    box = await over.bounding_box()
    assert box is not None
    await look.page.mouse.move(box["x"] + box["width"] * share, box["y"] + 80, steps=4)


def test_dragging_over_a_chart_zooms_all_and_a_double_click_shows_all_again(shown: Shown) -> None:
    async def then(_: Site, look: Look) -> None:
        over, marks = look.at(".quantity .u-over"), look.at("#lanes .mark")
        await point(look, over, 0.7)
        await look.page.mouse.down()
        await point(look, over, 0.99)
        await look.page.mouse.up()
        await expect(marks).to_have_count(1)
        await expect(look.at("#zoom [aria-pressed=true]")).to_have_count(0)
        await look.asks()
        await expect(marks).to_have_count(1)
        await over.dblclick(position={"x": 200, "y": 40})
        await expect(marks).to_have_count(4)
        await expect(look.at("#zoom [aria-pressed=true]")).to_have_text("24 h")

    shown(a_day(), then)


def test_of_a_young_pair_the_last_hours_are_shown_until_somebody_chooses(shown: Shown) -> None:
    async def then(site: Site, look: Look) -> None:
        zoom = look.at("#zoom [aria-pressed=true]")
        await expect(zoom).to_have_text("1 h")
        site.told = a_pair_that_began(NOW - HOUR_S - 60)
        await look.asks()
        await expect(zoom).to_have_text("6 h")
        await look.at('[data-hours="24"]').click()
        await look.asks()
        await expect(zoom).to_have_text("24 h")
        await look.at("#lanes .u-over").dblclick(position={"x": 200, "y": 40})
        await expect(zoom).to_have_text("6 h")

    shown(a_pair_that_began(NOW - HOUR_S + 60), then)


def a_pair_that_began(at: float) -> Told:
    told = a_day()
    told["history"] = {
        "looks": {},
        "decisions": {},
        "changes": [[int(at * 1000) + 500, "a", "a3", "on_duty", "it woke"]],
        "lives": {"a3": ["a", int(at), int(NOW), "v42"], "b3": ["b", int(at) + 1, int(NOW), "v42"]},
    }
    return told


def test_the_day_can_be_read_as_a_table_and_a_list(shown: Shown) -> None:
    async def then(_: Site, look: Look) -> None:
        await look.at("#lanes summary").click()
        await look.says("#handovers li >> nth=0", "a took the duty from b: b released it")
        await look.at(".numbers summary").click()
        await look.says(".numbers tbody", "unreachable")
        assert await look.at(".numbers tbody tr").count() == 25
        await look.says(".numbers ol", "3 to 5: slow for 15 s: 200 after 5.4 s")

    shown(a_day(), then)


# ---- jobs, hours, savings


def test_a_job_tells_how_its_last_slot_ended_and_why(shown: Shown) -> None:
    async def then(_: Site, look: Look) -> None:
        failed, skipped = look.at("#jobs tbody tr").nth(1), look.at("#jobs tbody tr").nth(2)
        await expect(failed).to_contain_text("ConnectionError: the mail server refused")
        await expect(failed).to_contain_text("12.4 s")
        await expect(skipped).to_contain_text("it is 312 s late")

    shown(a_day(), then)


def test_a_buttons_word_is_on_one_line(shown: Shown) -> None:
    async def then(_: Site, look: Look) -> None:
        box = await look.at("#jobs button").first.bounding_box()
        assert box is not None
        assert box["height"] < 45

    shown(a_day(), then)


@pytest.mark.parametrize(
    ("row", "last", "upcoming"), [(0, "15:00", "15:10"), (3, "15:05:05", "15:05:20")]
)
def test_slots_between_minutes_are_told_to_the_second(
    shown: Shown, row: int, last: str, upcoming: str
) -> None:
    async def then(_: Site, look: Look) -> None:
        times = look.at("#jobs tbody tr").nth(row).locator("time")
        await expect(times).to_have_text([last, upcoming])

    shown(a_day(), then)


def test_of_ten_thousand_jobs_those_in_trouble_are_shown_first(shown: Shown) -> None:
    told = a_day()
    told["jobs"] = [{**told["jobs"][0], "name": f"job-{n}"} for n in range(10_000)]
    told["jobs"][9_000].update(state="failed", why="no such thing")

    async def then(_: Site, look: Look) -> None:
        await look.says("#jobs tbody tr >> nth=0", "job-9000")
        await look.says("#jobs-note", "200 of 10000, those in trouble first.")

    shown(told, then)


def test_the_hours_and_the_savings_are_told_in_a_sentence_each(shown: Shown) -> None:
    async def then(_: Site, look: Look) -> None:
        await look.says(
            "#hours", "727.6 h of the 1,000 h that Heroku Eco gives were used in November"
        )
        await look.says("#hours", "they are used up on 29 November.")
        await look.says(
            "#savings", "612.5 dyno-hours of my-shop/web in November, compared with always 5."
        )

    shown(a_day(), then)


@pytest.mark.parametrize(
    ("used", "sum_h", "parts"),
    [
        ({"a": 0.04, "b": 0.05}, "0.09 h of the 1,000 h", "(a 0.04 h, b 0.05 h)"),
        ({"a": 386.44, "b": 341.24}, "727.6 h of the 1,000 h", "(a 386.4 h, b 341.2 h)"),
    ],
)
def test_the_hours_of_the_twins_add_up_as_they_are_read(
    shown: Shown, used: dict[str, float], sum_h: str, parts: str
) -> None:
    told = a_day()
    told["hours"]["used"] = used

    async def then(_: Site, look: Look) -> None:
        await look.says("#hours", sum_h)
        await look.says("#hours", parts)

    shown(told, then)


# ---- what can be done


@pytest.mark.parametrize(
    ("button", "question", "sent"),
    [
        ("#hand-over", "Hand the duty over to b?", {"do": "hand_over"}),
        ("#pause", "Pause the duty?", {"do": "pause"}),
        ("#jobs button >> nth=0", "Run jobs.post now?", {"do": "run", "job": "jobs.post"}),
    ],
)
def test_an_action_is_confirmed_first(shown: Shown, button: str, question: str, sent: Told) -> None:
    async def then(site: Site, look: Look) -> None:
        await look.at(button).click()
        await look.says("#confirm", question)
        await look.page.keyboard.press("Enter")  # the focus is on Cancel
        assert (await look.at("#confirm").is_visible(), site.done) == (False, [])
        await look.at(button).click()
        await look.at("#confirm .main").click()
        await look.says("#result", "It is done.")
        assert site.done == [sent]

    shown(a_day(), then)


@pytest.mark.parametrize("width", [1200, 390])
def test_an_action_that_cannot_be_done_says_why_where_it_was_asked_for(
    shown: Shown, width: int
) -> None:
    async def then(_: Site, look: Look) -> None:
        button = look.at("#jobs button").nth(1)
        await button.click()
        await look.at("#confirm .main").click()
        told = look.at("#result[data-failed]")
        await expect(told).to_have_text("Not done: jobs.digest is running.")
        await expect(told).to_have_attribute("role", "alert")
        await expect(told).to_be_in_viewport(ratio=1)
        assert await told.evaluate(BETWEEN, await button.element_handle()) < 24
        look.complaints.clear()  # the browser's own, of the 409

    shown(a_day(), then, width=width)


def test_what_came_of_an_action_is_news_for_ten_seconds(shown: Shown) -> None:
    async def then(_: Site, look: Look) -> None:
        await look.at("#jobs button").nth(1).click()
        await look.at("#confirm .main").click()
        await look.says("#result", "jobs.digest is running")
        await look.page.clock.fast_forward("00:11")
        await expect(look.at("#result")).to_have_text("")
        look.complaints.clear()  # the browser's own, of the 409

    shown(a_day(), then, ahead=True)


def test_what_came_of_an_action_goes_when_another_is_asked_for(shown: Shown) -> None:
    async def then(_: Site, look: Look) -> None:
        await look.at("#jobs button").nth(1).click()
        await look.at("#confirm .main").click()
        await look.says("#result", "jobs.digest is running")
        await look.at("#pause").click()
        await expect(look.at("#actions #result")).to_have_text("")
        await look.at("#confirm .main").click()
        await look.says("#actions #result:not([data-failed])", "It is done.")
        look.complaints.clear()  # the browser's own, of the 409

    shown(a_day(), then)


def test_what_comes_of_an_action_later_is_shown_within_a_second_or_two(shown: Shown) -> None:
    async def then(site: Site, look: Look) -> None:
        await look.at("#hand-over").click()
        await look.at("#confirm .main").click()
        await site.is_asked()
        told = a_day()
        told["twins"][0]["role"], told["twins"][1]["role"] = "standby", "on_duty"
        site.told = told
        await look.page.clock.fast_forward("00:02")
        await look.says("h1", "Twin b is on duty")

    shown(a_day(), then, ahead=True)


def test_a_pause_is_shown_and_can_be_ended(shown: Shown) -> None:
    told = a_day()
    told["paused"] = {"by": "a", "at": iso(NOW - 60), "because": "somebody paused it on a"}

    async def then(site: Site, look: Look) -> None:
        await look.says("#paused", "Somebody paused it on a at 15:04:09.")
        await look.at("#pause").click()
        await look.says("#confirm", "Resume the duty?")
        await look.at("#confirm .main").click()
        await look.says("#result", "It is done.")
        assert site.done == [{"do": "resume"}]

    shown(told, then)


# ---- how it goes on


def test_it_asks_for_a_day_by_the_twins_clock_and_then_for_what_is_new(shown: Shown) -> None:
    async def then(site: Site, look: Look) -> None:
        assert site.asked[-1] == int(NOW - 24 * HOUR_S)
        asked = len(site.asked)
        await look.asks()
        assert site.asked[asked:] == [int(NOW - 120)]

    shown(a_day(), then)


def test_where_the_clocks_agree_a_day_is_asked_for_once(shown: Shown) -> None:
    now = Clock().now().wall

    async def then(site: Site, look: Look) -> None:
        await look.asks()
        day, news = site.asked
        assert day == pytest.approx(now - 24 * HOUR_S, abs=60)
        assert news == int(now - 120)

    shown(a_day(now), then)


def test_an_answer_that_cannot_be_shown_does_not_pass_for_news(shown: Shown) -> None:
    async def then(site: Site, look: Look) -> None:
        site.told = {"now": NOW, "history": {}}
        await look.asks()
        await look.says("#silence", "It answers with what this page cannot show.")
        assert any("TypeError" in line for line in look.complaints)
        look.complaints.clear()

    shown(a_day(), then)


def test_a_change_of_the_role_is_announced_and_nothing_else_moves(shown: Shown) -> None:
    async def then(site: Site, look: Look) -> None:
        await look.at("#pause").focus()
        await look.page.evaluate("row = document.querySelector('#jobs tbody tr'); scrollTo(0, 300)")
        told = a_day()
        told["twins"][0]["role"], told["twins"][1]["role"] = "standby", "on_duty"
        told["jobs"][0]["state"] = "running"
        site.told = told
        await look.asks()
        await look.says("#jobs tbody tr >> nth=0", "running")
        assert await look.at("#role-news").inner_text() == "Twin b is on duty."
        assert await look.page.evaluate(
            "[document.activeElement.id, row.isConnected, scrollY]"
        ) == ["pause", True, 300]

    shown(a_day(), then)


def test_it_stops_asking_while_the_tab_is_hidden(shown: Shown) -> None:
    async def then(site: Site, look: Look) -> None:
        await look.page.evaluate("hide(true)")
        asked = len(site.asked)
        await look.page.clock.fast_forward("00:30")
        await asyncio.sleep(0.5)
        assert len(site.asked) == asked
        await look.page.evaluate("hide(false)")
        await site.is_asked()

    shown(a_day(), then, script=HIDEABLE, ahead=True)


def test_it_stops_asking_when_nobody_is_there_and_a_click_goes_on(shown: Shown) -> None:
    async def then(site: Site, look: Look) -> None:
        await look.page.clock.fast_forward("14:50")
        await site.is_asked()
        await look.page.clock.fast_forward("00:15")
        await look.says("#rest", "Nobody was here for 15 minutes")
        asked = len(site.asked)
        await look.page.clock.fast_forward("30:00")
        assert len(site.asked) == asked
        await look.at("#rest button").click()
        await site.is_asked()
        await look.says("#live", "Live")

    shown(a_day(), then, ahead=True)


def test_it_says_so_when_its_twin_is_gone_and_keeps_what_it_knew(shown: Shown) -> None:
    async def then(site: Site, look: Look) -> None:
        site.told = None
        await look.asks()
        await look.says("h1", "Twin a gives no answer")
        await look.says("#silence", "What is below was so at 15:05:09.")
        link = look.at("#silence a")
        assert await link.get_attribute("href") == "https://twin-b.example/"
        await look.says("#day-in-words", "4 handovers")
        await expect(look.at("#pause")).to_be_disabled()
        await expect(look.at("#jobs button").first).to_be_disabled()
        site.told = a_day()
        await look.asks()
        await look.says("h1", "Twin a is on duty")
        assert not await look.at("#silence").is_visible()
        await expect(look.at("#jobs button").first).to_be_enabled()
        look.complaints.clear()  # the browser's own, of the 503

    shown(a_day(), then)


def test_of_a_twin_that_is_gone_it_asks_ever_more_seldom(shown: Shown) -> None:
    async def then(_: Site, look: Look) -> None:
        pauses = await look.module("feed.js", "[0, 1, 2, 10].map(it.pause)")
        assert pauses == [5_000, 10_000, 20_000, 300_000]

    shown(a_day(), then)


# ---- for everybody


def test_only_its_own_style_is_waited_for_before_the_first_paint(shown: Shown) -> None:
    code = """performance.getEntriesByType("resource")
        .filter((each) => each.renderBlockingStatus === "blocking")
        .map((each) => new URL(each.name).pathname)"""

    async def then(_: Site, look: Look) -> None:
        assert await look.page.evaluate(code) == ["/static/page.css"]

    shown(a_day(), then)


def test_charts_fit_on_paper(shown: Shown) -> None:
    async def then(_: Site, look: Look) -> None:
        wide = (
            "Math.max(...[...document.querySelectorAll('.uplot')].map((plot) => plot.offsetWidth))"
        )
        await look.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert await look.page.evaluate(wide) == 620
        await look.page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert await look.page.evaluate(wide) > 900

    shown(a_day(), then)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 390])
def test_it_is_accessible(shown: Shown, scheme: Scheme, width: int) -> None:
    told = a_day()
    told["wrong"] = {"what": "b is gone.", "remedy": "Start it.", "both_on_duty": False}

    async def then(site: Site, look: Look) -> None:
        await look.page.evaluate(
            "for (const each of document.querySelectorAll('details')) each.open = true"
        )
        await look.says(".numbers tbody", "unreachable")
        await look.at("#jobs button").nth(1).click()
        await look.at("#confirm .main").click()
        await look.says("#result", "jobs.digest is running")
        assert await look.violations() == []
        site.told = None
        await look.asks()
        await look.at("#silence").wait_for()
        assert await look.violations() == []
        look.complaints.clear()  # the browser's own, of the 409 and the 503

    shown(told, then, scheme=scheme, width=width)


def test_nothing_is_wider_than_a_phone(shown: Shown) -> None:
    told = a_day()
    told["jobs"][0]["name"] = "a_module_with_a_long_name.and_a_function_with_an_even_longer_name"

    async def then(_: Site, look: Look) -> None:
        wide = "document.documentElement.scrollWidth"
        assert await look.page.evaluate(wide) == 390

    shown(told, then, width=390)
