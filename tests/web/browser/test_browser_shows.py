"""The page of a twin with a given status, in a real browser."""

import asyncio
from typing import Any

import pytest
from chromium import Look, Scheme, Shown
from made_up import HOUR_S, NOW, Told, a_day, a_day_in_strict_mode, twin_of
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
"""The number of pixels between two elements; negative if they overlap."""


# ---- the twins


def test_the_holder_is_shown_in_words_and_by_shape(shown: Shown) -> None:
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


@pytest.mark.parametrize("width", [1200, 390])
def test_every_twin_of_the_arbiters_list_has_a_card_a_link_and_a_lane(
    shown: Shown, width: int
) -> None:
    async def then(_: Site, look: Look) -> None:
        await look.says("#subline", "Twins b, c, d and e are standing by.")
        links = await look.at(".card dd a").evaluate_all("links => links.map(link => link.href)")
        assert links == [f"https://twin-{name}.example/" for name in "bcde"]
        lanes = [await lane.bounding_box() for lane in await look.at(".lane").all()]
        tops = [box["y"] for box in lanes if box]
        assert len(tops) == 5
        assert tops == sorted(set(tops))
        await look.says("#arbiter", "The arbiter answers.")
        await look.says("#arbiter", "Twin a holds its lease of 10\u00a0s.")
        assert await look.violations() == []

    shown(a_day_in_strict_mode("cde"), then, width=width)


def test_the_lanes_stay_when_another_twin_takes_the_duty(shown: Shown) -> None:
    told = a_day_in_strict_mode("cd")
    told["twins"][1:] = reversed(told["twins"][1:])

    async def then(_: Site, look: Look) -> None:
        await look.says("#subline", "Twins b, c and d are standing by.")
        assert await look.at(".lane b").all_inner_texts() == ["a", "b", "c", "d"]

    shown(told, then)


def test_a_silent_arbiter_is_shown_with_the_reason(shown: Shown) -> None:
    told = a_day_in_strict_mode()
    told["arbiter"].update(why_silent="the arbiter did not answer within 3 s", heard_s=14.2)

    async def then(_: Site, look: Look) -> None:
        await look.says("#arbiter", "The arbiter has been silent for 14\u00a0s.")
        await look.says("#arbiter", "It did not answer within 3\u00a0s.")

    shown(told, then)


def test_a_twin_that_is_alone_in_the_list_shows_itself(shown: Shown) -> None:
    told = a_day_in_strict_mode()
    del told["twins"][1:]

    async def then(_: Site, look: Look) -> None:
        await look.says("h1", "Twin a is on duty")
        assert await look.at(".card").count() == 1
        await look.says("#hand-over", "Hand over to the other twin")

    shown(told, then)


def test_in_pair_mode_there_is_no_word_of_an_arbiter(shown: Shown) -> None:
    async def then(_: Site, look: Look) -> None:
        assert not await look.at("#arbiter").is_visible()
        assert await look.at(".card").count() == 2

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
        ("Europe/Berlin", "in Europe/Berlin; point at one to see it in UTC."),
        ("UTC", "in UTC."),
    ],
)
def test_the_footer_shows_the_time_zone(shown: Shown, zone: str, told: str) -> None:
    async def then(_: Site, look: Look) -> None:
        await expect(look.at("#foot")).to_have_text(f"Twin 1.0.0. Times are {told}")

    shown(a_day(), then, zone=zone)


def test_the_footer_shows_wrong_passwords(shown: Shown) -> None:
    async def then(site: Site, look: Look) -> None:
        await expect(look.at("#refused")).to_have_text("")
        site.told = {**a_day(), "refused_logins": 12}
        await look.asks()
        await look.says("footer", "Twin a refused 12 requests with a wrong user name or password")

    shown({**a_day(), "refused_logins": 0}, then)


def test_both_on_duty_is_shown_with_the_remedy(shown: Shown) -> None:
    told = a_day()
    twin_of(told, "b")["role"] = "on_duty"
    told["wrong"] = {"what": "They are cut off.", "remedy": "Mend the line.", "both_on_duty": True}

    async def then(_: Site, look: Look) -> None:
        await look.says("h1", "Both twins are on duty")
        await look.says("#wrong", "They are cut off.")
        await look.says("#wrong", "Mend the line.")

    shown(told, then)


