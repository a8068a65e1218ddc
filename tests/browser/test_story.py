"""What the page tells, in Chromium: changes in mid-run, days gone over, more seeds, the network, phones, everybody."""

import json
import re
import shutil
import subprocess
import sys

import pytest

from tests.browser.chromium import ROOT, day, finish, served, shot, take, type_in, users, wait_for_day

pytestmark = pytest.mark.slow
PHONE = (390, 844)
DROP = """([name, text]) => {
    const data = new DataTransfer();
    data.items.add(new File([text], name));
    document.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
}"""
FOCUSED = """() => {
    const element = document.activeElement;
    const name = element.getAttribute("aria-label") || element.innerText || element.id;
    return [name.slice(0, 40), element === document.body ? "" : getComputedStyle(element).outlineStyle];
}"""


@pytest.fixture(scope="session")
def axe(tmp_path_factory):
    """Give the source of axe-core, from the npm registry."""
    npm, folder = shutil.which("npm"), tmp_path_factory.mktemp("axe")
    if npm is None:
        pytest.skip("npm is not installed")
    command = [npm, "install", "--no-save", "--silent", "--prefix", str(folder), "axe-core@4.10.3"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if ran.returncode:
        pytest.skip("axe-core cannot be installed from the npm registry")
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text()


def steps(page, to):
    for number in range(day(page) + 1, to + 1):
        page.get_by_role("button", name="Step").click()
        wait_for_day(page, number)


def test_a_change_in_mid_run_is_in_the_link_and_the_file_and_gives_the_same_run(visit, tmp_path):
    page = visit("?users.count=800&seed=5&flaws.per_year=30")
    steps(page, 9)
    type_in(page, "providers.1.price", "4.2")
    page.get_by_text("day 9: Live & Co: price 4.2").wait_for()
    steps(page, 12)
    type_in(page, "providers.0.policy.kind", "live-patch")
    page.get_by_text("day 12: Reboot & Co: policy live-patch").wait_for()
    finish(page)
    again = visit("?" + page.url.partition("?")[2])
    finish(again)
    assert users(again) == users(page)
    for one, other in zip(*(p.locator(".pm-summary td").all_inner_texts() for p in (page, again)), strict=True):
        assert one == other
    path = take(page, "Scenario, TOML", tmp_path)
    command = [sys.executable, "-m", "patchmarket", "run", str(path), "--seed", "5", "--json"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    told = json.loads(ran.stdout)["providers"]
    assert [p["users_end"] for p in told] == users(page)
    profits = page.locator(".pm-summary tbody td:nth-child(6)").all_inner_texts()
    assert profits == [f"{p['profit_per_original_server']:,.0f}" for p in told]
    page.get_by_role("button", name="Replay").click()  # with the changes, on their days
    wait_for_day(page, 1)
    finish(page)
    assert users(page) == users(again)


def test_days_are_gone_over_on_a_time_line_that_explains_its_marks(visit):
    page = visit("?scenario=debian-history&users.count=600&days=400")
    steps(page, 3)
    type_in(page, "providers.1.price", "4.5")
    finish(page)
    last = users(page)
    assert page.locator(".pm-mark-flaw").count() > 3
    assert page.locator(".pm-mark-change").count() == 1
    assert "update of 20" in page.locator(".pm-mark-flaw").nth(1).get_attribute("title")
    page.locator(".pm-mark-flaw").nth(1).click()
    page.locator(
        ".pm-explain", has_text=re.compile(r"day \d+, 202\d-\d\d-\d\d: kernel flaw, update of .* CVE")
    ).wait_for()
    shot(page, "time-line")
    page.get_by_label(re.compile(r"^day \d")).fill("0")
    page.wait_for_function("document.querySelector('.pm-network canvas').dataset.day === '0'")
    page.locator(".pm-answer", has_text="Day 0, as it was").wait_for()
    assert users(page) == [300, 300]
    page.get_by_label(re.compile(r"^day \d")).fill("400")
    page.wait_for_function("document.querySelector('.pm-network canvas').dataset.day === '400'")
    page.wait_for_timeout(300)
    assert users(page) == last
    page.get_by_role("button", name="Previous mark").click()
    page.locator(".pm-explain", has_text="day").wait_for()


def test_twenty_more_seeds_say_what_one_seed_is_worth(visit):
    page = visit("?users.count=500&days=200")
    finish(page)
    assert "On this seed:" in page.locator(".pm-answer").inner_text()
    page.get_by_role("button", name="20 more seeds").click()
    page.get_by_text("at the end of 20 other seeds").wait_for(timeout=60_000)
    verdict = page.locator(".pm-verdict").inner_text()
    assert re.search(r"earns most on \d+ of 20 seeds, on average \$[\d,]+ .* \(95 % interval: ", verdict)
    assert page.locator(".pm-strip").first.locator("i").count() == 20
    shot(page, "more-seeds")


def test_the_network_shows_neighbourhoods_then_users_who_can_be_followed(visit):
    page = visit("?users.count=20000&days=120&flaws.per_year=40")
    finish(page)
    canvas = page.locator(".pm-network canvas")
    assert canvas.get_attribute("data-grouped") == "true"
    canvas.hover(position={"x": 200, "y": 150})
    page.locator(".pm-hint", has_text=re.compile(r"\d+ users: .* have left their first provider")).wait_for()
    for _ in range(3):
        page.get_by_role("button", name="Zoom in").click()
    page.wait_for_function("document.querySelector('.pm-network canvas').dataset.grouped === 'false'")
    canvas.click(position={"x": 200, "y": 150})
    details = page.get_by_role("region", name="Details")
    details.get_by_text("hears from").wait_for()
    assert "believes of Live & Co" in details.inner_text()
    shot(page, "followed")
    page.locator(".pm-network .pm-box").press("Escape")
    details.wait_for(state="detached")
    page.get_by_role("button", name="Reboot & Co").first.click()
    details.get_by_text("profit so far").wait_for()


def test_charts_have_tables_alternatives_and_a_tab_on_who_leaves(visit):
    page = visit("?users.count=2000")
    finish(page)
    page.wait_for_timeout(500)
    assert "Reboot & Co" in page.locator(".pm-shares .pm-box").first.get_attribute("aria-label")
    page.locator(".pm-shares").get_by_role("button", name="Table").click()
    page.locator(".pm-figures th", has_text="365").wait_for()
    page.locator(".pm-shares").get_by_role("button", name="Chart").click()
    page.get_by_role("button", name="Who leaves and why").click()
    shot(page, "who-leaves")
    assert "set off by" in page.locator(".pm-shares .pm-box").first.get_attribute("aria-label")


def test_what_is_compared_says_how_it_differs(visit):
    page = visit("?users.count=400&vs.users.count=400&vs.providers.0.policy.kind=live-migrate")
    page.get_by_text("B differs from A: Reboot & Co: policy reboot to live-migrate").wait_for()


def test_the_start_page_leads_to_four_stories(visit):
    page = visit()
    assert page.locator(".pm-stories button").count() == 4
    for title, scenario in (("Who pays in the end", "crushed-and-copies"), ("Your own host", "thought-experiment")):
        page.get_by_role("button", name=title).click()
        page.get_by_text(f"{title}:").wait_for()
        assert page.get_by_label("scenario", exact=True).input_value() == scenario
        page.get_by_role("button", name="Other stories").click()
    assert "minutes a month" in page.locator("abbr", has_text="tolerance").get_attribute("title")


def test_on_a_phone_the_bar_is_one_row_and_the_settings_are_a_sheet(visit):
    page = visit("?users.count=500", size=PHONE)
    assert page.locator(".pm-toolbar").bounding_box()["height"] < 60
    sheet = page.locator(".pm-side")
    assert not sheet.is_visible()
    for _ in range(2):
        page.get_by_role("button", name="Show or hide the settings").click()
        page.get_by_role("button", name="Close the settings").wait_for()
        page.wait_for_timeout(400)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
        shot(page, "sheet")
        page.keyboard.press("Escape")
        sheet.wait_for(state="hidden")
    page.mouse.wheel(0, 900)
    page.wait_for_timeout(300)
    assert page.locator(".pm-toolbar").bounding_box()["y"] == 0
    page.set_viewport_size({"width": 1280, "height": 800})
    assert sheet.is_visible()


def test_a_page_that_is_loaded_again_goes_on_where_it_was(visit):
    page = visit("?users.count=300&seed=4")
    steps(page, 5)
    before = users(page)
    page.reload()
    page.get_by_role("button", name="Go on at day 5").click()
    wait_for_day(page, 5)
    assert day(page) == 5
    assert users(page) == before


def test_a_file_dropped_onto_the_page_is_run_or_refused_in_one_line(visit):
    def drop(name, text):
        page.evaluate(DROP, [name, text])

    page = visit("?users.count=300")
    drop(
        "mine.toml", 'days = 30\n[users]\ncount = 123\n[[providers]]\nname = "My host"\n[[providers]]\nname = "Rival"\n'
    )
    page.get_by_text("123 users, by provider").wait_for()
    assert page.get_by_label("scenario", exact=True).input_value() == "own"
    drop("mine.toml", "days = 0")
    page.get_by_role("alert").get_by_text("days = 0: must be").wait_for()
    drop("flaws.csv", "date,n_cve\n2024-01-01,3\n2024-03-01,1\n")
    finish(page)
    page.locator(".pm-mark-flaw").first.wait_for()
    assert "update of 2024-01-01 with 3 CVEs" in page.locator(".pm-mark-flaw").first.get_attribute("title")


def test_a_stopped_server_is_told_in_one_sentence(browser):
    with served("quiet") as url:
        page = browser.new_page()
        page.goto(url)
        page.wait_for_selector(".pm-network canvas[data-day]", timeout=60_000)
    page.get_by_role("alert").get_by_text("The server has stopped or cannot be reached.").wait_for(timeout=20_000)
    page.close()


@pytest.mark.parametrize(("size", "scheme"), [((1280, 800), "light"), ((1280, 800), "dark"), (PHONE, "light")])
def test_axe_finds_nothing(visit, axe, size, scheme):
    def violations():
        found = page.evaluate("axe.run()")["violations"]
        return [(v["id"], node["html"][:120]) for v in found for node in v["nodes"]]

    page = visit("", size, scheme)
    page.evaluate(axe)
    assert violations() == []
    if size == PHONE:
        page.get_by_role("button", name="Show or hide the settings").click()
        page.wait_for_timeout(400)
        assert violations() == []
        page.keyboard.press("Escape")
    page.get_by_role("button", name="Debian's five years").click()
    page.get_by_text("Debian's five years:").wait_for()
    finish(page)
    page.get_by_role("button", name="Table").first.click()
    page.get_by_role("button", name="Live & Co").first.click()
    page.get_by_role("region", name="Details").wait_for()
    page.get_by_role("button", name="Compare").click()
    page.wait_for_function("document.querySelectorAll('.pm-network canvas[data-day]').length === 2")
    page.wait_for_timeout(1000)
    assert violations() == []


def test_everything_is_reached_by_keyboard_and_motion_is_reduced(visit):
    page = visit("?users.count=300")
    page.get_by_text("Download").click()
    assert page.get_by_role("button", name="Tables, CSV").is_visible()
    page.keyboard.press("Escape")
    assert not page.get_by_role("button", name="Tables, CSV").is_visible()
    reached = set()
    page.locator("body").press("Home")
    for _ in range(90):
        page.keyboard.press("Tab")
        name, outline = page.evaluate(FOCUSED)
        reached.add(name)
        assert outline != "none"
    for name in ("Play", "Step", "Compare", "20 more seeds", "Zoom in", "Table", "pm-look"):
        assert any(name in text for text in reached), (name, reached)
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate("getComputedStyle(document.querySelector('.pm-side')).transitionDuration") in ("0s", "")