def test_a_peer_that_may_be_on_duty_unseen_is_shown(shown: Shown) -> None:
    told = a_day()
    twin_of(told, "b")["role"] = "unreachable"
    told["wrong"] = {"what": "b is silent.", "remedy": "Look.", "both_on_duty": True}

    async def then(_: Site, look: Look) -> None:
        await look.says("h1", "Both twins may be on duty")

    shown(told, then)


def test_failures_are_visible_at_a_glance(shown: Shown) -> None:
    told = a_day()
    told["targets"][0].update(outage_since=iso(NOW - 700), verdict="failing")

    async def then(_: Site, look: Look) -> None:
        await look.says("#subline", "my-shop/web is out of order. 1 job failed last time.")
        await look.says(".target .why", "Out of order since 14:53 (11 min).")

    shown(told, then)


def test_a_manual_quantity_is_not_shown_as_the_timetables(shown: Shown) -> None:
    told = a_day()
    by_hand = {"quantity": 5, "baseline": 5, "respected_until": iso(NOW + 600), "timetable": 2}
    told["targets"][0].update(by_hand)

    async def then(_: Site, look: Look) -> None:
        await look.says(".target .now", "5 running, the timetable says 2, at most 5.")
        await look.says(".target .why", "Set to 5 by hand, which is respected until")

    shown(told, then)


def test_values_unknown_to_a_twin_are_shown_as_unknown(shown: Shown) -> None:
    told = a_day()
    nothing = {"twin": None, "url": None, "role": "unknown", "since": None, "release": None}
    told["twins"][1].update(nothing, awake=None, heard_at=None, boot=None)
    told["targets"], told["hours"], told["jobs"] = [], None, []

    async def then(_: Site, look: Look) -> None:
        await look.says(".card >> nth=1", "Not known")
        await look.says("#jobs-note", "There are no jobs.")
        assert not await look.at("#hours-and-savings").is_visible()

    shown(told, then)


def test_foreign_text_is_never_interpreted_as_html(shown: Shown) -> None:
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


def test_marks_are_keyboard_accessible(shown: Shown) -> None:
    async def then(_: Site, look: Look) -> None:
        await look.at("#lanes .mark[tabindex='0']").focus()
        await look.says("#tip", "a took the duty from b: b released it")
        await look.page.keyboard.press("ArrowLeft")
        await look.says("#tip", "b took the duty from a: it woke")

    shown(a_day(), then)


def test_pointing_at_a_chart_shows_the_exact_values_of_all_charts(shown: Shown) -> None:
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
    """Move the mouse over a chart: 0 is its left edge, 1 its right edge."""
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


def test_a_young_pair_shows_its_last_hours_until_a_range_is_chosen(shown: Shown) -> None:
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


def test_a_job_shows_the_fate_of_its_last_slot_and_the_reason(shown: Shown) -> None:
    async def then(_: Site, look: Look) -> None:
        failed, skipped = look.at("#jobs tbody tr").nth(1), look.at("#jobs tbody tr").nth(2)
        await expect(failed).to_contain_text("ConnectionError: the mail server refused")
        await expect(failed).to_contain_text("12.4 s")
        await expect(skipped).to_contain_text("it is 312 s late")

    shown(a_day(), then)


def test_a_schedule_that_is_in_the_name_is_not_repeated(shown: Shown) -> None:
    told = a_day()
    told["jobs"][0]["name"] += " every 10m"

    async def then(_: Site, look: Look) -> None:
        names = look.at("#jobs tbody th")
        await expect(names.nth(0)).to_have_text("jobs.post every 10m")
        await expect(names.nth(3)).to_have_text("scalingevery 15s")

    shown(told, then)


def test_a_buttons_word_is_on_one_line(shown: Shown) -> None:
    async def then(_: Site, look: Look) -> None:
        box = await look.at("#jobs .act button").first.bounding_box()
        assert box is not None
        assert box["height"] < 45

    shown(a_day(), then)


@pytest.mark.parametrize(
    ("row", "last", "upcoming"), [(0, "15:00", "15:10"), (3, "15:05:05", "15:05:20")]
)
def test_slots_between_minutes_show_seconds(
    shown: Shown, row: int, last: str, upcoming: str
) -> None:
    async def then(_: Site, look: Look) -> None:
        times = look.at("#jobs tbody tr").nth(row).locator("time")
        await expect(times).to_have_text([last, upcoming])

    shown(a_day(), then)


def test_among_ten_thousand_jobs_failing_ones_come_first(shown: Shown) -> None:
    told = a_day()
    told["jobs"] = [{**told["jobs"][0], "name": f"job-{n}"} for n in range(10_000)]
    told["jobs"][9_000].update(state="failed", why="no such thing")

    async def then(_: Site, look: Look) -> None:
        await look.says("#jobs tbody tr >> nth=0", "job-9000")
        await look.says("#jobs-note", "200 of 10000 jobs, those in trouble first.")

    shown(told, then)


def test_the_hours_and_the_savings_have_a_sentence_each(shown: Shown) -> None:
    async def then(_: Site, look: Look) -> None:
        await look.says("#hours", "727.6 h of the 1,000 h of Heroku Eco were used in November")
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
def test_the_displayed_hours_add_up(
    shown: Shown, used: dict[str, float], sum_h: str, parts: str
) -> None:
    told = a_day()
    told["hours"]["used"] = used

    async def then(_: Site, look: Look) -> None:
        await look.says("#hours", sum_h)
        await look.says("#hours", parts)

    shown(told, then)


# ---- actions


@pytest.mark.parametrize(
    ("button", "question", "sent"),
    [
        ("#hand-over", "Hand the duty over to b?", {"do": "hand_over"}),
        ("#pause", "Pause the duty?", {"do": "pause"}),
        ("#jobs .act button >> nth=0", "Run jobs.post now?", {"do": "run", "job": "jobs.post"}),
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


def test_a_job_can_be_run_while_the_duty_is_paused_and_the_question_says_so(shown: Shown) -> None:
    told = a_day()
    told["paused"] = {"by": "a", "at": iso(NOW - 60), "because": ""}

    async def then(_: Site, look: Look) -> None:
        await look.at("#jobs .act button").first.click()
        await look.says("#confirm", "It runs once, now. The duty stays paused.")

    shown(told, then)


@pytest.mark.parametrize("width", [1200, 390])
def test_a_refused_action_shows_its_reason_beside_the_button(shown: Shown, width: int) -> None:
    async def then(_: Site, look: Look) -> None:
        button = look.at("#jobs .act button").nth(1)
        await button.click()
        await look.at("#confirm .main").click()
        told = look.at("#result[data-failed]")
        await expect(told).to_have_text("Not done: jobs.digest is running.")
        await expect(told).to_have_attribute("role", "alert")
        await expect(told).to_be_in_viewport(ratio=1)
        assert await told.evaluate(BETWEEN, await button.element_handle()) < 24
        look.complaints.clear()  # the browser's own, of the 409

    shown(a_day(), then, width=width)


def test_the_result_of_an_action_is_shown_for_ten_seconds(shown: Shown) -> None:
    async def then(_: Site, look: Look) -> None:
        await look.at("#jobs .act button").nth(1).click()
        await look.at("#confirm .main").click()
        await look.says("#result", "jobs.digest is running")
        await look.page.clock.fast_forward("00:11")
        await expect(look.at("#result")).to_have_text("")
        look.complaints.clear()  # the browser's own, of the 409

    shown(a_day(), then, ahead=True)


def test_the_result_of_an_action_disappears_with_the_next_action(shown: Shown) -> None:
    async def then(_: Site, look: Look) -> None:
        await look.at("#jobs .act button").nth(1).click()
        await look.at("#confirm .main").click()
        await look.says("#result", "jobs.digest is running")
        await look.at("#pause").click()
        await expect(look.at("#actions #result")).to_have_text("")
        await look.at("#confirm .main").click()
        await look.says("#actions #result:not([data-failed])", "It is done.")
        look.complaints.clear()  # the browser's own, of the 409

    shown(a_day(), then)


def test_the_later_effect_of_an_action_is_shown_within_two_seconds(shown: Shown) -> None:
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


# ---- updates


def test_it_requests_a_day_by_the_twins_clock_and_then_only_updates(shown: Shown) -> None:
    async def then(site: Site, look: Look) -> None:
        assert site.asked[-1] == int(NOW - 24 * HOUR_S)
        asked = len(site.asked)
        await look.asks()
        assert site.asked[asked:] == [int(NOW - 120)]

    shown(a_day(), then)


def test_with_equal_clocks_a_day_is_requested_once(shown: Shown) -> None:
    now = Clock().now().wall

    async def then(site: Site, look: Look) -> None:
        await look.asks()
        day, news = site.asked
        assert day == pytest.approx(now - 24 * HOUR_S, abs=60)
        assert news == int(now - 120)

    shown(a_day(now), then)


def test_an_unreadable_answer_does_not_count_as_an_update(shown: Shown) -> None:
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


def test_a_slot_without_a_record_is_no_trouble_and_one_that_perhaps_ran_is(shown: Shown) -> None:
    told = a_day()
    told["jobs"][0] |= {"state": "unknown", "twin": ""}
    told["jobs"][1] |= {"state": "unknown", "twin": "b"}

    async def then(_: Site, look: Look) -> None:
        color = "element => getComputedStyle(element).color"
        of = [look.at(f"#jobs tbody tr >> nth={row} >> .ended") for row in (0, 1)]
        assert [await each.inner_text() for each in of] == ["no record", "unknown"]
        without, unknown = [await each.evaluate(color) for each in of]
        assert unknown != without == await look.at("#jobs tbody time >> nth=0").evaluate(color)

    shown(told, then)


def test_polling_stops_while_the_tab_is_hidden(shown: Shown) -> None:
    async def then(site: Site, look: Look) -> None:
        await look.page.evaluate("hide(true)")
        asked = len(site.asked)
        await look.page.clock.fast_forward("00:30")
        await asyncio.sleep(0.5)
        assert len(site.asked) == asked
        await look.page.evaluate("hide(false)")
        await site.is_asked()

    shown(a_day(), then, script=HIDEABLE, ahead=True)


def test_polling_stops_without_a_user_and_a_click_resumes_it(shown: Shown) -> None:
    async def then(site: Site, look: Look) -> None:
        await look.page.clock.fast_forward("14:50")
        await site.is_asked()
        await look.page.clock.fast_forward("00:15")
        await look.says("#rest", "Updates stopped after 15 minutes")
        asked = len(site.asked)
        await look.page.clock.fast_forward("30:00")
        assert len(site.asked) == asked
        await look.at("#rest button").click()
        await site.is_asked()
        await look.says("#live", "Live")

    shown(a_day(), then, ahead=True)


def test_a_lost_twin_is_reported_and_the_old_values_stay(shown: Shown) -> None:
    async def then(site: Site, look: Look) -> None:
        site.told = None
        await look.asks()
        await look.says("h1", "Twin a does not answer")
        await look.says("#silence", "The page shows the state at 15:05:09.")
        link = look.at("#silence a")
        assert await link.get_attribute("href") == "https://twin-b.example/"
        await look.says("#day-in-words", "4 handovers")
        await expect(look.at("#pause")).to_be_disabled()
        await expect(look.at("#jobs .act button").first).to_be_disabled()
        site.told = a_day()
        await look.asks()
        await look.says("h1", "Twin a is on duty")
        assert not await look.at("#silence").is_visible()
        await expect(look.at("#jobs .act button").first).to_be_enabled()
        look.complaints.clear()  # the browser's own, of the 503

    shown(a_day(), then)


def test_polling_of_a_lost_twin_slows_down(shown: Shown) -> None:
    async def then(_: Site, look: Look) -> None:
        pauses = await look.module("feed.js", "[0, 1, 2, 10].map(it.pause)")
        assert pauses == [5_000, 10_000, 20_000, 300_000]

    shown(a_day(), then)


# ---- accessibility and paint


def test_only_the_style_sheet_delays_the_first_paint(shown: Shown) -> None:
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
        await look.at("#jobs .act button").nth(1).click()
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


# ---- output


def a_run(at: float, output: str, **more: Any) -> Told:
    told = {"twin": "a", "at": iso(at), "state": "done", "seconds": 0.84, "why": None}
    return {**told, "output": output, **more}


@pytest.mark.parametrize("width", [1200, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_run_opens_to_its_output_by_keyboard(shown: Shown, scheme: Scheme, width: int) -> None:
    long = "".join(f"line {n} {'x' * 90}\n" for n in range(100))
    runs = [
        a_run(NOW - 9, long),
        a_run(NOW - 609, f"\x1b[31m{EVIL}\x1b[0m\n", twin="b", state="failed"),
    ]

    async def then(site: Site, look: Look) -> None:
        site.output = {"runs": runs, "missing": None}
        await look.at("#jobs .opens").first.press("Enter")
        assert site.read == ["jobs.post"]
        newest, older = look.at("#runs details").nth(0), look.at("#runs details").nth(1)
        await expect(newest.locator("summary")).to_have_text("15:05:00 · on a · done · 840\u00a0ms")
        text = newest.locator("pre")
        await expect(text).to_have_text(long)
        assert await text.evaluate("it => it.scrollTop + it.clientHeight >= it.scrollHeight - 2")
        await expect(older.locator("pre")).to_be_hidden()
        await older.locator("summary").press("Enter")
        await expect(older.locator("pre")).to_have_text(f"{EVIL}\n")
        assert await look.violations() == []
        wide = "document.getElementById('runs').scrollWidth <= innerWidth"
        assert await look.page.evaluate(wide)
        site.output = {"runs": [a_run(NOW - 1, "newer\n"), *runs], "missing": None}
        await look.asks()
        await expect(look.at("#runs pre").first).to_have_text("newer\n")
        await expect(older.locator("pre")).to_be_visible()
        await look.page.keyboard.press("Escape")
        await expect(look.at("#jobs .opens").first).to_be_focused()
        asked = len(site.read)
        await look.asks()
        assert len(site.read) == asked

    shown(a_day(), then, scheme=scheme, width=width)


def test_runs_that_only_the_other_twin_keeps_are_said_to_be_missing(shown: Shown) -> None:
    async def then(site: Site, look: Look) -> None:
        site.output = {"runs": [], "missing": "the other twin is asleep"}
        await look.at("#jobs .opens").first.click()
        await look.says("#runs .missing", "Of the other twin nothing is shown: the other twin is")
        assert await look.at("#runs a").get_attribute("href") == "https://twin-b.example/"

    shown(a_day(), then)


def test_a_job_of_the_pair_itself_writes_nothing(shown: Shown) -> None:
    told = a_day()
    told["jobs"][3]["own"] = True

    async def then(_: Site, look: Look) -> None:
        await expect(look.at("#jobs .opens >> visible=true")).to_have_count(3)

    shown(told, then)


# ---- commands


def test_a_command_shows_its_state_and_can_be_restarted(shown: Shown) -> None:
    bot: Told = {"name": "bot", "state": "running", "twin": "a", "since": iso(NOW - 7_200)}
    bot |= {"restarts": 3, "why": "it ended with status 1", "words": f"polling {EVIL}"}
    beat = {"name": "beat", "state": "elsewhere", "twin": "b", "since": iso(NOW - 60)}

    async def then(site: Site, look: Look) -> None:
        first, second = look.at(".command").nth(0), look.at(".command").nth(1)
        await expect(first.locator(".now")).to_have_text("runs since 13:05")
        await expect(first.locator(".why")).to_have_text("3 restarts; last: it ended with status 1")
        await expect(first.locator(".words")).to_have_text(f"polling {EVIL}")
        await expect(second.locator(".now")).to_contain_text("runs on b")
        await second.locator(".opens").click()
        await look.says("#runs", "Nothing is kept")
        await look.page.keyboard.press("Escape")
        await first.locator("button:not(.opens)").click()
        await look.at("#confirm .main").click()
        await look.says("#result", "It is done.")
        assert site.done == [{"do": "restart", "command": "bot"}]
        assert await look.violations() == []

    shown({**a_day(), "commands": [bot, beat]}, then)


def test_without_commands_there_is_no_word_of_them(shown: Shown) -> None:
    async def then(_: Site, look: Look) -> None:
        await expect(look.at("#commands")).to_be_hidden()

    shown(a_day(), then)
